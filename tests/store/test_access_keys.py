"""Access keys, and whose they are."""

import threading
from pathlib import Path

import pytest

from mirror.errors import NotFound, Storage
from mirror.store import access_keys as access_keys_module
from mirror.store import secrecy
from mirror.store.access_keys import AccessKeys
from mirror.store.database import Database
from mirror.store.users import Users
from tests.store.rows import OWNER, changes_of, dump, opened

OTHER = "111111111111"


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


@pytest.fixture
async def users(database: Database) -> Users:
    users = Users(database, OWNER)
    await users.create("bob")
    return users


@pytest.fixture
def keys(database: Database, tmp_path: Path) -> AccessKeys:
    return AccessKeys(database, OWNER, tmp_path / "key")


async def test_what_is_stored_tells_no_secret(database, users, keys, tmp_path) -> None:
    key_id, secret = await keys.create("bob")
    found = await dump(database)
    assert secret not in repr(found)
    assert secrecy.unseal(found["access_key"][0]["secret"], tmp_path / "key") == secret
    assert (key_id[:4], len(key_id)) == ("AKIA", 20)
    assert (key_id, secret) != await keys.create("bob")


async def test_whose_a_key_is(users, keys) -> None:
    key_id, secret = await keys.create("bob")
    principal, found = await keys.find(key_id)
    assert found == secret
    assert principal.arn == "arn:aws:iam::000000000000:user/bob"
    assert (principal.key_id, principal.read_only, principal.expires_at) == (key_id, False, None)


@pytest.mark.parametrize("key_id", ["", "AKIAUNKNOWN", "bob", "\0", "%"])
async def test_a_key_that_is_none(users, keys, key_id) -> None:
    await keys.create("bob")
    assert await keys.find(key_id) is None


async def test_a_key_can_be_switched_off_and_on(users, keys) -> None:
    key_id, _ = await keys.create("bob")
    other, _ = await keys.create("bob")
    await keys.set_active(key_id, active=False)
    assert await keys.find(key_id) is None
    assert await keys.find(other)
    await keys.set_active(key_id, active=True)
    assert await keys.find(key_id)
    await keys.delete(key_id)
    assert await keys.find(key_id) is None
    assert await keys.find(other)


async def test_a_user_that_is_kept_out(users, keys) -> None:
    key_id, _ = await keys.create("bob")
    await users.set_active("bob", active=False)
    assert await keys.find(key_id) is None
    await users.set_active("bob", active=True)
    assert await keys.find(key_id)
    await users.delete("bob")
    assert await keys.find(key_id) is None


async def test_a_users_keys(users, keys) -> None:
    await users.create("eve")
    first, _ = await keys.create("bob")
    second, _ = await keys.create("bob")
    await keys.create("eve")
    await keys.set_active(first, active=False)
    assert {(row.id, row.active) for row in await keys.of_user("bob")} == {
        (first, False),
        (second, True),
    }
    await keys.delete(first)
    await keys.delete(second)
    assert await keys.of_user("bob") == []


async def test_keys_of_another_account(users, keys) -> None:
    """They sign like all others; to their names one must say the account."""
    others = keys.of(OTHER)
    await users.of(OTHER).create("bob")
    key_id, _ = await others.create("bob")
    found = await keys.find(key_id)
    assert found is not None
    assert found[0].arn == "arn:aws:iam::111111111111:user/bob"
    assert await keys.of_user("bob") == []
    for act in (keys.delete(key_id), keys.set_active(key_id, active=False)):
        with pytest.raises(NotFound, match=f"there is no access key '{key_id}'"):
            await act
    await others.delete(key_id)
    assert await keys.find(key_id) is None


@pytest.mark.parametrize("name", ["create", "of_user"])
async def test_a_user_that_is_not_there(users, keys, name) -> None:
    with pytest.raises(NotFound, match="there is no user 'nobody': see 'mirror user list'"):
        await getattr(keys, name)("nobody")


async def test_what_changes_rights_ages_what_is_remembered(database, users, keys) -> None:
    changes = changes_of(database)

    async def ages(work) -> bool:
        before = changes.everything
        await work
        return changes.everything != before

    key_id, _ = await keys.create("bob")
    assert await ages(keys.set_active(key_id, active=False))
    assert await ages(keys.delete(key_id))


async def test_secrets_are_read_beside_the_event_loop(users, keys, monkeypatch) -> None:
    """The first one loads a library, and each one a file."""
    here, elsewhere = threading.get_ident(), []

    def beside(work):
        def wrapped(*args):
            elsewhere.append(threading.get_ident() != here)
            return work(*args)

        return wrapped

    monkeypatch.setattr(access_keys_module, "seal", beside(secrecy.seal))
    monkeypatch.setattr(access_keys_module, "unseal", beside(secrecy.unseal))
    key_id, _ = await keys.create("bob")
    await keys.find(key_id)
    assert elsewhere == [True, True]


async def test_the_key_file_is_lost(users, keys, tmp_path) -> None:
    key_id, _ = await keys.create("bob")
    (tmp_path / "key").unlink()
    with pytest.raises(Storage, match="is missing: restore it from a backup"):
        await keys.find(key_id)
