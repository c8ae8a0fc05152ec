"""Package groups: rows that change, lists that come and go with their modes, and who is listed."""

from pathlib import Path

import pytest

from mirror.errors import Conflict, Invalid, NotFound
from mirror.model import (
    OriginControls,
    Package,
    PackageGroup,
    RestrictionMode,
    RestrictionType,
)
from mirror.store.database import Database
from mirror.store.domains import create_domain
from mirror.store.groups import (
    Groups,
    ListUpdate,
    create_group,
    delete_group,
    restrict_group,
    update_group,
)
from mirror.store.versions import put_package
from tests.store.rows import OWNER, changes_of, dump, opened, with_repositories

PUBLISH = RestrictionType.PUBLISH
EXTERNAL = RestrictionType.EXTERNAL_UPSTREAM
INTERNAL = RestrictionType.INTERNAL_UPSTREAM
ALLOW = RestrictionMode.ALLOW
SPECIFIC = RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES
BLOCK = RestrictionMode.BLOCK
INHERIT = RestrictionMode.INHERIT

DOMAIN = 1
NPM = "/npm/*"


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        await with_repositories(database, "a", "b", "c")
        yield database


async def create(database: Database, pattern: str = NPM, domain: int = DOMAIN, **more) -> None:
    await database.write(lambda transaction: create_group(transaction, domain, pattern, **more))


async def restrict(database: Database, pattern: str = NPM, modes=None, add=(), remove=()):
    return await database.write(
        lambda transaction: restrict_group(
            transaction, DOMAIN, pattern, modes=modes or {}, add=add, remove=remove
        )
    )


async def group(database: Database, pattern: str = NPM) -> PackageGroup:
    groups = (await Groups(database).by_domain())[DOMAIN]
    return next(each for each in groups if each.pattern == pattern)


async def test_a_new_group_inherits_everything(database) -> None:
    before = changes_of(database).everything
    await create(database, contact_info="team@example.org", description="")
    found = await group(database)
    assert found == PackageGroup(
        id=2,
        pattern=NPM,
        modes={PUBLISH: INHERIT, EXTERNAL: INHERIT, INTERNAL: INHERIT},
        allowed={},
        contact_info="team@example.org",
        description=None,
        created_at=found.created_at,
    )
    assert found.created_at > 1_700_000_000
    assert changes_of(database).everything > before


async def test_groups_by_domain_in_order_of_their_patterns(database) -> None:
    await database.write(lambda transaction: create_domain(transaction, OWNER, "other"))
    for domain, pattern in ((1, "/pypi/*"), (1, "/npm//b$"), (2, "/npm//b$"), (1, "/npm//B$")):
        await create(database, pattern, domain)
    found = await Groups(database).by_domain()
    assert {domain: [each.pattern for each in groups] for domain, groups in found.items()} == {
        1: ["/*", "/npm//B$", "/npm//b$", "/pypi/*"],
        2: ["/*", "/npm//b$"],
    }
    assert found[1][0].modes == {PUBLISH: ALLOW, EXTERNAL: ALLOW, INTERNAL: ALLOW}


@pytest.mark.parametrize("pattern", ["/*", NPM])
async def test_a_pattern_is_taken_once(database, pattern) -> None:
    await create(database)
    before = await dump(database)
    with pytest.raises(Conflict, match="already exists"):
        await create(database, pattern)
    assert await dump(database) == before


async def test_a_domain_that_is_gone_gets_no_group(database) -> None:
    with pytest.raises(NotFound) as caught:
        await create(database, domain=7)
    assert caught.value.kind == "domain"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("team@example.org", "ours")),
        ({"contact_info": "you@example.org"}, ("you@example.org", "ours")),
        ({"description": "theirs"}, ("team@example.org", "theirs")),
        ({"contact_info": "", "description": ""}, (None, None)),
    ],
)
async def test_what_is_not_said_stays_and_nothing_clears(database, given, expected) -> None:
    await create(database, contact_info="team@example.org", description="ours")
    before = changes_of(database).everything
    await database.write(lambda transaction: update_group(transaction, DOMAIN, NPM, **given))
    found = await group(database)
    assert (found.contact_info, found.description) == expected
    assert changes_of(database).everything > before


async def test_the_root_group_stays_but_changes(database) -> None:
    with pytest.raises(Invalid, match="cannot be deleted"):
        await database.write(lambda transaction: delete_group(transaction, DOMAIN, "/*"))
    with pytest.raises(Invalid, match="no parent to inherit from"):
        await restrict(database, "/*", {PUBLISH: BLOCK, EXTERNAL: INHERIT})
    assert (await group(database, "/*")).modes[PUBLISH] is ALLOW
    await restrict(database, "/*", {PUBLISH: BLOCK})
    await database.write(
        lambda transaction: update_group(transaction, DOMAIN, "/*", description="all")
    )
    found = await group(database, "/*")
    assert (found.modes[PUBLISH], found.modes[EXTERNAL], found.description) == (BLOCK, ALLOW, "all")


async def test_a_deleted_group_leaves_nothing(database) -> None:
    before = await dump(database)
    await create(database)
    await restrict(database, modes={PUBLISH: SPECIFIC}, add=[(PUBLISH, "a")])
    seen = changes_of(database).everything
    await database.write(lambda transaction: delete_group(transaction, DOMAIN, NPM))
    assert await dump(database) == before
    assert changes_of(database).everything > seen


async def test_what_is_not_there(database) -> None:
    async def deleted(transaction):
        await delete_group(transaction, DOMAIN, NPM)

    async def updated(transaction):
        await update_group(transaction, DOMAIN, NPM, description="x")

    async def restricted(transaction):
        await restrict_group(transaction, DOMAIN, NPM, modes={PUBLISH: BLOCK})

    for work in (deleted, updated, restricted):
        with pytest.raises(NotFound, match="no package group '/npm/\\*'") as caught:
            await database.write(work)
        assert (caught.value.kind, caught.value.name) == ("package-group", NPM)


async def test_the_guides_call(database) -> None:
    """Editing package group origin control settings: a repository comes, another one goes."""
    await create(database)
    await restrict(database, modes={INTERNAL: SPECIFIC}, add=[(INTERNAL, "b")])
    before = changes_of(database).everything
    assert await restrict(
        database, modes={INTERNAL: SPECIFIC}, add=[(INTERNAL, "a")], remove=[(INTERNAL, "b")]
    ) == {INTERNAL: ListUpdate(["a"], ["b"])}
    found = await group(database)
    assert found.modes == {PUBLISH: INHERIT, EXTERNAL: INHERIT, INTERNAL: SPECIFIC}
    assert found.allowed == {INTERNAL: {1}}
    assert changes_of(database).everything > before


async def test_the_guides_other_call(database) -> None:
    """Several restrictions at once; a repository added and removed in one call ends removed."""
    await create(database)
    assert await restrict(
        database,
        modes={PUBLISH: BLOCK, EXTERNAL: SPECIFIC, INTERNAL: SPECIFIC},
        add=[(INTERNAL, "a"), (INTERNAL, "b"), (EXTERNAL, "c")],
        remove=[(INTERNAL, "b")],
    ) == {EXTERNAL: ListUpdate(["c"], []), INTERNAL: ListUpdate(["a"], [])}
    found = await group(database)
    assert found.modes == {PUBLISH: BLOCK, EXTERNAL: SPECIFIC, INTERNAL: SPECIFIC}
    assert found.allowed == {EXTERNAL: {3}, INTERNAL: {1}}


async def test_only_what_differs_in_the_end_is_told(database) -> None:
    await create(database)
    specific = {PUBLISH: SPECIFIC}
    assert await restrict(database, modes=specific) == {}
    assert await restrict(database, add=[(PUBLISH, "b"), (PUBLISH, "a"), (PUBLISH, "b")]) == {
        PUBLISH: ListUpdate(["a", "b"], [])
    }
    assert await restrict(database, modes=specific, add=[(PUBLISH, "a")]) == {}
    assert await restrict(database, remove=[(PUBLISH, "c"), (EXTERNAL, "a")]) == {}
    assert await restrict(database, add=[(PUBLISH, "c")], remove=[(PUBLISH, "c")]) == {}
    assert (await group(database)).allowed == {PUBLISH: {1, 2}}


@pytest.mark.parametrize("mode", [ALLOW, BLOCK, INHERIT])
async def test_a_list_goes_with_its_mode(database, mode) -> None:
    await create(database)
    both = {PUBLISH: SPECIFIC, EXTERNAL: SPECIFIC}
    await restrict(database, modes=both, add=[(PUBLISH, "a"), (EXTERNAL, "b")])
    assert await restrict(database, modes={PUBLISH: mode}) == {PUBLISH: ListUpdate([], ["a"])}
    assert await restrict(database, modes={PUBLISH: SPECIFIC}) == {}
    assert (await group(database)).allowed == {EXTERNAL: {2}}


async def test_no_list_without_its_mode(database) -> None:
    await create(database)
    before = await dump(database)
    with pytest.raises(Invalid, match="'a' cannot be listed for PUBLISH: its mode is BLOCK"):
        await restrict(
            database,
            modes={PUBLISH: BLOCK, EXTERNAL: SPECIFIC},
            add=[(EXTERNAL, "b"), (PUBLISH, "a")],
        )
    assert await dump(database) == before


@pytest.mark.parametrize("lists", [{"add": [(PUBLISH, "x")]}, {"remove": [(PUBLISH, "x")]}])
async def test_a_repository_that_is_not_there(database, lists) -> None:
    await create(database)
    before = await dump(database)
    with pytest.raises(NotFound, match="no repository 'x'") as caught:
        await restrict(database, modes={PUBLISH: SPECIFIC}, **lists)
    assert (caught.value.kind, caught.value.name) == ("repository", "x")
    assert await dump(database) == before


async def test_a_deleted_repository_leaves_the_lists(database) -> None:
    await create(database)
    await restrict(database, modes={PUBLISH: SPECIFIC}, add=[(PUBLISH, "a"), (PUBLISH, "b")])
    await database.write(lambda transaction: transaction.run("DELETE FROM repository WHERE id = 1"))
    assert (await group(database)).allowed == {PUBLISH: {2}}


async def store(database: Database, *held: tuple[int, str]) -> None:
    async def work(transaction):
        for repository, path in held:
            package = Package(*path.split("/"))
            await put_package(transaction, repository, package, OriginControls(), advance=True)

    await database.write(work)


async def pages(database: Database, limit: int, format_name: str | None = None) -> list[str]:
    groups, found, after = Groups(database), [], None
    while page := await groups.packages(DOMAIN, format_name=format_name, after=after, limit=limit):
        assert len(page) <= limit
        found += ["/".join(each) for each in page]
        after = page[-1]
    return found


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_each_package_of_a_domain_once(database, limit) -> None:
    await database.write(lambda transaction: create_domain(transaction, OWNER, "other"))
    await database.write(
        lambda transaction: transaction.run("UPDATE repository SET domain_id = 2 WHERE name = 'c'")
    )
    await store(
        database,
        *((1, "npm//react"), (2, "npm//react"), (2, "npm/types/react"), (1, "npm//React")),
        *((1, "pypi//requests"), (2, "maven/junit/junit"), (3, "npm//elsewhere"), (1, "npm//é")),
    )
    npm = ["npm//React", "npm//react", "npm//é", "npm/types/react"]
    everything = ["maven/junit/junit", *npm, "pypi//requests"]
    assert await pages(database, limit) == everything
    assert await pages(database, limit, "npm") == npm
    assert await pages(database, limit, "cargo") == []


async def test_a_page_begins_where_the_last_one_ended(database) -> None:
    """In the index, that is: nothing is sorted, and no page reads the ones before it again."""
    seen = []

    async def read(sql, parameters):
        seen.append((sql, parameters))
        return []

    recorder = type("Recorder", (), {"read": staticmethod(read)})()
    await Groups(recorder).packages(1, format_name="npm", after=Package("npm", "", "a"), limit=10)
    [(sql, parameters)] = seen
    plan = [row["detail"] for row in await database.read(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    assert "package_by_name ((format,namespace,name)>(?,?,?) AND format<?)" in plan[0]
    assert not any("TEMP B-TREE" in each for each in plan)
