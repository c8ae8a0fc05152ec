"""What an archive says about itself: the METADATA of a wheel, the PKG-INFO of an sdist."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from mirror.errors import Exceeded, Invalid
from mirror.formats.archives import Member, TarLimits, read_tar_gz
from mirror.formats.pypi.metadata import LIMIT
from mirror.formats.pypi.names import normal
from mirror.formats.pypi.versions import identity
from mirror.formats.zips import ZipLimits, read_zip
from mirror.model import Package

_INFO = ".dist-info"
_NEEDED = ("METADATA", "WHEEL", "RECORD")  # PEP 427; pip installs no wheel without them


class _Member(Protocol):
    path: tuple[str, ...]
    size: int
    is_file: bool

    def read(self, limit: int) -> bytes: ...


def wheel_metadata(file: BinaryIO, limits: ZipLimits | None = None) -> tuple[str, bytes]:
    """The name of the `.dist-info` folder and its METADATA; raises `Invalid` or `Exceeded`."""
    folders: set[str] = set()
    found: set[str] = set()
    content = b""
    for member in read_zip(file, limits):
        if not member.path or not member.path[0].endswith(_INFO):
            continue
        folders.add(member.path[0])
        if len(member.path) == 2 and member.path[1] in _NEEDED and member.is_file:
            found.add(member.path[1])
            if member.path[1] == "METADATA":
                content = _read(member)
    if len(folders) != 1:
        raise Invalid(f"a wheel has exactly one {_INFO} folder, this one {len(folders)}")
    for name in _NEEDED:
        if name not in found:
            raise Invalid(f"the wheel has no {name} in its {_INFO} folder")
    return folders.pop(), content


def sdist_metadata(
    file: BinaryIO,
    name: str,
    *,
    tar_limits: TarLimits | None = None,
    zip_limits: ZipLimits | None = None,
) -> tuple[str, bytes]:
    """The name of the sdist's one folder and its PKG-INFO; raises `Invalid` or `Exceeded`."""
    members: Iterator[_Member]
    if name.lower().endswith(".zip"):
        members = read_zip(file, zip_limits)
    else:
        members = map(_harmless, read_tar_gz(file, tar_limits))
    return _sdist(members)


def check_folder(folder: str, package: Package, version: str) -> None:
    """Raise `Invalid` where a `.dist-info` folder is another project's or version's: pip refuses
    such a wheel.
    """
    name, _, found = folder.removesuffix(_INFO).rpartition("-")
    if normal(name) != package.name or identity(found.replace("_", "-")) != identity(version):
        raise Invalid(
            f"the wheel's folder {folder[:200]!a} is not that of {package.name} {version}"
        )


def _harmless(member: Member) -> Member:
    """Raise `Invalid` for what no sdist may have (PEP 721): unpacked without Python's own filter it
    writes elsewhere (CVE-2025-8869).
    """
    if member.leads_out:
        shown = ascii("/".join(member.path)[:200])
        raise Invalid(f"the sdist has a device, or a link that leads out of it: {shown}")
    return member


def _sdist(members: Iterable[_Member]) -> tuple[str, bytes]:
    folders: set[str] = set()
    content: bytes | None = None
    for member in members:
        if not member.path:
            continue
        folders.add(member.path[0])
        if len(folders) > 1:
            raise Invalid("an sdist has exactly one folder at its top, this one has more")
        if member.path[1:] == ("PKG-INFO",) and member.is_file:
            if content is not None:
                raise Invalid("the sdist has more than one PKG-INFO in its folder")
            content = _read(member)
    if content is None:
        raise Invalid("the sdist has no PKG-INFO in its folder")
    return folders.pop(), content


def _read(member: _Member) -> bytes:
    """The whole content; the size that a zip declares is not to be believed."""
    if member.size > LIMIT:
        raise Exceeded(f"{member.path[-1]} in the archive is larger than {LIMIT} bytes")
    content = member.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise Exceeded(f"{member.path[-1]} in the archive is larger than {LIMIT} bytes")
    return content
