"""Crates on their way in: shared, checked, refetched; never half a one, and never a wrong one."""

import asyncio

import aiohttp
import pytest

from tests.crates import Crates, place
from tests.faults.conftest import EXPIRED
from tests.faults.crates import (
    API,
    BIG,
    check_shape,
    crate,
    lines,
    noisy,
    page,
    path,
    publication,
    put,
    sentence,
    shown,
)
from tests.faults.packages import noise, sha256
from tests.faults.server import Mirror
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

WRONG = [Flip(5), Flip(BIG - 5), Short(BIG // 2), Short(0), Page(), Garbage(), Status(206)]
BROKEN = [Truncate(BIG // 2), BrokenChunk(BIG // 2), Stall(BIG // 2), Drop(), Stall(0)]
REFUSING = [Status(number) for number in (401, 403, 429, 500, 503)]


async def test_wrong_bytes_are_never_served_as_right(mirror: Mirror, crates: Crates) -> None:
    """lessons #4, #5, #14: an error status, or a body that breaks off; then the right ones. The
    index tells no size, and a chunked answer none either: only the checksum is left.
    """
    faults = [*WRONG, *BROKEN, *REFUSING]
    names = [f"{kind}-{number}" for kind in ("sized", "chunked") for number in range(len(faults))]

    async def check(name: str) -> str:
        fault = faults[int(name.rpartition("-")[2])]
        content = noisy(crates, name)
        place_ = crates.path(name, "1.0.0")
        resource = crates.files.resources[place_]
        resource.ranges, resource.chunked = False, name.startswith("chunked")
        crates.files.always(place_, fault)
        try:
            async with mirror.send(path(name)) as response:
                got = await response.read()
        except aiohttp.ClientPayloadError:
            pass
        else:
            assert response.status not in {200, 404}, (name, fault, response.status, len(got))
        crates.files.always(place_, None)
        assert (await mirror.get(path(name))).body == content, (name, fault)
        return sha256(content)

    digests = await asyncio.gather(*map(check, names))
    held = {place_.rpartition("/")[2]: size for place_, size in mirror.files().items()}
    assert all(held[digest] > BIG for digest in digests)
    assert [each for each in mirror.files() if each.startswith("incoming")] == []


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("surplus", [1, 100_000])
async def test_more_than_was_announced_is_not_served(
    mirror: Mirror, crates: Crates, chunked: bool, surplus: int
) -> None:
    """lessons #4, #5: the right bytes and more behind them; nobody gets a whole answer of that."""
    name = f"more-{chunked}-{surplus}".lower()
    content = noisy(crates, name)
    resource = crates.files.resources[crates.path(name, "1.0.0")]
    resource.body, resource.chunked = content + noise(surplus, name), chunked
    for _ in range(2):
        try:
            async with mirror.send(path(name)) as response:
                await response.read()
        except aiohttp.ClientPayloadError:
            pass
        else:
            assert response.status == 502, response
    assert not mirror.blob(sha256(resource.body)).exists()
    resource.body = content
    assert (await mirror.get(path(name))).body == content


async def test_a_checksum_that_is_not_kept(mirror: Mirror, crates: Crates) -> None:
    """cargo.md §8: crates.io#14219; 502 and nothing kept, until the index tells the truth."""
    content = noisy(crates, "contradicted", size=1000)
    crates.change("contradicted", "1.0.0", cksum="0" * 64)
    for _ in range(2):
        for place_ in (path("contradicted"), f"{API}/contradicted/1.0.0/download"):
            reply = await mirror.get(place_)
            assert reply.status == 502
            assert content not in reply.body
            check_shape(reply)
    assert not mirror.blob(sha256(content)).exists()
    assert lines(await shown(mirror, "contradicted"))["1.0.0"]["cksum"] == "0" * 64
    crates.change("contradicted", "1.0.0", cksum=sha256(content))
    await asyncio.sleep(EXPIRED)
    assert (await mirror.get(path("contradicted"))).body == content


async def test_fifty_clients_are_one_transfer(mirror: Mirror, crates: Crates) -> None:
    """lessons #6b, #7: of a cold crate, and of its cold index file."""
    content = noisy(crates, "popular", size=3_000_000)
    crates.files.resources[crates.path("popular", "1.0.0")].delay = 0.1
    replies = await asyncio.gather(*(mirror.get(path("popular")) for _ in range(50)))
    assert {(each.status, each.body) for each in replies} == {(200, content)}
    assert crates.downloads()[crates.path("popular", "1.0.0")] == 1
    assert len(crates.origin.seen(f"/{place('popular')}")) == 1


async def test_a_cold_crate_is_shared_while_it_arrives(mirror: Mirror, crates: Crates) -> None:
    """lessons #6b, #7, #11: who comes in the middle joins, a range too; later exact parts."""
    gate = asyncio.Event()
    content = noisy(crates, "shared")
    crates.files.fault(crates.path("shared", "1.0.0"), Gate(BIG // 2, gate))
    async with mirror.send(path("shared")) as first:
        assert await first.content.readexactly(1000) == content[:1000]
        async with mirror.send(path("shared"), headers={"Range": "bytes=0-99"}) as second:
            assert second.status == 200
            assert "Accept-Ranges" not in second.headers
            gate.set()
            assert await second.content.read() == content
        assert await first.content.read() == content[1000:]
    assert crates.downloads()[crates.path("shared", "1.0.0")] == 1
    part = await mirror.get(path("shared"), Range="bytes=0-99")
    assert (part.status, part.body) == (206, content[:100])
    other = await mirror.get(path("shared"), Range="bytes=-5", If_Range='"other"')
    assert (other.status, other.body) == (200, content)


async def test_a_broken_transfer_is_resumed(mirror: Mirror, crates: Crates) -> None:
    """lessons #5: the client sees nothing of it, and gets no two halves of different files."""
    content = noisy(crates, "resumed")
    place_ = crates.path("resumed", "1.0.0")
    crates.files.fault(place_, Truncate(BIG // 3), Truncate(BIG // 2))
    assert (await mirror.get(path("resumed"))).body == content
    assert [each.headers.get("Range") is not None for each in crates.files.seen(place_)] == [
        False,
        True,
        True,
    ]
    for name, etag in (("replaced", '"new"'), ("replaced-in-secret", '"replaced-in-secret"')):
        content = noisy(crates, name)
        place_ = crates.path(name, "1.0.0")
        crates.files.resources[place_].rate = 2_000_000
        crates.files.fault(place_, Truncate(BIG // 2))
        asking = asyncio.create_task(_whole(mirror, path(name)))
        async with asyncio.timeout(5):
            while len(crates.files.seen(place_)) < 1:
                await asyncio.sleep(0.005)
        other = crate(name, **{f"{name}-1.0.0/noise": noise(BIG, "other")})
        crates.files.serve(place_, other[: len(content)].ljust(len(content)), etag=etag)
        assert await asking in {b"", content}
        crates.files.serve(place_, content)
        assert (await mirror.get(path(name))).body == content


async def _whole(mirror: Mirror, place_: str) -> bytes:
    """What was sent as a whole answer; nothing where there was none."""
    try:
        reply = await mirror.get(place_)
    except aiohttp.ClientPayloadError:
        return b""
    return reply.body if reply.status == 200 else b""


async def test_the_failure_of_one_is_not_that_of_all(mirror: Mirror, crates: Crates) -> None:
    """lessons #6: who joined a transfer that failed gets another."""
    content = noisy(crates, "leader", size=1000)
    place_ = crates.path("leader", "1.0.0")
    crates.files.resources[place_].delay = 0.1
    crates.files.fault(place_, *[Status(503)] * 3)  # all attempts of the leader
    replies = await asyncio.gather(*(mirror.get(path("leader")) for _ in range(20)))
    assert sum((each.status, each.body) == (200, content) for each in replies) >= 19
    assert crates.files.transfers[place_] == 1


async def test_a_crate_that_is_labelled_as_compressed(mirror: Mirror, crates: Crates) -> None:
    """cargo.md #22: cargo would unpack it before it looks at the checksum; so it has no label."""
    content = noisy(crates, "labelled", size=100)
    resource = crates.files.resources[crates.path("labelled", "1.0.0")]
    resource.headers = {"Content-Encoding": "gzip", "Content-Type": "application/gzip"}
    for _ in range(2):
        reply = await mirror.get(path("labelled"), Accept_Encoding="deflate, gzip")
        assert (reply.status, reply.body) == (200, content)
        assert "Content-Encoding" not in reply.headers
        assert reply.headers["Content-Type"] == "application/octet-stream"


async def test_a_warm_crate_asks_nobody_and_reads_no_index(mirror: Mirror, crates: Crates) -> None:
    """lessons #13."""
    content = noisy(crates, "unread-index", size=100)
    assert (await mirror.get(path("unread-index"))).body == content
    await asyncio.sleep(EXPIRED)  # the index file has, the crate has not
    asked = len(crates.origin.requests) + len(crates.files.requests)
    # Were the index to be read, it would be missed.
    for table, key in (("upstream_document", "url"), ("upstream_listing", "name")):
        for (found,) in mirror.sql(f"SELECT sha256 FROM {table} WHERE {key} LIKE '%unread-index'"):
            mirror.blob(found).unlink()
    mirror.sql("UPDATE domain SET name = name")  # everything prepared is dropped
    await asyncio.sleep(0.6)
    assert (await mirror.get(path("unread-index"))).body == content
    assert len(crates.origin.requests) + len(crates.files.requests) == asked


async def test_a_status_counts_for_index_and_crate(mirror: Mirror, crates: Crates) -> None:
    """lessons #12, cargo.md §5: yanked and still there, or gone from both; cached or not."""
    held = {f"held-{status.lower()}": status for status in ("Archived", "Disposed", "Unlisted")}
    for name, status in held.items():
        crates.add(name, "1.0.0")
        crates.add(name, "2.0.0")
        assert (await mirror.get(path(name))).status == 200
        mirror.sql(
            "UPDATE version SET status = ?"
            " WHERE package_id IN (SELECT id FROM package WHERE name = ?)",
            status,
            name,
        )
    await asyncio.sleep(0.7)
    for name, status in held.items():
        found = lines(await shown(mirror, name))
        yanked = {version: each["yanked"] for version, each in found.items()}
        unlisted = status == "Unlisted"
        assert yanked == ({"1.0.0": True, "2.0.0": False} if unlisted else {"2.0.0": False})
        for place_ in (path(name), f"{API}/{name}/1.0.0/download"):
            assert (await mirror.get(place_)).status == (200 if unlisted else 404)


async def test_what_was_harmed_is_fetched_again_or_told(lone_crates: Crates, tmp_path) -> None:
    """lessons #17: of a public crate the same bytes; of a private one 503 in words, never 404."""
    async with Mirror(tmp_path, lone_crates.connection()) as mirror:
        right = {harm: noisy(lone_crates, harm) for harm in ("deleted", "damaged")}
        for harm, content in right.items():
            assert (await mirror.get(path(harm))).body == content
        assert (await put(mirror, publication("own"))).status == 200
        assert await mirror.stop() == 0  # what it has open would not be harmed
        mirror.blob(sha256(right["deleted"])).unlink()
        mirror.spoil(sha256(right["damaged"]))
        mirror.blob(sha256(crate("own"))).unlink()
        await mirror.start()
        for harm, content in right.items():
            reply = await mirror.get(path(harm))
            assert (reply.status, reply.body) == (200, content), harm
            assert mirror.blob(sha256(content)).read_bytes() == content
        lost = await mirror.get(path("own"))
        assert lost.status == 503
        assert "backup" in sentence(lost)
        assert list(lines(await shown(mirror, "own"))) == ["1.0.0"]


async def test_a_redirect_inwards_is_not_followed(mirror: Mirror, crates: Crates) -> None:
    """lessons #24: of a crate or of an index file; one to where files may come from is."""
    async with Origin() as inside:
        port = inside.url.port
        targets = [
            "http://169.254.169.254/latest/meta-data/",
            f"http://127.0.0.1:{port}/secret",
            f"http://localhost:{port}/secret",
            f"//127.0.0.1:{port}/secret",
            f"http://user:password@127.0.0.1:{crates.files.url.port}/x",
            "file:///etc/passwd",
        ]
        for number, target in enumerate(targets):
            noisy(crates, f"redirected-{number}", size=10)
            crates.files.always(crates.path(f"redirected-{number}", "1.0.0"), Redirect(target))
            crates.origin.always(f"/{place(f'moved-{number}')}", Redirect(target))
            for place_ in (path(f"redirected-{number}"), page(f"moved-{number}")):
                reply = await mirror.get(place_)
                assert reply.status == 502, (target, reply)
                check_shape(reply)
        assert inside.requests == []
    content = noisy(crates, "redirected", size=10)
    crates.files.serve("/elsewhere.crate", content)
    crates.files.always(crates.path("redirected", "1.0.0"), Redirect("/elsewhere.crate"))
    assert (await mirror.get(path("redirected"))).body == content


async def test_what_an_upstream_took_away(mirror: Mirror, crates: Crates) -> None:
    """lessons #14, #17: a crate that the index lists and its host has no more is 404, for as long as
    that is so; what is here stays.
    """
    for version in ("1.0.0", "2.0.0"):
        noisy(crates, "gone", version, size=100)
    assert (await mirror.get(path("gone"))).status == 200
    for version in ("1.0.0", "2.0.0"):
        crates.files.always(crates.path("gone", version), Status(404))
    assert (await mirror.get(path("gone"))).status == 200
    lost = await mirror.get(path("gone", "2.0.0"))
    assert lost.status == 404
    check_shape(lost)
    crates.files.always(crates.path("gone", "2.0.0"), None)
    assert (await mirror.get(path("gone", "2.0.0"))).status == 200


async def test_head_equals_get(mirror: Mirror, crates: Crates) -> None:
    """lessons #10: status, length and type on every route, cold and warm."""
    for name, methods in (("head-first", ("HEAD", "GET")), ("get-first", ("GET", "HEAD"))):
        noisy(crates, name)
        places = [page(name), path(name), f"{API}/{name}/1.0.0/download", f"{API}/{name}"]
        places += [page("none"), path("none"), "/cargo/main/config.json", "/cargo/main/me", API]
        for place_ in places:
            found = {method: await mirror.ask(place_, method) for method in methods}
            head, get = found["HEAD"], found["GET"]
            assert head.body == b""
            assert head.status == get.status, place_
            for field in ("Content-Length", "Content-Type", "Vary", "Cache-Control"):
                assert head.headers.get(field) == get.headers.get(field), (place_, field)
