"""Repositories by their names, and the writes that make and change them."""

from pathlib import Path
from typing import Any

import pytest

from mirror.errors import Conflict, Invalid, NotFound
from mirror.store.database import Database
from mirror.store.domains import create_domain
from mirror.store.repositories import (
    RepositoryRow,
    add_repository,
    count_repositories,
    find_repository,
    put_repository,
    replace_upstreams,
    repositories_after,
    set_connection,
    set_description,
)
from tests.store.rows import OWNER, changes_of, dump, opened, with_repositories

OTHER = "111122223333"


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


async def put(database: Database, name: str, **more: Any) -> None:
    given = {"owner": OWNER, "domain": "default", "name": name} | more
    await database.write(lambda transaction: put_repository(transaction, **given))


async def add(database: Database, name: str, **more: Any) -> int:
    given = {"owner": OWNER, "domain": "default", "name": name, "administrator": OWNER} | more
    return await database.write(lambda transaction: add_repository(transaction, **given))


async def found(database: Database, name: str) -> RepositoryRow:
    return await find_repository(database.read, OWNER, "default", name)


async def test_a_repository_as_it_is_declared(database) -> None:
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


async def test_what_is_not_declared_stays_and_an_empty_list_clears(database) -> None:
    await with_repositories(database, "a", "b")
    await put(database, "main", description="all", upstreams=["b", "a"], connection="c")
    await put(database, "main")
    main = await found(database, "main")
    assert main == RepositoryRow(
        3, OWNER, "default", "main", OWNER, "all", main.created_at, ("b", "a"), "c"
    )
    await put(database, "main", upstreams=["a", "b"], description="new", connection="d")
    changed = await found(database, "main")
    assert (changed.upstreams, changed.description, changed.connection) == (("a", "b"), "new", "d")
    await put(database, "main", upstreams=[])
    assert (await found(database, "main")).upstreams == ()


@pytest.mark.parametrize(
    ("name", "upstreams"), [("a", ["a"]), ("c", ["a"]), ("b", ["c", "a"])], ids=str
)
async def test_a_cycle_changes_nothing(database, name, upstreams) -> None:
    await with_repositories(database, "a", "b", "c")
    await put(database, "a", upstreams=["b"])
    await put(database, "b", upstreams=["c"])
    before = await dump(database)
    with pytest.raises(Invalid, match=f"repository '{name}' would be its own upstream: "):
        await put(database, name, upstreams=upstreams)
    assert await dump(database) == before


async def test_a_diamond_is_no_cycle(database) -> None:
    await with_repositories(database, "a", "b", "c")
    await put(database, "a", upstreams=["c"])
    await put(database, "b", upstreams=["c"])
    await put(database, "top", upstreams=["a", "b", "c"])


async def test_an_upstream_is_named_once(database) -> None:
    await with_repositories(database, "a", "b")
    with pytest.raises(Invalid, match="repository 'a' names an upstream twice: b, b"):
        await put(database, "a", upstreams=["b", "b"])


async def test_what_does_not_exist(database) -> None:
    await with_repositories(database, "a")
    await database.write(lambda transaction: create_domain(transaction, OWNER, "other"))
    await put(database, "elsewhere", domain="other")
    for upstream in ("nobody", "elsewhere"):
        with pytest.raises(NotFound, match=f"upstream '{upstream}' of 'a' does not") as caught:
            await put(database, "a", upstreams=[upstream])
        assert (caught.value.kind, caught.value.name) == ("repository", upstream)
    with pytest.raises(NotFound, match="Domain 'no' owned by account"):
        await put(database, "a", domain="no")
    with pytest.raises(NotFound, match="domain 'default' has no repository 'no'"):
        await found(database, "no")
    with pytest.raises(NotFound, match="Domain 'no' owned by account"):
        await find_repository(database.read, OWNER, "no", "a")


async def test_a_new_repository(database) -> None:
    await with_repositories(database)
    before = changes_of(database).everything
    id_ = await add(database, "a", administrator=OTHER, description="mine")
    a = await found(database, "a")
    assert a == RepositoryRow(id_, OWNER, "default", "a", OTHER, "mine", a.created_at)
    assert changes_of(database).everything > before
    assert await count_repositories(database.read, OWNER, "default") == 1


async def test_a_name_is_taken_once(database) -> None:
    await with_repositories(database, "a")
    before = await dump(database)
    with pytest.raises(Conflict, match="repository 'a' already exists in domain 'default'"):
        await add(database, "a", description="another")
    assert await dump(database) == before


async def test_an_empty_description_is_none(database) -> None:
    await with_repositories(database)
    id_ = await add(database, "a", description="")
    assert (await found(database, "a")).description is None
    await database.write(lambda transaction: set_description(transaction, id_, "words"))
    assert (await found(database, "a")).description == "words"
    await database.write(lambda transaction: set_description(transaction, id_, ""))
    assert (await found(database, "a")).description is None


async def test_upstreams_and_connections_are_replaced(database) -> None:
    ids = await with_repositories(database, "a", "b", "c")

    async def change(upstreams: list[str], connection: str | None) -> None:
        async def work(transaction):
            await replace_upstreams(transaction, ids["a"], "a", upstreams)
            await set_connection(transaction, ids["a"], connection)

        await database.write(work)

    await change(["c", "b"], "one")
    a = await found(database, "a")
    assert (a.upstreams, a.connection) == (("c", "b"), "one")
    await change([], "two")
    a = await found(database, "a")
    assert (a.upstreams, a.connection) == ((), "two")
    await change(["b"], None)
    a = await found(database, "a")
    assert (a.upstreams, a.connection) == (("b",), None)


async def test_lists_go_by_domain_and_name_and_can_be_narrowed(database) -> None:
    async def create(transaction):
        for owner in (OTHER, OWNER):
            for domain in ("beta", "alpha"):
                await create_domain(transaction, owner, domain)
                for name in ("web", "Web", "app"):
                    await add_repository(
                        transaction, owner=owner, domain=domain, name=name, administrator=owner
                    )

    await database.write(create)

    async def names(limit: int = 99, after: Any = ("", "", ""), **more: Any) -> list[str]:
        rows = await repositories_after(database.read, after, limit, **more)
        return [f"{each.domain}/{each.owner[0]}/{each.name}" for each in rows]

    everything = [f"{d}/{o}/{n}" for d in ("alpha", "beta") for o in "01" for n in ("Web", "app", "web")]  # fmt: skip
    assert await names() == everything
    assert await names(limit=4) == everything[:4]
    assert await names(after=("alpha", OTHER, "Web")) == everything[4:]
    assert await names(administrator=OWNER, prefix="w") == ["alpha/0/web", "beta/0/web"]
    assert await names(domain=1, prefix="We") == ["beta/1/Web"]
    assert await names(domain=1, administrator=OWNER) == []
