"""The writes to policies, and the one that every user has who was there before them."""

import asyncio
import base64
import sqlite3
from importlib import resources
from pathlib import Path

import pytest

from mirror.errors import Conflict, NotFound
from mirror.store.database import Database
from mirror.store.policies import (
    ResourcePolicy,
    attach_policy,
    attached_policies,
    delete_resource_policy,
    detach_policy,
    forget_resource,
    known_principals,
    put_resource_policy,
    resource_policy,
)
from mirror.store.rights import given
from mirror.store.tags import put_tags, tags_of
from mirror.store.users import Users
from tests.store.rows import OWNER, changes_of, dump, opened

ARN = "arn:aws:codeartifact:us-east-1:000000000000:domain/acme"
DOCUMENT = '{"Version": "2012-10-17",\n\t"Statement": [] }'


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


async def put(database: Database, document: str, expected: str | None = None) -> ResourcePolicy:
    return await database.write(
        lambda transaction: put_resource_policy(transaction, ARN, document, expected)
    )


async def test_a_policy_is_kept_byte_for_byte(database) -> None:
    before = changes_of(database).everything
    policy = await put(database, DOCUMENT)
    assert policy == ResourcePolicy(ARN, DOCUMENT, policy.revision)
    assert await resource_policy(database.read, ARN) == policy
    assert (await given(database)).resources == {ARN: DOCUMENT}
    assert len(base64.b64decode(policy.revision)) == 16
    assert changes_of(database).everything > before


async def test_each_put_is_a_new_revision(database) -> None:
    first = await put(database, DOCUMENT)
    second = await put(database, DOCUMENT, first.revision)
    assert second.revision != first.revision
    third = await put(database, "{}")
    assert await resource_policy(database.read, ARN) == third


async def test_a_stale_revision_changes_nothing(database) -> None:
    with pytest.raises(Conflict, match="there is no permissions policy"):
        await put(database, DOCUMENT, "any")
    first = await put(database, DOCUMENT)
    second = await put(database, "{}")
    with pytest.raises(Conflict, match="changed meanwhile"):
        await put(database, DOCUMENT, first.revision)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await database.write(lambda each: delete_resource_policy(each, ARN, first.revision))
    assert await resource_policy(database.read, ARN) == second


async def test_of_two_writers_with_one_revision_one_wins(database) -> None:
    first = await put(database, DOCUMENT)
    outcomes = await asyncio.gather(
        *(put(database, text, first.revision) for text in ("{1}", "{2}")), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict", "ResourcePolicy"]
    assert await resource_policy(database.read, ARN) in outcomes


async def test_a_deleted_policy_is_shown_once_more(database) -> None:
    policy = await put(database, DOCUMENT)
    before = changes_of(database).everything
    gone = await database.write(lambda each: delete_resource_policy(each, ARN, policy.revision))
    assert gone == policy
    assert changes_of(database).everything > before
    with pytest.raises(NotFound, match="there is no permissions policy on arn:aws:"):
        await resource_policy(database.read, ARN)
    with pytest.raises(NotFound):
        await database.write(lambda each: delete_resource_policy(each, ARN, None))


async def test_nothing_is_left_of_what_was_said_of_a_resource(database) -> None:
    await put(database, DOCUMENT)
    await database.write(lambda each: put_tags(each, ARN, {"k": "v"}))
    await database.write(lambda each: put_tags(each, f"{ARN}2", {"k": "v"}))
    await database.write(lambda each: forget_resource(each, ARN))
    found = await given(database)
    assert (found.resources, found.tags) == ({}, {f"{ARN}2": {"k": "v"}})
    assert await tags_of(database.read, ARN) == {}


async def test_users_are_given_policies_and_lose_them(database) -> None:
    users = Users(database, OWNER)
    await users.create("joe", policies=["Managed"])
    await users.of("111122223333").create("joe")
    before = changes_of(database).everything
    await database.write(lambda each: attach_policy(each, OWNER, "joe", "own", DOCUMENT))
    await database.write(lambda each: attach_policy(each, OWNER, "joe", "own", "{}"))
    await database.write(lambda each: attach_policy(each, OWNER, "joe", "Other"))
    assert changes_of(database).everything > before
    assert await attached_policies(database, OWNER, "joe") == {
        "Managed": None, "Other": None, "own": "{}",
    }  # fmt: skip
    assert await attached_policies(database, "111122223333", "joe") == {}
    before = changes_of(database).everything
    await database.write(lambda each: detach_policy(each, OWNER, "joe", "Managed"))
    assert changes_of(database).everything > before
    assert (await given(database)).attached == {1: {"Other": None, "own": "{}"}}


async def test_policies_of_nobody(database) -> None:
    await Users(database, OWNER).create("joe")
    with pytest.raises(NotFound, match="there is no user 'jim'"):
        await database.write(lambda each: attach_policy(each, OWNER, "jim", "own", "{}"))
    with pytest.raises(NotFound, match="there is no user 'jim'"):
        await attached_policies(database, OWNER, "jim")
    with pytest.raises(NotFound, match="user 'joe' has no policy 'own'"):
        await database.write(lambda each: detach_policy(each, OWNER, "joe", "own"))


async def test_who_exists(database) -> None:
    users = Users(database, OWNER)
    await users.create("joe")
    await users.of("111122223333").create("ann")
    assert await known_principals(database) == {
        OWNER: {f"arn:aws:iam::{OWNER}:user/joe"},
        "111122223333": {"arn:aws:iam::111122223333:user/ann"},
    }


async def test_users_from_before_keep_every_right(tmp_path: Path) -> None:
    """Schema 0002: until then every user could do everything."""
    path = tmp_path / "index.sqlite3"
    initial = resources.files("mirror.store").joinpath("schema/0001_initial.sql").read_text()
    with sqlite3.connect(path) as connection:
        connection.executescript(f"{initial}; PRAGMA user_version = 1;")
        connection.execute(
            "INSERT INTO principal (account, kind, name, created_at) VALUES (?, 'user', 'joe', 0)",
            (OWNER,),
        )
    connection.close()
    async with opened(path) as database:
        assert await attached_policies(database, OWNER, "joe") == {
            "AWSCodeArtifactAdminAccess": None
        }
    async with opened(tmp_path / "new.sqlite3") as database:
        assert await dump(database) == {}
