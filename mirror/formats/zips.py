"""Reading zip archives from strangers: limits first, and never more than was asked for.

Nothing is ever extracted to disk. The central directory is what is believed; `zipfile` itself
refuses a member whose own header has another name.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from mirror.errors import Exceeded, Invalid
from mirror.formats.archives import member_path

_ENTRY = b"PK\x01\x02"  # begins each entry of the central directory
_ENCRYPTED = 0x1
_SMALL = 64 * 1024  # bytes; zipfile reads no more than that of anything but the directory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ZipLimits(NamedTuple):
    """What an archive may hold; the defaults fit the largest wheels of the public index."""

    members: int = 100_000
    directory: int = 16 * 1024**2  # bytes of the central directory, which is held in memory
    unpacked: int = 16 * 1024**3  # bytes that all members declare together


class _Content:
    """The file as zipfile reads it, so that a directory of gigabytes is never loaded."""

    def __init__(self, file: BinaryIO, limits: ZipLimits) -> None:
        self._file = file
        self._limits = limits

    def read(self, size: int = -1) -> bytes:
        most = self._limits.directory
        data = self._file.read(size if 0 <= size <= most else most + 1)
        if len(data) > most:
            raise Exceeded(f"the archive's directory is larger than {most} bytes")
        if size > _SMALL and data.count(_ENTRY) > self._limits.members:
            raise Exceeded(f"the archive has more than {self._limits.members} members")
        return data

    def seek(self, position: int, whence: int = 0) -> int:
        return self._file.seek(position, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


class ZipMember:
    """One entry of an archive; its content can be read until the next one is asked for."""

    def __init__(
        self, path: tuple[str, ...], info: zipfile.ZipInfo, archive: zipfile.ZipFile
    ) -> None:
        self.path = path
        self.size = info.file_size
        mode = info.external_attr >> 16
        self.is_file = not info.is_dir() and not stat.S_ISLNK(mode)
        self._info = info
        self._archive = archive

    def read(self, limit: int) -> bytes:
        """The first `limit` bytes of the content, whatever size it declares."""
        if self._info.flag_bits & _ENCRYPTED or self._info.compress_type not in _METHODS:
            # Other methods may ask for gigabytes of memory to decompress; PEP 427 needs none.
            raise Invalid("the archive has a member that is encrypted or compressed oddly")
        with _translated(), self._archive.open(self._info) as content:
            return content.read(limit)


def read_zip(file: BinaryIO, limits: ZipLimits | None = None) -> Iterator[ZipMember]:
    """The members of a zip archive, in the order of its directory.

    Raises `Invalid` for what is no such archive, names a member twice or outside its own folder,
    and `Exceeded` where a limit is passed.
    """
    limits = limits or ZipLimits()
    with _translated():
        archive = zipfile.ZipFile(_Content(file, limits))
    with archive:
        yield from _members(archive, limits)


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever zipfile stumbles over, in our own tree."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise Invalid(f"the archive cannot be read as zip: {error}") from None


def _members(archive: zipfile.ZipFile, limits: ZipLimits) -> Iterator[ZipMember]:
    infos = archive.infolist()
    if len(infos) > limits.members:
        raise Exceeded(f"the archive has more than {limits.members} members")
    if sum(info.file_size for info in infos) > limits.unpacked:
        raise Exceeded(f"the archive unpacks to more than {limits.unpacked} bytes")
    paths = [member_path(info.filename) for info in infos]
    if len(set(paths)) != len(paths):
        # Which of the two is installed depends on who unpacks it.
        raise Invalid("the archive has two members of the same name")
    for path, info in zip(paths, infos, strict=True):
        yield ZipMember(path, info, archive)
