"""Archives that lie or swell, and uploads that meet or end early: nothing by halves of any."""

import asyncio
import hashlib

import pytest

from tests.distributions import sdist, wheel
from tests.faults import archives
from tests.faults.projects import (
    FRONTIER,
    beside,
    check_refusal,
    files,
    page,
    path,
    shown,
    upload,
)
from tests.faults.server import Mirror, until
from tests.formats.pypi.samples import SDIST, WHEEL, fields, form

CASES = [(WHEEL, case) for case in archives.WHEELS] + [(SDIST, case) for case in archives.SDISTS]


@pytest.mark.parametrize(("file", "case"), CASES)
async def test_an_archive_that_lies_changes_nothing(mirror: Mirror, file: str, case: str) -> None:
    """lessons #4, #7, #19: not a row, not a file, little memory, and nobody else waits."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    make = (archives.WHEELS if file == WHEEL else archives.SDISTS)[case]
    content = await asyncio.to_thread(make)
    check_refusal(await beside(mirror, upload(mirror, file, content)))
    assert mirror.index() == rows
    assert mirror.files() == held
    assert (await mirror.get(path(file))).status == 404
    assert (await mirror.get(page("my-pkg"))).status == 404


async def test_large_and_true(mirror: Mirror) -> None:
    """Ten thousand files are no attack (PyPI has larger ones), nor are twenty megabytes of zeros."""
    project = "ten_thousand"
    many = {f"{number}.py": b"" for number in range(10_000)}
    for file, content in (
        wheel(project, "1.0", files={**many, "zeros": bytes(20_000_000)}),
        sdist(project, "1.0", files=many),
    ):
        reply = await beside(mirror, upload(mirror, file, content, name=project))
        assert reply.status == 200, reply
        assert (await mirror.get(path(file))).body == content


async def test_the_truth_is_accepted(mirror: Mirror) -> None:
    """Without this the tests above could pass for a reason of their own; and what is long or
    unknown in a form is no lie.
    """
    file, content = wheel("truth", "1.0")
    more = {f"unknown_{number}": "x" for number in range(10_000)}
    digest = {"blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest()}
    digest["md5_digest"] = hashlib.md5(content).hexdigest()
    reply = await upload(
        mirror, file, content, name="Truth", description="long " * 200_000, **digest, **more
    )
    assert (reply.status, reply.body) == (200, b"OK\n")
    assert files(await shown(mirror, "truth")) == [file]
    assert (await mirror.get(path(file))).body == content
    sidecar = await mirror.get(f"{path(file)}.metadata")
    assert sidecar.body.startswith(b"Metadata-Version: 2.1\nName: truth\n")
    held = mirror.files()
    again = await upload(mirror, file, content, name="truth")
    assert again.status == 200
    assert mirror.files() == held


async def test_a_file_is_never_replaced(mirror: Mirror) -> None:
    """lessons #23, #29: one of many wins, and nobody meets a locked index; other bytes are 409 in
    the words that twine looks for.
    """
    made = [wheel("race", "1.0", files={"n.py": b"N = %d" % number}) for number in range(10)]
    replies = await asyncio.gather(
        *(upload(mirror, file, content, name="race") for file, content in made)
    )
    assert sorted(reply.status for reply in replies) == [200] + [409] * 9
    [winner] = [
        content for (_, content), reply in zip(made, replies, strict=True) if reply.status == 200
    ]
    rows, held = mirror.index()["version"], mirror.files()
    for file, content in made:
        reply = await upload(mirror, file, content, name="race")
        assert reply.status == (200 if content == winner else 409)
        assert content == winner or b"already exist" in reply.body
    assert mirror.index()["version"] == rows
    assert mirror.files() == held
    assert (await mirror.get(path(file))).body == winner


async def test_files_of_one_version_at_once(mirror: Mirror) -> None:
    """lessons #23: every one of them is there afterwards, each with its own sidecar."""
    made = [wheel("joined", "1.0", tag=f"cp3{number}-none-any") for number in range(10, 22)]
    replies = await asyncio.gather(
        *(upload(mirror, file, content, name="joined") for file, content in made)
    )
    assert {reply.status for reply in replies} == {200}
    page_ = (await shown(mirror, "joined")).json
    assert sorted(each["filename"] for each in page_["files"]) == sorted(file for file, _ in made)
    assert all(each["core-metadata"]["sha256"] for each in page_["files"])
    for file, content in made:
        assert (await mirror.get(path(file))).body == content


async def test_a_body_over_the_limit_is_refused_before_it_is_read(mirror: Mirror) -> None:
    """6 GB announced: 413 at once, without a byte of it, and the connection is over."""
    reader, writer = await _begun(mirror, 6 * 1024**3, expect=True)
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()
    assert head.startswith(b"http/1.1 413 "), head  # and not "100 Continue"
    assert b"connection: close" in head


async def test_a_body_that_breaks_off_leaves_nothing(mirror: Mirror) -> None:
    """lessons #4: its temporary file goes with the connection."""
    rows, held = mirror.index(), mirror.files()
    file, content = wheel("halfway", "1.0", files={"noise": archives.noise(3_000_000, "half")})
    body = form(fields(content, file, name="halfway"), {"content": (file, content)})
    _, writer = await _begun(mirror, len(body))
    writer.write(body[: len(body) * 3 // 4])
    await writer.drain()
    await until(lambda: mirror.files() != held)
    writer.transport.abort()
    await until(lambda: mirror.files() == held)
    assert mirror.index()["version"] == rows["version"]


async def _begun(
    mirror: Mirror, length: int, *, expect: bool = False
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An upload of which only the head has been sent."""
    token = await mirror.token()
    reader, writer = await asyncio.open_connection("127.0.0.1", mirror.port)
    writer.write(
        f"POST /pypi/main/ HTTP/1.1\r\nHost: localhost:{mirror.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: {FRONTIER}\r\nContent-Length: {length}\r\n"
        f"{'Expect: 100-continue' if expect else 'X: y'}\r\n\r\n".encode()
    )
    return reader, writer
