"""Reading archives from strangers: limits first, and never more than was asked for.

Nothing is ever extracted to disk and no link is followed. Member names are checked although only
metadata is read here, because the archive will be unpacked by others.
"""

import gzip
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from mirror.errors import Exceeded, Invalid

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATOR = re.compile(r"[/\\]")
_BLOCK = 512  # bytes
# A length in a pax header has a few digits. Where it has a hundred thousand, tarfile's own pattern
# takes time by their square, and stops the whole process meanwhile (CVE-2024-6232).
_DIGITS = re.compile(rb"[0-9]{65}")
_STRIDE = 1 << 16  # bytes


class TarLimits(NamedTuple):
    """What an archive may hold; the defaults fit the largest packages of the public registries."""

    members: int = 100_000
    unpacked: int = 4 * 1024**3  # bytes, headers included; what is scanned, not what is kept
    header: int = 1024**2  # bytes of headers in front of one member: long names, pax records
    headers: int = 32 * 1024**2  # bytes of such headers in all, each being longer than a block


class _Content:
    """The decompressed bytes as tarfile wants them, forward only, within the limits."""

    def __init__(self, packed: gzip.GzipFile, limits: TarLimits) -> None:
        self._packed = packed
        self._limits = limits
        self.budget = limits.header
        self._long = 0

    def read(self, size: int = -1) -> bytes:
        """A header, or what stands in front of one, for tarfile."""
        # It reads one of whatever size that declares in one call: that is the bomb.
        if not 0 <= size <= self.budget:
            raise Exceeded(f"a header of the archive is larger than {self._limits.header} bytes")
        self.budget -= size
        data = self.take(size)
        if size > _BLOCK:
            self._check_long(data)
        return data

    def take(self, size: int) -> bytes:
        """The next bytes of a member's content."""
        self._check(self._packed.tell() + size)
        return self._packed.read(size)

    def seek(self, position: int, _whence: int = 0) -> int:
        if position < self._packed.tell():
            # Would decompress from the start again, as often as the archive likes.
            raise Invalid("the archive's members overlap")
        self._check(position)
        return self._packed.seek(position)

    def tell(self) -> int:
        return self._packed.tell()

    def _check_long(self, header: bytes) -> None:
        # Each record in it costs a microsecond, and packs to next to nothing.
        self._long += len(header)
        if self._long > self._limits.headers:
            raise Exceeded(f"the archive has more than {self._limits.headers} bytes of headers")
        if _DIGITS.search(header):
            raise Invalid("a header of the archive has a number of more than 64 digits")

    def finish(self) -> None:
        """Read what follows the last member: the checksum of all of it comes at the very end."""
        while self._packed.read(_STRIDE):
            self._check(self._packed.tell())

    def _check(self, position: int) -> None:
        if position > self._limits.unpacked:
            raise Exceeded(f"the archive unpacks to more than {self._limits.unpacked} bytes")


class Member:
    """One entry of an archive; its content can be read once, before the next one is asked for.

    `leads_out` tells of a device, or of a link to somewhere outside the archive; `resized` of a
    size that is said twice, of which another reader may believe the other one (CVE-2025-62518).
    """

    def __init__(self, info: tarfile.TarInfo, path: tuple[str, ...], content: _Content) -> None:
        self.path = path
        self.size = info.size
        self.is_file = info.isreg()
        self.is_folder = info.isdir()
        self.resized = "size" in info.pax_headers
        self.leads_out = _leads_out(info)
        self._offset = info.offset_data
        self._content = content

    def read(self, limit: int) -> bytes:
        """The first `limit` bytes of the content."""
        self._content.seek(self._offset)
        return self._content.take(min(self.size, limit))


def read_tar_gz(file: BinaryIO, limits: TarLimits | None = None) -> Iterator[Member]:
    """The members of a gzip-compressed tar archive, in order.

    Raises `Invalid` for what is no such archive or has a member outside its own folder, and
    `Exceeded` where a limit is passed. `file` is read from its beginning.
    """
    limits = limits or TarLimits()
    file.seek(0)
    if file.read(2) != b"\x1f\x8b":
        raise Invalid("the archive is not gzip-compressed")
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as packed:
            yield from _members(_Content(packed, limits), limits)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RecursionError) as error:
        raise Invalid(f"the archive cannot be read as tar.gz: {error}") from None


def _members(content: _Content, limits: TarLimits) -> Iterator[Member]:
    # tarfile's own type for a file is wider than what it calls: read, seek and tell.
    # Names that are no UTF-8 are replaced, so that no half character reaches a JSON document.
    with tarfile.TarFile(fileobj=content, errors="replace") as archive:  # type: ignore[arg-type]
        count = 0
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined] # else it remembers them all
            count += 1
            if count > limits.members:
                raise Exceeded(f"the archive has more than {limits.members} members")
            if info.size < 0 or info.sparse is not None:
                raise Invalid("the archive has a member of negative size or with holes")
            yield Member(info, member_path(info.name), content)
            content.budget = limits.header
    content.finish()


def _leads_out(info: tarfile.TarInfo) -> bool:
    """By the words of the link alone: what it goes through may be a link itself."""
    if not (info.issym() or info.islnk()):
        return info.isdev()
    # A hard link is named from the archive's top, a symbolic one from where it stands.
    folder = posixpath.dirname(info.name) if info.issym() else ""
    target = posixpath.normpath(posixpath.join(folder, info.linkname))
    return target == ".." or target.startswith(("../", "/"))


def member_path(name: str) -> tuple[str, ...]:
    """The components of a member's name, without `.` and empty ones; raises `Invalid`.

    Backslashes and drive letters count because on Windows they do.
    """
    if _CONTROL.search(name):
        raise Invalid(
            f"the archive has a member with control characters in its name: {_ascii(name)}"
        )
    if name[:1] in ("/", "\\") or _DRIVE.match(name):
        raise Invalid(f"the archive has a member with an absolute name: {_ascii(name)}")
    parts = _SEPARATOR.split(name)
    if ".." in parts:
        raise Invalid(f"the archive has a member outside its folder: {_ascii(name)}")
    return tuple(part for part in parts if part not in ("", "."))


def _ascii(name: str) -> str:
    return ascii(name[:200])
