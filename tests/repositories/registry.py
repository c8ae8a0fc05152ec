"""An upstream that is a function from an address to an answer, and npm documents made to order."""

import asyncio
import base64
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from multidict import CIMultiDict
from yarl import URL

from mirror.errors import Unavailable
from mirror.model import Package
from mirror.upstream.connections import Connection

BASE = "http://up/"
PAD = Package("npm", "", "left-pad")
NPMJS = Connection("npmjs", "npm", URL(BASE))
PYPI = Connection("pypi", "pypi", URL(f"{BASE}simple/"))


@dataclass
class Answer:
    """What the upstream says. `gate` holds the body back until it is set."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: asyncio.Event | None = None


DOWN = Unavailable("up did not answer")
GONE = Answer(404, b"{}")


class Response:
    def __init__(self, answer: Answer, url: URL) -> None:
        self.status = answer.status
        self.headers = CIMultiDict(answer.headers)
        self.url = url
        self.length = len(answer.body) if answer.gate is None else None
        self._answer = answer
        self._rest = answer.body

    async def read(self) -> bytes:
        if self._answer.gate is not None:
            await self._answer.gate.wait()
        data, self._rest = self._rest[:65536], self._rest[65536:]
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        while data := await self.read():
            yield data


class FakeUpstream:
    """Answers by path; an exception there is raised. Counts what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Exception] = {}
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, Mapping[str, str]] = {}
        """The last request's headers, by path."""

    @asynccontextmanager
    async def send(
        self, connection: Connection, method: str, url: URL, *, headers=None, body=None, attempts=3
    ) -> AsyncIterator[Response]:
        path = url.path
        self.asked[path] += 1
        self.headers[path] = dict(headers or {})
        await asyncio.sleep(0)
        answer = self.answers.get(path, GONE)
        if isinstance(answer, Exception):
            raise answer
        etag = answer.headers.get("ETag")
        if etag is not None and (headers or {}).get("If-None-Match") == etag:
            answer = Answer(304, headers={"ETag": etag})
        yield Response(answer, url)

    def offer(
        self, files: Mapping[str, bytes], *, name: str = "left-pad", etag: str | None = None, **more
    ) -> None:
        """A package with these tarballs by version; `more` goes into the document."""
        for version, data in files.items():
            self.answers[f"/{name}/-/{name}-{version}.tgz"] = Answer(body=data)
        self.answers[f"/{name}"] = Answer(
            body=orjson.dumps(packument(files, name=name) | more),
            headers={"Content-Type": "application/json", **({"ETag": etag} if etag else {})},
        )


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def packument(files: Mapping[str, bytes], *, name: str = "left-pad") -> dict[str, Any]:
    return {
        "name": name,
        "dist-tags": {"latest": list(files)[-1]} if files else {},
        "versions": {
            version: {
                "name": name,
                "version": version,
                "dist": {
                    "tarball": f"{BASE}{name}/-/{name}-{version}.tgz",
                    "integrity": integrity(data),
                },
            }
            for version, data in files.items()
        },
        "time": dict.fromkeys(files, "2020-01-01T00:00:00.000Z"),
    }
