import io
import struct
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Exceeded, Invalid, MirrorError
from mirror.formats.zips import ZipLimits, read_zip


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_members() -> None:
    file = packed({"a/b": b"content", "c/": b""})
    found = [
        (each.path, each.size, each.is_file, each.read(3)) for each in read_zip(io.BytesIO(file))
    ]
    assert found == [(("a", "b"), 7, True, b"con"), (("c",), 0, False, b"")]


def test_links_are_no_files() -> None:
    info = zipfile.ZipInfo("a")
    info.external_attr = 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert [each.is_file for each in read_zip(file)] == [False]


def test_limits() -> None:
    file = packed({str(number): b"x" for number in range(2000)})
    for limits in (ZipLimits(members=1999), ZipLimits(directory=1000), ZipLimits(unpacked=1999)):
        with pytest.raises(Exceeded):
            list(read_zip(io.BytesIO(file), limits))


class Endless(io.BytesIO):
    """A file of two gigabytes of zeros before its end record, which says they are its directory."""

    size = 2**31
    largest = 0

    def __init__(self) -> None:
        super().__init__()
        self._end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, self.size, 0, 0)
        self._place = 0

    def read(self, size: int | None = -1) -> bytes:
        left = self.size + len(self._end) - self._place
        size = left if size is None or size < 0 else min(size, left)
        self.largest = max(self.largest, size)
        start = max(0, self._place - self.size)
        zeros = min(size, max(0, self.size - self._place))
        self._place += size
        return bytes(zeros) + self._end[start : start + size - zeros]

    def seek(self, position: int, whence: int = 0) -> int:
        whole = self.size + len(self._end)
        self._place = position + (0, self._place, whole)[whence]
        return self._place

    def tell(self) -> int:
        return self._place


def test_a_directory_of_gigabytes_is_never_loaded() -> None:
    file = Endless()
    with pytest.raises(Exceeded, match="directory"):
        list(read_zip(file))
    assert file.largest <= ZipLimits().directory + 1


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_odd_compression(method: int) -> None:
    [member] = read_zip(io.BytesIO(packed({"a": b"x" * 100}, method)))
    with pytest.raises(Invalid, match="oddly"):
        member.read(1)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_an_archive_or_an_error(noise: bytes, place: int) -> None:
    good = packed({"a": b"content"})
    for data in (noise, good[:place] + noise + good[place:], good[:place] + noise):
        try:
            for member in read_zip(io.BytesIO(data)):
                member.read(100)
        except MirrorError as error:
            assert isinstance(error, Invalid | Exceeded)  # noqa: PT017 -- either is right
