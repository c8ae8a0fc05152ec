"""The registry that every server has behind it: synthetic, on loopback, with counted transfers.

Documents are negotiated as the public ones do it: by Accept, and compressed for those who ask.
"""

import asyncio
import gzip
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from aiohttp import web
from yarl import URL

from tests.bench.material import ABBREVIATED, SIMPLE, Artifact, abbreviated, packument, page
from tests.origin import Fault, Origin, Resource

PIECE = 64 << 10


class Registry(Origin):
    """An `Origin` that chooses between the representations of a document, and keeps to its rates."""

    def __init__(self) -> None:
        super().__init__()
        self._types: dict[str, list[str]] = {}

    def document(self, path: str, bodies: Mapping[str, Any]) -> None:
        """Serve a document; `bodies` by media type, the one for everybody else last."""
        self._types[path] = list(bodies)
        for kind, document in bodies.items():
            body = json.dumps(document, separators=(",", ":")).encode()
            headers = {"Content-Type": kind, "Vary": "Accept, Accept-Encoding"}
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}'
            self.serve(_variant(path, kind, ""), body, headers=headers, etag=f'{etag}"')
            headers = {**headers, "Content-Encoding": "gzip"}
            packed = gzip.compress(body, 6)
            self.serve(_variant(path, kind, "gzip"), packed, headers=headers, etag=f'{etag}-gzip"')

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = self.resources.get(request.path)
        if asked is not None and request.method == "HEAD":
            return await self._send(request, asked, None)  # faults are for those who want the body
        types = self._types.get(request.path)
        if types is not None:
            accepted = request.headers.get("Accept", "")
            kind = next((each for each in types if each in accepted), types[-1])
            packed = "gzip" if "gzip" in request.headers.get("Accept-Encoding", "") else ""
            request = request.clone(rel_url=URL(_variant(request.path, kind, packed)))
        return await super()._answer(request)

    async def _pour(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        resource: Resource,
        body: bytes,
        first: int,
        fault: Fault | None,
    ) -> None:
        if fault is not None or resource.rate is None:
            await super()._pour(request, response, resource, body, first, fault)
            return
        # By the clock: naps of less than a millisecond would add up to half the rate.
        began = time.monotonic()
        for at in range(first, len(body), PIECE):
            await response.write(body[at : at + PIECE])
            due = began + (at + PIECE - first) / resource.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))


class Upstream:
    """A `Registry` in a thread of its own. It is told from outside what to serve, between requests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._projects: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._registry: Registry = self._do(self._open())
        self.url = str(self._registry.url)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._registry.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def add(
        self, made: Artifact, others: int = 0, dependencies: int = 4, rate: float | None = None
    ) -> Artifact:
        """Serve a file, at `rate` bytes per second, and a document that lists it among others."""
        registry = self._registry
        etag = f'"{hashlib.sha256(made.content).hexdigest()}"'
        registry.serve(made.path, made.content, etag=etag, rate=rate)
        if made.kind == "npm":
            full = packument(self.url, made, others + 1, dependencies)
            bodies = {ABBREVIATED: abbreviated(full), "application/json": full}
        else:
            bodies = {SIMPLE: page(self.url, made, others + 1)}
            self._projects.append(made.package)
            everything = [{"name": name} for name in self._projects]
            listed = {"meta": {"api-version": "1.1"}, "projects": everything}
            registry.document("/simple/", {SIMPLE: listed})
        registry.document(made.document, bodies)
        return made

    def forget(self, made: Artifact) -> None:
        """No longer hold the bytes of a file."""
        del self._registry.resources[made.path]

    def fault(self, made: Artifact, *faults: Fault) -> None:
        """Let the next requests for a file go wrong, one for each fault."""
        self._registry.fault(made.path, *faults)

    def place(self, made: Artifact) -> str:
        """The address of a file."""
        return self.url + made.path.removeprefix("/")

    def transfers(self, made: Artifact) -> int:
        """How often the sending of a file was begun."""
        return self._registry.transfers[made.path]

    async def _open(self) -> Registry:
        return await Registry().__aenter__()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


def _variant(path: str, kind: str, encoding: str) -> str:
    return f"{path};{kind};{encoding}"
