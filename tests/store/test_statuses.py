"""The writes to statuses and to the records of packages: dumps, so that nothing changes unseen."""

import time
from pathlib import Path

import pytest

from mirror.errors import NotFound
from mirror.model import Dependency, OriginControls, Restriction, Status, Summary
from mirror.store.database import Database
from mirror.store.domains import Domains
from mirror.store.statuses import (
    Record,
    advance,
    dispose,
    erase_package,
    package_record,
    put_controls,
    put_status,
    require,
    standings,
)
from mirror.store.versions import add_version, put_package, put_tags
from tests.store.rows import (
    PACKAGE,
    changes_of,
    digests_of,
    dump,
    opened,
    version,
    with_repositories,
)

PRIVATE = OriginControls(Restriction.ALLOW, Restriction.BLOCK)
FROZEN = OriginControls(Restriction.BLOCK, Restriction.BLOCK)
BYTES = digests_of(b"tarball").sha256


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        await with_repositories(database, "main", "other")
        yield database


async def stored(database: Database, *new, repository: int = 1, **tags: str) -> int:
    async def work(transaction):
        package = await put_package(transaction, repository, PACKAGE, PRIVATE, advance=True)
        for each in new:
            await add_version(transaction, package, each)
        await put_tags(transaction, package, tags)
        return package

    return await database.write(work)


async def state(database: Database) -> dict:
    return await dump(database, "domain", "repository", "package_group")


async def test_how_versions_stand(database: Database) -> None:
    package = await stored(database, version(), version("2.0.0", status=Status.ARCHIVED))
    found = await database.write(lambda transaction: standings(transaction, package))
    assert {name: (each.status, each.revision) for name, each in found.items()} == {
        "1.0.0": (Status.PUBLISHED, version().revision),
        "2.0.0": (Status.ARCHIVED, version("2.0.0").revision),
    }
    assert found["1.0.0"].origin == version().origin
    record = await database.write(lambda transaction: package_record(transaction, 1, PACKAGE))
    assert record == Record(package, PRIVATE)
    assert await database.write(lambda transaction: package_record(transaction, 2, PACKAGE)) is None


async def test_a_status_changes_nothing_else(database: Database) -> None:
    package = await stored(database, version(), version("2.0.0"), latest="1.0.0")
    before = await state(database)
    stamp = changes_of(database).stamp(PACKAGE)

    async def work(transaction):
        held = await standings(transaction, package)
        await put_status(transaction, held["1.0.0"].id, Status.ARCHIVED)
        await advance(transaction, package, PACKAGE)

    await database.write(work)
    before["version"][0]["status"] = "Archived"
    before["package"][0]["revision"] = 2
    assert await state(database) == before
    assert changes_of(database).stamp(PACKAGE) != stamp


@pytest.mark.parametrize(
    ("before", "after", "published_now"),
    [
        (Status.UNFINISHED, Status.PUBLISHED, True),
        (Status.UNFINISHED, Status.UNLISTED, False),
        (Status.ARCHIVED, Status.PUBLISHED, False),
    ],
)
async def test_who_is_finished_is_published_now(database, before, after, published_now) -> None:
    package = await stored(database, version(status=before))
    began = time.time()

    async def work(transaction):
        held = await standings(transaction, package)
        await put_status(transaction, held["1.0.0"].id, after)

    await database.write(work)
    [row] = await database.read("SELECT status, published_at FROM version")
    assert row["status"] == after
    assert (row["published_at"] >= began) is published_now


async def test_a_disposed_version_keeps_all_but_its_assets(database: Database) -> None:
    new = version(
        summary=Summary("A UI", readme="# UI"), dependencies=[Dependency("", "a", "regular", "*")]
    )
    package = await stored(database, new, version("2.0.0", b"two"), latest="1.0.0")
    before = await state(database)

    async def work(transaction):
        held = await standings(transaction, package)
        return await dispose(transaction, held["1.0.0"].id)

    assert await database.write(work) == [BYTES]
    before["version"][0]["status"] = "Disposed"
    for table in ("asset", "blob"):
        before[table] = [row for row in before[table] if row["sha256"] != BYTES]
    assert await state(database) == before


async def test_bytes_that_others_show_outlive_a_disposal(database: Database) -> None:
    package = await stored(database, version())
    await stored(database, version(), repository=2)

    async def work(transaction):
        held = await standings(transaction, package)
        return await dispose(transaction, held["1.0.0"].id)

    assert await database.write(work) == []
    assert [row["sha256"] for row in (await state(database))["blob"]] == [BYTES]


async def test_controls_are_set_and_a_missing_package_is_made(database: Database) -> None:
    await stored(database, version())
    stamp = changes_of(database).stamp(PACKAGE)

    async def put(transaction):
        for repository in (1, 2):
            await put_controls(transaction, repository, PACKAGE, FROZEN)

    await database.write(put)
    assert [
        (row["repository_id"], row["publish"], row["upstream"], row["revision"])
        for row in (await state(database))["package"]
    ] == [(1, "BLOCK", "BLOCK", 2), (2, "BLOCK", "BLOCK", 1)]
    assert changes_of(database).stamp(PACKAGE) != stamp


async def test_an_erased_package_leaves_nothing(database: Database) -> None:
    package = await stored(
        database,
        version(dependencies=[Dependency("", "a", "regular", "*")]),
        version("2.0.0", b"two"),
        version("2.0.1", b"two"),
        latest="1.0.0",
    )
    await stored(database, version(), repository=2)
    before = await state(database)
    stamp = changes_of(database).stamp(PACKAGE)
    released = await database.write(
        lambda transaction: erase_package(transaction, package, PACKAGE)
    )
    assert released == [digests_of(b"two").sha256]
    found = await state(database)
    assert found["package"] == before["package"][1:]
    assert [row["package_id"] for row in found["version"]] == [2]
    assert found["asset"] == [row for row in before["asset"] if row["version_id"] == 4]
    assert not {"dependency", "package_tag"} & found.keys()
    assert changes_of(database).stamp(PACKAGE) != stamp


async def test_a_repository_that_is_gone_meanwhile(database: Database) -> None:
    topology = await Domains(database).topology()
    main = topology.repositories[1]
    await database.write(lambda transaction: require(transaction, main))

    async def delete(transaction):
        await transaction.run("DELETE FROM repository WHERE id = 1")

    await database.write(delete)
    with pytest.raises(NotFound) as missing:
        await database.write(lambda transaction: require(transaction, main))
    assert (missing.value.kind, missing.value.name) == ("repository", "main")
