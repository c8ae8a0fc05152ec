"""Publications that lie, repeat or never end: refused in words, and nothing is changed by them."""

import asyncio
import gzip
import io
import tarfile

import pytest

from tests.faults.packages import noise, path, publication, stock, tarball
from tests.faults.server import Mirror, until
from tests.origin import Origin

TRUE = tarball("liar")


def linked() -> bytes:
    """A link out of the archive, and a file through it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo("package/out")
        link.type, link.linkname = tarfile.SYMTYPE, "../../../etc"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("package/out/passwd"))
    return buffer.getvalue()


LIES = {
    "length": publication("liar", content=TRUE, attachment={"length": len(TRUE) + 1}),
    "short length": publication("liar", content=TRUE, attachment={"length": 1}),
    "sha512": publication("liar", content=TRUE, dist={"integrity": "sha512-" + "A" * 86 + "=="}),
    "sha1": publication("liar", content=TRUE, dist={"shasum": "0" * 40}),
    "no digest": publication("liar", content=TRUE, dist={"integrity": "nonsense"}),
    "not gzip": publication("liar", content=b"PK\x03\x04" + noise(1000)),
    "cut gzip": publication("liar", content=TRUE[:-20]),
    "gzip of noise": publication("liar", content=gzip.compress(noise(5000))),
    "empty": publication("liar", content=b""),
    "another package": publication("liar", content=tarball("honest")),
    "another version": publication("liar", content=tarball("liar", "9.0.0")),
    "parent": publication("liar", content=tarball("liar", **{"../../etc/passwd": b"root"})),
    "deep parent": publication(
        "liar", content=tarball("liar", **{"package/../../../etc/passwd": b"root"})
    ),
    "absolute": publication("liar", content=tarball("liar", **{"/etc/passwd": b"root"})),
    "link": publication("liar", content=linked()),
    "no base64": publication("liar", content=TRUE, attachment={"data": "###"}),
    "half base64": publication("liar", content=TRUE, attachment={"data": "QUJ"}),
    "data is a number": publication("liar", content=TRUE, attachment={"data": 7}),
    "cut JSON": publication("liar", content=TRUE)[:-10],
    "deep JSON": publication("liar", content=TRUE)[:-1]
    + b',"deep":'
    + b'{"a":' * 10_000
    + b"1"
    + b"}" * 10_000
    + b"}",
    "arrays": b"[" * 10_000,
    "no JSON": b"\x00\xff" * 100,
    "nothing": b"",
    "null": b"null",
    "a string": b'"liar"',
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_publication_that_lies_changes_nothing(mirror: Mirror, lie: str) -> None:
    """lessons #4: not a row, not a file, and the sentence says what is wrong."""
    await mirror.token()
    rows, files = mirror.index(), mirror.files()
    reply = await mirror.publish("liar", LIES[lie])
    assert 400 <= reply.status < 500, reply
    assert len(reply.json["error"]) > 20
    assert mirror.index() == rows
    assert mirror.files() == files
    assert (await mirror.get(path("liar"))).status == 404


async def test_the_truth_is_accepted(mirror: Mirror) -> None:
    """Without this the test above could pass for a reason of its own."""
    reply = await mirror.publish("truth", publication("truth", content=tarball("truth")))
    assert reply.status in {200, 201}, reply
    assert (await mirror.get(path("truth"))).body == tarball("truth")


async def test_a_version_is_never_replaced(mirror: Mirror) -> None:
    """Other bytes: 409, and index and blob folder are the same as before; the same bytes: fine."""
    first = tarball("constant", filling=b"first")
    assert (await mirror.publish("constant", publication("constant", content=first))).status < 300
    rows, files = mirror.index(), mirror.files()
    other = publication("constant", content=tarball("constant", filling=b"second"), tag="next")
    replies = await asyncio.gather(*(mirror.publish("constant", other) for _ in range(5)))
    assert {reply.status for reply in replies} == {409}
    assert mirror.index() == rows
    assert mirror.files() == files
    assert (await mirror.get(path("constant"))).body == first
    again = await mirror.publish("constant", publication("constant", content=first))
    assert again.status < 300
    assert mirror.files() == files
    assert mirror.index()["version"] == rows["version"]


async def test_of_many_different_publications_of_a_version_one_wins(mirror: Mirror) -> None:
    """lessons #23: concurrent writers queue; no request meets a locked index."""
    contents = [tarball("race", filling=bytes([number])) for number in range(12)]
    replies = await asyncio.gather(
        *(mirror.publish("race", publication("race", content=each)) for each in contents)
    )
    statuses = [reply.status for reply in replies]
    assert sum(status < 300 for status in statuses) == 1
    assert statuses.count(409) == 11
    winner = contents[next(n for n, status in enumerate(statuses) if status < 300)]
    assert (await mirror.get(path("race"))).body == winner
    assert sum("race" in str(row) for row in mirror.index()["package"]) == 1


async def test_what_exists_upstream_is_not_published_over(mirror: Mirror, origin: Origin) -> None:
    """lessons #21: the nearest holder decides, and a version that is reachable is taken."""
    stock(origin, "taken", noise(100, 7))
    rows = mirror.index()["version"]
    assert (await mirror.publish("taken", publication("taken"))).status == 409
    assert mirror.index()["version"] == rows
    assert (await mirror.get(path("taken"))).body == noise(100, 7)


async def test_a_private_package_is_never_filled_from_outside(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #21: once a name is ours, the same name upstream does not exist for us."""
    assert (await mirror.publish("private", publication("private"))).status < 300
    stock(origin, "private", noise(10), noise(20), noise(30))
    await asyncio.sleep(1.1)
    assert list((await mirror.get("/npm/main/private")).json["versions"]) == ["1.0.0"]
    assert (await mirror.get(path("private"))).body == tarball("private")
    assert (await mirror.get(path("private", "3.0.0"))).status == 404
    assert [each.path for each in origin.seen("/private/-/private-3.0.0.tgz")] == []


async def test_a_body_over_the_limit_is_refused_before_it_is_read(mirror: Mirror) -> None:
    """6 GB announced: 413 at once, without a byte of it, and the connection is over."""
    token = await mirror.token()
    reader, writer = await asyncio.open_connection("127.0.0.1", mirror.port)
    writer.write(
        f"PUT /npm/main/big HTTP/1.1\r\nHost: localhost:{mirror.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {6 * 1024**3}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()
    assert head.startswith(b"http/1.1 413 "), head  # and not "100 Continue"
    assert b"connection: close" in head


async def test_a_body_that_breaks_off_leaves_nothing(mirror: Mirror) -> None:
    """lessons #4: its temporary file goes with the connection."""
    token = await mirror.token()
    files = mirror.files()
    body = publication("halfway", content=tarball("halfway", filling=noise(3_000_000)))
    _, writer = await asyncio.open_connection("127.0.0.1", mirror.port)
    writer.write(
        f"PUT /npm/main/halfway HTTP/1.1\r\nHost: localhost:{mirror.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    writer.write(body[: len(body) * 3 // 4])
    await writer.drain()
    await until(lambda: mirror.files() != files)
    writer.transport.abort()
    await until(lambda: mirror.files() == files)


async def test_an_archive_that_grows_without_end_is_refused(mirror: Mirror) -> None:
    """lessons #7: a megabyte that unpacks to hundreds costs neither memory nor patience."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9) as packed:
        header = tarfile.TarInfo("package/zeros")
        header.size = 1 << 28
        packed.write(header.tobuf())
        for _ in range(64):
            packed.write(bytes(1 << 22))
    before = mirror.memory()
    rows, files = mirror.index(), mirror.files()
    publishing = asyncio.create_task(
        mirror.publish("bomb", publication("bomb", content=buffer.getvalue()))
    )
    while not publishing.done():
        async with asyncio.timeout(0.5):
            assert (await mirror.get("/-/health")).status == 200
        await asyncio.sleep(0.02)
    assert 400 <= (await publishing).status < 500
    assert mirror.memory() - before < 50 * 1024**2
    assert mirror.index() == rows
    assert mirror.files() == files
