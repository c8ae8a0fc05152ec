"""Tags of domains, repositories and package groups."""

from pathlib import Path

import pytest

from mirror.arns import parse_arn
from mirror.errors import Exceeded, NotFound
from mirror.store.database import Database
from mirror.store.groups import create_group
from mirror.store.rights import given
from mirror.store.tags import MOST, check_exists, put_tags, remove_tags, tags_of
from tests.store.rows import OWNER, changes_of, opened, with_repositories

BEFORE = f"arn:aws:codeartifact:us-east-1:{OWNER}"
ARN = f"{BEFORE}:domain/default"


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


async def put(database: Database, **tags: str) -> None:
    await database.write(lambda transaction: put_tags(transaction, ARN, tags))


async def test_tags_are_merged(database) -> None:
    before = changes_of(database).everything
    await put(database, b="1", a="2", A="3")
    assert changes_of(database).everything > before
    await put(database, b="", c="4")
    assert list((await tags_of(database.read, ARN)).items()) == [
        ("A", "3"), ("a", "2"), ("b", ""), ("c", "4"),
    ]  # fmt: skip
    assert (await given(database)).tags == {ARN: await tags_of(database.read, ARN)}


async def test_unknown_keys_are_passed_over(database) -> None:
    await put(database, a="1", b="2")
    before = changes_of(database).everything
    await database.write(lambda transaction: remove_tags(transaction, ARN, ["a", "z", "B"]))
    assert await tags_of(database.read, ARN) == {"b": "2"}
    assert changes_of(database).everything > before


async def test_a_resource_has_fifty_tags_at_most(database) -> None:
    full = {f"k{number}": "" for number in range(MOST)}
    await put(database, **full)
    await put(database, k0="changed")
    with pytest.raises(Exceeded, match="would have 51 tags, and may have 50"):
        await put(database, k1="changed", one="more")
    assert await tags_of(database.read, ARN) == full | {"k0": "changed"}


@pytest.mark.parametrize("path", ["domain/default", "repository/default/a", "package-group/default/%2a", "package-group/default/npm/scope/ui%24"])  # fmt: skip
async def test_what_there_is(database, path) -> None:
    await with_repositories(database, "a")
    await database.write(lambda transaction: create_group(transaction, 1, "/npm/scope/ui$"))
    await check_exists(database.read, parse_arn(f"{BEFORE}:{path}"))


@pytest.mark.parametrize("path", ["domain/other", "repository/default/b", "repository/other/a", "package-group/default/npm/%2a", "package-group/other/%2a"])  # fmt: skip
async def test_what_there_is_not(database, path) -> None:
    await with_repositories(database, "a")
    with pytest.raises(NotFound, match="does not exist"):
        await check_exists(database.read, parse_arn(f"{BEFORE}:{path}"))
    with pytest.raises(NotFound):
        await check_exists(
            database.read, parse_arn(f"{BEFORE}:domain/default".replace(OWNER, "111122223333"))
        )
