"""npm login and logout."""

import asyncio

import pytest

from mirror.auth.sessions import SIGN_INS, Sessions
from mirror.errors import Unauthenticated
from mirror.store import secrecy
from mirror.store.tokens import Tokens
from mirror.store.users import Users
from tests.store.rows import OWNER, opened


@pytest.fixture
async def database(tmp_path, monkeypatch):
    monkeypatch.setitem(secrecy._COST, "n", 2**4)
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


@pytest.fixture
def users(database):
    return Users(database, OWNER)


@pytest.fixture
def tokens(database):
    return Tokens(database, OWNER)


async def test_in_and_out(users, tokens) -> None:
    await users.create("bob", "one")
    sessions = Sessions(users, tokens)
    token = await sessions.sign_in("bob", "one")
    [row] = await tokens.all()
    assert (row.user, row.name, row.kind) == ("bob", "signed in", "session")
    assert await tokens.holder(token)
    await sessions.sign_out(token)
    await sessions.sign_out(token)
    assert await tokens.all() == []


@pytest.mark.parametrize(("name", "password"), [("bob", "two"), ("nobody", "one"), ("bob", "")])
async def test_what_was_wrong_is_not_told(users, tokens, name, password) -> None:
    await users.create("bob", "one")
    with pytest.raises(Unauthenticated) as caught:
        await Sessions(users, tokens).sign_in(name, password)
    assert str(caught.value) == f"user name or password is wrong for '{name}'"
    assert await tokens.all() == []


async def test_only_so_many_passwords_at_a_time() -> None:
    class Slow:
        now = most = 0

        async def by_password(self, _name, _password):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1

    slow = Slow()
    sessions = Sessions(slow, slow)
    done = await asyncio.gather(
        *(sessions.sign_in("bob", "x") for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(each, Unauthenticated) for each in done)
    assert slow.most == SIGN_INS
