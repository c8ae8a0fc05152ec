"""A fake upstream on loopback, with counted transfers and programmable faults.

    async with Origin() as origin:
        origin.serve("/a.tgz", data, etag='"1"')
        ...ask origin.url / "a.tgz"...
        assert origin.transfers["/a.tgz"] == 1

Paths are decoded (`/@scope/name`). A resource behaves well unless told otherwise:

- `serve(path, body, headers=…, etag=…, ranges=…, rate=…, chunked=…, delay=…)` says how it is
  normally served: `rate` in bytes per second, `delay` in seconds before the headers, `ranges`
  whether Range (with If-Range) is honoured, `chunked` whether to hide the length. If-None-Match
  is answered with 304 where there is an `etag`.
- `serve_json(path, document)` the same for a document.
- `fault(path, *faults)` queues one-shot faults: each request to the path uses up one, then
  normal behaviour returns. `always(path, fault)` keeps one up; `always(path, None)` lifts it.

Faults: `Status` (any status with headers: 429 with Retry-After, 500, 503, 404), `Redirect`,
`Truncate` (right Content-Length, connection cut at a byte), `Short` (short body with a matching
length), `Flip` (right length, one byte wrong), `Page` (HTML with 200), `Stall` (silence from a
byte on), `BrokenChunk` (chunked, broken 12 bytes into a chunk), `Drop` (connection closed without an
answer), `Garbage` (bytes that are not HTTP), `Gate` (waits for your `asyncio.Event` at a byte).

Counted: `requests` (everything seen, with headers), `transfers` (bodies of 200 and 206 begun).
"""

import asyncio
import json
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from multidict import CIMultiDictProxy
from yarl import URL

PIECE = 16 * 1024


@dataclass(frozen=True)
class Status:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"no"


@dataclass(frozen=True)
class Redirect:
    to: str
    status: int = 302


@dataclass(frozen=True)
class Truncate:
    at: int


@dataclass(frozen=True)
class Short:
    size: int


@dataclass(frozen=True)
class Flip:
    at: int = 0


@dataclass(frozen=True)
class Page:
    body: bytes = b"<html>Please log in</html>"


@dataclass(frozen=True)
class Stall:
    at: int


@dataclass(frozen=True)
class BrokenChunk:
    at: int


@dataclass(frozen=True)
class Drop: ...


@dataclass(frozen=True)
class Garbage: ...


@dataclass(frozen=True)
class Gate:
    at: int
    event: asyncio.Event


Fault = (
    Status | Redirect | Truncate | Short | Flip | Page | Stall | BrokenChunk | Drop | Garbage | Gate
)


@dataclass
class Resource:
    body: bytes
    headers: Mapping[str, str]
    etag: str | None
    ranges: bool
    rate: float | None
    chunked: bool
    delay: float


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: CIMultiDictProxy[str]
    body: bytes


class Origin:
    """The server; `url` is its base, on 127.0.0.1 and a port of its own."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.transfers: Counter[str] = Counter()
        self.resources: dict[str, Resource] = {}
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._standing: dict[str, Fault] = {}
        self._closing = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        self.url = URL()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = URL(f"http://127.0.0.1:{self._runner.addresses[0][1]}/")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    # -- programming

    def serve(
        self,
        path: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        ranges: bool = True,
        rate: float | None = None,
        chunked: bool = False,
        delay: float = 0,
    ) -> Resource:
        resource = Resource(body, headers or {}, etag, ranges, rate, chunked, delay)
        self.resources[path] = resource
        return resource

    def serve_json(self, path: str, document: Any, **behaviour: Any) -> Resource:
        headers = {"Content-Type": "application/json", **behaviour.pop("headers", {})}
        return self.serve(path, json.dumps(document).encode(), headers=headers, **behaviour)

    def fault(self, path: str, *faults: Fault) -> None:
        self._faults[path].extend(faults)

    def always(self, path: str, fault: Fault | None) -> None:
        if fault is None:
            self._standing.pop(path, None)
        else:
            self._standing[path] = fault

    def seen(self, path: str) -> list[Seen]:
        """The requests to one path, in order."""
        return [each for each in self.requests if each.path == path]

    # -- serving

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        self.requests.append(Seen(request.method, path, request.headers, await request.read()))
        queue = self._faults[path]
        fault = queue.popleft() if queue else self._standing.get(path)
        match fault:
            case Status(status, headers, body):
                return web.Response(status=status, headers=headers, body=body)
            case Redirect(to, status):
                return web.Response(status=status, headers={"Location": to})
            case Page(body):
                return web.Response(body=body, content_type="text/html")
            case Drop():
                self._cut(request)
                return web.Response()
            case Garbage():
                self._write(request, b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
                self._cut(request, abort=False)
                return web.Response()
        resource = self.resources.get(path)
        if resource is None:
            return web.Response(status=404, body=b"not here")
        await asyncio.sleep(resource.delay)
        if resource.etag and request.headers.get("If-None-Match") == resource.etag:
            return web.Response(status=304, headers={"ETag": resource.etag})
        return await self._send(request, resource, fault)

    async def _send(
        self, request: web.BaseRequest, resource: Resource, fault: Fault | None
    ) -> web.StreamResponse:
        body, first, status = resource.body, 0, 200
        headers = {"Content-Type": "application/octet-stream", **resource.headers}
        if resource.etag:
            headers["ETag"] = resource.etag
        wanted = request.headers.get("Range", "")
        condition = request.headers.get("If-Range")
        current = (None, resource.etag, resource.headers.get("Last-Modified"))
        if resource.ranges and wanted.startswith("bytes=") and condition in current:
            first = int(wanted.removeprefix("bytes=").partition("-")[0])
            if first >= len(body):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
            status = 206
            headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        if isinstance(fault, Flip):
            body = body[: fault.at] + bytes([body[fault.at] ^ 0x55]) + body[fault.at + 1 :]
        elif isinstance(fault, Short):
            body = body[: fault.size]
        if request.method != "HEAD":
            self.transfers[request.path] += 1
        response = web.StreamResponse(status=status, headers=headers)
        if resource.chunked or isinstance(fault, BrokenChunk):
            response.enable_chunked_encoding()
        else:
            response.content_length = len(body) - first
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        try:
            await self._pour(request, response, resource, body, first, fault)
            await response.write_eof()
        except ConnectionError:
            pass  # the reader went away
        return response

    async def _pour(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        resource: Resource,
        body: bytes,
        first: int,
        fault: Fault | None,
    ) -> None:
        stop = getattr(fault, "at", None) if not isinstance(fault, Flip) else None
        at = first
        while at < len(body):
            end = min(at + PIECE, len(body))
            if stop is not None and at <= stop:
                end = min(end, stop) if at < stop else at
            if end > at:
                await response.write(body[at:end])
                if resource.rate:
                    await asyncio.sleep((end - at) / resource.rate)
            at = end
            if at == stop:
                stop = None
                await self._strike(request, fault, body[at : at + 12])

    async def _strike(
        self, request: web.BaseRequest, fault: Fault | None, following: bytes
    ) -> None:
        match fault:
            case Truncate():
                await asyncio.sleep(0.01)  # let what was written leave first
                self._cut(request, abort=False)
                raise ConnectionResetError
            case BrokenChunk():
                self._write(request, b"400\r\n" + following)
                await asyncio.sleep(0.01)
                self._cut(request, abort=False)
                raise ConnectionResetError
            case Stall():
                await self._closing.wait()
                raise ConnectionResetError
            case Gate(event=event):
                await event.wait()

    def _write(self, request: web.BaseRequest, data: bytes) -> None:
        if isinstance(request.transport, asyncio.Transport):
            request.transport.write(data)

    def _cut(self, request: web.BaseRequest, *, abort: bool = True) -> None:
        if isinstance(request.transport, asyncio.Transport):
            if abort:
                request.transport.abort()
            else:
                request.transport.close()
