"""The first start."""

from pathlib import Path

import pytest

from mirror.config import load
from mirror.setup import KEY_FILE, first_start
from mirror.store import secrecy
from mirror.store.domains import Domains
from mirror.store.users import Users
from tests.store.rows import OWNER, dump, opened


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


@pytest.fixture
def users(database) -> Users:
    return Users(database, OWNER)


async def start(database, users, folder: Path):
    return await first_start(database, users, load(None, {}), folder)


async def test_what_exists_before_anyone_configured_anything(database, users, tmp_path) -> None:
    first = await start(database, users, tmp_path)
    assert first is not None
    found = await dump(database)
    assert sorted(found) == [
        "access_key",
        "domain",
        "package_group",
        "principal",
        "principal_policy",
        "repository",
        "repository_connection",
        "repository_upstream",
    ]
    topology = await Domains(database).topology()
    main = topology.find(OWNER, "default", "main")
    stores = [topology.repositories[each] for each in main.upstreams]
    assert "npm-store" in [each.name for each in stores]
    assert all(each.connection for each in stores)
    assert main.connection is None
    assert await users.by_password("admin", first.password)
    [key] = found["access_key"]
    assert key["id"] == first.access_key
    assert secrecy.unseal(key["secret"], tmp_path / KEY_FILE) == first.secret


async def test_the_second_start_is_none(database, users, tmp_path) -> None:
    await start(database, users, tmp_path)
    before = await dump(database)
    assert await start(database, users, tmp_path) is None
    assert await dump(database) == before


async def test_a_first_start_that_was_cut_short(database, users, tmp_path) -> None:
    await users.create("admin", "lost")
    first = await start(database, users, tmp_path)
    assert first is not None
    assert await users.by_password("admin", first.password)


async def test_users_that_were_made_before_the_first_start(database, users, tmp_path) -> None:
    await users.create("ci", "one")
    first = await start(database, users, tmp_path)
    assert first is not None
    assert await users.names() == [("admin", True), ("ci", True)]
    assert await users.by_password("ci", "one")
