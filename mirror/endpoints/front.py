"""The door: a small protocol in front of aiohttp's, one for each connection.

It guards what aiohttp does not: how many connections there are, and how long a client may take
over the head of a request. Bodies have no limit in time, up or down (lessons #14c).
"""

import asyncio
import logging
import socket
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web
from aiohttp.http import HttpProcessingError

from mirror.endpoints.hot import HotPath, Outcome
from mirror.endpoints.outlet import sever
from mirror.endpoints.sending import SEND_TIMEOUT

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_NEVER = 10 * 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take up: connections in all, times in seconds, sizes in bytes.

    `head` runs from connecting, or from a head's first byte, to its last one; `idle` is between
    two requests. A longer request line or header field than `line` is answered 400, and more
    than `connections` 503.
    """

    connections: int = 4096
    head: float = 30.0
    idle: float = 75.0
    send: float = SEND_TIMEOUT
    line: int = 8190


class Front(asyncio.Protocol):
    """One connection: passes everything on to aiohttp's protocol, and watches the clock."""

    __slots__ = (
        "_borrowed", "_fed", "_hot", "_inner", "_last", "_loop", "_reception", "_remote", "_since",
        "_task", "_timer", "_transport",
    )  # fmt: skip

    def __init__(self, reception: "Reception") -> None:
        self._reception = reception
        self._loop = asyncio.get_running_loop()
        self._inner: web.RequestHandler | None = None
        self._transport: asyncio.Transport | None = None
        self._since: float | None = None  # when the head in progress began
        self._last = 0.0  # when the connection last did something
        self._fed = False  # whether the inner protocol holds part of a head
        self._hot = reception.hot is not None
        self._remote = ""
        self._borrowed: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: weakref.ref[asyncio.Task[Any]] | None = None

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """What answers the request in progress, until its last byte was handed over."""
        task = self._task() if self._task is not None else None
        return None if task is None or task.done() else task

    def begin(self, task: asyncio.Task[Any] | None) -> None:
        """Take note that a head is complete, and that `task` answers it."""
        self._task = weakref.ref(task) if task is not None else None
        self._since = None
        self._fed = False
        self._last = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._reception.admit(self):
            self._transport.write(_FULL)
            self._transport.close()
            return
        if (option := getattr(socket, "TCP_USER_TIMEOUT", None)) is not None:
            # The kernel gives up on a client that takes nothing also where nobody waits for it:
            # after a small answer, or with the rest of one in the buffer of a closing transport.
            patience = round(self._reception.limits.send * 1000)
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, option, patience)
        if self._hot:
            self._borrow(self._transport)
        self._inner = self._reception.server()
        self._inner.connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._inner is None:
            return
        if self._hot and self._short_way(data):
            self._since = None
            self._last = self._loop.time()
            return
        if self._since is None and self.task is None:
            self._await_head()
        self._fed = True
        self._inner.data_received(data)

    def eof_received(self) -> None:
        if self._inner is not None:
            self._inner.eof_received()

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._borrowed is not None:
            self._borrowed.detach()  # the descriptor is the transport's to close
            self._borrowed = None
        self._reception.dismiss(self)
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def part(self) -> None:
        """Close: at once between two requests, else when the one in progress is answered."""
        if (task := self.task) is not None:
            task.add_done_callback(lambda _: self.part())
        elif self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close now, and end what is in progress."""
        if (task := self.task) is not None:
            task.cancel()
        if self._transport is not None:
            sever(self._transport)

    def _borrow(self, transport: asyncio.Transport) -> None:
        peer = transport.get_extra_info("peername")
        if transport.get_extra_info("sslcontext") or not isinstance(peer, tuple):
            self._hot = False  # only the transport can encrypt
            return
        self._remote = str(peer[0])
        descriptor = transport.get_extra_info("socket").fileno()
        self._borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=descriptor)

    def _short_way(self, data: bytes) -> bool:
        """Try the hot path. It is given up for good on this connection as soon as anything is not
        one plain request after another: bytes of a body must never be taken for a request.
        """
        hot, transport, borrowed = self._reception.hot, self._transport, self._borrowed
        if hot is None or transport is None or borrowed is None:
            return False
        if self._fed or (self._task is not None and self.task is not None):
            self._hot = False
            return False
        if transport.get_write_buffer_size() or transport.is_closing():
            return False
        try:
            outcome = hot.answer(data, transport, borrowed, self._remote)
        except OSError:  # the client is gone; nothing more can be said to it
            transport.abort()
            return True
        if outcome is Outcome.ANSWERED:
            return True
        if outcome is Outcome.STRANGE:
            self._hot = False
        return False

    def _await_head(self) -> None:
        self._since = self._loop.time()
        if self._timer is None:  # one timer for many requests: it looks at the time when it fires
            self._timer = self._loop.call_later(self._tick, self._look)

    @property
    def _tick(self) -> float:
        """Seconds between two looks."""
        limits = self._reception.limits
        return min(limits.head, limits.idle)

    def _look(self) -> None:
        self._timer = None
        if self._transport is None or self._transport.is_closing():
            return
        limits, now = self._reception.limits, self._loop.time()
        if self.task is not None:
            self._last = now
        elif self._since is not None and now >= self._since + limits.head:
            self._transport.write(_LATE)
            self._transport.close()
            return
        elif self._since is None and now >= self._last + limits.idle:
            self._transport.close()
            return
        self._timer = self._loop.call_later(self._tick, self._look)


class Reception:
    """What the connections of one port share: aiohttp's server, the limits, and each other."""

    def __init__(self, handler: Handler, limits: Limits, hot: HotPath | None) -> None:
        self.limits = limits
        self.hot = hot
        self.fronts: set[Front] = set()
        self.empty = asyncio.Event()
        self.empty.set()  # also when nobody ever connects: `close` waits for it
        self._handler = handler
        logger = logging.getLogger("mirror.http")
        logger.addFilter(_without_traces)
        self.server = web.Server(
            self._handle,
            auto_decompress=False,  # bodies pass untouched to where their coding is understood
            access_log=None,  # the handler's own log line says more
            logger=logger,
            keepalive_timeout=_NEVER,  # the front sees all requests, and closes idle connections
            max_line_size=limits.line,
            max_field_size=limits.line,
        )

    def admit(self, front: Front) -> bool:
        """Whether there is room for one more connection."""
        if len(self.fronts) >= self.limits.connections:
            return False
        self.fronts.add(front)
        self.empty.clear()
        return True

    def dismiss(self, front: Front) -> None:
        """Forget a connection that is gone, or was never let in."""
        self.fronts.discard(front)
        if not self.fronts:
            self.empty.set()

    def _handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        # aiohttp runs a task for each request, from here until the response has been sent.
        front = request.transport.get_protocol() if request.transport is not None else None
        if isinstance(front, Front):
            front.begin(asyncio.current_task())
        return self._handler(request)


def _without_traces(record: logging.LogRecord) -> bool:
    """What clients do to us is worth a line (malformed requests) or none (leaving), not our stack."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ConnectionError):
        return False
    if isinstance(error, HttpProcessingError):
        record.msg = f"{record.getMessage()}: {' '.join(error.message.split())}"
        record.args, record.exc_info = (), None
    return True
