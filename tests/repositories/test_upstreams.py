"""What an upstream says: asked once for all, waited for not too long, never forgotten in vain."""

import asyncio
import time

import orjson
import pytest

from mirror.errors import Misbehaved, NotFound, Storage, Unavailable
from mirror.formats.format import Fetch
from mirror.repositories import listings
from mirror.repositories.upstreams import Asked
from tests.repositories.registry import BASE, DOWN, GONE, NPMJS, PAD, Answer, packument
from tests.repositories.world import World

PATH = "/left-pad"


async def ask(world: World, **options) -> Asked:
    return await world.upstreams.listing(NPMJS, PAD, **options)


def versions(world: World, asked: Asked) -> list[str]:
    assert asked.listing is not None
    content = world.blobs.path(asked.listing.sha256).read_bytes()
    return list(listings.decode(PAD, content).versions)


async def always(_listing) -> bool:
    return True


async def settled(world: World) -> None:
    """Rounds that go on behind are over."""
    async with asyncio.timeout(5):
        while world.upstreams._rounds:
            await asyncio.sleep(0.005)


async def test_fifty_at_once_make_one_round(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    found = await asyncio.gather(*(ask(world) for _ in range(50)))
    assert {each.outcome for each in found} == {"fresh"}
    assert world.upstream.asked == {PATH: 1}
    assert versions(world, found[0]) == ["1.0.0"]
    await world.consistent()


async def test_within_its_lifetime_nobody_asks_again(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    first = await ask(world)
    again = await ask(world)
    assert (again.outcome, again.listing) == ("fresh", first.listing)
    assert again.fresh_until == pytest.approx(first.fresh_until)
    world.upstreams = world.new_upstreams()  # a restart forgets nothing that counts
    assert (await ask(world)).outcome == "fresh"
    assert world.upstream.asked[PATH] == 1


async def test_unchanged_renews(world) -> None:
    """lessons #1, #2."""
    world.upstream.offer({"1.0.0": b"one"}, etag='"1"')
    first = await ask(world)
    await world.later()
    asked = await ask(world)
    assert world.upstream.headers[PATH]["If-None-Match"] == '"1"'
    assert asked.outcome == "fresh"
    assert asked.listing is not None
    assert first.listing is not None
    assert asked.listing.sha256 == first.listing.sha256
    assert (await ask(world)).outcome == "fresh"
    assert world.upstream.asked[PATH] == 2


async def test_changed_replaces(world) -> None:
    world.upstream.offer({"1.0.0": b"one"}, etag='"1"')
    await ask(world)
    await world.later()
    world.upstream.offer({"1.0.0": b"one", "2.0.0": b"two"}, etag='"2"')
    assert versions(world, await ask(world)) == ["1.0.0", "2.0.0"]
    await world.consistent()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (DOWN, Unavailable),
        (GONE, NotFound),
        (Answer(410), NotFound),
        (Answer(403), Unavailable),
        (Answer(200, b""), Misbehaved),
        (Answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}), Misbehaved),
        (Answer(200, b'{"name": "left-pad", "versions": '), Misbehaved),
        (Answer(200, b'{"name": "other", "versions": {}}'), Misbehaved),
        (Answer(200, orjson.dumps(packument({}))), NotFound),
        (Answer(200, b"not gzip", {"Content-Encoding": "gzip"}), Misbehaved),
        (Answer(200, b"x" * 100_001), Misbehaved),
        (Storage("no space left", full=True), Storage),
    ],
    ids=str,
)
async def test_a_bad_answer_never_replaces_a_good_one(world, answer, kind) -> None:
    """lessons #14, #16: nor is anything of it kept."""
    world.upstream.offer({"1.0.0": b"one"})
    await ask(world)
    await world.later()
    before = await world.dump()
    world.upstream.answers[PATH] = answer
    asked = await ask(world)
    assert asked.outcome == "stale"
    assert type(asked.error) is kind
    assert versions(world, asked) == ["1.0.0"]
    assert await world.dump() == before
    await world.consistent()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (DOWN, "unavailable"),
        (Answer(200, b"<"), "misbehaved"),
        (Storage("no space left", full=True), "storage"),
    ],
    ids=["down", "garbage", "full"],
)
async def test_a_failure_is_never_remembered_as_absent(world, answer, outcome) -> None:
    """lessons #14, #15."""
    world.upstream.answers[PATH] = answer
    asked = await ask(world)
    assert (asked.outcome, asked.listing) == (outcome, None)
    world.upstream.offer({"1.0.0": b"one"})
    assert (await ask(world)).outcome == "fresh"


async def test_absence_is_remembered_for_a_while(world) -> None:
    asked = await ask(world)
    assert asked.outcome == "absent"
    assert str(asked.error) == "npmjs does not have npm/left-pad"
    world.upstream.offer({"1.0.0": b"one"})
    assert (await ask(world)).outcome == "absent"
    assert world.upstream.asked[PATH] == 1
    assert (await ask(world, forced=True)).outcome == "fresh"


async def test_absence_is_forgotten_on_a_publish(world) -> None:
    """lessons #15."""
    await ask(world)
    world.upstream.offer({"1.0.0": b"one"})
    world.upstreams.forget(PAD._replace(name="other"))
    assert (await ask(world)).outcome == "absent"
    world.upstreams.forget(PAD)
    assert (await ask(world)).outcome == "fresh"


async def test_a_slow_upstream_is_not_waited_for_when_there_is_something_to_serve(world) -> None:
    world.timing["stale_wait"] = 0.05
    world.upstreams = world.new_upstreams()
    world.upstream.offer({"1.0.0": b"one"})
    await ask(world)
    await world.later()
    gate = asyncio.Event()
    world.upstream.offer({"1.0.0": b"one", "2.0.0": b"two"})
    world.upstream.answers[PATH].gate = gate
    asked = await ask(world)
    assert (asked.outcome, asked.error) == ("stale", None)
    assert versions(world, asked) == ["1.0.0"]
    gate.set()
    await settled(world)
    assert versions(world, await ask(world)) == ["1.0.0", "2.0.0"]
    assert world.upstream.asked[PATH] == 2


async def test_whoever_asked_may_go_away(world) -> None:
    gate = asyncio.Event()
    world.upstream.offer({"1.0.0": b"one"})
    world.upstream.answers[PATH].gate = gate
    first = asyncio.create_task(ask(world))
    await asyncio.sleep(0.02)
    first.cancel()
    second = asyncio.create_task(ask(world))
    await asyncio.sleep(0)
    gate.set()
    assert (await second).outcome == "fresh"
    assert world.upstream.asked[PATH] == 1


async def test_after_a_failure_it_is_left_alone_for_a_moment(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    await ask(world)
    await world.later()
    world.upstream.answers[PATH] = DOWN
    first = await ask(world)
    again = await ask(world)
    assert (first.outcome, again.outcome) == ("stale", "stale")
    assert isinstance(again.error, Unavailable)
    assert world.upstream.asked[PATH] == 2


async def test_what_is_lacking_is_asked_for_at_once(world) -> None:
    """lessons #3: and waited for, however long."""
    world.timing["stale_wait"] = 0.05
    world.upstreams = world.new_upstreams()
    world.upstream.offer({"1.0.0": b"one"})
    await ask(world)
    await world.later(2)
    gate = asyncio.Event()
    world.upstream.offer({"2.0.0": b"two"})
    world.upstream.answers[PATH].gate = gate
    asking = asyncio.create_task(ask(world, lacking=always))
    await asyncio.sleep(0.15)
    assert not asking.done()
    gate.set()
    assert versions(world, await asking) == ["2.0.0"]
    began = time.monotonic()
    await asyncio.gather(*(ask(world, lacking=always) for _ in range(5)))
    # It has been asked just now: whoever still lacks something waits, so that nobody is told "no
    # such version" of one that was published within this second, and nobody asks more often.
    assert time.monotonic() - began > 0.5
    assert world.upstream.asked[PATH] == 3


async def test_a_timer_that_rings_early(world, monkeypatch) -> None:
    """lessons #3: woken a moment before the second was over it must not be content with the old."""
    world.upstream.offer({"1.0.0": b"one"})
    await ask(world)
    world.upstream.offer({"2.0.0": b"two"})
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(min(seconds, 0.01)))
    assert versions(world, await ask(world, lacking=always)) == ["2.0.0"]


@pytest.mark.parametrize("etag", ['"1"', None])
async def test_a_listing_without_its_file_is_read_again(world, etag) -> None:
    """lessons #17."""
    world.upstream.offer({"1.0.0": b"one"}, etag=etag)
    first = await ask(world)
    assert first.listing is not None
    world.blobs.path(first.listing.sha256).unlink()
    assert versions(world, await ask(world)) == ["1.0.0"]
    await world.consistent()


async def test_no_validator_without_the_body_that_it_names(world) -> None:
    """lessons #2."""
    world.upstream.offer({"1.0.0": b"one"}, etag='"1"')
    await ask(world)
    stored = await world.rows.document(f"{BASE}left-pad")
    assert stored is not None
    world.blobs.path(stored.sha256).unlink()
    await world.later()
    assert (await ask(world)).outcome == "fresh"
    assert "If-None-Match" not in world.upstream.headers[PATH]
    await world.consistent()


async def test_stopping_is_no_absence(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    world.upstream.answers[PATH].gate = asyncio.Event()
    asking = asyncio.create_task(ask(world))
    await asyncio.sleep(0.02)
    await world.upstreams.close()
    assert isinstance((await asking).error, Unavailable)
    await world.consistent()


# ---------------------------------------------------------------- documents by themselves

KEYS = Fetch(f"{BASE}-/npm/v1/keys")


async def test_a_document_by_itself(world) -> None:
    world.upstream.answers["/-/npm/v1/keys"] = Answer(
        200, b"{}", {"ETag": '"k"', "Content-Type": "application/json"}
    )
    found = await asyncio.gather(*(world.upstreams.document(NPMJS, KEYS, 60) for _ in range(20)))
    assert {each.content_type for each in found} == {"application/json"}
    assert world.upstream.asked["/-/npm/v1/keys"] == 1
    await world.later()
    renewed = await world.upstreams.document(NPMJS, KEYS, 60)
    assert renewed.checked_at > found[0].checked_at - 1
    world.upstream.answers["/-/npm/v1/keys"] = DOWN
    await world.later()
    assert (await world.upstreams.document(NPMJS, KEYS, 60)).sha256 == found[0].sha256
    await world.consistent()


@pytest.mark.parametrize(("answer", "kind"), [(DOWN, Unavailable), (GONE, NotFound)])
async def test_a_document_that_is_not_to_be_had(world, answer, kind) -> None:
    world.upstream.answers["/-/npm/v1/keys"] = answer
    with pytest.raises(kind):
        await world.upstreams.document(NPMJS, KEYS, 60)
    assert await world.dump() == {}
    assert world.files() == []
