"""Versions that are published asset by asset, and found nowhere but where they were published."""

import asyncio
import os
from typing import Any

import orjson
import pytest

from mirror.errors import Blocked, Conflict, Exceeded, NotFound
from mirror.formats import FORMATS
from mirror.formats.changes import Outcome, Remove
from mirror.formats.intents import Call, ReadPackage, Submit
from mirror.model import Package, Status
from mirror.repositories.publishing import Publisher
from mirror.repositories.searching import Walk
from tests.repositories.world import World, content

GENERIC = FORMATS["generic"]
TOOL = Package("generic", "ns", "tool")


async def walk(world: World, repository: str = "lone") -> Walk:
    return world.search.walk(await world.search.repository("default", repository), "generic")


def proposed(name: str, *, unfinished: bool = False, sha256: str | None = None) -> Submit:
    headers = {"x-checksum-sha256": sha256} if sha256 else {}
    query = "unfinished=true" if unfinished else ""
    intent = GENERIC.parse(Call("PUT", f"ns/tool/1.0/{name}", query, headers))
    assert isinstance(intent, Submit)
    return intent


async def sent(
    world: World, name: str, data: bytes, repository: str = "lone", **more: Any
) -> Outcome:
    intent = proposed(name, **more)
    async with world.blobs.writer() as writer:
        await writer.write(data)
        digests = await writer.seal()
        parts: Any = {"asset": type("Part", (), {"digests": digests})}
        change = GENERIC.change(intent, b"", parts)
        outcome = await world.publisher.publish(
            await walk(world, repository), change, {"asset": digests}
        )
        if outcome.created:
            await writer.settle()
    return outcome


async def foreseen(world: World, name: str, **more: Any) -> None:
    await world.publisher.foresee(await walk(world), proposed(name, **more).proposal)


async def told(world: World, repository: str = "lone") -> dict[str, Any]:
    """Status and assets, as a client is told of them."""
    intent = ReadPackage(TOOL, "version", "1.0")
    document = await world.documents.read(await walk(world, repository), intent, "http://here/")
    found = orjson.loads(content(document))
    return {"status": found["status"], "assets": [each["name"] for each in found["assets"]]}


async def fetched(world: World, name: str, repository: str = "lone") -> bytes:
    intent = GENERIC.parse(Call("GET", f"ns/tool/1.0/{name}", "", {}))
    held = await world.assets.read(await walk(world, repository), intent)
    return os.pread(held.file.fileno(), held.file.size, 0)


async def test_asset_by_asset(world) -> None:
    first = await sent(world, "a", b"a", unfinished=True)
    assert (first.created, first.status) == (True, Status.UNFINISHED)
    assert await told(world) == {"status": "Unfinished", "assets": ["a"]}
    last = await sent(world, "b", b"b")
    assert (last.created, last.status) == (True, Status.PUBLISHED)
    assert await told(world) == {"status": "Published", "assets": ["a", "b"]}
    assert await fetched(world, "a") == b"a"
    await world.consistent()


async def test_a_revision_names_the_assets(world) -> None:
    """§8: another set, another revision; the same set, the same one."""
    first = await sent(world, "a", b"a", unfinished=True)
    again = await sent(world, "a", b"a", unfinished=True)
    more = await sent(world, "b", b"b", unfinished=True)
    finished = await sent(world, "b", b"b")
    assert 1 <= len(first.version_revision) <= 50
    assert first.version_revision == again.version_revision != more.version_revision
    assert finished.version_revision == more.version_revision
    other = await sent(world, "b", b"b", "main", unfinished=True)
    other = await sent(world, "a", b"a", "main")
    assert other.version_revision == finished.version_revision
    [kept, _] = await world.database.read("SELECT revision FROM version ORDER BY id")
    assert kept["revision"] == finished.version_revision


async def test_the_same_again_changes_nothing(world) -> None:
    await sent(world, "a", b"a")
    before = await world.dump()
    for unfinished in (False, True):
        outcome = await sent(world, "a", b"a", unfinished=unfinished)
        assert (outcome.created, outcome.status) == (False, Status.PUBLISHED)
    assert await world.dump() == before
    await world.consistent()


@pytest.mark.parametrize("status", ["Unlisted", "Archived"])
async def test_the_same_again_leaves_the_status(world, status) -> None:
    await sent(world, "a", b"a")
    await world.change("UPDATE version SET status = ?", status)
    assert (await sent(world, "a", b"a")).status == status
    assert await world.held() == {"lone": [f"1.0 {status}"]}


async def test_the_same_again_finishes(world) -> None:
    """generic.md §3: the last asset without the flag, though it is there already."""
    await sent(world, "a", b"a", unfinished=True)
    await world.change("UPDATE version SET published_at = 5")
    outcome = await sent(world, "a", b"a")
    assert (outcome.created, outcome.status) == (False, Status.PUBLISHED)
    assert await told(world) == {"status": "Published", "assets": ["a"]}
    [row] = await world.database.read("SELECT published_at FROM version")
    assert row["published_at"] > 5  # it was published now, not when it was begun
    await world.consistent()


@pytest.mark.parametrize("unfinished", [True, False])
async def test_other_content_is_a_conflict(world, unfinished) -> None:
    await sent(world, "a", b"a", unfinished=unfinished)
    before = await world.dump()
    with pytest.raises(Conflict, match=r"a of ns/tool@1.0 already exists with other content"):
        await sent(world, "a", b"other")
    assert await world.dump() == before
    await world.consistent()


async def test_nothing_is_added_to_what_is_published(world) -> None:
    await sent(world, "a", b"a")
    with pytest.raises(Conflict, match="is Published and takes no further assets"):
        await sent(world, "b", b"b", unfinished=True)
    await world.consistent()


async def test_what_was_disposed_of_stays_so(world) -> None:
    await sent(world, "a", b"a")
    await world.change("UPDATE version SET status = 'Disposed'")
    with pytest.raises(Conflict, match="exists with status Disposed: delete it"):
        await sent(world, "a", b"a")


async def test_deleted_and_published_anew(world) -> None:
    await sent(world, "a", b"a")
    change = Remove(TOOL, ("1.0",), strict=True)
    await world.amender.remove(await walk(world), change)
    assert (await sent(world, "a", b"other")).created
    assert await fetched(world, "a") == b"other"
    with pytest.raises(NotFound, match=r"'lone' itself does not hold ns/tool@2.0"):
        await world.amender.remove(await walk(world), Remove(TOOL, ("1.0", "2.0"), strict=True))
    assert await world.held() == {"lone": ["1.0"]}
    await world.consistent()


async def test_two_at_the_same_time(world) -> None:
    """generic.md §8.14."""
    done = await asyncio.gather(
        *(sent(world, "a", data, unfinished=True) for data in (b"one", b"two")),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "Outcome"]
    assert await fetched(world, "a") in {b"one", b"two"}
    await world.consistent()


async def test_two_assets_at_the_same_time(world) -> None:
    await asyncio.gather(*(sent(world, name, b"x", unfinished=True) for name in "abcd"))
    assert (await told(world))["assets"] == ["a", "b", "c", "d"]
    await world.consistent()


async def test_one_asset_too_many(world) -> None:
    """generic.md §8.11; companions, which other formats have, do not count here."""
    world.publisher = Publisher(
        world.database, world.packages, world.upstreams, world.blobs, assets_per_version=2
    )
    await sent(world, "a", b"a", unfinished=True)
    await sent(world, "b", b"b", unfinished=True)
    with pytest.raises(Exceeded, match=r"more assets than limits.assets_per_version allows"):
        await sent(world, "c", b"c", unfinished=True)
    assert (await sent(world, "b", b"b")).status is Status.PUBLISHED
    await world.consistent()


async def test_nobody_else_has_it(world) -> None:
    """U16: main reads from team and store, and none of them is looked at."""
    await sent(world, "a", b"a", "store")
    for repository in ("main", "team"):
        with pytest.raises(NotFound):
            await fetched(world, "a", repository)
        with pytest.raises(NotFound):
            await told(world, repository)
    assert (await sent(world, "a", b"mine", "main")).created  # nor is it in the way
    assert await fetched(world, "a", "main") == b"mine"
    assert await fetched(world, "a", "store") == b"a"
    assert not world.upstream.asked


@pytest.mark.parametrize(
    ("status", "readable"),
    [("Unlisted", True), ("Unfinished", True), ("Archived", False), ("Disposed", False)],
)
async def test_who_may_be_read(world, status, readable) -> None:
    """generic.md §6."""
    await sent(world, "a", b"a")
    await world.change("UPDATE version SET status = ?", status)
    if readable:
        assert await fetched(world, "a") == b"a"
        assert await told(world) == {"status": status, "assets": ["a"]}
        return
    for ask in (fetched(world, "a"), told(world)):
        with pytest.raises(NotFound):
            await ask


# ---------------------------------------------------------------- before the bytes


async def test_nothing_in_the_way_is_foreseen(world) -> None:
    await foreseen(world, "a")
    await sent(world, "a", b"a", unfinished=True)
    await foreseen(world, "a")  # who knows what will be sent
    await foreseen(world, "b")


async def test_a_conflict_is_foreseen(world) -> None:
    await sent(world, "a", b"a")
    with pytest.raises(Conflict, match="takes no further assets"):
        await foreseen(world, "b")
    with pytest.raises(Conflict, match="already exists with other content"):
        await foreseen(world, "a", sha256="0" * 64)
    await world.change("UPDATE version SET status = 'Disposed'")
    with pytest.raises(Conflict, match="exists with status Disposed"):
        await foreseen(world, "a")


async def test_a_block_is_foreseen(world) -> None:
    """API contract §11: the package's own control, whoever asks."""
    await sent(world, "a", b"a", unfinished=True)
    await world.change("UPDATE package SET publish = 'BLOCK'")
    for attempt in (foreseen(world, "b"), sent(world, "b", b"b")):
        with pytest.raises(Blocked, match=r"publishing ns/tool@1.0 to 'lone' is blocked"):
            await attempt
    await world.consistent()
