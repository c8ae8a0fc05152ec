"""The files of a version as pages describe them, but for their address (PEP 691, 700)."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mirror.formats.digests import hex_digest
from mirror.formats.pypi.files import COMPANIONS, METADATA, PROVENANCE, SIGNATURE
from mirror.formats.times import epoch, iso
from mirror.model import ListedAsset, ListedVersion, Package, Promise

_OURS = ("hashes", "size", "upload-time", "yanked", "core-metadata", "provenance", "gpg-sig")


def entries(
    package: Package, version: ListedVersion, secure: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """File name and entry of each file that the version's assets hold, by file name.

    `secure` is this repository's own https address, where it has one: a provenance link may not
    be plain http (PEP 740).
    """
    kept = version.manifest.get("files")
    if not isinstance(kept, dict):
        kept = {}
    assets = {asset.name: asset for asset in version.assets}
    for name in sorted(assets):
        if name.endswith(COMPANIONS):
            continue
        found = kept.get(name)
        given = found if isinstance(found, dict) else {}
        entry: dict[str, Any] = {"hashes": _hashes(assets[name], given.get("hashes"))}
        size = assets[name].promise.size
        size = given.get("size") if size is None else size
        if size is not None:
            entry["size"] = size
        uploaded = _uploaded(given, version)
        if uploaded is not None:
            entry["upload-time"] = uploaded
        entry["yanked"] = given.get("yanked") or False
        entry |= {key: value for key, value in given.items() if key not in _OURS}
        entry |= _beside(package, version, name, given, assets, secure)
        yield name, entry


def valid(hashes: Mapping[str, Any]) -> dict[str, str]:
    """Those hashes that can be some: clients fail on a malformed one, and not only for its file."""
    return {
        algorithm: digest
        for algorithm, text in hashes.items()
        if (digest := hex_digest(algorithm, text)) is not None
    }


def uploaded_at(given: Mapping[str, Any], version: ListedVersion) -> float | None:
    """The file's own time in epoch seconds; for want of it that of the version."""
    found = epoch(given.get("upload-time"))
    return version.published_at if found is None else found


def _uploaded(given: Mapping[str, Any], version: ListedVersion) -> str | None:
    """The time as upstream wrote it, kept through every copy (pulp_python#1371)."""
    text = given.get("upload-time")
    if isinstance(text, str) and epoch(text) is not None:
        return text
    return None if version.published_at is None else iso(version.published_at)


def _hashes(asset: ListedAsset, given: object) -> dict[str, str]:
    """SHA-256 alone where it is known: tools lock whatever they are offered (astral-sh/uv#17143)."""
    if "sha256" in asset.promise.digests:
        return {"sha256": asset.promise.digests["sha256"]}
    known = {**(valid(given) if isinstance(given, dict) else {}), **asset.promise.digests}
    strongest = Promise(digests=known).strongest
    if "sha256" in known or strongest is None:
        return {name: known[name] for name in ("sha256",) if name in known}
    return dict([strongest])


def _beside(
    package: Package,
    version: ListedVersion,
    name: str,
    given: Mapping[str, Any],
    assets: Mapping[str, ListedAsset],
    secure: str | None,
) -> dict[str, Any]:
    """What is said of sidecars, and only of those that are there."""
    found: dict[str, Any] = {}
    sidecar = assets.get(name + METADATA)
    if sidecar is not None:
        hashes = _hashes(sidecar, given.get("core-metadata"))
        found["core-metadata"] = hashes if "sha256" in hashes else True
    if name + SIGNATURE in assets:
        found["gpg-sig"] = True
    if name + PROVENANCE in assets:
        place = "/".join(quote(part, safe="") for part in (version.version, name))
        ours = f"{secure}integrity/{package.name}/{place}/provenance"
        found["provenance"] = given.get("provenance") if secure is None else ours
    return found
