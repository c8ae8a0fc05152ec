"""Responses that write prebuilt bytes: whole entities, and files that are still arriving.

aiohttp documents `prepare` and `write_eof` as what a response may override; doing so leaves out
its header machinery, which costs more than everything else a warm hit needs.
"""

import time
from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from mirror.endpoints.entity import Entity, Head, Plan, encode, plan
from mirror.endpoints.outlet import Outlet
from mirror.errors import Misbehaved

SEND_TIMEOUT = 120.0
"""Seconds for which a client may take nothing; there is no limit on the whole."""


class Growing(Protocol):
    """A file that is still being written, and the word of whoever checks it."""

    @property
    def finished(self) -> bool:
        """Whether all of it is there and right; raises the failure if there was one."""
        ...

    def fileno(self) -> int:
        """A descriptor for reading at any offset."""
        ...

    async def released(self, beyond: int) -> int:
        """How many bytes may be sent; waits for more than `beyond`, or for the end.

        Raises when the transfer failed, or its bytes turned out to be wrong.
        """
        ...


class _Prebuilt(web.StreamResponse):
    """What both kinds share; not prepared and not sent twice, however often it is asked.

    `sent` counts the bytes of the body that left, also when the client did not stay.
    """

    def __init__(
        self, request_id: str, headers: Sequence[tuple[str, str]], send_timeout: float
    ) -> None:
        super().__init__()
        if not (request_id.isascii() and request_id.isprintable()):
            raise ValueError(f"request id {request_id!r} cannot be sent in a header")
        self._fields = f"X-Request-Id: {request_id}\r\n".encode("ascii")
        if headers:
            self._fields += encode(headers)
        self._send_timeout = send_timeout
        self._asked: web.BaseRequest | None = None
        self._persistent: bool | None = None
        self._finished = False
        self.sent = 0

    @property
    def prepared(self) -> bool:
        """Whether a request was given to answer."""
        return self._asked is not None

    @property
    def keep_alive(self) -> bool | None:
        """Whether another request may follow on the connection; None before `prepare`."""
        return self._persistent

    @property
    def body_length(self) -> int:
        """The same as `sent`; for aiohttp's access loggers."""
        return self.sent

    def force_close(self) -> None:
        """Let no other request follow on the connection."""
        self._persistent = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}, {self.sent} bytes sent>"

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Decide what to answer; nothing leaves before `write_eof`."""
        if self._asked is None:
            if self._persistent is None:
                self._persistent = request.keep_alive
            self._decide(request)
            self._asked = request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send everything; errors are those of `Outlet`."""
        if self._asked is None or data:
            raise RuntimeError("write_eof() comes after prepare(), and with nothing to add")
        if not self._finished:
            self._finished = True
            self._asked.writer.output_size += 1  # whatever happens, aiohttp must not answer again
            await self._send(self._asked)

    def _decide(self, request: web.BaseRequest) -> None:
        raise NotImplementedError

    async def _send(self, request: web.BaseRequest) -> None:
        raise NotImplementedError

    def _tail(self, request: web.BaseRequest) -> bytes:
        """The end of a head: what differs between two answers, and the empty line."""
        connection = b""
        if request.version >= HttpVersion11:
            if not self._persistent:
                connection = b"Connection: close\r\n"
        elif self._persistent:
            connection = b"Connection: keep-alive\r\n"
        return b"%b%b%b\r\n" % (date_line(int(time.time())), self._fields, connection)


class Sending(_Prebuilt):
    """An entity, or what the request's conditions leave of it."""

    def __init__(
        self,
        entity: Entity,
        *,
        request_id: str,
        headers: Sequence[tuple[str, str]] = (),
        send_timeout: float = SEND_TIMEOUT,
    ) -> None:
        super().__init__(request_id, headers, send_timeout)
        self._entity = entity

    def _decide(self, request: web.BaseRequest) -> None:
        self._plan = plan(self._entity, request.method, request.headers)
        if self._plan.status != 200:
            self.set_status(self._plan.status)

    async def _send(self, request: web.BaseRequest) -> None:
        status, start, length = self._plan
        entity, body = self._entity, self._entity.body
        head = entity.block(status)
        if status == 206:
            head += part_fields(entity, self._plan)
        head += self._tail(request)
        if length and not isinstance(body, bytes):
            outlet = Outlet(request, self._send_timeout, copying=True)
            try:
                await outlet.send(head, body.fileno(), start, length)
            finally:
                self.sent = outlet.sent
            return
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client left before it was answered")
        if isinstance(body, bytes) and length:
            head += body if length == len(body) else body[start : start + length]
        transport.write(head)
        self.sent = length
        if request.protocol.writing_paused:
            await Outlet(request, self._send_timeout).drained()


class Following(_Prebuilt):
    """A file that is still arriving, sent as fast as its bytes are released.

    `size` is what was promised for it, or None. When the transfer fails, the connection breaks
    short of that; with an unknown size the last chunk never comes (lessons #5). `failure` tells
    then what it was; `write_eof` raises `ConnectionAbortedError`, which aiohttp takes for a
    client that left.
    """

    def __init__(
        self,
        head: Head,
        source: Growing,
        size: int | None,
        *,
        request_id: str,
        headers: Sequence[tuple[str, str]] = (),
        send_timeout: float = SEND_TIMEOUT,
    ) -> None:
        super().__init__(request_id, headers, send_timeout)
        self._head = head
        self._source = source
        self._size = size
        self._chunked_body = False
        self.failure: Exception | None = None

    def _decide(self, request: web.BaseRequest) -> None:
        self.set_status(self._head.status)
        if self._size is None and request.method != "HEAD":
            self._chunked_body = request.version >= HttpVersion11
            if not self._chunked_body:
                self.force_close()  # HTTP/1.0 knows no other end (RFC 9112 §6.3)

    async def _send(self, request: web.BaseRequest) -> None:
        head = self._head.block(self._head.status)
        if self._size is not None:
            head += encode((("Content-Length", str(self._size)),))
        elif self._chunked_body:
            head += b"Transfer-Encoding: chunked\r\n"
        outlet = Outlet(request, self._send_timeout)
        await outlet.send(head + self._tail(request))  # the first byte waits for no other
        if request.method == "HEAD":
            return
        try:
            await self._follow(outlet)
        except BaseException:
            outlet.abort()
            raise
        finally:
            self.sent = outlet.sent

    async def _follow(self, outlet: Outlet) -> None:
        source, chunked = self._source, self._chunked_body
        position, seam = 0, b""
        while (limit := await self._released(position)) > position:
            length = limit - position
            head = b"%b%x\r\n" % (seam, length) if chunked else b""
            await outlet.send(head, source.fileno(), position, length)
            position, seam = limit, b"\r\n"
        if chunked:
            await outlet.send(seam + b"0\r\n\r\n")

    async def _released(self, position: int) -> int:
        """How far the body may go; equal to `position` at its end and nowhere else."""
        try:
            limit = await self._source.released(position)
            whole = limit <= position and self._source.finished
            if self._size is not None and (limit > self._size or (whole and limit < self._size)):
                raise Misbehaved(f"promised {self._size} bytes, got {limit}")
            if limit <= position and not whole:
                raise Misbehaved(f"the transfer stopped at byte {position}")
        except Exception as error:
            self.failure = error
            raise ConnectionAbortedError(f"the body broke off at byte {position}") from error
        return limit


def part_fields(entity: Entity, plan_: Plan) -> bytes:
    """What only a 206 says."""
    part = f"bytes {plan_.start}-{plan_.start + plan_.length - 1}/{entity.size}"
    return encode((("Content-Range", part), ("Content-Length", str(plan_.length))))


@lru_cache(maxsize=1)
def date_line(second: int) -> bytes:
    """The Date field of an answer that leaves in that second of the epoch."""
    return b"Date: %b\r\n" % formatdate(second, usegmt=True).encode("ascii")
