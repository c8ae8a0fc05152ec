"""Versions that grow: files added to a publication, and what a source said later of a retained one.

Pure; whether either may happen is decided by origin and status (User Guide, "Requesting Python
packages from upstreams and external connections"), not here.
"""

from collections.abc import Mapping
from typing import Any, BinaryIO

from mirror.errors import MirrorError
from mirror.formats.format import Publication
from mirror.formats.pypi.contents import wheel_metadata
from mirror.formats.pypi.files import METADATA, is_wheel
from mirror.formats.times import iso
from mirror.model import ListedVersion


def extended(held: Mapping[str, Any] | None, publication: Publication, at: float) -> dict[str, Any]:
    """The manifest after a file was published at `at` (epoch seconds); `held` is the one before.

    Each file has its own time: an `exclude-newer` between two uploads must tell them apart. The
    description is that of the wheel, where there is one.
    """
    before = held or {}
    added = {
        name: {**entry, "upload-time": iso(at)}
        for name, entry in publication.manifest["files"].items()
    }
    known = before.get("metadata")
    described = any(is_wheel(name) for name in added) or not known
    return {
        **before,
        "files": {**_files(before), **added},
        "metadata": publication.manifest["metadata"] if described else known,
    }


def refreshed(held: ListedVersion, found: ListedVersion) -> ListedVersion:
    """A retained version as its source describes it now: new files, yanked flags, sidecars.

    A retained file keeps its bytes, so also its hashes and size, whatever is said of it later;
    one that the source no longer lists stays (U8). Its assets stand first: they are here.
    """
    files = {**_files(held.manifest)}
    for name, entry in _files(found.manifest).items():
        kept = files.get(name)
        mine = {field: kept[field] for field in ("hashes", "size") if field in kept} if kept else {}
        files[name] = {**entry, **mine}
    here = {asset.name for asset in held.assets}
    return ListedVersion(
        version=held.version,
        manifest={**found.manifest, **held.manifest, "files": files},
        assets=(*held.assets, *(asset for asset in found.assets if asset.name not in here)),
        published_at=held.published_at if found.published_at is None else found.published_at,
    )


def companions(asset: str, file: BinaryIO) -> dict[str, bytes]:
    """What can be made of a stored file, by name: a wheel's METADATA, byte for byte (PEP 658).

    A wheel that cannot be read has none; installers then read the wheel themselves.
    """
    if not is_wheel(asset):
        return {}
    try:
        return {asset + METADATA: wheel_metadata(file)[1]}
    except MirrorError:
        return {}


def _files(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    files = manifest.get("files")
    return files if isinstance(files, dict) else {}
