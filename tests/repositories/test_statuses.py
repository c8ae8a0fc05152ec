"""The status machine, cell by cell, and what each status means for package clients."""

import pytest

from mirror.errors import Conflict, NotFound
from mirror.formats.pypi.names import package
from mirror.model import Package, Status
from mirror.repositories.statuses import Failure, Results, Selection, Statuses, Success
from mirror.store.domains import Repository
from tests.distributions import wheel
from tests.repositories.python import Python
from tests.repositories.registry import PAD
from tests.repositories.world import World

ONE, TWO = "1.0.0", "2.0.0"
ALPHA = package("", "alpha")
WHEEL, BYTES = wheel("alpha", "1.0")
FILE = f"simple/alpha/1.0/{WHEEL}"

# §9: from a status (None: no such version), to one; what stands there is what comes of it.
MACHINE = {
    #            Published      Unlisted       Archived       Disposed       Deleted
    "Published":  ("changed",     "changed",     "changed",     "changed",     "changed"),
    "Unlisted":   ("changed",     "changed",     "changed",     "changed",     "changed"),
    "Archived":   ("changed",     "changed",     "changed",     "changed",     "changed"),
    "Unfinished": ("changed",     "changed",     "changed",     "changed",     "changed"),
    "Disposed":   ("NOT_ALLOWED", "NOT_ALLOWED", "NOT_ALLOWED", "changed",     "changed"),
    None:         ("NOT_FOUND",   "NOT_FOUND",   "NOT_FOUND",   "NOT_FOUND",   "NOT_FOUND"),
}  # fmt: skip
TARGETS = ("Published", "Unlisted", "Archived", "Disposed", "Deleted")
CELLS = [
    (before, target, outcome)
    for before, row in MACHINE.items()
    for target, outcome in zip(TARGETS, row, strict=True)
]


class Keeper:
    """The statuses of one repository's versions, changed."""

    def __init__(self, world: World, repository: str = "lone") -> None:
        self.world, self.name = world, repository
        self.statuses = Statuses(world.database, world.blobs)

    async def repository(self) -> Repository:
        return await self.world.search.repository("default", self.name)

    async def change(
        self, target: str, *versions: str, package: Package = PAD, **expected
    ) -> Results:
        repository = await self.repository()
        selection = Selection(versions or (ONE,), **expected)
        match target:
            case "Disposed":
                return await self.statuses.dispose(repository, package, selection)
            case "Deleted":
                return await self.statuses.delete(repository, package, selection)
        return await self.statuses.update(repository, package, selection, Status(target))

    async def stand(self, *statuses: str | None) -> dict[str, str]:
        """Versions 1.0.0, 2.0.0, … with these statuses; their revisions."""
        for number, status in enumerate(statuses, start=1):
            if status is None:
                continue
            version = f"{number}.0.0"
            await self.world.published(version, f"data {number}".encode(), self.name)
            if status == "Disposed":
                await self.change("Disposed", version)
            elif status != "Published":
                await self.world.change(
                    "UPDATE version SET status = ? WHERE version = ?", status, version
                )
        return await self.revisions()

    async def revisions(self) -> dict[str, str]:
        rows = await self.world.database.read("SELECT version, revision FROM version")
        return {row["version"]: row["revision"] for row in rows}

    async def held(self) -> list[str]:
        return (await self.world.held()).get(self.name, [])


@pytest.fixture
def keeper(world: World) -> Keeper:
    return Keeper(world)


# ---------------------------------------------------------------- the machine


def test_the_matrix_has_thirty_cells() -> None:
    assert len(CELLS) == 30


@pytest.mark.parametrize(("before", "target", "outcome"), CELLS)
async def test_a_cell_of_the_matrix(world, keeper, before, target, outcome) -> None:
    revisions = await keeper.stand(before, "Published")
    found = await keeper.change(target)
    if outcome != "changed":
        assert not found.successes
        assert found.failures[ONE].code == outcome
        assert await keeper.revisions() == revisions
        return
    assert found == Results({ONE: Success(revisions[ONE], target)})
    shown = {"Published": [ONE, TWO], "Deleted": [TWO]}
    assert await keeper.held() == shown.get(target, [f"{ONE} {target}", TWO])
    if target == "Deleted":
        del revisions[ONE]
    assert await keeper.revisions() == revisions  # a status is no part of them (§8)
    await world.consistent()


@pytest.mark.parametrize(("before", "target", "outcome"), CELLS)
async def test_a_cell_when_all_is_as_the_caller_expects(keeper, before, target, outcome) -> None:
    revisions = await keeper.stand(before, "Published")
    found = await keeper.change(target, status=before, revisions={ONE: revisions.get(ONE, "any")})
    assert (found.failures[ONE].code if found.failures else "changed") == outcome


@pytest.mark.parametrize(("before", "target", "outcome"), CELLS)
async def test_a_cell_when_something_else_was_expected(
    world, keeper, before, target, outcome
) -> None:
    revisions = await keeper.stand(before, "Published")
    stored = await world.dump()
    by_status = await keeper.change(target, status="Deleted")
    by_revision = await keeper.change(target, revisions={ONE: "other"})
    if before is None:
        expected = [Failure("NOT_FOUND", "Could not find version 1.0.0")] * 2
    else:
        expected = [
            Failure("MISMATCHED_STATUS", f"current status: {before}, expected status: Deleted"),
            Failure(
                "MISMATCHED_REVISION",
                f"current revision: {revisions[ONE]}, expected revision: other",
            ),
        ]
    assert [by_status, by_revision] == [Results({}, {ONE: each}) for each in expected]
    assert await world.dump() == stored


async def test_what_is_not_there(keeper) -> None:
    await keeper.stand("Published")
    found = await keeper.change("Archived", "9.9.9")
    assert found.failures == {"9.9.9": Failure("NOT_FOUND", "Could not find version 9.9.9")}
    for target in TARGETS:
        with pytest.raises(NotFound) as missing:
            await keeper.change(target, package=Package("npm", "", "nothing"))
        assert (missing.value.kind, missing.value.name) == ("package", "nothing")


@pytest.mark.parametrize("target", TARGETS)
async def test_one_that_fails_keeps_all_others_as_they_are(world, keeper, target) -> None:
    await keeper.stand("Published", "Unlisted")
    before = await world.dump()
    found = await keeper.change(target, ONE, "9.9.9", TWO)
    assert found.successes == {}
    assert found.failures == {
        ONE: Failure("SKIPPED", "version 1.0.0 is skipped"),
        "9.9.9": Failure("NOT_FOUND", "Could not find version 9.9.9"),
        TWO: Failure("SKIPPED", "version 2.0.0 is skipped"),
    }
    assert await world.dump() == before
    await world.consistent()


async def test_each_that_fails_says_why(keeper) -> None:
    revisions = await keeper.stand("Disposed", "Published", "Published")
    found = await keeper.change(
        "Published", ONE, TWO, "3.0.0", revisions=revisions | {TWO: "stale"}
    )
    assert {version: each.code for version, each in found.failures.items()} == {
        ONE: "NOT_ALLOWED",
        TWO: "MISMATCHED_REVISION",
        "3.0.0": "SKIPPED",
    }


@pytest.mark.parametrize("status", ["Published", "Unlisted", "Archived", "Disposed"])
async def test_the_same_status_again_changes_nothing(world, keeper, status) -> None:
    await keeper.stand(status)
    before, stamp = await world.dump(), world.changes.stamp(PAD)
    assert (await keeper.change(status)).successes[ONE].status == status
    assert await world.dump() == before
    assert world.changes.stamp(PAD) == stamp


async def test_a_version_named_twice_counts_once(keeper) -> None:
    await keeper.stand("Published")
    assert list((await keeper.change("Deleted", ONE, ONE)).successes) == [ONE]


async def test_a_changed_status_is_a_change_to_writers(world, keeper) -> None:
    """npm's `_rev`: a document that was read before is stale now."""
    await keeper.stand("Published", "Published")
    before = (await world.shown("lone"))["_rev"]
    await keeper.change("Unlisted")
    assert (await world.shown("lone"))["_rev"] != before


# ---------------------------------------------------------------- npm clients


async def test_an_unlisted_version_can_be_had_and_is_not_shown(world, keeper) -> None:
    await keeper.stand("Published", "Published")
    await keeper.change("Unlisted", TWO)
    assert await world.fetched(TWO, "lone") == b"data 2"
    document = await world.shown("lone")
    assert list(document["versions"]) == [ONE]
    assert document["dist-tags"] == {"latest": ONE}  # the tag itself is on 2.0.0
    await keeper.change("Published", TWO)
    assert (await world.shown("lone"))["dist-tags"] == {"latest": TWO}


@pytest.mark.parametrize("target", ["Archived", "Disposed"])
async def test_downloads_stop_at_once(world, keeper, target) -> None:
    await keeper.stand("Published", "Published")
    held = await world.asset(TWO, "lone")
    await keeper.change(target, TWO)
    assert world.changes.stamp(PAD) != held.stamp  # what is kept for it elsewhere has expired
    with pytest.raises(NotFound):
        await world.asset(TWO, "lone")
    document = await world.shown("lone")
    assert list(document["versions"]) == [ONE]
    assert document["dist-tags"] == {"latest": ONE}
    assert await world.fetched(ONE, "lone") == b"data 1"


@pytest.mark.parametrize("target", ["Archived", "Disposed"])
async def test_what_is_kept_back_here_is_not_had_from_above(world, target) -> None:
    """U9: found here, and not to be had; the upstream is not asked for it."""
    world.upstream.offer({ONE: b"theirs", TWO: b"newer"})
    assert await world.fetched(ONE) == b"theirs"
    await Keeper(world, "main").change(target, ONE)
    world.upstream.asked.clear()
    with pytest.raises(NotFound):
        await world.asset(ONE)
    assert world.upstream.asked["/left-pad/-/left-pad-1.0.0.tgz"] == 0
    assert list((await world.shown())["versions"]) == [TWO]
    assert await world.fetched(ONE, "store") == b"theirs"  # its own copy (U8)
    assert (await world.held())["main"] == [f"{ONE} {target}"]


async def test_disposed_bytes_are_gone_when_nothing_else_shows_them(world, keeper) -> None:
    world.upstream.offer({ONE: b"theirs"})
    await world.fetched(ONE)
    tarballs = {each for each, size in await world.packages.blobs() if size == len(b"theirs")}
    assert len(tarballs) == 1
    await Keeper(world, "main").change("Disposed", ONE)
    assert tarballs <= set(world.files())  # the repository with the connection has them too
    await Keeper(world, "store").change("Disposed", ONE)
    assert not tarballs & set(world.files())
    await world.consistent()


async def test_a_kept_back_version_cannot_be_published_again_and_a_deleted_one_can(
    world, keeper
) -> None:
    """§11."""
    for target in ("Unlisted", "Archived", "Disposed"):
        await keeper.stand("Published")
        await keeper.change(target)
        with pytest.raises(Conflict):
            await world.published(ONE, b"data 1", "lone")
        assert (await keeper.change("Deleted")).successes[ONE].status == "Deleted"
    await world.published(ONE, b"other bytes", "lone")
    assert await world.fetched(ONE, "lone") == b"other bytes"


async def test_a_package_outlives_its_versions_with_its_controls(world, keeper) -> None:
    await keeper.stand("Published", "Published")
    await keeper.change("Deleted", ONE, TWO)
    found = await world.dump()
    assert list(found) == ["package"]
    assert found["package"][0]["upstream"] == "BLOCK"
    assert world.files() == []


# ---------------------------------------------------------------- Python clients


@pytest.fixture
def python(world: World) -> Python:
    return Python(world)


async def test_an_unlisted_file_can_be_had_and_is_not_on_the_page(world, python) -> None:
    await python.publish((WHEEL, BYTES), "lone")
    await python.publish(wheel("alpha", "2.0"), "lone", version="2.0")
    await Keeper(world).change("Unlisted", "1.0", package=ALPHA)
    assert await python.file(FILE, "lone") == BYTES
    assert await python.listed("lone") == [wheel("alpha", "2.0")[0]]


@pytest.mark.parametrize("target", ["Archived", "Disposed"])
async def test_a_file_kept_back_here_is_not_had_from_above(world, python, target) -> None:
    python.offer((WHEEL, BYTES), wheel("alpha", "2.0"))
    assert await python.file(FILE) == BYTES
    await Keeper(world, "py").change(target, "1.0", package=ALPHA)
    world.upstream.asked.clear()
    for place in (FILE, f"{FILE}.metadata"):
        with pytest.raises(NotFound):
            await python.found(place)
    assert world.upstream.asked[f"/packages/{WHEEL}"] == 0
    assert await python.listed() == [wheel("alpha", "2.0")[0]]
    assert (await world.held())["py"] == [f"1.0 {target}"]


async def test_a_version_is_found_in_any_spelling(world, python) -> None:
    await python.publish((WHEEL, BYTES), "lone")
    found = await Keeper(world).change("Archived", "1.0.0", package=ALPHA)
    assert list(found.successes) == ["1.0.0"]
    assert (await world.held())["lone"] == ["1.0 Archived"]
