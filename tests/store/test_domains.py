"""Domains, what they hold, and the topology that every request walks."""

from pathlib import Path

import pytest

from mirror.errors import Conflict, NotFound
from mirror.model import OriginControls, Package, StoredAsset
from mirror.store.database import Database
from mirror.store.domains import (
    Domain,
    Domains,
    Repository,
    Usage,
    create_domain,
    delete_domain,
    domains_of,
    find_domain,
    usage_of,
)
from mirror.store.groups import create_group
from mirror.store.purging import bury_repository
from mirror.store.repositories import put_repository
from mirror.store.tokens import Tokens
from mirror.store.users import Users
from mirror.store.versions import add_version, put_package
from tests.store.rows import (
    OWNER,
    changes_of,
    digests_of,
    dump,
    opened,
    version,
    with_repositories,
)


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


async def create(database: Database, name: str, owner: str = OWNER) -> bool:
    return await database.write(lambda transaction: create_domain(transaction, owner, name))


async def found(database: Database, name: str) -> Domain:
    return await find_domain(database.read, OWNER, name)


async def store(database: Database, repository: int, *assets: bytes, name: str = "ui") -> None:
    """A package of one version with these files."""

    async def work(transaction):
        package = Package("npm", "", name)
        package_id = await put_package(
            transaction, repository, package, OriginControls(), advance=False
        )
        stored = [
            StoredAsset(f"{place}.tgz", digests_of(data)) for place, data in enumerate(assets)
        ]
        await add_version(transaction, package_id, version(assets=stored))

    await database.write(work)


async def test_a_domain_comes_with_its_root_group(database) -> None:
    """§5."""
    assert await create(database, "default")
    before = changes_of(database).everything
    assert not await create(database, "default")
    assert changes_of(database).everything == before
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


async def test_a_domain_keeps_the_name_of_its_key(database) -> None:
    await database.write(lambda transaction: create_domain(transaction, OWNER, "acme", "arn:key"))
    domain = await found(database, "acme")
    assert domain == Domain(1, OWNER, "acme", "arn:key", domain.created_at)
    assert (await Domains(database).topology()).domains == {(OWNER, "acme"): domain}


async def test_the_topology_tells_what_is_missing(database) -> None:
    await with_repositories(database, "a")
    topology = await Domains(database).topology()
    a = topology.find(OWNER, "default", "a")
    assert a == Repository(1, 1, "default", OWNER, "a", OWNER, None, (), None, a.created_at)
    with pytest.raises(NotFound, match="Domain 'other' owned by account '000000000000' does not"):
        topology.find(OWNER, "other", "a")
    with pytest.raises(NotFound, match="Domain 'default' owned by account '111122223333' does not"):
        topology.find("111122223333", "default", "a")
    with pytest.raises(NotFound, match="domain 'default' has no repository 'b'") as caught:
        topology.find(OWNER, "default", "b")
    assert (caught.value.kind, caught.value.name) == ("repository", "b")


async def test_an_empty_domain_is_a_domain(database) -> None:
    await create(database, "empty")
    topology = await Domains(database).topology()
    assert topology.domains.keys() == {(OWNER, "empty")}
    with pytest.raises(NotFound, match="has no repository"):
        topology.find(OWNER, "empty", "a")


async def test_an_accounts_domains_come_in_order_of_their_names(database) -> None:
    for name in ("beta", "alpha", "gamma"):
        await create(database, name)
    await create(database, "other", "111122223333")

    async def names(after: str, limit: int) -> list[str]:
        return [each.name for each in await domains_of(database.read, OWNER, after, limit)]

    assert await names("", 2) == ["alpha", "beta"]
    assert await names("beta", 2) == ["gamma"]
    assert await names("gamma", 2) == []


async def test_files_of_a_domain_count_once(database) -> None:
    """§5: however many of its repositories show them."""
    ids = await with_repositories(database, "a", "b")
    await create(database, "other")
    await database.write(
        lambda transaction: put_repository(transaction, owner=OWNER, domain="other", name="c")
    )
    other = (await Domains(database).topology()).find(OWNER, "other", "c")
    await store(database, ids["a"], b"shared", b"12345")
    await store(database, ids["b"], b"shared", name="copy")
    await store(database, other.id, b"shared", b"elsewhere")

    async def usage(name: str) -> Usage:
        return await usage_of(database.read, (await found(database, name)).id)

    assert await usage("default") == Usage(2, len(b"shared") + 5)
    assert await usage("other") == Usage(1, len(b"shared") + len(b"elsewhere"))
    await database.write(lambda transaction: bury_repository(transaction, ids["a"]))
    assert await usage("default") == Usage(1, len(b"shared"))


async def test_a_domain_is_deleted_with_its_groups_and_tokens(database) -> None:
    await create(database, "acme")
    await create(database, "other")
    acme = await found(database, "acme")
    users, tokens = Users(database, OWNER), Tokens(database, OWNER)
    await users.create("joe")
    token = await tokens.create("joe", "t", domain=(OWNER, "acme"))
    kept = await tokens.create("joe", "t", domain=(OWNER, "other"))
    await database.write(lambda transaction: create_group(transaction, acme.id, "/npm/*"))
    before = changes_of(database).everything
    groups = await database.write(lambda transaction: delete_domain(transaction, acme))
    assert sorted(groups) == ["/*", "/npm/*"]
    assert changes_of(database).everything > before
    assert await tokens.holder(token) is None
    assert await tokens.holder(kept) is not None
    with pytest.raises(NotFound):
        await found(database, "acme")
    rows = await database.read("SELECT domain_id FROM package_group")
    assert [row["domain_id"] for row in rows] == [(await found(database, "other")).id]


async def test_a_domain_with_repositories_is_not_deleted(database) -> None:
    await with_repositories(database, "a")
    before = await dump(database)
    domain = await found(database, "default")
    with pytest.raises(Conflict, match="'default' still has repositories") as caught:
        await database.write(lambda transaction: delete_domain(transaction, domain))
    assert caught.value.kind == "domain"
    assert await dump(database) == before


async def test_a_token_for_a_domain_that_is_gone(database) -> None:
    users, tokens = Users(database, OWNER), Tokens(database, OWNER)
    await users.create("joe")
    with pytest.raises(NotFound, match="Domain 'acme' owned by"):
        await tokens.create("joe", "t", domain=(OWNER, "acme"))
    assert await tokens.all() == []
