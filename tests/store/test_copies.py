"""The rows of copied versions: equal to their originals in all that a client can see."""

from pathlib import Path

import pytest

from mirror.model import Dependency, OriginControls, Status, StoredAsset, Summary
from mirror.store.copies import copy_about, copy_version, replace_version, same_assets, tags_on
from mirror.store.database import Database
from mirror.store.versions import add_version, put_about, put_package, put_tags
from tests.store.rows import PACKAGE, digests_of, dump, opened, version, with_repositories

MANY = [StoredAsset(name, digests_of(name.encode())) for name in ("a", "b")]
FULL = version(
    assets=MANY,
    status=Status.UNLISTED,
    dependencies=[Dependency("types", "node", "dev", "^20"), Dependency("", "a", "peer", "*")],
    summary=Summary("A UI", "https://ui", "git://ui", ("MIT",), "# UI"),
)


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        await with_repositories(database, "main", "other")
        yield database


async def stored(database: Database, *new, repository: int = 1, **more) -> int:
    async def work(transaction):
        package = await put_package(
            transaction, repository, PACKAGE, OriginControls(), advance=False
        )
        for each in new:
            await add_version(transaction, package, each)
        await put_tags(transaction, package, more.get("tags", {}))
        await put_about(transaction, package, more.get("about", {}))
        return package

    return await database.write(work)


def of(rows: list[dict], version_id: int) -> list[dict]:
    return [
        {key: value for key, value in row.items() if key != "version_id"}
        for row in rows
        if row["version_id"] == version_id
    ]


async def test_a_copy_is_the_original_under_another_package(database: Database) -> None:
    await stored(database, FULL)
    there = await stored(database, repository=2)
    blobs = (await dump(database))["blob"]
    await database.write(lambda transaction: copy_version(transaction, 1, there))
    found = await dump(database)
    one, two = found["version"]
    assert two == one | {"id": 2, "package_id": there}
    assert of(found["asset"], 2) == of(found["asset"], 1) != []
    assert of(found["dependency"], 2) == of(found["dependency"], 1) != []
    assert found["blob"] == blobs
    rows = await database.read("SELECT published_at FROM version")
    assert [row["published_at"] for row in rows] == [1000.0, 1000.0]


async def test_a_replaced_version_keeps_its_tags_and_nothing_else(database: Database) -> None:
    await stored(database, FULL)
    other = version(data=b"other", dependencies=[Dependency("", "z", "regular", "*")])
    there = await stored(database, other, repository=2, tags={"latest": "1.0.0"})
    released = await database.write(lambda transaction: replace_version(transaction, 1, there, 2))
    assert released == [digests_of(b"other").sha256]
    found = await dump(database)
    one, two = found["version"]
    assert two == one | {"id": two["id"], "package_id": there}
    assert of(found["asset"], two["id"]) == of(found["asset"], 1)
    assert len(found["asset"]) == len(found["dependency"]) == 4
    assert found["package_tag"] == [{"package_id": there, "tag": "latest", "version": "1.0.0"}]


async def test_bytes_that_old_and_new_share_are_not_released(database: Database) -> None:
    await stored(database, version())
    there = await stored(database, version(manifest={"other": 1}), repository=2)
    assert await database.write(lambda transaction: replace_version(transaction, 1, there, 2)) == []


async def test_what_a_package_says_of_itself_and_its_tags(database: Database) -> None:
    tags = {"latest": "2.0.0", "old": "1.0.0", "next": "2.0.0"}
    here = await stored(
        database, version(), version("2.0.0"), tags=tags, about={"description": "A UI"}
    )
    there = await stored(database, repository=2)
    await database.write(lambda transaction: copy_about(transaction, here, there))
    assert (await dump(database))["package"][1]["about"] == '{"description":"A UI"}'
    found = await database.write(lambda transaction: tags_on(transaction, here, {"2.0.0", "9"}))
    assert found == {"latest": "2.0.0", "next": "2.0.0"}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (MANY, True),
        (MANY[:1], False),
        ([], False),
        ([MANY[0], StoredAsset("b", digests_of(b"else"))], False),
        ([MANY[0], StoredAsset("c", MANY[1].digests)], False),
    ],
)
async def test_whether_two_versions_show_the_same_bytes(database, other, same) -> None:
    await stored(database, version(assets=MANY), version("2.0.0", assets=other))
    assert await database.write(lambda transaction: same_assets(transaction, 1, 2)) is same
