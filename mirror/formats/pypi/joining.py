"""Versions that grow: files added to a publication, what a retained file tells of its version, and
what a source said of it later.

Pure; whether either may happen is decided by origin and status (User Guide, "Requesting Python
packages from upstreams and external connections"), not here.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from mirror.errors import MirrorError
from mirror.formats.archives import TarLimits
from mirror.formats.changes import Publication
from mirror.formats.format import Findings
from mirror.formats.pypi import metadata
from mirror.formats.pypi.contents import sdist_metadata, wheel_metadata
from mirror.formats.pypi.files import METADATA, is_wheel
from mirror.formats.times import iso
from mirror.model import ListedVersion

# Somebody waits for the end of the file meanwhile: larger sdists are not looked into.
_SDIST = TarLimits(unpacked=64 * 1024**2)


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


def examine(version: ListedVersion, asset: str, file: BinaryIO) -> Findings:
    """What a retained file says of its version: the fields of its METADATA or PKG-INFO.

    A version that is described already stays as it is but for its readme, which no manifest has.
    A wheel's METADATA is made an asset beside it, byte for byte (PEP 658), unless the index
    announced other bytes there. A file that cannot be read says nothing; installers read it
    themselves.
    """
    content = _metadata(asset, file)
    fields = _fields(content)
    kept = version.manifest.get("metadata") or metadata.kept(fields)
    return Findings(
        manifest={**version.manifest, "metadata": kept} if kept else version.manifest,
        dependencies=metadata.dependencies(kept),
        summary=metadata.summary(kept, fields.get("description")),
        companions=_sidecar(version, asset, content),
    )


def _metadata(asset: str, file: BinaryIO) -> bytes | None:
    try:
        if is_wheel(asset):
            return wheel_metadata(file)[1]
        if asset.endswith((".tar.gz", ".zip")):
            return sdist_metadata(file, asset, tar_limits=_SDIST)[1]
    except MirrorError:
        pass
    return None


def _fields(content: bytes | None) -> dict[str, Any]:
    try:
        return metadata.parse(content) if content is not None else {}
    except MirrorError:
        return {}


def _sidecar(version: ListedVersion, asset: str, content: bytes | None) -> dict[str, bytes]:
    if content is None or not is_wheel(asset):
        return {}
    name = asset + METADATA
    announced = {each.name: each.promise.digests.get("sha256") for each in version.assets}
    made = hashlib.sha256(content).hexdigest()
    return {name: content} if announced.get(name) in (None, made) else {}


def _files(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    files = manifest.get("files")
    return files if isinstance(files, dict) else {}
