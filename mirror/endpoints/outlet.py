"""The way out: heads and pieces of files onto one connection, past the event loop's own buffers.

uvloop has no sendfile and refuses to watch a transport's own descriptor. So a file goes out on that
descriptor for as long as the socket takes it; what is left is waited for on a duplicate, which
nobody else watches.
"""

import asyncio
import contextlib
import fcntl
import mmap
import os
import socket
import struct
import sys
import termios

from aiohttp import web

from mirror.errors import Storage

_TURN = 1 << 20
"""Most bytes of a file per turn of the loop: one fast reader must not hold up the others."""
_PIECE = 1 << 18
"""Bytes read at a time where they must be encrypted; the transport holds about as much again."""
_MORE = getattr(socket, "MSG_MORE", 0)
"""Tells the kernel that a file follows, so that the head travels with its first bytes."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset: a body that the close itself ends must not look whole."""


class Outlet:
    """Sends to one client for the length of one response; `sent` counts the bytes of files.

    Errors: `ConnectionResetError` when the client is gone, `ConnectionAbortedError` when it took
    nothing for `patience` seconds (noticed within twice that), `Storage` when a file is shorter
    than it should be. After any of them, and after a cancellation, the connection is aborted:
    nothing may follow half a response.

    With `copying`, long pieces go out of short-lived mappings instead: the copy costs us a third
    more, and saves a client on this machine more than half, for it finds the bytes in the
    processor's cache. Where a crowd follows one file, our own time is what is short.
    """

    __slots__ = (
        "_file", "_head", "_left", "_offset", "_patience", "_request", "_send_long", "_transport",
        "sent",
    )  # fmt: skip

    def __init__(self, request: web.BaseRequest, patience: float, *, copying: bool = False) -> None:
        self._request = request
        self._send_long = _send_mapped if copying else os.sendfile
        self._transport = request.transport
        self._patience = patience
        self._head = b""
        self._file = self._offset = self._left = 0
        self.sent = 0

    async def send(self, head: bytes, file: int = -1, offset: int = 0, length: int = 0) -> None:
        """Send `head`, then `length` bytes from `offset` of the descriptor `file`.

        Returns when the kernel or the transport's buffer has taken all of it.
        """
        transport = self._open()
        self._head, self._file, self._offset, self._left = head, file, offset, length
        try:
            # What the transport still holds goes first, and only it can encrypt.
            if transport.get_write_buffer_size() or transport.get_extra_info("sslcontext"):
                await self._through(transport)
                return
            descriptor = transport.get_extra_info("socket").fileno()
            # Family and type spare two system calls; sending asks for neither.
            borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=descriptor)
            try:
                done = self._turn(borrowed)
            finally:
                borrowed.detach()
            if not done:
                with socket.socket(fileno=os.dup(descriptor)) as duplicate:
                    await self._rest(duplicate)
        except BaseException:
            self.abort()
            raise

    async def drained(self) -> None:
        """Wait until the transport's buffer is worth filling again."""
        if not self._request.protocol.writing_paused:
            return
        transport = self._open()
        draining = asyncio.ensure_future(self._request.writer.drain())
        try:
            await self._watch(draining, transport.get_extra_info("socket").fileno())
        except BaseException:
            draining.cancel()
            self.abort()
            raise

    def abort(self) -> None:
        """Break the connection so that the client cannot take what it got for the whole."""
        if self._transport is not None:
            sever(self._transport)

    def _open(self) -> asyncio.Transport:
        """The transport; once it is closing, its descriptor may be another connection's."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the client left before it had everything")
        return self._transport

    def _turn(self, sock: socket.socket) -> bool:
        """Move what the socket takes at once; True when nothing is left."""
        try:
            if self._head:
                self._head = self._head[sock.send(self._head, _MORE if self._left else 0) :]
            if self._left and not self._head:
                asked = min(self._left, _TURN)
                send = self._send_long if asked == _TURN else os.sendfile
                self._moved(send(sock.fileno(), self._file, self._offset, asked))
        except BlockingIOError:
            pass  # full: the loop says when it is not
        return not (self._head or self._left)

    def _moved(self, count: int) -> None:
        if not count:
            raise Storage(f"a stored file ends {self._left} bytes early; check the data directory")
        self._offset += count
        self._left -= count
        self.sent += count

    async def _rest(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def turn() -> None:
            if done.done():
                return
            try:
                self._open()
                if self._turn(sock):
                    done.set_result(None)
            except (OSError, Storage) as error:
                done.set_exception(error)

        descriptor = sock.fileno()
        loop.add_writer(descriptor, turn)
        try:
            await self._watch(done, descriptor)
        finally:
            loop.remove_writer(descriptor)

    async def _through(self, transport: asyncio.Transport) -> None:
        transport.write(self._head)
        while self._left:
            piece = os.pread(self._file, min(self._left, _PIECE), self._offset)
            self._moved(len(piece))
            self._open().write(piece)
            await self.drained()

    async def _watch(self, waiting: asyncio.Future[None], descriptor: int) -> None:
        """Wait for as long as the client takes anything; no limit on the whole (lessons #14c)."""
        before = self._pending(descriptor)
        while not (await asyncio.wait((waiting,), timeout=self._patience))[0]:
            if (now := self._pending(descriptor)) >= before:
                raise ConnectionAbortedError(f"the client took nothing for {self._patience:g} s")
            before = now
        waiting.result()

    def _pending(self, descriptor: int) -> int:
        """Bytes that the client has not acknowledged, wherever they are.

        Those in the kernel count: it asks for more only when a third of its megabytes is free,
        and a slow line may need minutes for that.
        """
        held = self._open().get_write_buffer_size()
        queued = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
        return self._left + len(self._head) + held + int.from_bytes(queued, sys.byteorder)


def push(
    transport: asyncio.Transport,
    borrowed: socket.socket,
    head: bytes,
    file: int = -1,
    offset: int = 0,
    length: int = 0,
) -> None:
    """Send a short answer at once; what the socket does not take goes to the transport's buffer.

    `borrowed` is the transport's own descriptor, and the buffer must be empty. `length` bytes may
    end up in memory, so it is for short pieces of files. Errors are those of the system calls.
    """
    try:
        sent = borrowed.send(head, _MORE if length else 0)
    except BlockingIOError:
        sent = 0
    if sent < len(head):
        transport.write(head[sent:] + os.pread(file, length, offset) if length else head[sent:])
        return
    while length:
        try:
            moved = os.sendfile(borrowed.fileno(), file, offset, length)
        except BlockingIOError:
            transport.write(os.pread(file, length, offset))
            return
        if not moved:
            sever(transport)
            return
        offset += moved
        length -= moved


def _send_mapped(sock: int, file: int, offset: int, length: int) -> int:
    """As `os.sendfile`, by a copy of the kernel's.

    The bytes are only ever touched by the kernel: where the disk fails it says so (`OSError`), and
    no signal ends the process.
    """
    before = offset % mmap.ALLOCATIONGRANULARITY
    try:
        pages = mmap.mmap(file, before + length, access=mmap.ACCESS_READ, offset=offset - before)
    except ValueError:  # beyond the end of the file
        return os.sendfile(sock, file, offset, length)
    with pages, memoryview(pages) as view, view[before:] as piece:
        return os.write(sock, piece)


def sever(transport: asyncio.Transport) -> None:
    """Close at once and without a proper end, dropping what is still to be sent."""
    if not transport.is_closing():
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET
            )
    transport.abort()
