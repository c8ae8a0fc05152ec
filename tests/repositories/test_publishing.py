"""What a repository accepts, and what it refuses with a reason."""

import asyncio

import pytest

from mirror.errors import Blocked, Conflict, NotFound
from mirror.formats.changes import Annotate, Outcome, Remove, SetTags
from mirror.model import Dependency, Status, Summary
from tests.repositories.registry import DOWN, PAD
from tests.repositories.world import World


async def manifests(world: World) -> dict[str, str]:
    rows = await world.database.read("SELECT version, manifest FROM version ORDER BY version")
    return {row["version"]: row["manifest"] for row in rows}


async def tags(world: World) -> dict[str, str]:
    rows = await world.database.read("SELECT tag, version FROM package_tag ORDER BY tag")
    return {row["tag"]: row["version"] for row in rows}


async def set_tags(world: World, **changes: str | None) -> Outcome:
    return await world.amender.set_tags(await world.walk(), SetTags(PAD, changes))


async def annotate(world: World, notes, revision=None) -> Outcome:
    return await world.amender.annotate(await world.walk(), Annotate(PAD, notes, revision))


async def remove(world: World, **what) -> Outcome:
    return await world.amender.remove(await world.walk(), Remove(PAD, **what))


async def test_everything_that_a_publish_stores(world) -> None:
    outcome = await world.published(
        tags=("latest", "beta"),
        about={"description": "pads"},
        dependencies=(Dependency("", "a", "regular", "^1"),),
        summary=Summary("pads", licenses=("MIT",)),
    )
    found = await world.dump()
    [package], [version] = found["package"], found["version"]
    assert outcome == Outcome(True, 1, Status.PUBLISHED, version["revision"])
    assert sorted(found) == ["asset", "blob", "dependency", "package", "package_tag", "version"]
    assert (package["publish"], package["upstream"]) == ("ALLOW", "BLOCK")
    assert (package["about"], package["revision"]) == ('{"description":"pads"}', 1)
    assert (version["origin_type"], version["origin_repository"]) == ("INTERNAL", "main")
    assert (version["status"], version["summary"]) == ("Published", "pads")
    assert found["asset"][0]["name"] == "left-pad-1.0.0.tgz"
    assert await tags(world) == {"beta": "1.0.0", "latest": "1.0.0"}
    await world.consistent()


async def test_the_same_bytes_again_change_nothing(world) -> None:
    """§11; npm.md §13.23: a retry after a lost answer."""
    await world.published(about={"x": 1})
    before = await world.dump()
    outcome = await world.published(about={"x": 2}, tags=("other",))
    assert (outcome.created, outcome.revision, outcome.status) == (False, 1, Status.PUBLISHED)
    assert await world.dump() == before
    await world.consistent()


async def test_other_bytes_are_a_conflict(world) -> None:
    await world.published()
    before = await world.dump()
    with pytest.raises(Conflict) as caught:
        await world.published(data=b"changed")
    assert str(caught.value) == (
        "left-pad-1.0.0.tgz of left-pad@1.0.0 already exists with other content: publish a new "
        "version, or delete this one first"
    )
    assert await world.dump() == before
    await world.consistent()


async def test_two_at_the_same_time(world) -> None:
    done = await asyncio.gather(
        world.published(data=b"a"), world.published(data=b"b"), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "Outcome"]
    await world.consistent()


@pytest.mark.parametrize("status", ["Archived", "Unlisted", "Disposed", "Unfinished"])
async def test_what_is_kept_from_view_still_exists(world, status) -> None:
    """§11."""
    await world.published()
    await world.change("UPDATE version SET status = ?", status)
    with pytest.raises(Conflict, match=f"left-pad@1.0.0 exists with status {status}: delete it"):
        await world.published()


async def test_a_version_that_upstream_has(world) -> None:
    world.upstream.offer({"1.0.0": b"theirs"})
    with pytest.raises(Conflict) as caught:
        await world.published(data=b"theirs")
    assert str(caught.value) == (
        "left-pad@1.0.0 exists in 'npmjs', which 'main' reads from: publish another version"
    )
    assert await world.held() == {}
    await world.consistent()


async def test_a_version_that_an_upstream_repository_has(world) -> None:
    await world.published(repository="store")
    with pytest.raises(Conflict, match="exists in repository 'store', which 'main' reads from"):
        await world.published()
    await world.published(repository="lone")  # which does not read from it


async def test_another_version_than_upstream_has(world) -> None:
    world.upstream.offer({"1.0.0": b"theirs"})
    assert (await world.published("2.0.0")).created


async def test_an_upstream_that_does_not_answer_keeps_nobody_from_publishing(world) -> None:
    """npm.md §13.23."""
    world.upstream.answers["/left-pad"] = DOWN
    assert (await world.published()).created


async def test_a_private_package_does_not_ask_upstream(world) -> None:
    await world.published("1.0.0")
    asked = world.upstream.asked.total()
    world.upstream.offer({"2.0.0": b"theirs"})
    assert (await world.published("2.0.0")).created
    assert world.upstream.asked.total() == asked


async def test_a_package_from_upstream_is_not_published_over(world) -> None:
    """§12: origin controls."""
    world.upstream.offer({"1.0.0": b"theirs"})
    await world.fetched()
    before = await world.dump()
    with pytest.raises(Blocked) as caught:
        await world.published("9.9.9")
    assert str(caught.value) == (
        "publishing left-pad@9.9.9 to 'main' is blocked by its origin controls: its versions come "
        "from upstream (allow it with put-package-origin-configuration)"
    )
    assert await world.dump() == before
    await world.consistent()


async def test_a_publish_ends_the_memory_of_absence(world) -> None:
    """lessons #15."""
    with pytest.raises(NotFound):
        await world.document(repository="team")
    await world.published(repository="store")
    await world.change("UPDATE package SET upstream = 'ALLOW'")
    assert list((await world.shown("team"))["versions"]) == ["1.0.0"]


# ---------------------------------------------------------------- tags


async def test_tags(world) -> None:
    await world.published("1.0.0")
    await world.published("2.0.0", b"two", tags=("next",))
    stamp = world.changes.stamp(PAD)
    assert await set_tags(world, latest="2.0.0", old="1.0.0", next=None) == Outcome(revision=3)
    assert await tags(world) == {"latest": "2.0.0", "old": "1.0.0"}
    assert world.changes.stamp(PAD) != stamp


async def test_a_tag_on_what_is_not_held_changes_nothing(world) -> None:
    await world.published("1.0.0")
    with pytest.raises(NotFound, match=r"'main' itself does not hold left-pad@9.9.9") as caught:
        await set_tags(world, old="1.0.0", latest="9.9.9")
    assert caught.value.kind == "package-version"
    assert await tags(world) == {"latest": "1.0.0"}


@pytest.mark.parametrize(
    "change",
    [
        lambda world: set_tags(world, latest="1.0.0"),
        lambda world: annotate(world, {"1.0.0": {"deprecated": "x"}}),
        lambda world: remove(world, versions=("1.0.0",)),
    ],
)
async def test_a_package_of_somebody_elses_cannot_be_changed_here(world, change) -> None:
    world.upstream.offer({"1.0.0": b"theirs"})
    await world.document()
    with pytest.raises(NotFound) as caught:
        await change(world)
    assert str(caught.value) == (
        "repository 'main' itself holds no version of left-pad; what it reads from upstream cannot "
        "be changed here"
    )


# ---------------------------------------------------------------- notes


async def test_notes(world) -> None:
    await world.published("1.0.0")
    await world.published("2.0.0", b"two")
    outcome = await annotate(
        world, {"1.0.0": {"deprecated": "old"}, "2.0.0": {"deprecated": None}}, "2"
    )
    assert outcome == Outcome(revision=3)
    assert await manifests(world) == {
        "1.0.0": '{"name":"left-pad","version":"1.0.0","deprecated":"old"}',
        "2.0.0": '{"name":"left-pad","version":"2.0.0"}',
    }
    await annotate(world, {"1.0.0": {"deprecated": None}}, "3")
    assert (await manifests(world))["1.0.0"] == '{"name":"left-pad","version":"1.0.0"}'


@pytest.mark.parametrize("revision", ["0", "1", "3", "undefined", "", "2x"])
async def test_a_stale_revision(world, revision) -> None:
    await world.published("1.0.0")
    await world.published("2.0.0", b"two")
    before = await world.dump()
    for change in (
        annotate(world, {"1.0.0": {"deprecated": "x"}}, revision),
        remove(world, keep=("1.0.0",), revision=revision),
    ):
        with pytest.raises(Conflict, match="left-pad changed meanwhile: read it again"):
            await change
    assert await world.dump() == before


async def test_versions_of_others_are_left_alone(world) -> None:
    """A client sends back every version that it read."""
    await world.published("1.0.0")
    notes = {"1.0.0": {"deprecated": "x"}, "9.9.9": {"deprecated": "theirs"}, "9.0.0": {}}
    await annotate(world, notes)
    assert (await manifests(world)).keys() == {"1.0.0"}
    with pytest.raises(NotFound, match=r"does not hold left-pad@9.9.9"):
        await annotate(world, {"9.9.9": {"deprecated": "x"}})


# ---------------------------------------------------------------- removing


async def test_removing_a_version(world) -> None:
    await world.published("1.0.0", b"one")
    await world.published("2.0.0", b"two")
    assert await remove(world, versions=("1.0.0", "9.9.9"), revision="2") == Outcome(revision=3)
    assert await world.held() == {"main": ["2.0.0"]}
    assert await tags(world) == {"latest": "2.0.0"}
    await world.consistent()
    assert (await world.published("1.0.0", b"other")).created  # §11: freely


async def test_removing_all_but_some_spares_what_the_client_could_not_see(world) -> None:
    for version in ("1.0.0", "2.0.0", "3.0.0", "4.0.0"):
        await world.published(version, version.encode())
    await world.change("UPDATE version SET status = 'Archived' WHERE version = '3.0.0'")
    await world.change("UPDATE version SET status = 'Unlisted' WHERE version = '4.0.0'")
    await remove(world, keep=("1.0.0",))
    assert await world.held() == {"main": ["1.0.0", "3.0.0 Archived", "4.0.0 Unlisted"]}
    await world.consistent()


async def test_removing_the_package_keeps_its_name_closed(world) -> None:
    """§12: its controls survive its versions."""
    await world.published("1.0.0")
    await world.change("UPDATE version SET status = 'Archived'")
    await remove(world)
    assert await world.held() == {}
    assert world.files() == []
    world.upstream.asked.clear()
    world.upstream.offer({"1.0.0": b"evil"})
    with pytest.raises(NotFound):
        await world.document()
    assert not world.upstream.asked


async def test_bytes_that_another_repository_shows_stay(world) -> None:
    await world.published("1.0.0", b"shared", repository="lone")
    await world.published("1.0.0", b"shared")
    await remove(world)
    assert await world.fetched(repository="lone") == b"shared"
    await world.consistent()
