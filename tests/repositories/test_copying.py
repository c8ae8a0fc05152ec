"""CopyPackageVersions: what arrives, what refuses to, and what is fetched for it first (§9)."""

import pytest

from mirror.errors import Misbehaved, NotFound, Unavailable
from mirror.formats.pypi.names import package
from mirror.model import OriginControls, Package, Restriction, Status
from mirror.repositories.copying import Copier, Copying
from mirror.repositories.gathering import Gatherer
from mirror.repositories.origins import GroupRights
from mirror.repositories.statuses import Failure, Results, Selection, Statuses, Success
from mirror.store.statuses import put_controls
from tests.distributions import described, sdist, wheel
from tests.repositories.python import Python
from tests.repositories.registry import DOWN, GONE, PAD, Answer
from tests.repositories.world import World

ONE, TWO, THREE = "1.0.0", "2.0.0", "3.0.0"
TARBALL = "/left-pad/-/left-pad-1.0.0.tgz"
ALPHA = package("", "alpha")
WHEEL = wheel("alpha", "1.0")
OTHER = wheel("alpha", "1.0", tag="cp311-none-any")
SDIST = sdist("alpha", "1.0")


class Promotion:
    """From `team` to `lone`, unless it is said otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.copier = Copier(world.database, world.blobs)
        self.gatherer = Gatherer(
            world.documents, world.upstreams, world.assets, world.blobs, world.compute
        )

    async def copy(
        self,
        *versions: str,
        package: Package = PAD,
        source: str = "team",
        destination: str = "lone",
        upstream: bool = False,
        revisions: dict[str, str] | None = None,
        **more,
    ) -> Results:
        here = await self.world.search.repository("default", source)
        tags = None
        if upstream:
            walk = self.world.search.walk(here, package.format)
            tags = await self.gatherer.gather(walk, package, versions)
        return await self.copier.copy(
            Copying(
                package=package,
                source=here,
                destination=await self.world.search.repository("default", destination),
                selection=Selection(versions or (ONE,), revisions=revisions or {}),
                tags=tags,
                **more,
            )
        )

    async def rows(self, repository: str) -> list[dict]:
        """All that is stored of the versions of a repository, but for their numbers and clocks."""
        rows = await self.world.database.read(
            "SELECT v.*, a.name, a.sha256 FROM version v JOIN package p ON p.id = v.package_id"
            " JOIN repository r ON r.id = p.repository_id LEFT JOIN asset a ON a.version_id = v.id"
            " WHERE r.name = ? ORDER BY v.version, a.name",
            (repository,),
        )
        return [
            {key: row[key] for key in row.keys() if key not in {"id", "package_id", "stored_at"}}  # noqa: SIM118
            for row in rows
        ]

    async def tags(self, repository: str = "lone") -> dict[str, str]:
        rows = await self.world.database.read(
            "SELECT t.tag, t.version FROM package_tag t JOIN package p ON p.id = t.package_id"
            " JOIN repository r ON r.id = p.repository_id WHERE r.name = ?",
            (repository,),
        )
        return {row["tag"]: row["version"] for row in rows}

    async def controls(self, repository: str = "lone") -> OriginControls:
        here = await self.world.search.repository("default", repository)
        [row] = await self.world.packages.packages(PAD, [here.id])
        return row.controls

    async def status(self, target: Status, *versions: str, repository: str = "team") -> Results:
        statuses = Statuses(self.world.database, self.world.blobs)
        here = await self.world.search.repository("default", repository)
        if target is Status.DISPOSED:
            return await statuses.dispose(here, PAD, Selection(versions))
        return await statuses.update(here, PAD, Selection(versions), target)


@pytest.fixture
def promotion(world: World) -> Promotion:
    return Promotion(world)


@pytest.fixture
def python(world: World) -> Python:
    return Python(world)


def codes(results: Results) -> dict[str, str]:
    return {version: each.code for version, each in results.failures.items()}


# ---------------------------------------------------------------- what arrives


async def test_a_copy_is_the_same_version_without_another_byte(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    files = world.files()
    found = await promotion.copy(ONE)
    [row] = await promotion.rows("team")
    assert found == Results({ONE: Success(row["revision"], "Published")})
    assert await promotion.rows("lone") == [row]
    assert row["origin_repository"] == "team"
    assert world.files() == files
    assert await world.fetched(ONE, "lone") == b"one"
    assert list((await world.shown("lone"))["versions"]) == [ONE]
    await world.consistent()


async def test_clients_see_a_copy_at_once(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    stamp = world.changes.stamp(PAD)
    await promotion.copy(ONE)
    assert world.changes.stamp(PAD) != stamp


async def test_an_unlisted_version_arrives_unlisted(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    await promotion.status(Status.UNLISTED, ONE)
    assert (await promotion.copy(ONE)).successes[ONE].status == "Unlisted"
    assert (await world.held())["lone"] == [f"{ONE} Unlisted"]


@pytest.mark.parametrize("status", ["Archived", "Disposed", "Unfinished"])
async def test_what_cannot_be_copied(world, promotion, status) -> None:
    await world.published(ONE, b"one", "team")
    await world.published(TWO, b"two", "team")
    if status == "Disposed":
        await promotion.status(Status.DISPOSED, ONE)
    else:
        await world.change("UPDATE version SET status = ? WHERE version = ?", status, ONE)
    found = await promotion.copy(ONE, TWO, overwrite=True)
    assert found.successes == {}
    assert codes(found) == {ONE: "NOT_ALLOWED", TWO: "SKIPPED"}
    assert found.failures[TWO].message == "Version 2.0.0 was skipped"
    assert "lone" not in await world.held()


async def test_what_the_source_does_not_have(world, promotion) -> None:
    """Guide, "Versions that do not exist in the source repository"."""
    await world.published(ONE, b"one", "team")
    before = await world.dump()
    assert await promotion.copy(ONE, "5.6.7") == Results(
        {},
        {
            ONE: Failure("SKIPPED", "Version 1.0.0 was skipped"),
            "5.6.7": Failure("NOT_FOUND", "Could not find version 5.6.7"),
        },
    )
    with pytest.raises(NotFound) as missing:
        await promotion.copy(ONE, package=Package("npm", "", "nothing"))
    assert missing.value.kind == "package"
    assert await world.dump() == before


async def test_only_a_version_as_the_caller_knows_it(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    [row] = await promotion.rows("team")
    found = await promotion.copy(ONE, revisions={ONE: "stale"})
    assert found.failures == {
        ONE: Failure(
            "MISMATCHED_REVISION", f"current revision: {row['revision']}, expected revision: stale"
        )
    }
    assert list((await promotion.copy(ONE, revisions={ONE: row["revision"]})).successes) == [ONE]


async def test_a_destination_that_is_gone_meanwhile(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    here = await world.search.repository("default", "team")
    there = await world.search.repository("default", "lone")
    await world.change("DELETE FROM repository WHERE name = 'lone'")
    with pytest.raises(NotFound) as missing:
        await promotion.copier.copy(Copying(PAD, here, there, Selection([ONE])))
    assert missing.value.kind == "repository"


# ---------------------------------------------------------------- what is there already


async def test_the_same_again_is_in_neither_map(world, promotion) -> None:
    """Guide, "Versions that already exist in the destination repository"."""
    await world.published(ONE, b"one", "team")
    await promotion.copy(ONE)
    before, stamp = await world.dump(), world.changes.stamp(PAD)
    for overwrite in (False, True):
        assert await promotion.copy(ONE, overwrite=overwrite) == Results()
    assert await world.dump() == before
    assert world.changes.stamp(PAD) == stamp
    await world.published(TWO, b"two", "team")
    assert list((await promotion.copy(ONE, TWO)).successes) == [TWO]


async def test_another_version_of_that_name_is_not_replaced_unasked(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    await world.published(TWO, b"two", "team")
    await world.published(ONE, b"other", "lone")
    before = await world.dump()
    assert await promotion.copy(ONE, TWO) == Results(
        {},
        {
            ONE: Failure("ALREADY_EXISTS", "Version 1.0.0 already exists"),
            TWO: Failure("SKIPPED", "Version 2.0.0 was skipped"),
        },
    )
    assert await world.dump() == before


async def test_overwriting_replaces_assets_metadata_and_revision(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    await world.published(ONE, b"other", "lone", tags=("mine",))
    assert len(world.files()) == 2
    found = await promotion.copy(ONE, overwrite=True)
    [row] = await promotion.rows("team")
    assert found == Results({ONE: Success(row["revision"], "Published")})
    assert await promotion.rows("lone") == [row]
    assert await world.fetched(ONE, "lone") == b"one"
    assert await promotion.tags() == {"mine": ONE, "latest": ONE}
    assert len(world.files()) == 1
    await world.consistent()


async def test_a_disposed_version_is_not_the_same(world, promotion) -> None:
    """Its revision is, and its bytes are not there."""
    await world.published(ONE, b"one", "team")
    await promotion.copy(ONE)
    await promotion.status(Status.DISPOSED, ONE, repository="lone")
    assert codes(await promotion.copy(ONE)) == {ONE: "ALREADY_EXISTS"}
    assert list((await promotion.copy(ONE, overwrite=True)).successes) == [ONE]
    assert await world.fetched(ONE, "lone") == b"one"


async def test_an_archived_version_stays_archived_where_it_is_the_same(world, promotion) -> None:
    await world.published(ONE, b"one", "team")
    await promotion.copy(ONE)
    await promotion.status(Status.ARCHIVED, ONE, repository="lone")
    assert await promotion.copy(ONE) == Results()
    assert (await world.held())["lone"] == [f"{ONE} Archived"]


# ---------------------------------------------------------------- the package around it


async def test_tags_on_what_is_copied_move(world, promotion) -> None:
    """Guide, "npm tags and the CopyPackageVersions API"."""
    await world.published(ONE, b"one", "lone", tags=("latest", "stable"))
    await world.published(ONE, b"one", "team", tags=("old",))
    await world.published(TWO, b"two", "team", tags=("latest", "next"))
    await promotion.copy(TWO)
    assert await promotion.tags() == {"latest": TWO, "next": TWO, "stable": ONE}


@pytest.mark.parametrize(
    ("rights", "origin", "expected"),
    [
        (GroupRights(), "INTERNAL", ("ALLOW", "BLOCK")),
        (GroupRights(), "EXTERNAL", ("BLOCK", "ALLOW")),
        (GroupRights(restricted=True), "INTERNAL", ("ALLOW", "ALLOW")),
        (GroupRights(restricted=True), "EXTERNAL", ("ALLOW", "ALLOW")),
    ],
)
async def test_a_new_package_is_controlled_by_where_its_version_came_from(
    world, promotion, rights, origin, expected
) -> None:
    await world.published(ONE, b"one", "team", about={"description": "Pads"})
    await world.change("UPDATE version SET origin_type = ?", origin)
    await promotion.copy(ONE, rights=rights)
    controls = await promotion.controls()
    assert (controls.publish, controls.upstream) == expected
    assert (await world.shown("lone"))["description"] == "Pads"


async def test_copying_needs_no_right_to_publish_and_leaves_controls_alone(
    world, promotion
) -> None:
    """Guide, "Publishing patched package versions"."""
    frozen = OriginControls(Restriction.BLOCK, Restriction.BLOCK)
    there = await world.search.repository("default", "lone")
    await world.database.write(lambda transaction: put_controls(transaction, there.id, PAD, frozen))
    await world.published(ONE, b"one", "team")
    found = await promotion.copy(ONE, rights=GroupRights(publish=False, weak=True))
    assert list(found.successes) == [ONE]
    assert await promotion.controls() == frozen


# ---------------------------------------------------------------- from upstream


async def test_without_upstreams_only_what_is_stored_counts(world, promotion) -> None:
    world.upstream.offer({ONE: b"one", TWO: b"two"})
    await world.fetched(ONE, "team")
    world.upstream.asked.clear()
    assert codes(await promotion.copy(ONE, TWO)) == {ONE: "SKIPPED", TWO: "NOT_FOUND"}
    assert not world.upstream.asked


async def test_a_version_is_fetched_as_by_a_client_and_copied(world, promotion) -> None:
    world.upstream.offer({ONE: b"one", TWO: b"two"})
    found = await promotion.copy(ONE, TWO, upstream=True)
    assert list(found.successes) == [ONE, TWO]
    assert await world.held() == {name: [ONE, TWO] for name in ("lone", "store", "team")}
    assert await promotion.rows("lone") == await promotion.rows("team")
    assert await promotion.tags() == {"latest": TWO}
    assert await world.fetched(ONE, "lone") == b"one"
    assert world.upstream.asked[TARBALL] == 1
    assert await promotion.copy(ONE, TWO, upstream=True) == Results()
    await world.consistent()


async def test_what_is_nowhere_is_not_found(world, promotion) -> None:
    world.upstream.offer({ONE: b"one"})
    found = await promotion.copy(ONE, THREE, upstream=True)
    assert codes(found) == {ONE: "SKIPPED", THREE: "NOT_FOUND"}
    assert "lone" not in await world.held()
    with pytest.raises(NotFound) as missing:
        await promotion.copy(ONE, upstream=True, package=Package("npm", "", "nothing"))
    assert missing.value.kind == "package"


async def test_what_cannot_be_known_is_no_not_found(world, promotion) -> None:
    world.upstream.answers["/left-pad"] = DOWN
    with pytest.raises(Unavailable):
        await promotion.copy(ONE, upstream=True)


async def test_an_outage_keeps_nothing_that_is_stored_from_being_copied(world, promotion) -> None:
    """U12."""
    world.upstream.offer({ONE: b"one"})
    await world.fetched(ONE, "team")
    world.upstream.answers.clear()
    world.upstream.answers["/left-pad"] = DOWN
    await world.later()
    assert list((await promotion.copy(ONE, upstream=True)).successes) == [ONE]


async def test_an_outage_hides_no_reason_that_is_known_here(world, promotion) -> None:
    world.upstream.offer({ONE: b"one"})
    await world.fetched(ONE, "team")
    await promotion.status(Status.ARCHIVED, ONE)
    world.upstream.answers["/left-pad"] = DOWN
    await world.later()
    assert codes(await promotion.copy(ONE, upstream=True)) == {ONE: "NOT_ALLOWED"}


async def test_wrong_bytes_are_copied_nowhere(world, promotion) -> None:
    world.upstream.offer({ONE: b"one", TWO: b"two"})
    world.upstream.answers[TARBALL] = Answer(body=b"not one")
    with pytest.raises(Misbehaved):
        await promotion.copy(ONE, TWO, upstream=True)
    assert "lone" not in await world.held()
    await world.consistent()


async def test_a_listed_file_that_is_gone_is_not_found(world, promotion) -> None:
    world.upstream.offer({ONE: b"one"})
    world.upstream.answers[TARBALL] = GONE
    found = await promotion.copy(ONE, upstream=True)
    assert codes(found) == {ONE: "NOT_FOUND"}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Unlisted", {}), ("Archived", {ONE: "NOT_FOUND"}), ("Disposed", {ONE: "NOT_FOUND"})],
)
async def test_a_version_that_an_upstream_repository_keeps_back(
    world, promotion, status, outcome
) -> None:
    """U9: what the holder does not give out is not had from beyond it either."""
    world.upstream.offer({ONE: b"one", TWO: b"two"})
    await world.fetched(ONE, "store")
    await world.fetched(TWO, "team")
    await promotion.status(Status(status), ONE, repository="store")
    assert codes(await promotion.copy(ONE, upstream=True)) == outcome
    assert (await world.held()).get("lone", []) == ([f"{ONE} {status}"] if not outcome else [])


async def test_a_blocked_package_is_not_had_from_above(world, promotion) -> None:
    """U10."""
    world.upstream.offer({ONE: b"one", TWO: b"two"})
    await world.published(THREE, b"ours", "team")  # which blocks what comes from upstream
    world.upstream.asked.clear()
    found = await promotion.copy(ONE, THREE, upstream=True)
    assert codes(found) == {ONE: "NOT_FOUND", THREE: "SKIPPED"}
    assert not world.upstream.asked


# ---------------------------------------------------------------- versions of several files


async def test_a_python_version_is_fetched_with_every_file(world, promotion, python) -> None:
    python.offer(WHEEL, OTHER, SDIST)
    python.sidecar(WHEEL[0], described("alpha", "1.0"))
    await python.file(f"simple/alpha/1.0/{SDIST[0]}")
    copied = {"package": ALPHA, "source": "py", "upstream": True}
    assert list((await promotion.copy("1.0", **copied)).successes) == ["1.0"]
    files = sorted([WHEEL[0], f"{WHEEL[0]}.metadata", OTHER[0], f"{OTHER[0]}.metadata", SDIST[0]])
    for repository in ("py", "shelf", "lone"):
        assert await python.assets(repository) == files
    for name, data in (WHEEL, OTHER, SDIST):
        assert await python.file(f"simple/alpha/1.0/{name}", "lone") == data
    assert sorted(await python.listed("lone")) == sorted([WHEEL[0], OTHER[0], SDIST[0]])
    assert await promotion.copy("1.0", **copied) == Results()
    await world.consistent()


async def test_a_python_version_is_fetched_in_the_spelling_of_its_source(
    world, promotion, python
) -> None:
    python.offer(WHEEL)
    found = await promotion.copy("1.0.0", package=ALPHA, source="py", upstream=True)
    assert list(found.successes) == ["1.0.0"]
    assert (await world.held())["lone"] == ["1.0"]


async def test_a_private_version_is_not_filled_up_from_outside(world, promotion, python) -> None:
    python.offer(WHEEL, OTHER)
    await python.publish(SDIST, "lone")
    await world.change("UPDATE package SET upstream = 'ALLOW'")
    await world.change(
        "UPDATE package SET repository_id = (SELECT id FROM repository WHERE name = 'py')"
    )
    found = await promotion.copy("1.0", package=ALPHA, source="py", upstream=True)
    assert list(found.successes) == ["1.0"]
    assert await python.assets("lone") == [SDIST[0]]


async def test_two_spellings_of_one_version_are_one_copy(world, promotion, python) -> None:
    await python.publish(WHEEL, "lone")
    copied = {"package": ALPHA, "source": "lone", "destination": "py"}
    found = await promotion.copy("1.0.0", "1.0", **copied)
    assert list(found.successes) == ["1.0.0", "1.0"]
    assert (await world.held())["py"] == ["1.0"]
