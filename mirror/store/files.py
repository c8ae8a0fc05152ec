"""Open descriptors that outlive their owners, and what the disk's refusals mean."""

import asyncio
import contextlib
import errno
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from mirror.errors import Storage

_P = ParamSpec("_P")
_T = TypeVar("_T")

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

ADVICE = {
    errno.EROFS: "the file system is read-only; remount it writable or move the data directory",
    errno.EACCES: "permission denied; give the data directory to the user that runs the mirror",
    errno.EPERM: "operation not permitted; the file system must allow this user hard links",
    errno.EIO: "input/output error; check the disk",
    errno.EMFILE: "too many open files; raise the limit (LimitNOFILE, ulimit -n)",
    errno.ENFILE: "too many open files on this machine; raise fs.file-max",
}


class OpenFile:
    """A descriptor for reading at explicit offsets (pread, sendfile, mmap).

    It closes when the last reference goes, so a cache may drop it while a transfer still sends
    from it. `size` is in bytes; of a file that still grows, what is on file so far.
    """

    __slots__ = ("__weakref__", "_descriptor", "size")

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self.size = size

    def fileno(self) -> int:
        """The descriptor, which stays this object's own; `ValueError` once closed."""
        if self._descriptor < 0:
            raise ValueError("the file is closed")
        return self._descriptor

    def close(self) -> None:
        """Close now; closing again does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.close()


def storage_error(error: OSError, path: Path) -> Storage:
    """The disk's refusal as an error of ours: which path, what is wrong, what to do."""
    if error.errno in FULL:
        return Storage(f"no space left to write {path}: free some, or run a collection", full=True)
    advice = ADVICE.get(error.errno or 0, error.strerror or str(error))
    return Storage(f"cannot use {path}: {advice}")


@contextlib.contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Translates the operating system's errors about `path` into `Storage`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from error


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def hop(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run in a worker thread, and to its end even if the caller is cancelled meanwhile.

    (`asyncio.to_thread` would take a call back that still waits for a free thread.)
    """
    loop = asyncio.get_running_loop()
    return await asyncio.shield(
        loop.run_in_executor(None, functools.partial(work, *args, **kwargs))
    )
