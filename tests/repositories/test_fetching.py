"""One round of asking: all of it is kept, or nothing."""

import asyncio
import gzip

import orjson
import pytest

from mirror.errors import Misbehaved, NotFound, Storage, Unavailable
from mirror.formats.format import Fetch
from mirror.formats.npm import Npm
from mirror.model import Package
from tests.repositories.registry import BASE, DOWN, GONE, NPMJS, PAD, Answer, packument
from tests.repositories.world import World


async def fetch(world: World) -> None:
    await world.fetcher.listing(NPMJS, PAD, await world.rows.listing(BASE, PAD))


async def test_everything_that_a_good_round_keeps(world) -> None:
    body = gzip.compress(orjson.dumps(packument({"1.0.0": b"one"})), mtime=0)
    world.upstream.answers["/left-pad"] = Answer(
        200,
        body,
        {
            "Content-Type": "application/json",
            "Content-Encoding": "x-gzip",
            "ETag": 'W/"1"',
            "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
        },
    )
    await fetch(world)
    found = await world.dump()
    assert found.keys() == {"blob", "upstream_document", "upstream_listing"}
    [document] = found["upstream_document"]
    assert document | {"sha256": ""} == {
        "url": f"{BASE}left-pad",
        "location": f"{BASE}left-pad",
        "sha256": "",
        "content_type": "application/json",
        "encoding": "gzip",
        "etag": 'W/"1"',
        "last_modified": "Mon, 01 Jan 2024 00:00:00 GMT",
        "fetched_at": True,
        "checked_at": True,
    }
    assert world.blobs.path(document["sha256"]).read_bytes() == body  # byte for byte as sent
    await world.consistent()
    assert world.upstream.headers["/left-pad"] == {
        "Accept-Encoding": "gzip, deflate",
        "Accept": "application/json",
    }
    await fetch(world)
    assert world.upstream.headers["/left-pad"]["If-Modified-Since"].startswith("Mon")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (DOWN, Unavailable, "up did not answer"),
        (GONE, NotFound, "npmjs does not have npm/left-pad"),
        (Answer(451), NotFound, "npmjs does not have"),
        (Answer(401), Unavailable, "npmjs answered 401 for http://up/left-pad"),
        (Answer(204), Unavailable, "npmjs answered 204"),
        (Answer(304), Unavailable, "npmjs answered 304"),
        (Answer(200), Misbehaved, "answered with an empty body"),
        (Answer(200, b"<p>", {"Content-Type": "text/html"}), Misbehaved, "with a web page"),
        (Answer(200, b"[]"), Misbehaved, "is not a JSON object"),
        (Answer(200, b"x" * 100_001), Misbehaved, r"limits.document_size \(100000 bytes\)"),
        (
            Answer(200, gzip.compress(b" " * 200_000), {"Content-Encoding": "gzip"}),
            Misbehaved,
            "grows beyond 100000 bytes",
        ),
        (
            Answer(200, gzip.compress(b"{}" * 99)[:-9], {"Content-Encoding": "gzip"}),
            Misbehaved,
            "cut short",
        ),
        (
            Answer(200, b"{}", {"Content-Encoding": "br"}),
            Misbehaved,
            "'br', which was not asked for",
        ),
        (Answer(200, orjson.dumps(packument({}))), NotFound, "lists no version of npm/left-pad"),
    ],
)
async def test_nothing_of_a_bad_round_is_kept(world, answer, kind, said) -> None:
    world.upstream.answers["/left-pad"] = answer
    with pytest.raises(kind, match=said):
        await fetch(world)
    assert await world.dump() == {}
    assert world.files() == []


async def test_a_full_index_keeps_nothing(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    writer = world.database._writer
    pages = (await world.database.read("PRAGMA page_count"))[0][0]
    # room for a row, not for a hundred kilobytes
    await writer.read(f"PRAGMA max_page_count = {pages}")
    world.upstream.answers["/left-pad"].headers = {"ETag": "x" * 50_000}
    with pytest.raises(Storage) as caught:
        await fetch(world)
    assert caught.value.full
    assert await world.dump() == {}
    assert world.files() == []


async def test_the_same_document_again_is_only_looked_at(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})  # without a validator: it comes whole each time
    await fetch(world)
    stamp = world.changes.stamp(PAD)
    before = await world.dump()
    await fetch(world)
    assert await world.dump() == before
    assert world.changes.stamp(PAD) == stamp
    await world.consistent()


# ---------------------------------------------------------------- what packages have in common


@pytest.fixture
def common(world, monkeypatch) -> World:
    """A registry whose packages are told by two documents, of which the first is the same for all."""

    def conversation(_self, base, package):
        yield Fetch(f"{base}config.json", followed=True, lifetime=1000.0)
        yield Fetch(f"{base}{package.name}")

    read = Npm.read
    monkeypatch.setattr(Npm, "conversation", conversation)
    monkeypatch.setattr(
        Npm,
        "read",
        lambda self, package, documents, urls: read(self, package, documents[1:], urls[1:]),
    )
    world.upstream.answers["/config.json"] = Answer(200, b'{"dl": "x"}', {"ETag": '"1"'})
    for name in ("left-pad", "right-pad", "pad"):
        world.upstream.offer({"1.0.0": b"one"}, name=name)
    return world


async def ask(world: World, *names: str) -> None:
    packages = [Package("npm", "", name) for name in names]
    known = [await world.rows.listing(BASE, each) for each in packages]
    pairs = zip(packages, known, strict=True)
    await asyncio.gather(*(world.fetcher.listing(NPMJS, *pair) for pair in pairs))


async def test_what_packages_have_in_common_is_asked_for_once(common) -> None:
    await ask(common, "left-pad", "right-pad")
    await ask(common, "pad", "left-pad")
    assert common.upstream.asked["/config.json"] == 1
    await common.later(500)
    await ask(common, "left-pad")  # asked for anew, which makes the other one no younger
    await common.later(501)
    await ask(common, "left-pad", "pad")
    assert common.upstream.asked["/config.json"] == 2
    assert common.upstream.headers["/config.json"]["If-None-Match"] == '"1"'
    await ask(common, "left-pad")
    assert common.upstream.asked["/config.json"] == 2
    await common.consistent()


async def test_what_packages_have_in_common_is_served_old_and_missed_aloud(common) -> None:
    await ask(common, "left-pad")
    await common.later(2000)
    common.upstream.answers["/config.json"] = DOWN
    await ask(common, "left-pad", "pad")
    await common.change("DELETE FROM upstream_document WHERE url = ?", f"{BASE}config.json")
    with pytest.raises(Unavailable):
        await ask(common, "right-pad")
    common.upstream.answers["/config.json"] = GONE
    # Not "no such package": that would be remembered.
    with pytest.raises(Misbehaved, match=r"config\.json does not exist"):
        await ask(common, "right-pad")
