"""Users, their passwords and tokens."""

import threading
import time
from pathlib import Path

import pytest

from mirror.errors import Conflict, Invalid, NotFound
from mirror.store import secrecy
from mirror.store import users as users_module
from mirror.store.access_keys import AccessKeys
from mirror.store.database import Database
from mirror.store.tokens import Tokens
from mirror.store.users import Users
from tests.store.rows import OWNER, changes_of, dump, opened


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """scrypt at a price that tests can pay; test_secrecy pays the real one."""
    monkeypatch.setitem(secrecy._COST, "n", 2**4)


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


@pytest.fixture
def users(database: Database) -> Users:
    return Users(database, OWNER)


@pytest.fixture
def tokens(database: Database) -> Tokens:
    return Tokens(database, OWNER)


async def test_what_is_stored_tells_no_secret(database, users, tokens) -> None:
    await users.create("bob", "hunter2")
    token = await tokens.create("bob", "ci", read_only=True, expires_at=time.time() + 9)
    found = await dump(database)
    assert found.keys() == {"principal", "token"}
    text = repr(found)
    assert not [each for each in ("hunter2", token) if each in text]
    assert token[:7] == "mirror_"


@pytest.mark.parametrize("name", ["bob", "b", "a+b=c,d.e@f_g-h", "x" * 64])
async def test_names(users, name) -> None:
    await users.create(name)
    assert await users.names() == [(name, True)]


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "a/b", "a:b", "bö", "a\n", "\0"])
async def test_names_that_are_none(users, name) -> None:
    with pytest.raises(Invalid, match="use 1 to 64 letters"):
        await users.create(name)


async def test_a_user_exists_once(users) -> None:
    await users.create("bob", "one")
    with pytest.raises(Conflict, match="user 'bob' exists already"):
        await users.create("bob", "two")
    assert await users.by_password("bob", "one")


async def test_signing_in(users) -> None:
    await users.create("bob", "one")
    await users.create("machine")
    found = await users.by_password("bob", "one")
    assert found is not None
    assert found.arn == "arn:aws:iam::000000000000:user/bob"
    assert await users.by_password("bob", "two") is None
    assert await users.by_password("nobody", "one") is None
    assert await users.by_password("machine", "") is None
    await users.set_password("bob", "two")
    assert await users.by_password("bob", "one") is None
    assert await users.by_password("bob", "two")
    await users.set_active("bob", active=False)
    assert await users.by_password("bob", "two") is None


@pytest.mark.parametrize("name", ["bob", "nobody", "machine", "inactive"])
async def test_a_wrong_name_costs_as_much_as_a_wrong_password(users, monkeypatch, name) -> None:
    """And neither is paid by the event loop."""
    await users.create("bob", "one")
    await users.create("machine")
    await users.create("inactive", "one")
    await users.set_active("inactive", active=False)
    here, checked = threading.get_ident(), []

    def check(password, stored):
        checked.append(threading.get_ident() != here)
        return secrecy.check_password(password, stored)

    def decoy():
        assert threading.get_ident() != here
        return secrecy.decoy()

    monkeypatch.setattr(users_module, "check_password", check)
    monkeypatch.setattr(users_module, "decoy", decoy)
    assert await users.by_password(name, "wrong") is None
    assert checked == [True]


async def test_tokens(users, tokens) -> None:
    await users.create("bob")
    token = await tokens.create("bob", "ci", read_only=True, expires_at=9_000_000_000.0)
    other = await tokens.create("bob", "laptop", kind="session")
    found = await tokens.holder(token)
    assert found is not None
    assert (found.name, found.read_only, found.expires_at) == ("bob", True, 9_000_000_000.0)
    assert await tokens.holder(f"{token} ") is None
    assert await tokens.holder("") is None
    assert [(each.id, each.user, each.name, each.kind) for each in await tokens.all()] == [
        (1, "bob", "ci", "named"),
        (2, "bob", "laptop", "session"),
    ]
    assert await tokens.revoke(token=token)
    assert await tokens.holder(token) is None
    assert not await tokens.revoke(token=token)
    assert await tokens.revoke(id_=2)
    assert await tokens.holder(other) is None
    assert await tokens.all() == []


async def test_keeping_a_user_out_and_letting_it_in_again(users, tokens) -> None:
    await users.create("bob")
    token = await tokens.create("bob", "ci")
    await users.set_active("bob", active=False)
    assert await tokens.holder(token) is None
    assert await users.names() == [("bob", False)]
    await users.set_active("bob", active=True)
    assert await tokens.holder(token)


async def test_a_deleted_user_takes_everything_along(database, users, tokens, tmp_path) -> None:
    await users.create("bob", "one")
    token = await tokens.create("bob", "ci")
    await AccessKeys(database, OWNER, tmp_path / "key").create("bob")
    await users.delete("bob")
    assert await dump(database) == {}
    assert await tokens.holder(token) is None
    await users.create("bob", "two")
    assert await tokens.holder(token) is None


async def test_users_of_another_account_are_others(users) -> None:
    await users.create("bob", "one")
    others = users.of("111111111111")
    assert await others.by_password("bob", "one") is None
    with pytest.raises(NotFound):
        await others.delete("bob")
    await others.create("bob", "two")
    found = await others.by_password("bob", "two")
    assert found is not None
    assert found.arn == "arn:aws:iam::111111111111:user/bob"
    await others.delete("bob")
    assert await users.by_password("bob", "one")


async def test_a_token_is_known_whatever_account_it_is_of(users, tokens) -> None:
    await users.of("111111111111").create("eve")
    others = tokens.of("111111111111")
    token = await others.create("eve", "ci")
    found = await tokens.holder(token)
    assert found is not None
    assert (found.account, found.name) == ("111111111111", "eve")
    assert await tokens.all() == []
    assert len(await others.all()) == 1


@pytest.mark.parametrize("account", ["", "1", "1234567890123", "12345678901\n", "12345678901²"])
async def test_accounts_that_are_none(users, account) -> None:
    with pytest.raises(Invalid, match="12 digits"):
        await users.of(account).create("bob")


async def test_a_token_remembers_whose_signature_it_was_got_with(users, tokens) -> None:
    await users.create("bob")
    for key_id in ("AKIAEXAMPLE", None):
        found = await tokens.holder(await tokens.create("bob", "ci", key_id=key_id))
        assert found is not None
        assert found.key_id == key_id


@pytest.mark.parametrize(
    "act",
    [
        lambda users: users.delete("nobody"),
        lambda users: users.set_password("nobody", "x"),
        lambda users: users.set_active("nobody", active=False),
    ],
)
async def test_a_user_that_is_not_there(database, users, act) -> None:
    with pytest.raises(NotFound, match="there is no user 'nobody': see 'mirror user list'"):
        await act(users)
    assert await dump(database) == {}


async def test_a_token_for_nobody(database, tokens) -> None:
    with pytest.raises(NotFound, match="there is no user 'nobody'"):
        await tokens.create("nobody", "ci")
    assert await dump(database) == {}


async def test_what_changes_rights_ages_what_is_remembered(database, users, tokens) -> None:
    changes = changes_of(database)

    async def ages(work) -> bool:
        before = changes.everything
        await work
        return changes.everything != before

    await users.create("bob", "one")
    token = await tokens.create("bob", "ci")
    assert await ages(users.set_password("bob", "two"))
    assert await ages(users.set_active("bob", active=False))
    assert await ages(tokens.revoke(token=token))
    assert not await ages(tokens.revoke(token="anything"))  # anybody may try
    assert await ages(users.delete("bob"))
