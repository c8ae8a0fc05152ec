"""One file through a chain of repositories: who decides, what stays, what is fetched again."""

import asyncio

import pytest

from mirror.errors import Misbehaved, NotFound, Storage, Unavailable
from mirror.repositories.assets import Arriving, Held
from tests.repositories.registry import DOWN, GONE, Answer
from tests.repositories.world import World

TARBALL = "/left-pad/-/left-pad-1.0.0.tgz"


async def test_a_file_lands_where_it_was_asked_for_and_where_it_came_in(world) -> None:
    """U6: in main and store, never in team between them."""
    world.upstream.offer({"1.0.0": b"one", "1.1.0": b"two"})
    assert await world.fetched() == b"one"
    assert await world.held() == {"main": ["1.0.0"], "store": ["1.0.0"]}
    await world.consistent()


async def test_everything_that_is_stored_of_it(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    found = await world.dump()
    assert sorted(found) == [
        "asset",
        "blob",
        "package",
        "upstream_document",
        "upstream_listing",
        "version",
    ]
    assert [
        (row["publish"], row["upstream"], row["revision"], row["about"]) for row in found["package"]
    ] == [("BLOCK", "ALLOW", 0, "{}")] * 2
    assert [
        (row["origin_type"], row["origin_connection"], row["status"]) for row in found["version"]
    ] == [("EXTERNAL", "npmjs", "Published")] * 2
    assert len({row["revision"] for row in found["version"]}) == 1
    [moment] = await world.database.read("SELECT DISTINCT published_at FROM version")
    assert moment[0] == 1577836800.0  # as upstream says, not when it came


async def test_fifty_at_once_are_one_transfer(world) -> None:
    """U15; lessons #6b."""
    world.upstream.offer({"1.0.0": b"one"})
    world.upstream.answers[TARBALL].gate = gate = asyncio.Event()
    asking = [asyncio.create_task(world.fetched()) for _ in range(49)]
    asking.append(asyncio.create_task(world.fetched(repository="team")))
    await asyncio.sleep(0.1)
    gate.set()
    assert set(await asyncio.gather(*asking)) == {b"one"}
    assert world.upstream.asked == {"/left-pad": 1, TARBALL: 1}
    assert await world.held() == {"main": ["1.0.0"], "store": ["1.0.0"], "team": ["1.0.0"]}


async def test_stored_files_need_no_upstream(world) -> None:
    """U12."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    asked = world.upstream.asked.total()
    world.upstream.answers = {"/left-pad": DOWN, TARBALL: DOWN}
    await world.later()
    assert await world.fetched() == b"one"
    assert world.upstream.asked.total() == asked


async def test_retained_from_another_repository(world) -> None:
    """U6, U14: a copy with the source's status and origin."""
    await world.published("1.0.0", repository="store")
    await world.change("UPDATE version SET status = 'Unlisted'")
    assert await world.fetched() == b"ours"
    assert await world.held() == {"main": ["1.0.0 Unlisted"], "store": ["1.0.0 Unlisted"]}
    one, two = (await world.dump())["version"]
    differing = {key for key in one if one[key] != two[key]}
    assert differing == {"id", "package_id"}
    await world.change("DELETE FROM version WHERE id = 1")  # U8: independent of its source
    assert await world.fetched() == b"ours"


@pytest.mark.parametrize("status", ["Archived", "Disposed"])
@pytest.mark.parametrize("holder", ["main", "store"])
async def test_what_the_first_holder_hides_is_not_found_further_up(world, holder, status) -> None:
    """U9."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched(repository=holder)
    await world.change("UPDATE version SET status = ?", status)
    for repository in (holder, "main"):
        with pytest.raises(
            NotFound, match=r"no source of this repository has 'left-pad-1.0.0.tgz'"
        ):
            await world.asset(repository=repository)


async def test_unlisted_is_downloadable(world) -> None:
    await world.published("1.0.0")
    await world.change("UPDATE version SET status = 'Unlisted'")
    assert await world.fetched() == b"ours"


async def test_the_nearest_holder_decides(world) -> None:
    """U3."""
    await world.published("1.0.0", b"near", repository="team")
    await world.published("1.0.0", b"far", repository="store")
    assert await world.fetched() == b"near"


async def test_a_private_package_is_not_filled_from_outside(world) -> None:
    """Dependency confusion; lessons #12: the file's address is gated as the index is."""
    await world.published("1.0.0")
    world.upstream.asked.clear()
    world.upstream.offer({"9.9.9": b"evil"})
    with pytest.raises(NotFound):
        await world.asset("9.9.9")
    assert not world.upstream.asked


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (GONE, NotFound),
        (DOWN, Unavailable),
        (Answer(200, b"<html>"), Misbehaved),
        (Storage("no space left", full=True), Storage),
    ],
    ids=["gone", "down", "garbage", "full"],
)
async def test_why_it_cannot_be_had(world, answer, kind) -> None:
    """lessons #14."""
    world.upstream.answers["/left-pad"] = answer
    with pytest.raises(kind):
        await world.asset()


async def test_a_version_published_upstream_a_moment_ago(world) -> None:
    """lessons #3, and at most one forced question a second."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    await world.later(2)
    world.upstream.offer({"1.0.0": b"one", "2.0.0": b"two"})
    assert await world.fetched("2.0.0") == b"two"
    answers = await asyncio.gather(
        *(world.asset("3.0.0") for _ in range(5)), return_exceptions=True
    )
    assert [type(each) for each in answers] == [NotFound] * 5
    assert world.upstream.asked["/left-pad"] == 3


async def test_wrong_bytes_are_kept_nowhere(world) -> None:
    """lessons #4, #5."""
    world.upstream.offer({"1.0.0": b"one"})
    world.upstream.answers[TARBALL] = Answer(200, b"evil")
    with pytest.raises(Misbehaved, match="is not what was announced"):
        await world.fetched()
    assert await world.held() == {}
    await world.consistent()


async def test_the_same_bytes_are_not_transferred_twice(world) -> None:
    await world.published("7.0.0", b"shared bytes", repository="lone")
    world.upstream.offer({"1.0.0": b"shared bytes"})
    found = await world.asset()
    assert isinstance(found, Held)
    assert world.upstream.asked == {"/left-pad": 1}
    assert await world.held() == {"lone": ["7.0.0"], "main": ["1.0.0"], "store": ["1.0.0"]}


# ---------------------------------------------------------------- what went missing


async def lose(world: World) -> None:
    [row] = await world.database.read(
        "SELECT DISTINCT a.sha256 FROM asset a JOIN version v ON v.id = a.version_id"
    )
    world.blobs.path(row[0]).unlink()


async def test_a_missing_file_is_fetched_again(world) -> None:
    """lessons #17."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    before = await world.dump()
    await lose(world)
    assert isinstance(await world.asset(), Arriving)
    assert await world.fetched() == b"one"
    assert await world.dump() == before
    await world.consistent()


async def test_what_is_fetched_again_must_be_the_same(world) -> None:
    """Even where upstream has changed its own promise."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    await lose(world)
    world.upstream.offer({"1.0.0": b"two"})
    await world.later()
    with pytest.raises(Misbehaved):
        await world.fetched()


async def test_a_missing_file_of_an_upstream_repository(world) -> None:
    """U14: what is retained on the way has the holder's status and origin."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched(repository="store")
    await world.change("UPDATE version SET status = 'Unlisted'")
    await lose(world)
    assert await world.fetched(repository="team") == b"one"
    assert await world.held() == {"store": ["1.0.0 Unlisted"], "team": ["1.0.0 Unlisted"]}


@pytest.mark.parametrize("why", ["published here", "gone upstream", "no such connection"])
async def test_a_lost_file_is_our_fault_and_never_a_404(world, why) -> None:
    if why == "published here":
        await world.published("1.0.0")
    else:
        world.upstream.offer({"1.0.0": b"one"})
        await world.fetched()
    await lose(world)
    if why == "gone upstream":
        world.upstream.offer({"2.0.0": b"two"})
        await world.later()
    elif why == "no such connection":
        await world.change("UPDATE version SET origin_connection = 'removed'")
    with pytest.raises(Storage, match="is missing or damaged, and no upstream has it: restore"):
        await world.asset()


async def test_a_lost_file_while_the_upstream_is_away(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    await lose(world)
    world.upstream.answers[TARBALL] = DOWN
    with pytest.raises(Unavailable):
        await world.fetched()


async def test_a_damaged_file_is_set_aside_and_fetched_again(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    await world.fetched()
    [row] = await world.database.read("SELECT DISTINCT sha256 FROM asset")
    path = world.blobs.path(row[0])
    path.unlink()
    path.write_bytes(b"onf")
    assert await world.fetched() == b"one"
    assert world.blobs.damaged(row[0]).read_bytes() == b"onf"
