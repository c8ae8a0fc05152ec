"""Deleting repositories: gone from sight at once, from the disk soon, and nobody waits for it."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from mirror.errors import NotFound
from mirror.model import OriginControls, Package, StoredAsset
from mirror.store import purging
from mirror.store.batches import Batch
from mirror.store.blobs import Blobs
from mirror.store.database import Database
from mirror.store.domains import Domains, domains_of
from mirror.store.packages import Packages
from mirror.store.purging import KEPT, NOBODY, Purge, bury_repository
from mirror.store.repositories import add_repository, find_repository, put_repository
from mirror.store.versions import add_version, put_package, put_tags
from tests.store.rows import OWNER, changes_of, dump, opened, version, with_repositories

CONTENT = ("package", "version", "asset", "dependency", "package_tag", "blob")


class Store:
    """An index with the domain `default`, its blobs, and a purge that a test starts itself."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.blobs = Blobs(folder, Packages(database).blob_in_use)
        self.purge = Purge(database, self.blobs)
        self.ids: dict[str, int] = {}

    async def put(self, repository: int, name: str, *versions: str) -> None:
        """A package whose versions have one file each; its bytes are the version's number."""
        async with Batch(self.blobs) as batch:
            digests = [await batch.add(number.encode()) for number in versions]

            async def work(transaction):
                id_ = await put_package(
                    transaction,
                    repository,
                    Package("npm", "", name),
                    OriginControls(),
                    advance=False,
                )
                for number, each in zip(versions, digests, strict=True):
                    assets = [StoredAsset(f"{number}.tgz", each)]
                    await add_version(transaction, id_, version(number, assets=assets))
                    await put_tags(transaction, id_, {f"v{number}": number})

            await self.database.write(work)
            await batch.keep()

    async def bury(self, name: str) -> None:
        await self.database.write(lambda each: bury_repository(each, self.ids[name]))

    async def files(self) -> list[str]:
        found = (path for path in (self.blobs.root / "blobs").rglob("*") if path.is_file())
        return sorted(path.read_text() for path in found)

    async def content(self) -> dict[str, int]:
        return {
            table: (await self.database.read(f"SELECT count(*) FROM {table}"))[0][0]
            for table in CONTENT
        }

    async def graves(self) -> list[int]:
        rows = await self.database.read(
            "SELECT r.id FROM repository r JOIN domain d ON d.id = r.domain_id"
            " WHERE d.owner = ? ORDER BY r.id",
            (NOBODY,),
        )
        return [row["id"] for row in rows]


@pytest.fixture
async def store(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        store = Store(database, tmp_path)
        store.ids = await with_repositories(database, "a", "b", "c")
        yield store
        await store.purge.close()


async def test_a_buried_repository_is_out_of_sight(store) -> None:
    async def use(transaction):
        for name in ("b", "c"):
            await put_repository(
                transaction, owner=OWNER, domain="default", name=name, upstreams=["a"]
            )
        await put_repository(transaction, owner=OWNER, domain="default", name="a", connection="x")
        await transaction.run("INSERT INTO package_group_repository VALUES (1, 'PUBLISH', 1)")

    await store.database.write(use)
    before = changes_of(store.database).everything
    await store.bury("a")
    assert changes_of(store.database).everything > before
    topology = await Domains(store.database).topology()
    assert {each.name: each.upstreams for each in topology.repositories.values()} == {
        "b": (),
        "c": (),
    }
    assert topology.domains.keys() == {(OWNER, "default")}
    assert [each.name for each in await domains_of(store.database.read, OWNER, "", 9)] == [
        "default"
    ]
    with pytest.raises(NotFound):
        await find_repository(store.database.read, OWNER, "default", "a")
    shown = await dump(store.database)
    assert not shown.keys() & {
        "repository_upstream",
        "repository_connection",
        "package_group_repository",
    }


async def test_its_name_is_free_and_starts_empty(store) -> None:
    await store.put(store.ids["a"], "ui", "1")
    await store.bury("a")
    again = await store.database.write(
        lambda each: add_repository(
            each, owner=OWNER, domain="default", name="a", administrator=OWNER
        )
    )
    assert again not in store.ids.values()
    assert await Packages(store.database).names("npm", [again]) == []
    await store.purge.run()
    await store.database.write(lambda each: bury_repository(each, again))
    assert len(await store.graves()) == 2


async def test_everything_goes_that_nothing_else_shows(store) -> None:
    await store.put(store.ids["a"], "ui", "1", "2", "3")
    await store.put(store.ids["a"], "empty")
    await store.put(store.ids["b"], "ui", "2")
    await store.bury("a")
    assert (await store.content())["version"] == 4
    await store.purge.run()
    assert await store.content() == {
        "package": 1, "version": 1, "asset": 1, "dependency": 0, "package_tag": 1, "blob": 1,
    }  # fmt: skip
    assert await store.files() == ["2"]


async def test_others_write_between_its_pieces(store, monkeypatch) -> None:
    """However much there is to delete, the writer is never busy with it for long."""
    monkeypatch.setattr(purging, "PIECE", 4)
    for name in ("one", "two", "three"):
        await store.put(store.ids["a"], name, *(f"{name}{n}" for n in range(7)))
    await store.bury("a")
    left: list[int] = []
    store.purge.start()
    while not left or left[-1]:

        async def count(transaction):
            return (await transaction.run("SELECT count(*) FROM version"))[0][0]

        left.append(await store.database.write(count))
    # A version and its file are two rows, so a piece takes two versions, and one more may follow
    # before the next count.
    assert all(before - after <= 4 for before, after in pairwise(left))
    await store.purge.run()
    assert await store.files() == []
    assert (await store.content())["package"] == 0


async def test_what_is_interrupted_goes_on_at_the_next_start(store, monkeypatch) -> None:
    monkeypatch.setattr(purging, "PIECE", 2)
    await store.put(store.ids["a"], "ui", *map(str, range(9)))
    await store.bury("a")
    store.purge.start()
    await asyncio.sleep(0)
    await store.purge.close()
    left = (await store.content())["version"]
    assert 0 < left <= 9
    # Files go with their rows, whenever it is stopped.
    assert len(await store.files()) == left
    await Purge(store.database, store.blobs).run()
    assert await store.files() == []


async def test_what_is_buried_while_it_works_goes_too(store) -> None:
    for name in "ab":
        await store.put(store.ids[name], "ui", f"{name}1", f"{name}2")
    store.purge.start()
    for name in "ab":
        await store.bury(name)
        store.purge.wake()
    async with asyncio.timeout(10):
        while await store.files():
            await asyncio.sleep(0.01)
    assert (await store.content())["package"] == 0


async def test_an_upload_that_was_under_way_is_no_error_and_goes_with_the_next(store) -> None:
    await store.bury("a")
    await store.purge.run()
    await store.put(store.ids["a"], "late", "1")
    assert await store.files() == ["1"]
    await Purge(store.database, store.blobs).run()
    assert await store.files() == []


async def test_rows_of_old_graves_go_but_the_last_id_is_not_given_again(store) -> None:
    for name in "bc":
        await store.bury(name)
    await store.purge.run()
    assert await store.graves() == [store.ids["b"], store.ids["c"]]
    await store.database.write(
        lambda each: each.run("UPDATE repository SET created_at = created_at - ?", (KEPT + 1,))
    )
    await store.purge.run()
    assert await store.graves() == [store.ids["c"]]
    assert await find_repository(store.database.read, OWNER, "default", "a")
