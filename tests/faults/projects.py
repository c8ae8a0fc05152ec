"""Python projects for the tests: where a mirror has them, and what comes of an upload."""

import asyncio
import io
from collections.abc import Awaitable
from typing import Any

from tests.distributions import normal
from tests.faults.packages import noise
from tests.faults.server import Mirror, Reply
from tests.formats.pypi.samples import fields, form
from tests.index import JSON, Index

FRONTIER = "multipart/form-data; boundary=frontier"
BIG = 400_000
"""Bytes of a file that is sent while it arrives: more than what is held back at its end."""

GROWTH = 64 * 1024 * 1024
"""Bytes that the server may take for any upload."""


def page(project: str, repository: str = "main") -> str:
    """Where a mirror has a project's page."""
    return f"/pypi/{repository}/simple/{project}/"


def path(file: str, repository: str = "main") -> str:
    """Where it has a file."""
    name, version = file.removesuffix(".tar.gz").split("-")[:2]
    return f"{page(normal(name), repository)}{version}/{file}"


def provenance(file: str, repository: str = "main") -> str:
    """Where it has what attests a file."""
    return path(file, repository).replace("/simple/", "/integrity/") + "/provenance"


async def shown(mirror: Mirror, project: str) -> Reply:
    """A project's page in JSON."""
    return await mirror.get(page(project), Accept=JSON, Accept_Encoding="identity")


def files(reply: Reply) -> list[str]:
    """The names of the files on such a page."""
    assert reply.status == 200, reply
    return [each["filename"] for each in reply.json["files"]]


def wheel_name(project: str, version: str = "1.0") -> str:
    return f"{normal(project).replace('-', '_')}-{version}-py3-none-any.whl"


def noisy(index: Index, name: str, *, size: int = BIG, **options) -> tuple[str, bytes]:
    """A project with one wheel that no compression makes smaller; its name and content."""
    [made] = index.add(name, "1.0", files={"noise.bin": noise(size, name)}, **options).items()
    return made


async def post(mirror: Mirror, body: bytes, kind: str = FRONTIER, **headers: str) -> Reply:
    """Any body at all, to where uploads go."""
    sent = {**await mirror.authorized(), "Content-Type": kind, **headers}
    return await mirror.ask("/pypi/main/", "POST", data=io.BytesIO(body), headers=sent)


async def upload(mirror: Mirror, file: str, content: bytes, **changes: Any) -> Reply:
    """What twine does; `changes` are to the form's fields (see `fields`)."""
    return await post(mirror, form(fields(content, file, **changes), {"content": (file, content)}))


async def beside(mirror: Mirror, uploading: Awaitable[Reply]) -> Reply:
    """What an upload ends in, with the health of the server meanwhile."""
    task = asyncio.ensure_future(uploading)
    before = highest = mirror.memory()
    try:
        while not task.done():
            async with asyncio.timeout(1):
                assert (await mirror.get("/-/health")).status == 200
            highest = max(highest, mirror.memory())
            await asyncio.sleep(0.01)
        assert highest - before < GROWTH
        return await task
    finally:
        task.cancel()


def check_refusal(reply: Reply) -> None:
    """One line for people, as twine and uv show it."""
    assert reply.status in {400, 413}, reply
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    sentence = reply.body.decode()
    assert len(sentence) > 20
    assert sentence.strip().isprintable(), sentence
    assert "/tmp" not in sentence
