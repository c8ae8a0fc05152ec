"""From the headers of a request to a principal, and when what is remembered must be forgotten."""

import asyncio
import time

import pytest

from mirror.auth import identity as identity_module
from mirror.auth.identity import Identity
from mirror.errors import Unauthenticated
from mirror.store.changes import Changes
from mirror.store.users import Principal


class FakeTokens:
    """The tokens that are good, and how often anybody asked."""

    def __init__(self) -> None:
        self.known: dict[str, Principal] = {}
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def holder(self, token: str) -> Principal | None:
        self.asked.append(token)
        found = self.known.get(token)
        await self.gate.wait()
        return found


BOB = Principal(1, "000000000000", "bob")
GOOD = {"Authorization": "Bearer good"}


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def tokens() -> FakeTokens:
    found = FakeTokens()
    found.known["good"] = BOB
    return found


@pytest.fixture
def identity(tokens, changes) -> Identity:
    return Identity(tokens, changes)


async def test_nobody(identity, tokens) -> None:
    assert await identity.identify({}) is None
    assert await identity.identify({"Authorization": ""}) is None
    assert tokens.asked == []


async def test_somebody_is_looked_up_once(identity, tokens) -> None:
    for _ in range(3):
        assert await identity.identify(GOOD) == BOB
    assert tokens.asked == ["good"]
    assert identity.known(GOOD) == BOB


async def test_the_first_token_that_is_good(identity, tokens) -> None:
    """gem push sends two in one header."""
    headers = {"Authorization": "Basic eDpvbGQ=, Bearer good", "X-NuGet-ApiKey": "other"}
    assert await identity.identify(headers) == BOB
    assert tokens.asked == ["old", "good"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer bad"},
        {"Authorization": "Bearer"},
        {"Authorization": "Digest x"},
        {"Authorization": "Basic !!!"},
        {"X-NuGet-ApiKey": "bad"},
    ],
)
async def test_what_is_wrong_is_never_anonymous(identity, headers) -> None:
    """uv#11899."""
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="unknown or was revoked") as caught:
            await identity.identify(headers)
        assert caught.value.presented
        assert "bad" not in str(caught.value)
        with pytest.raises(LookupError):
            identity.known(headers)


async def test_a_revoked_token_is_forgotten_at_once(identity, tokens, changes) -> None:
    await identity.identify(GOOD)
    tokens.known.clear()
    changes.touch_everything()
    with pytest.raises(LookupError):
        identity.known(GOOD)
    with pytest.raises(Unauthenticated):
        await identity.identify(GOOD)


async def test_revoked_while_it_was_looked_up(identity, tokens, changes) -> None:
    """Read before the revocation and remembered after it, it would be good for ever."""
    tokens.gate.clear()
    looking = asyncio.create_task(identity.identify(GOOD))
    await asyncio.sleep(0)
    tokens.known.clear()
    changes.touch_everything()
    other = asyncio.create_task(identity.identify({"Authorization": "Bearer bad"}))
    await asyncio.sleep(0)
    tokens.gate.set()
    await asyncio.wait([looking, other])
    with pytest.raises(Unauthenticated):
        await identity.identify(GOOD)


async def test_a_token_expires_while_it_is_remembered(identity, tokens, monkeypatch) -> None:
    tokens.known["good"] = Principal(1, "000000000000", "bob", expires_at=time.time() + 60)
    await identity.identify(GOOD)
    at = tokens.known["good"].expires_at
    monkeypatch.setattr(identity_module.time, "time", lambda: at - 1)
    assert await identity.identify(GOOD)
    monkeypatch.setattr(identity_module.time, "time", lambda: at)
    with pytest.raises(Unauthenticated, match="the token has expired: get a new one"):
        await identity.identify(GOOD)
    assert tokens.asked == ["good"]


async def test_what_is_remembered_is_bounded(identity, monkeypatch) -> None:
    monkeypatch.setattr(identity_module, "REMEMBERED", 3)
    for number in range(10):
        await identity.identify({"Authorization": "Bearer good", "X-NuGet-ApiKey": str(number)})
        assert len(identity._known) <= 3
