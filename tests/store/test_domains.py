"""Domains and repositories, and the topology that every request walks."""

from pathlib import Path

import pytest

from mirror.errors import Conflict, NotFound
from mirror.store.database import Database
from mirror.store.domains import Domains, Repository, create_domain, put_repository
from tests.store.rows import OWNER, changes_of, dump, opened, with_repositories


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


async def put(database: Database, name: str, **more) -> None:
    given = {"owner": OWNER, "domain": "default", "name": name} | more
    await database.write(lambda transaction: put_repository(transaction, **given))


async def test_a_domain_comes_with_its_root_group(database) -> None:
    """§5."""
    for _ in range(2):
        await database.write(lambda transaction: create_domain(transaction, OWNER, "default"))
    assert await dump(database) == {
        "domain": [{"id": 1, "owner": OWNER, "name": "default", "created_at": True}],
        "package_group": [
            {
                "id": 1,
                "domain_id": 1,
                "pattern": "/*",
                "publish": "ALLOW",
                "external": "ALLOW",
                "internal": "ALLOW",
                "created_at": True,
            }
        ],
    }


async def test_a_repository(database) -> None:
    await with_repositories(database, "store")
    before = changes_of(database).everything
    await put(database, "main", description="all", upstreams=["store"])
    await put(database, "store", connection="public:npmjs")
    assert await dump(database, "domain", "package_group") == {
        "repository": [
            {"id": 1, "domain_id": 1, "name": "store", "administrator": OWNER, "created_at": True},
            {
                "id": 2,
                "domain_id": 1,
                "name": "main",
                "administrator": OWNER,
                "description": "all",
                "created_at": True,
            },
        ],
        "repository_upstream": [{"repository_id": 2, "upstream_id": 1, "priority": 0}],
        "repository_connection": [{"repository_id": 1, "connection": "public:npmjs"}],
    }
    assert changes_of(database).everything > before


async def test_what_is_not_said_stays_and_an_empty_list_clears(database) -> None:
    await with_repositories(database, "a", "b")
    await put(database, "main", description="all", upstreams=["b", "a"], connection="c")
    await put(database, "main")
    main = (await Domains(database).topology()).find("default", "main")
    assert main == Repository(3, "default", OWNER, "main", OWNER, "all", (2, 1), "c")
    await put(database, "main", upstreams=["a", "b"], description="", connection="d")
    main = (await Domains(database).topology()).find("default", "main")
    assert main == Repository(3, "default", OWNER, "main", OWNER, "", (1, 2), "d")
    await put(database, "main", upstreams=[])
    assert (await Domains(database).topology()).find("default", "main").upstreams == ()


@pytest.mark.parametrize(
    ("name", "upstreams"), [("a", ["a"]), ("c", ["a"]), ("b", ["c", "a"])], ids=str
)
async def test_a_cycle_changes_nothing(database, name, upstreams) -> None:
    await with_repositories(database, "a", "b", "c")
    await put(database, "a", upstreams=["b"])
    await put(database, "b", upstreams=["c"])
    before = await dump(database)
    with pytest.raises(Conflict, match=f"repository '{name}' would be its own upstream: "):
        await put(database, name, upstreams=upstreams)
    assert await dump(database) == before


async def test_a_diamond_is_no_cycle(database) -> None:
    await with_repositories(database, "a", "b", "c")
    await put(database, "a", upstreams=["c"])
    await put(database, "b", upstreams=["c"])
    await put(database, "top", upstreams=["a", "b", "c"])


async def test_what_does_not_exist(database) -> None:
    await with_repositories(database, "a")
    with pytest.raises(NotFound, match="upstream 'nobody' of 'a' does not exist") as caught:
        await put(database, "a", upstreams=["nobody"])
    assert caught.value.kind == "repository"
    with pytest.raises(NotFound, match="domain 'other' does not exist"):
        await put(database, "a", domain="other")
    topology = await Domains(database).topology()
    with pytest.raises(NotFound, match="domain 'other' does not exist"):
        topology.find("other", "a")
    with pytest.raises(NotFound, match="domain 'default' has no repository 'b'"):
        topology.find("default", "b")


async def test_an_empty_domain_is_a_domain(database) -> None:
    await database.write(lambda transaction: create_domain(transaction, OWNER, "empty"))
    topology = await Domains(database).topology()
    assert topology.domains == {"empty"}
    with pytest.raises(NotFound, match="has no repository"):
        topology.find("empty", "a")
