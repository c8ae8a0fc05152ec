"""Files on their way in: shared, checked, refetched, and never half a one for a whole one."""

import asyncio
import contextlib
import time

import aiohttp
import pytest

from tests.faults.packages import (
    noise,
    packument,
    path,
    publication,
    sha256,
    stock,
    tarball,
    upstream_path,
)
from tests.faults.server import Mirror, until
from tests.origin import (
    BrokenChunk,
    Drop,
    Flip,
    Garbage,
    Gate,
    Origin,
    Page,
    Redirect,
    Short,
    Stall,
    Status,
    Truncate,
)

MIB = 1024 * 1024
BIG = 400_000
"""Bytes of a file that is sent while it arrives: more than what is held back at its end."""


class Comparison(asyncio.BufferedProtocol):
    """A client that compares what comes and keeps none of it: `right` when all of it came."""

    scratch = bytearray(MIB)  # shared: each piece is looked at before the next one comes

    def __init__(self, place: str, content: bytes) -> None:
        self.place, self.expected = place, content
        self.right: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.head, self.position = bytearray(), 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(
            f"GET {self.place} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode()
        )

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.scratch

    def buffer_updated(self, count: int) -> None:
        piece = self.scratch[:count]
        if not self.position and b"\r\n\r\n" not in self.head:
            self.head += piece
            head, _, rest = self.head.partition(b"\r\n\r\n")
            piece = rest
            if not head.startswith(b"HTTP/1.1 200 "):
                self.connection_lost(None)
        if not self.expected.startswith(bytes(piece), self.position):  # quicker than by memoryview
            self.connection_lost(None)
        self.position += len(piece)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.right.done():
            self.right.set_result(error is None and self.position == len(self.expected))
        self.transport.close()


async def right(mirror: Mirror, place: str, content: bytes) -> bool:
    """Whether exactly these bytes come."""
    _, client = await asyncio.get_running_loop().create_connection(
        lambda: Comparison(place, content), "127.0.0.1", mirror.port
    )
    return await client.right


async def test_two_hundred_clients_are_one_transfer(mirror: Mirror, origin: Origin) -> None:
    """lessons #6b, #7: of 50 MB, cold, for a few megabytes of memory."""
    content = noise(50 * MIB, 101)
    stock(origin, "popular", content)
    await mirror.get("/npm/main/popular")
    before = mirror.memory()
    highest = before

    async def watch() -> None:
        nonlocal highest
        while True:
            highest = max(highest, mirror.memory())
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    came = await asyncio.gather(*(right(mirror, path("popular"), content) for _ in range(200)))
    watching.cancel()
    assert came == [True] * 200
    assert origin.transfers[upstream_path("popular")] == 1
    assert highest - before < 64 * MIB, (highest - before) / MIB


async def test_a_request_in_the_middle_joins(mirror: Mirror, origin: Origin) -> None:
    """lessons #6b, #7: it begins with the first byte at once, and the last ones wait for proof."""
    gate = asyncio.Event()
    stock(origin, "joined", noise(BIG, 102))
    origin.fault(upstream_path("joined"), Gate(BIG // 2, gate))
    async with mirror.send(path("joined")) as first:
        assert await first.content.readexactly(1000) == noise(BIG, 102)[:1000]
        async with mirror.send(path("joined")) as second:
            assert await second.content.readexactly(1000) == noise(BIG, 102)[:1000]
            gate.set()
            assert await second.content.read() == noise(BIG, 102)[1000:]
        assert await first.content.read() == noise(BIG, 102)[1000:]
    assert origin.transfers[upstream_path("joined")] == 1


async def test_the_first_byte_is_long_before_the_last(mirror: Mirror, origin: Origin) -> None:
    """lessons #7."""
    stock(origin, "trickle", noise(BIG, 103), rate=250_000)
    began = time.perf_counter()
    async with mirror.send(path("trickle")) as response:
        assert await response.content.readany()
        first = time.perf_counter() - began
        await response.content.read()
    assert first < (time.perf_counter() - began) / 2


async def test_who_stops_reading_holds_up_nobody(mirror: Mirror, origin: Origin) -> None:
    """lessons #7: nor does who leaves; the file arrives all the same."""
    content = noise(20 * MIB, 104)
    stock(origin, "held", content)
    reader, writer = await asyncio.open_connection("127.0.0.1", mirror.port, limit=1024)
    writer.write(f"GET {path('held')} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    async with mirror.send(path("held")) as leaving:
        await leaving.content.readany()
    async with asyncio.timeout(10):
        assert await right(mirror, path("held"), content)
    writer.transport.abort()
    assert origin.transfers[upstream_path("held")] == 1


WRONG = [Flip(5), Flip(BIG - 5), Short(BIG // 2), Page(), Garbage(), Status(206)]
BROKEN = [Truncate(BIG // 2), BrokenChunk(BIG // 2), Stall(BIG // 2), Drop(), Stall(0)]
REFUSING = [Status(number) for number in (401, 403, 429, 500, 503)]


async def test_wrong_bytes_are_never_served_as_right(mirror: Mirror, origin: Origin) -> None:
    """lessons #4, #5, #14: an error status, or a body that breaks off; then the right ones."""

    async def check(number: int, fault: object) -> None:
        name, content = f"wrong-{number}", noise(BIG, 105000 + number)
        stock(origin, name, content, ranges=False)
        origin.always(upstream_path(name), fault)
        try:
            async with mirror.send(path(name)) as response:
                got = await response.read()
        except aiohttp.ClientPayloadError:
            pass
        else:
            assert response.status not in {200, 404}, (fault, response.status, len(got))
        origin.always(upstream_path(name), None)
        assert (await mirror.get(path(name))).body == content, fault

    await asyncio.gather(*(check(n, f) for n, f in enumerate([*WRONG, *BROKEN, *REFUSING])))
    held = {path.rpartition("/")[2]: size for path, size in mirror.files().items()}
    for number, _ in enumerate([*WRONG, *BROKEN, *REFUSING]):
        assert held[sha256(noise(BIG, 105000 + number))] == BIG
    assert [each for each in mirror.files() if each.startswith("incoming")] == []


async def test_a_broken_transfer_is_resumed(mirror: Mirror, origin: Origin) -> None:
    """lessons #5: the client sees nothing of it."""
    stock(origin, "resumed", noise(BIG, 106))
    origin.fault(upstream_path("resumed"), Truncate(BIG // 3), Truncate(BIG // 2))
    assert (await mirror.get(path("resumed"))).body == noise(BIG, 106)


async def test_the_failure_of_one_is_not_that_of_all(mirror: Mirror, origin: Origin) -> None:
    """lessons #6: who joined a transfer that failed gets one of his own before an error."""
    stock(origin, "leader", noise(1000, 107), delay=0.1)
    origin.fault(upstream_path("leader"), *[Status(503)] * 3)  # all attempts of the leader
    replies = await asyncio.gather(*(mirror.get(path("leader")) for _ in range(20)))
    assert sum(reply.status == 200 for reply in replies) >= 19
    assert origin.transfers[upstream_path("leader")] == 1


async def test_what_was_there_and_is_gone_is_404(mirror: Mirror, origin: Origin) -> None:
    """lessons #14: the upstream lists it and has it no more; what is cached stays."""
    stock(origin, "gone", noise(100, 108), noise(100, 608))
    assert (await mirror.get(path("gone"))).status == 200
    for version in ("1.0.0", "2.0.0"):
        origin.always(upstream_path("gone", version), Status(404))
    assert (await mirror.get(path("gone"))).body == noise(100, 108)
    assert (await mirror.get(path("gone", "2.0.0"))).status == 404
    origin.always(upstream_path("gone", "2.0.0"), None)
    assert (await mirror.get(path("gone", "2.0.0"))).body == noise(100, 608)


async def test_a_file_that_was_harmed_is_fetched_again(lone_origin: Origin, tmp_path) -> None:
    """lessons #17: of an external version; not a 500, and not the harmed bytes."""
    contents = {harm: noise(BIG, harm) for harm in ("deleted", "truncated", "damaged", "emptied")}
    for harm, content in contents.items():
        stock(lone_origin, harm, content)
    connections = {"public:npmjs": {"url": str(lone_origin.url)}}
    async with Mirror(tmp_path, {"connections": connections}) as mirror:
        for harm, content in contents.items():
            assert (await mirror.get(path(harm))).body == content
        assert await mirror.stop() == 0  # what it has open would not be harmed
        for harm, content in contents.items():
            blob = mirror.blob(sha256(content))
            match harm:
                case "deleted":
                    blob.unlink()
                case "truncated":
                    blob.write_bytes(content[:-1])
                case "damaged":
                    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
                case "emptied":
                    blob.write_bytes(b"")
        await mirror.start()
        for harm, content in contents.items():
            for _ in range(2):
                reply = await mirror.get(path(harm))
                assert (reply.status, reply.body) == (200, content), harm
            assert lone_origin.transfers[upstream_path(harm)] == 2, harm
            assert mirror.blob(sha256(content)).read_bytes() == content


async def test_a_private_file_that_was_harmed_is_an_honest_error(mirror: Mirror, tmp_path) -> None:
    """lessons #17: nobody else has it, so 503 with a sentence, never 404 or wrong bytes."""
    async with Mirror(tmp_path) as mirror:
        assert (await mirror.publish("only", publication("only"))).status < 300
        await mirror.stop()
        mirror.blob(sha256(tarball("only"))).unlink()
        await mirror.start()
        reply = await mirror.get(path("only"))
        assert reply.status == 503
        assert "backup" in reply.json["error"]
        assert (await mirror.get("/npm/main/only")).status == 200


async def test_head_equals_get(mirror: Mirror, origin: Origin) -> None:
    """lessons #10: status, length and type on every route, cold and warm."""
    for name in ("head-first", "get-first"):
        stock(origin, name, noise(BIG, 111))
        methods = ("HEAD", "GET") if name == "head-first" else ("GET", "HEAD")
        for place in (f"/npm/main/{name}", path(name), f"/npm/main/{name}/1.0.0"):
            for asked in (place, place + "x") if name == "head-first" else (place,):
                found = {}
                for method in methods:
                    reply = await mirror.ask(asked, method)
                    found[method] = reply
                    assert (method == "GET") == bool(reply.body)
                head, get = found["HEAD"], found["GET"]
                assert head.status == get.status, place
                for field in ("Content-Length", "Content-Type", "Vary", "Cache-Control"):
                    assert head.headers.get(field) == get.headers.get(field), (place, field)
    for place in ("/", "/-/health", "/-/ready", "/npm/main/-/ping", "/nothing", "/npm/none/x"):
        head, get = await mirror.ask(place, "HEAD"), await mirror.ask(place)
        assert head.status == get.status, place
        assert head.headers["Content-Length"] == get.headers["Content-Length"], place


async def test_ranges_only_of_what_is_complete(mirror: Mirror, origin: Origin) -> None:
    """lessons #11: while it arrives all of it; later exact parts, and If-Range as the RFC says."""
    gate = asyncio.Event()
    content = noise(BIG, 112)
    stock(origin, "ranged", content)
    origin.fault(upstream_path("ranged"), Gate(BIG // 2, gate))
    async with mirror.send(path("ranged"), headers={"Range": "bytes=10-19"}) as arriving:
        assert arriving.status == 200
        assert "Accept-Ranges" not in arriving.headers
        gate.set()
        assert await arriving.read() == content
    part = await mirror.get(path("ranged"), Range="bytes=10-19")
    assert (part.status, part.body) == (206, content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{BIG}"
    tag = part.headers["ETag"]
    same = await mirror.get(path("ranged"), Range="bytes=-5", If_Range=tag)
    assert (same.status, same.body) == (206, content[-5:])
    other = await mirror.get(path("ranged"), Range="bytes=-5", If_Range='"other"')
    assert (other.status, other.body) == (200, content)
    assert (await mirror.get(path("ranged"), Range=f"bytes={BIG}-")).status == 416
    assert (await mirror.get(path("ranged"), If_None_Match=tag)).status == 304


async def test_a_warm_file_asks_nobody_and_reads_no_document(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #13: nor does a cold one read the upstream's whole packument for each file."""
    stock(origin, "unread", noise(100, 113), noise(100, 613))
    assert (await mirror.get(path("unread"))).status == 200
    await asyncio.sleep(1.1)  # the document has expired, the file has not
    asked = len(origin.requests)
    # Were a document to be read, it would be missed.
    for table, key in (("upstream_document", "url"), ("upstream_listing", "name")):
        for (found,) in mirror.sql(f"SELECT sha256 FROM {table} WHERE {key} LIKE '%unread'"):
            mirror.blob(found).unlink()
    mirror.sql("UPDATE domain SET name = name")  # everything prepared is dropped
    await asyncio.sleep(0.6)
    assert (await mirror.get(path("unread"))).body == noise(100, 113)
    assert len(origin.requests) == asked


async def test_the_same_name_with_other_bytes_is_another_file(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #29: two origins, one file name; the key is the digest, not the name."""
    stock(origin, "@one/twin", noise(5000, 114))
    stock(origin, "@two/twin", noise(5000, 2))
    assert (await mirror.get(path("@one/twin"))).body == noise(5000, 114)
    assert (await mirror.get(path("@two/twin"))).body == noise(5000, 2)
    # An upstream that changes what it promised does not change what we have.
    stock(origin, "@one/twin", noise(5000, 3), etag='"2"')
    await asyncio.sleep(1.1)
    assert (await mirror.get(path("@one/twin"))).body == noise(5000, 114)


@pytest.mark.parametrize("status", ["Archived", "Disposed", "Unlisted"])
async def test_a_status_counts_for_listing_and_file(
    mirror: Mirror, origin: Origin, status: str
) -> None:
    """lessons #12: the index and the direct address, cached or not."""
    name = f"status-{status.lower()}"
    stock(origin, name, noise(100, 115), noise(100, 615))
    assert (await mirror.get(path(name))).status == 200
    mirror.sql(
        "UPDATE version SET status = ? WHERE package_id IN (SELECT id FROM package WHERE name = ?)",
        status,
        name,
    )
    await asyncio.sleep(0.7)
    assert list((await mirror.get(f"/npm/main/{name}")).json["versions"]) == ["2.0.0"]
    assert (await mirror.get(path(name))).status == (200 if status == "Unlisted" else 404)
    assert (await mirror.get(path(name, "2.0.0"))).status == 200


async def test_a_redirect_inwards_is_not_followed(mirror: Mirror, origin: Origin) -> None:
    """To the cloud's metadata service, to another port of this machine, to a file: never asked."""
    async with Origin() as inside:
        inside.serve("/secret", noise(1000, 116))
        targets = [
            "http://169.254.169.254/latest/meta-data/",
            f"{inside.url}secret",
            f"http://localhost:{inside.url.port}/secret",
            f"http://[::ffff:127.0.0.1]:{inside.url.port}/secret",
            f"http://2130706433:{inside.url.port}/secret",
            "file:///etc/passwd",
            f"//127.0.0.1:{inside.url.port}/secret",
            f"http://user:password@127.0.0.1:{origin.url.port}/x",
        ]
        for number, target in enumerate(targets):
            name = f"redirect-{number}"
            stock(origin, name, noise(1000, 116))
            origin.always(upstream_path(name), Redirect(target))
            assert (await mirror.get(path(name))).status == 502, target
            origin.always(f"/{name}-document", Redirect(target))
            assert (await mirror.get(f"/npm/main/{name}-document")).status == 502, target
            # And a document that names the address itself.
            document = packument(str(origin.url), f"named-{number}", {"1.0.0": noise(1000, 116)})
            document["versions"]["1.0.0"]["dist"]["tarball"] = target
            origin.serve_json(f"/named-{number}", document)
            assert (await mirror.get(path(f"named-{number}"))).status == 502, target
        assert inside.requests == []
    stock(origin, "redirected", noise(1000, 116))
    origin.serve("/elsewhere.tgz", noise(1000, 116))
    origin.always(upstream_path("redirected"), Redirect("/elsewhere.tgz"))
    assert (await mirror.get(path("redirected"))).body == noise(1000, 116)


async def test_a_document_without_digests_still_gives_its_file(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #4: old registries promise nothing; then the length must be right, and no page."""
    document = packument(str(origin.url), "unpromised", {"1.0.0": b"x"})
    document["versions"]["1.0.0"]["dist"].pop("integrity")
    document["versions"]["1.0.0"]["dist"].pop("shasum")
    origin.serve_json("/unpromised", document)
    origin.serve(upstream_path("unpromised"), noise(BIG, 117), ranges=False)
    origin.fault(upstream_path("unpromised"), Truncate(BIG // 2))
    with contextlib.suppress(aiohttp.ClientPayloadError):
        assert (await mirror.get(path("unpromised"))).status != 200
    assert (await mirror.get(path("unpromised"))).body == noise(BIG, 117)


async def test_files_are_asked_for_as_they_are(mirror: Mirror, origin: Origin) -> None:
    """lessons #8: identity for files; documents may come compressed, and are checked unpacked."""
    stock(origin, "coded", noise(1000, 118))
    await mirror.get(path("coded"))
    [file] = origin.seen(upstream_path("coded"))
    assert file.headers["Accept-Encoding"] == "identity"
    [document] = origin.seen("/coded")
    assert "gzip" in document.headers["Accept-Encoding"]


async def test_a_thousand_slow_heads_keep_nobody_out(mirror: Mirror, origin: Origin) -> None:
    """One byte a second: cut at server.header_timeout, while others are served."""
    stock(origin, "meanwhile", noise(1000, 119))
    await mirror.get(path("meanwhile"))
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    connections = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", mirror.port) for _ in range(1000))
    )
    began = time.perf_counter()
    slowest = 0.0
    for second in range(2):
        for _, writer in connections:
            writer.write(head[second : second + 1])
        until_next = began + second + 1
        while time.perf_counter() < until_next:
            asked = time.perf_counter()
            assert (await mirror.get(path("meanwhile"))).status == 200
            slowest = max(slowest, time.perf_counter() - asked)
            await asyncio.sleep(0.02)
    assert slowest < 0.5
    async with asyncio.timeout(5):
        for reader, writer in connections:
            said = await reader.read()
            assert said == b"" or said.startswith(b"HTTP/1.1 408 ")
            writer.close()
    assert time.perf_counter() - began < 6
    await until(lambda: len(mirror.sockets()) < 20)
