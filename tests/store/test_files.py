"""Descriptors that close by themselves, and the disk's refusals in words."""

import errno
import os
from pathlib import Path

import pytest

from mirror.errors import Storage
from mirror.store.files import OpenFile, hop, on_disk


def opened(path: Path) -> OpenFile:
    path.write_bytes(b"hello")
    return OpenFile(os.open(path, os.O_RDONLY), 5)


def test_a_file_closes_when_the_last_reference_goes(tmp_path: Path) -> None:
    file = opened(tmp_path / "a")
    descriptor, other = file.fileno(), file
    del file
    assert os.pread(descriptor, 5, 0) == b"hello"
    del other
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_file_closes_once_and_then_has_no_descriptor(tmp_path: Path) -> None:
    file = opened(tmp_path / "a")
    file.close()
    reused = os.open(tmp_path / "a", os.O_RDONLY)
    file.close()
    os.fstat(reused)  # the second close did not hit somebody else's descriptor
    os.close(reused)
    with pytest.raises(ValueError, match="closed"):
        file.fileno()


@pytest.mark.parametrize(
    ("number", "full", "words"),
    [
        (errno.ENOSPC, True, "no space left"),
        (errno.EDQUOT, True, "no space left"),
        (errno.EROFS, False, "read-only"),
        (errno.EACCES, False, "permission denied"),
        (errno.EIO, False, "check the disk"),
        (errno.ENAMETOOLONG, False, "too long"),
    ],
)
def test_refusals_name_the_path_and_what_to_do(number: int, full: bool, words: str) -> None:
    with pytest.raises(Storage, match=words) as caught, on_disk(Path("/data/blobs")):
        raise OSError(number, os.strerror(number))
    assert caught.value.full is full
    assert "/data/blobs" in str(caught.value)


async def test_hop_runs_in_another_thread_and_returns() -> None:
    assert await hop(pow, 2, 10) == 1024
