"""From an upstream's packument to a listing (npm.md §3). Every optional field may be missing."""

from collections.abc import Mapping, Sequence
from typing import Any

from mirror.errors import Misbehaved
from mirror.formats.digests import from_integrity, hex_digest
from mirror.formats.json_text import parse_json
from mirror.formats.npm import names
from mirror.formats.times import epoch
from mirror.model import ListedAsset, ListedVersion, Listing, Package, Promise

# What a listing says in its own fields, or what only means something where it came from.
_NOT_ABOUT = frozenset({"name", "versions", "dist-tags", "_id", "_rev", "_attachments"})


def read(package: Package, documents: Sequence[bytes]) -> Listing:
    """What a packument says; raises `Misbehaved` with the reason for one that cannot be true.

    A version that contradicts its own key, or has no tarball, is left out rather than believed
    (npm 11 calls it EMANIFESTMISMATCH); the key itself is kept as it is, however old its spelling.
    A document without versions (unpublished) gives a listing without any.
    """
    name = names.address(package)
    document = _object(name, documents)
    found = document.get("name", document.get("_id"))
    if found != name:
        raise Misbehaved(f"the upstream was asked for '{name}' and described {_shown(found)}")
    versions = document.get("versions") or {}
    if not isinstance(versions, dict):
        raise Misbehaved(f"in the upstream's document of '{name}', versions is not an object")
    times = document.get("time")
    if not isinstance(times, dict):
        times = {}
    listed = {
        version: entry
        for version, manifest in versions.items()
        if (entry := _version(package, name, version, manifest, times)) is not None
    }
    tags = document.get("dist-tags")
    return Listing(
        package=package,
        versions=listed,
        tags=_tags(tags) if isinstance(tags, dict) else {},
        about={key: value for key, value in document.items() if key not in _NOT_ABOUT},
    )


def _object(name: str, documents: Sequence[bytes]) -> dict[str, Any]:
    try:
        document = parse_json(documents[0] if documents else b"")
    except ValueError as error:
        raise Misbehaved(f"the upstream's document of '{name}' cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise Misbehaved(f"the upstream's document of '{name}' is not a JSON object")
    return document


def _version(
    package: Package, name: str, version: str, manifest: Any, times: Mapping[str, Any]
) -> ListedVersion | None:
    if not isinstance(manifest, dict) or not names.is_version(version):
        return None
    if manifest.get("name") != name or manifest.get("version") != version:
        return None
    dist = manifest.get("dist")
    url = dist.get("tarball") if isinstance(dist, dict) else None
    if not isinstance(dist, dict) or not isinstance(url, str):
        return None
    digests = from_integrity(dist.get("integrity"))
    sha1 = hex_digest("sha1", dist.get("shasum"))
    if sha1 is not None:
        digests.setdefault("sha1", sha1)
    asset = ListedAsset(names.file_name(package, version), url, Promise(digests=digests))
    return ListedVersion(version, manifest, (asset,), epoch(times.get(version)))


def _tags(tags: Mapping[str, Any]) -> dict[str, str]:
    return {tag: version for tag, version in tags.items() if isinstance(version, str)}


def _shown(found: object) -> str:
    return f"'{found[: names.MAX_LENGTH]}'" if isinstance(found, str) else "nothing by name"
