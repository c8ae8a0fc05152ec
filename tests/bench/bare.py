"""The ceiling of the technique: our sending in front of a dict, and nothing else.

`python -m tests.bench.bare PORT FOLDER` serves every file of the folder under its name, and the
`.gz` beside it to those who accept gzip, as nginx does with gzip_static.
"""

import asyncio
import hashlib
import itertools
import os
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from mirror.endpoints.entity import Entity, choose
from mirror.endpoints.listening import serve
from mirror.endpoints.sending import Sending

IN_MEMORY = 16 << 10
"""Smaller bodies are sent from memory."""


class File:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self.size = path.stat().st_size

    def fileno(self) -> int:
        return self._descriptor


def entity(path: Path) -> Entity:
    content = path.read_bytes()
    return Entity(
        content_type="application/octet-stream",
        etag=f'"{hashlib.sha256(content).hexdigest()}"',
        encoding="gzip" if path.suffix == ".gz" else "",
        body=content if len(content) < IN_MEMORY else File(path),
        ranges=path.suffix == ".tgz",
    )


async def main(port: int, folder: Path) -> None:
    entities = {f"/{path.name}": entity(path) for path in folder.iterdir()}
    nothing = Entity(content_type="text/plain", status=404, body=b"not here\n")
    numbers = itertools.count()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path
        plain = entities.get(path, nothing)
        accepted = request.headers.get("Accept-Encoding")
        chosen = choose(plain, entities.get(f"{path}.gz"), accepted)
        return Sending(chosen, request_id=f"{next(numbers):012x}")

    await serve(answer, "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))
