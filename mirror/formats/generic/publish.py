"""Publishing one asset: the body is the file, the address says all the rest (generic.md §3)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mirror.errors import Invalid
from mirror.formats.changes import Part, Publication, PublishedAsset
from mirror.formats.digests import hex_digest
from mirror.formats.generic import names
from mirror.formats.intents import Submit
from mirror.model import Digests, Package, Promise, Status

PART = "asset"
"""The name of the one part that a body has."""

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
"""The API's words for digests, in the order in which it shows them, and the model's."""

_DECLARED = ("x-amz-content-sha256", "x-checksum-sha256")
_REPEATS = frozenset({Status.PUBLISHED, Status.UNFINISHED, Status.UNLISTED, Status.ARCHIVED})
_EXTENDS = frozenset({Status.UNFINISHED})


class WholeBody:
    """A `Receiver` that takes the body for one file, as it stands."""

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Everything, also the empty beginning: a body without a byte is a file too."""
        yield PART, data

    def close(self) -> bytes:
        """Nothing is left."""
        return b""


def proposal(
    package: Package, version: str, asset: str, *, unfinished: bool, sha256: str | None
) -> Submit:
    """An asset that is about to be sent; `sha256` is what the client says of it, lower-case hex.

    Raises `Invalid` for a name that no asset can have.
    """
    promise = Promise(digests={} if sha256 is None else {"sha256": sha256})
    return Submit(
        "PublishPackageVersion",
        PART,
        package,
        proposal=Publication(
            package=package,
            version=names.version(version),
            manifest={},
            assets=(PublishedAsset(names.asset(asset), PART, promise),),
            extends=_EXTENDS,
            repeats=_REPEATS,
            unfinished=unfinished,
        ),
    )


def declared(headers: Mapping[str, str]) -> str | None:
    """The SHA-256 that the request says its body has, in lower case; None where it does not say.

    Raises `Invalid` for what is no SHA-256, and for two that differ.
    """
    given = {name: text for name in _DECLARED if (text := headers.get(name)) is not None}
    digests = {hex_digest("sha256", text) for text in given.values()}
    if None in digests:
        raise Invalid(f"{' and '.join(given)} must be a SHA-256: 64 hexadecimal digits")
    if len(digests) > 1:
        raise Invalid(f"{' and '.join(given)} differ")
    return digests.pop() if digests else None


def publication(intent: Submit, parts: Mapping[str, Part]) -> Publication:
    """The proposed publication with the file that came; raises `Invalid` for one that was not meant."""
    if intent.proposal is None:
        raise Invalid("generic packages are changed by publishing assets only")
    [asset] = intent.proposal.assets
    digests = parts[PART].digests
    promised = asset.promise.digests.get("sha256", digests.sha256)
    if promised != digests.sha256:
        raise Invalid(
            "The provided content hashes do not match the calculated content hashes. Hash algorithm "
            f"'SHA-256': provided {promised}, calculated {digests.sha256}"
        )
    return replace(intent.proposal, manifest={"assets": {asset.name: described(digests)}})


def extended(held: Mapping[str, Any] | None, publication: Publication) -> dict[str, Any]:
    """The manifest of a version with one more asset: `{"assets": {name: size and hashes}}`."""
    before = (held or {}).get("assets", {})
    return {"assets": {**before, **publication.manifest["assets"]}}


def described(digests: Digests) -> dict[str, Any]:
    """Size and hashes as the API writes them."""
    hashes = {word: getattr(digests, name) for word, name in HASHES.items()}
    return {"size": digests.size, "hashes": hashes}
