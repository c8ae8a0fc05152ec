"""One blob on its way into the store."""

import contextlib
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mirror.model import Digests
from mirror.store.files import OpenFile, hop, on_disk

if TYPE_CHECKING:
    from pathlib import Path

    from mirror.store.blobs import Blobs

PIECE = 256 * 1024
"""Bytes gathered before a thread is bothered: hashing and writing a piece takes about 1 ms."""

VERIFY_LIMIT = 64 * 1024 * 1024
"""Bytes up to which a blob is hashed when first opened; beyond, `mirror verify` is the check."""

ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
NAMING = ("sha256",)
"""The one that a blob is named by: enough for what nobody asks for by its digest."""


class BlobWriter:
    """Takes bytes, computes every digest in the same pass, and seals them into the store.

        async with blobs.writer() as writer:
            await writer.write(data)            # as often as needed; bounded memory
            digests = await writer.seal()       # synced, in place, pinned
            ...                                 # commit the rows that refer to it
            await writer.settle()               # now it stays

    Left without `settle`, nothing stays: the temporary file goes, and so does a sealed blob to
    which no row refers. All members raise `Storage` when the disk refuses.

    Without `durable`, a power cut may take the bytes: for what can be had again. That they are
    there, and right, is seen when the blob is opened; the largest are synced all the same, because
    those are not looked at. Only the digests of `algorithms` are computed.
    """

    def __init__(
        self, blobs: "Blobs", *, durable: bool, algorithms: Sequence[str] = ALGORITHMS
    ) -> None:
        self._blobs = blobs
        self._durable = durable
        self._buffer = bytearray()
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._path: Path | None = None  # the temporary file, later the marker
        self._digests: Digests | None = None
        self._settled = False
        self._left = False
        # Threads take turns: a write whose caller was cancelled may still run when the next one
        # (or the abandoning) begins.
        self._turn = threading.Lock()
        self.written = 0
        """Bytes taken so far, on file or not."""
        self.flushed = 0
        """Bytes really on file, readable through `file`."""
        self._file: OpenFile | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file = None
        self._left = True
        if not self._settled:
            await self._abandon()

    @property
    def file(self) -> OpenFile:
        """The file as it grows, from the first flush on; valid for as long as somebody holds it."""
        if self._file is None:
            raise ValueError("nothing is on file yet, or no more")
        return self._file

    async def write(self, data: bytes) -> None:
        """Take some bytes; now and then waits for the disk, which is the back-pressure."""
        self._buffer += data
        self.written += len(data)
        if len(self._buffer) >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Put everything taken so far on file, so that those who follow may read it."""
        if self._buffer:
            data, self._buffer = self._buffer, bytearray()
            await hop(self._flush, data)

    async def take(self, path: "Path") -> None:
        """Make a file of `incoming` that somebody else has written the blob's, without a copy.

        It takes the place of everything that would have been written, and goes with the writer.
        """
        await hop(self._take, path)

    async def seal(self, check: Callable[[Digests], None] | None = None) -> Digests:
        """Make the bytes a blob of the store: synced, in their place, kept until `settle`.

        `check` sees the digests before anything gets its final name, and may raise. It runs in
        the worker thread. A small blob is hashed, written and sealed in one hop.
        """
        data, self._buffer = self._buffer, bytearray()
        return await hop(self._seal, data, check)

    async def settle(self) -> None:
        """Keep the blob: the rows that refer to it are committed."""
        await settle([self])

    # -- in worker threads

    def _flush(self, data: bytearray) -> None:
        with self._turn:
            self._append(data)

    def _take(self, path: "Path") -> None:
        with self._turn, on_disk(path):
            if self._left or self._path is not None:
                path.unlink()
                raise ValueError("this writer was left, or has bytes of its own")
            self._path = path.rename(self._temporary())
            self._file = OpenFile(os.open(self._path, os.O_RDONLY | os.O_CLOEXEC), 0)
            while piece := os.pread(self._file.fileno(), PIECE, self.flushed):
                self._hash(piece)
                self.flushed += len(piece)
            self.written = self._file.size = self.flushed

    def _temporary(self) -> "Path":
        return self._blobs.incoming / secrets.token_hex(12)

    def _hash(self, piece: bytes | bytearray) -> None:
        for each in self._hashes.values():
            each.update(piece)

    def _append(self, data: bytearray) -> None:
        if self._left:
            raise ValueError("this writer was left")
        if self._path is None:
            self._path = self._temporary()
            with on_disk(self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # One descriptor for us and for those who follow; everyone names an offset.
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._file = OpenFile(os.open(self._path, flags, 0o640), 0)
        file = self.file
        self._hash(data)
        try:
            with on_disk(self._path), memoryview(data) as view:
                done = 0
                while done < len(view):
                    done += os.pwrite(file.fileno(), view[done:], self.flushed + done)
            self.flushed += len(data)
            file.size = self.flushed
        finally:
            # The error's traceback keeps this frame; it must not keep a deleted file on a full disk.
            del file

    def _seal(self, data: bytearray, check: Callable[[Digests], None] | None) -> Digests:
        with self._turn:
            self._append(data)
            digests = Digests(
                self.flushed, **{name: each.hexdigest() for name, each in self._hashes.items()}
            )
            if check is not None:
                check(digests)
            file, temporary = self.file, self._path
            if temporary is None:
                raise ValueError("this writer was left")
            self._durable |= digests.size > VERIFY_LIMIT
            place = self._blobs.path(digests.sha256)
            marker = temporary.with_name(f"{temporary.name}.{digests.sha256}")
            with on_disk(place):
                if self._durable:
                    os.fsync(file.fileno())
                self._path = temporary.rename(marker)
                self._blobs.pin(digests.sha256)
                self._digests = digests
                self._blobs.place(marker, digests, durable=self._durable)
            return digests

    def _settle(self) -> None:
        with self._turn:
            digests, marker = self._digests, self._path
            if digests is None or marker is None:
                raise ValueError("seal() comes before settle()")
            with on_disk(marker):
                # Something beside this process may have removed the name; the marker has the bytes.
                if not self._blobs.path(digests.sha256).exists():
                    self._blobs.place(marker, digests, durable=self._durable)
                marker.unlink()
            self._blobs.unpin(digests.sha256, reprieve=True)
            self._settled = True

    async def _abandon(self) -> None:
        digests = await hop(self._let_go)
        if digests is not None:
            await self._blobs.discard([digests.sha256])
            # Last, so that a crash in between leaves the marker for the next sweep.
            await hop(self._forget)

    def _let_go(self) -> Digests | None:
        with self._turn:
            if self._digests is not None:
                self._blobs.unpin(self._digests.sha256, reprieve=False)
            else:
                self._remove()
            return self._digests

    def _forget(self) -> None:
        with self._turn:
            self._remove()

    def _remove(self) -> None:
        # A disk that refuses here is the reason for leaving; its error is on the way already.
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


async def settle(writers: Sequence[BlobWriter]) -> None:
    """Keep several blobs: the rows that refer to them are committed."""

    def each() -> None:
        for writer in writers:
            writer._settle()  # noqa: SLF001 - one hop for all of them

    await hop(each)
