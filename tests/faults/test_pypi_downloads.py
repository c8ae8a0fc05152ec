"""Wheels, sdists and what stands beside them, on their way in: never half a one, never a wrong one."""

import asyncio

import aiohttp
import pytest

from tests.distributions import wheel
from tests.faults.conftest import EXPIRED
from tests.faults.packages import sha256
from tests.faults.projects import BIG, files, noisy, path, shown, upload, wheel_name
from tests.faults.server import Mirror
from tests.index import Index
from tests.origin import (
    BrokenChunk,
    Drop,
    Flip,
    Garbage,
    Gate,
    Page,
    Redirect,
    Short,
    Stall,
    Status,
    Truncate,
)

WRONG = [Flip(5), Flip(BIG - 5), Short(BIG // 2), Page(), Garbage(), Status(206)]
BROKEN = [Truncate(BIG // 2), BrokenChunk(BIG // 2), Stall(BIG // 2), Drop(), Stall(0)]
REFUSING = [Status(number) for number in (401, 403, 429, 500, 503)]


async def test_wrong_bytes_are_never_served_as_right(mirror: Mirror, index: Index) -> None:
    """lessons #4, #5, #14: an error status, or a body that breaks off; then the right ones. Of an
    HTML page the size is unknown, and of a chunked answer too: only the digest tells.
    """
    faults = [*WRONG, *BROKEN, *REFUSING]
    names = [f"{kind}-{number}" for kind in ("sized", "plain") for number in range(len(faults))]
    index.plain |= {name for name in names if name.startswith("plain")}

    async def check(name: str) -> str:
        fault = faults[int(name.rpartition("-")[2])]
        file, content = noisy(index, name)
        resource = index.origin.resources[index.path(file)]
        resource.ranges, resource.chunked = False, name in index.plain
        index.origin.always(index.path(file), fault)
        try:
            async with mirror.send(path(file)) as response:
                got = await response.read()
        except aiohttp.ClientPayloadError:
            pass
        else:
            assert response.status not in {200, 404}, (name, fault, response.status, len(got))
        index.origin.always(index.path(file), None)
        assert (await mirror.get(path(file))).body == content, (name, fault)
        return sha256(content)

    digests = await asyncio.gather(*map(check, names))
    held = {place.rpartition("/")[2]: size for place, size in mirror.files().items()}
    assert all(held[digest] > BIG for digest in digests)
    assert [each for each in mirror.files() if each.startswith("incoming")] == []


async def test_a_promise_that_is_not_kept(mirror: Mirror, index: Index) -> None:
    """lessons #4, #29: the file is not what its page says, in JSON or as `#sha256=`; nobody gets it
    and nothing of it is kept. A page that changes its mind later changes nothing.
    """
    index.plain.add("fragment")
    lies = {
        "hashes": {"hashes": {"sha256": "0" * 64}},
        "fragment": {"hashes": {"sha256": "0" * 64}},
    }
    lies["size"] = {"size": 7}

    async def check(name: str) -> None:
        file, content = noisy(index, name, size=1000)
        truth = {"hashes": {"sha256": sha256(content)}, "size": len(content)}
        index.change(file, **lies[name])
        for _ in range(2):
            reply = await mirror.get(path(file))
            assert reply.status == 502, name
            assert content not in reply.body
        assert not mirror.blob(sha256(content)).exists()
        assert (await shown(mirror, name)).status == 200
        index.change(file, **truth)
        await asyncio.sleep(EXPIRED)
        assert (await mirror.get(path(file))).body == content
        index.change(file, **lies[name])
        await asyncio.sleep(EXPIRED)
        assert (await mirror.get(path(file))).body == content
        [entry] = (await shown(mirror, name)).json["files"]
        assert entry["hashes"]["sha256"] == sha256(content)
        assert entry["size"] == len(content)

    await asyncio.gather(*map(check, lies))


async def test_a_cold_wheel_is_shared_while_it_arrives(mirror: Mirror, index: Index) -> None:
    """lessons #6b, #7, #11: who comes in the middle joins, a range too; later exact parts."""
    gate = asyncio.Event()
    file, content = noisy(index, "shared")
    index.origin.fault(index.path(file), Gate(BIG // 2, gate))
    async with mirror.send(path(file)) as first:
        assert await first.content.readexactly(1000) == content[:1000]
        async with mirror.send(path(file), headers={"Range": "bytes=0-99"}) as second:
            assert second.status == 200
            assert "Accept-Ranges" not in second.headers
            gate.set()
            assert await second.content.read() == content
        assert await first.content.read() == content[1000:]
    assert index.origin.transfers[index.path(file)] == 1
    part = await mirror.get(path(file), Range="bytes=0-99")
    assert (part.status, part.body) == (206, content[:100])
    assert part.headers["ETag"] == f'"{sha256(content)}"'
    end = await mirror.get(path(file), Range="bytes=-5", If_Range=part.headers["ETag"])
    assert (end.status, end.body) == (206, content[-5:])
    other = await mirror.get(path(file), Range="bytes=-5", If_Range='"other"')
    assert (other.status, other.body) == (200, content)
    assert (await mirror.get(path(file), Range=f"bytes={len(content)}-")).status == 416


async def test_the_failure_of_one_is_not_that_of_all(mirror: Mirror, index: Index) -> None:
    """lessons #5, #6: who joined a transfer that failed gets another; a broken one is resumed."""
    file, content = noisy(index, "leader", size=1000)
    index.origin.resources[index.path(file)].delay = 0.1
    index.origin.fault(index.path(file), *[Status(503)] * 3)  # all attempts of the leader
    replies = await asyncio.gather(*(mirror.get(path(file)) for _ in range(20)))
    assert sum((each.status, each.body) == (200, content) for each in replies) >= 19
    assert index.origin.transfers[index.path(file)] == 1
    file, content = noisy(index, "resumed")
    index.origin.fault(index.path(file), Truncate(BIG // 3), Truncate(BIG // 2))
    assert (await mirror.get(path(file))).body == content


async def test_a_file_that_is_labelled_as_compressed(mirror: Mirror, index: Index) -> None:
    """lessons #8: proxpi 1.2.2; an sdist is kept and sent as it is hashed, whatever its label."""
    [(file, content)] = index.add("labelled", "1.0", kinds="sdist").items()
    index.origin.resources[index.path(file)].headers = {"Content-Encoding": "gzip"}
    for _ in range(2):
        reply = await mirror.get(path(file), Accept_Encoding="gzip")
        assert (reply.status, reply.body) == (200, content)
        assert "Content-Encoding" not in reply.headers


async def test_a_warm_file_asks_nobody_and_reads_no_page(mirror: Mirror, index: Index) -> None:
    """lessons #13."""
    file, content = noisy(index, "unread-page", size=100)
    sidecar = index.origin.resources[index.path(file) + ".metadata"].body
    assert (await mirror.get(path(file))).body == content
    assert (await mirror.get(f"{path(file)}.metadata")).body == sidecar
    await asyncio.sleep(EXPIRED)  # the page has, the files have not
    asked = len(index.origin.requests)
    # Were a page to be read, it would be missed.
    for table, key in (("upstream_document", "url"), ("upstream_listing", "name")):
        for (found,) in mirror.sql(f"SELECT sha256 FROM {table} WHERE {key} LIKE '%unread-page%'"):
            mirror.blob(found).unlink()
    mirror.sql("UPDATE domain SET name = name")  # everything prepared is dropped
    await asyncio.sleep(0.6)
    assert (await mirror.get(path(file))).body == content
    assert (await mirror.get(f"{path(file)}.metadata")).body == sidecar
    assert len(index.origin.requests) == asked


@pytest.mark.parametrize("status", ["Archived", "Disposed", "Unlisted"])
async def test_a_status_counts_for_page_and_files(
    mirror: Mirror, index: Index, status: str
) -> None:
    """lessons #12: the page, the JSON API, and the direct addresses, cached or not."""
    name = f"held-{status.lower()}"
    file, _ = noisy(index, name, size=100)
    index.add(name, "2.0")
    index.add(name, "1.0", tag="cp311-none-any")
    for suffix in ("", ".metadata"):
        assert (await mirror.get(path(file) + suffix)).status == 200
    mirror.sql(
        "UPDATE version SET status = ? WHERE package_id IN (SELECT id FROM package WHERE name = ?)",
        status,
        name,
    )
    await asyncio.sleep(0.7)
    assert files(await shown(mirror, name)) == [wheel_name(name, "2.0")]
    api = await mirror.get(f"/pypi/main/pypi/{name}/json", Accept_Encoding="identity")
    assert list(api.json["releases"]) == ["2.0"]
    for held in (file, f"{file}.metadata"):
        assert (await mirror.get(path(held))).status == (200 if status == "Unlisted" else 404)
    if status != "Unlisted":  # nor a file of it that only the upstream has
        other = file.replace("py3", "cp311")
        assert (await mirror.get(path(other))).status == 404
        assert index.origin.seen(index.path(other)) == []


async def test_what_was_harmed_is_fetched_again_or_told(lone_index: Index, tmp_path) -> None:
    """lessons #17: wheel, sidecar and page; of a private file 503 with a sentence, never 404."""
    own, content = wheel("own", "1.0")
    async with Mirror(tmp_path, lone_index.connection()) as mirror:
        right: dict[str, bytes] = {}
        for harm in ("deleted", "damaged"):
            file, right[path(file)] = noisy(lone_index, harm)
            for suffix in ("", ".metadata"):
                right[path(file) + suffix] = (await mirror.get(path(file) + suffix)).body
        assert (await upload(mirror, own, content, name="own")).status == 200
        assert await mirror.stop() == 0  # what it has open would not be harmed
        for place, body in right.items():
            if "deleted" in place:
                mirror.blob(sha256(body)).unlink()
            else:
                mirror.spoil(sha256(body))
        mirror.blob(sha256(content)).unlink()
        await mirror.start()
        for place, body in right.items():
            reply = await mirror.get(place)
            assert (reply.status, reply.body) == (200, body), place
            assert mirror.blob(sha256(body)).read_bytes() == body
        lost = await mirror.get(path(own))
        assert lost.status == 503
        assert b"backup" in lost.body
        assert files(await shown(mirror, "own")) == [own]


async def test_an_address_inside_is_not_asked(mirror: Mirror, index: Index) -> None:
    """lessons #24: neither where a page links to, nor where a redirect leads to: the cloud's
    metadata service, another port of this machine, a file, a name with credentials.
    """
    async with Index() as inside:
        [secret] = inside.add("secret", "1.0")
        port = inside.origin.url.port
        targets = [
            "http://169.254.169.254/latest/meta-data/",
            f"http://127.0.0.1:{port}{inside.path(secret)}",
            f"http://localhost:{port}{inside.path(secret)}",
            f"http://[::ffff:127.0.0.1]:{port}{inside.path(secret)}",
            f"http://2130706433:{port}{inside.path(secret)}",
            f"//127.0.0.1:{port}{inside.path(secret)}",
            f"http://user:password@127.0.0.1:{index.origin.url.port}/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:application/zip;base64,UEsFBg==",
        ]
        for number, target in enumerate(targets):
            linked, _ = noisy(index, f"linked-{number}", size=10)
            index.change(linked, url=target)
            redirected, _ = noisy(index, f"redirected-{number}", size=10)
            index.origin.always(index.path(redirected), Redirect(target))
            index.origin.always(f"/simple/moved-{number}/", Redirect(target))
            for suffix in ("", ".metadata"):
                reply = await mirror.get(path(linked) + suffix)
                assert reply.status in {404, 502}, (target, reply)
            assert (await mirror.get(path(redirected))).status == 502, target
            assert (await shown(mirror, f"moved-{number}")).status == 502, target
        assert inside.origin.requests == []


async def test_what_an_upstream_took_away(mirror: Mirror, index: Index) -> None:
    """lessons #14, #17: a file that its page lists and its host has no more is 404, for as long as
    that is so; what is here stays.
    """
    index.add("gone", "1.0")
    index.add("gone", "2.0")
    kept, lost = wheel_name("gone"), wheel_name("gone", "2.0")
    assert (await mirror.get(path(kept))).status == 200
    for file in (kept, lost):
        index.origin.always(index.path(file), Status(404))
    assert (await mirror.get(path(kept))).status == 200
    assert (await mirror.get(path(lost))).status == 404
    index.origin.always(index.path(lost), None)
    assert (await mirror.get(path(lost))).status == 200
