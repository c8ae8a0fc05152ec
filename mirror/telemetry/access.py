"""One line per request, written in batches and off the event loop."""

import asyncio
import contextlib
import itertools
import logging
import secrets
import time
from typing import BinaryIO, Literal

import orjson

from mirror.telemetry.redaction import one_line, redact_address

log = logging.getLogger(__name__)

PERIOD = 0.1
"""Seconds that a line waits for others: a person watching does not notice."""

BATCH = 64 * 1024
"""Bytes that are written at once without waiting, the size of a pipe's buffer."""

MOST = 8 * 1024 * 1024
"""Bytes kept while nobody reads the other end; beyond, lines are dropped and counted."""

_LONGEST_LINE = 4096
_LONGEST_FIELD = 1024
_JSON = (b'{"time":"%b.%06dZ","id":"%b","seconds":%.6f,%b\n', "%Y-%m-%dT%H:%M:%S")
_TEXT = (b"%b.%06d %b %.6f s %b\n", "%H:%M:%S")


class RequestIds:
    """Names for requests: 16 hex digits, 8 of this process and 8 counted.

    Unique, not secret: they are returned to clients and nothing is allowed by knowing one.
    """

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(4).encode("ascii")
        self._counter = itertools.count(1)

    def __call__(self) -> bytes:
        return b"%b%08x" % (self._prefix, next(self._counter) & 0xFFFFFFFF)


class AccessLog:
    """Collects lines on the event loop; a thread writes them to `stream`, one batch at a time."""

    def __init__(self, stream: BinaryIO, format_: Literal["json", "text"]) -> None:
        self._stream = stream
        self._text = format_ == "text"
        self._line, self._clock_format = _TEXT if self._text else _JSON
        self._second = 0
        self._clock = b""
        self._buffer = bytearray()
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def phrase(
        self,
        *,
        remote: str,
        user: str,
        method: str,
        path: str,
        status: int,
        sent: int,
        format: str = "",  # noqa: A002 - the field's name in the line
        repository: str = "",
        cache: str = "",
        agent: str = "",
    ) -> bytes:
        """What a line says of an answer, whenever it is given: the same request may come again.

        `path` is raw, with its query; `sent` is bytes of body. What a stranger wrote is made safe
        here: secrets hidden, control characters escaped, lengths bounded.
        """
        path = redact_address(path)
        if self._text:
            text = f"{status} {method} {path} {sent} B {cache or '-'} {user} {remote}"
            return one_line(text, _LONGEST_LINE).encode()
        return _encode({
            "remote": remote,
            "user": user,
            "method": method,
            "path": path,
            "status": status,
            "bytes": sent,
            "format": format,
            "repository": repository,
            "cache": cache,
            "agent": agent,
        })  # fmt: skip

    def record(self, phrase: bytes, *, id_: bytes, at: float, seconds: float) -> None:
        """Note an answer: its phrase, its request's name, the time of day, and how long it took."""
        if len(self._buffer) > MOST:
            self._dropped += 1
            return
        second = int(at)
        if second != self._second:
            self._second = second
            self._clock = time.strftime(self._clock_format, time.gmtime(second)).encode("ascii")
        micro = int((at - second) * 1e6)
        self._buffer += self._line % (self._clock, micro, id_, seconds, phrase)
        if self._writing is not None:
            return
        if len(self._buffer) >= BATCH:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PERIOD, self._flush)

    async def close(self) -> None:
        """Write what is left; the log must not be used afterwards."""
        while self._writing is not None or self._buffer:
            if self._writing is None:
                self._flush()
            if self._writing is not None:
                await self._writing

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None and self._buffer:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._buffer:
                batch, self._buffer = self._buffer, bytearray()
                if self._dropped:
                    log.warning("%d request lines dropped: nobody reads the log", self._dropped)
                    self._dropped = 0
                await asyncio.to_thread(self._put, batch)
                if len(self._buffer) < BATCH:
                    break
        finally:
            self._writing = None
            if self._buffer and self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(PERIOD, self._flush)

    def _put(self, data: bytearray) -> None:
        # A reader that went away (`mirror serve 2>&1 | head`) is no reason to stop serving.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(data)
            self._stream.flush()


def _encode(members: dict[str, str | int]) -> bytes:
    """The members of a JSON object and its closing brace."""
    # JSON escapes ASCII's control characters itself, so the usual line needs one look at the
    # whole; orjson refuses the lone surrogates that stand for undecodable bytes.
    try:
        plain = orjson.dumps(members)
    except orjson.JSONEncodeError:
        plain = b""
    if plain.isascii() and 0 < len(plain) <= _LONGEST_LINE:
        return plain[1:]
    safe = {
        name: one_line(value, _LONGEST_FIELD) if isinstance(value, str) else value
        for name, value in members.items()
    }
    return orjson.dumps(safe)[1:]
