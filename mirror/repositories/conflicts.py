"""What a version that exists takes of a publication (API contract §11; generic.md §3). Pure."""

from collections.abc import Mapping

from mirror.errors import Conflict
from mirror.formats.changes import Publication
from mirror.model import Status


def missing(
    publication: Publication,
    name: str,
    status: Status,
    stored: Mapping[str, str],
    given: Mapping[str, str | None],
) -> list[str]:
    """The names of the given assets that the stored version lacks.

    `stored` and `given` are SHA-256s by name, None where one is not known yet; `name` is the
    version's, for people. Raises `Conflict` where the version is closed to what is given.
    """
    if status not in publication.repeats:
        raise Conflict(
            f"{name} exists with status {status}: delete it before publishing it again",
            kind="package-version",
            name=publication.version,
        )
    for asset, sha256 in given.items():
        if sha256 is not None and stored.get(asset, sha256) != sha256:
            raise Conflict(
                f"{asset} of {name} already exists with other content: publish a new version, or "
                "delete this one first",
                kind="asset",
                name=asset,
            )
    lacking = [asset for asset in given if asset not in stored]
    if lacking and status not in publication.extends:
        raise Conflict(
            f"{name} is {status} and takes no further assets: publish a new version, or delete "
            "this one first",
            kind="package-version",
            name=publication.version,
        )
    return lacking
