"""From a signed request to a principal, and when what is remembered must be forgotten."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from mirror.auth import signers as signers_module
from mirror.auth.signatures import SignatureRefused, SignedRequest
from mirror.auth.signers import Signers
from mirror.errors import Invalid
from mirror.store.access_keys import AccessKeys
from mirror.store.changes import Changes
from mirror.store.users import Principal, Users
from tests.auth.signatures.samples import EMPTY, KEY_ID, NOW, SECRET, signed
from tests.store.rows import OWNER, changes_of, opened

BOB = Principal(1, OWNER, "bob", key_id=KEY_ID)
UNRECOGNIZED = "UnrecognizedClientException"
INVALID = "InvalidSignatureException"
GOOD = signed()
DAY = 86400.0


class FakeKeys:
    """The keys that are good, and how often anybody asked."""

    def __init__(self) -> None:
        self.known = {KEY_ID: (BOB, SECRET)}
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def find(self, key_id: str) -> tuple[Principal, str] | None:
        self.asked.append(key_id)
        found = self.known.get(key_id)
        await self.gate.wait()
        return found


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The time of the samples, which tests may advance."""

    def at(seconds: float) -> None:
        monkeypatch.setattr(signers_module.time, "time", lambda: seconds)

    at(NOW)
    return at


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys()


@pytest.fixture
def signers(keys, changes) -> Signers:
    return Signers(keys, changes)


async def refused(signers: Signers, request: SignedRequest, body: str | None = EMPTY) -> str:
    with pytest.raises(SignatureRefused) as caught:
        await signers.identify(request, body)
    return caught.value.code


async def test_somebody_is_looked_up_once(signers, keys) -> None:
    for _ in range(3):
        assert await signers.identify(GOOD, EMPTY) == BOB
    assert await signers.identify(signed("POST", "/v1/packages?domain=d"), EMPTY) == BOB
    assert keys.asked == [KEY_ID]


async def test_each_reason_has_its_code(signers) -> None:
    assert await refused(signers, signed(key_id="AKIAUNKNOWN")) == UNRECOGNIZED
    assert await refused(signers, signed(secret="wrong")) == INVALID
    assert await refused(signers, GOOD, "0" * 64) == INVALID
    assert (
        await refused(signers, replace(GOOD, headers=[])) == "MissingAuthenticationTokenException"
    )
    bearer = [("Host", "a"), ("Authorization", "Bearer mirror_T")]
    assert await refused(signers, replace(GOOD, headers=bearer)) == "IncompleteSignatureException"


@pytest.mark.parametrize("token", ["IQoJb3JpZ2luX2Vj", "x"])
async def test_session_credentials_are_of_somebody_else(signers, keys, token) -> None:
    request = signed("GET", "/v1/domain", ("X-Amz-Security-Token", token))
    assert await refused(signers, request) == UNRECOGNIZED
    assert keys.asked == []


async def test_the_present_is_known_before_the_index_is_asked(signers, keys, clock) -> None:
    clock(NOW + DAY)
    assert await refused(signers, GOOD) == INVALID
    assert keys.asked == []


async def test_a_request_grows_old_while_its_key_is_remembered(signers, clock) -> None:
    await signers.identify(GOOD, EMPTY)
    clock(NOW + 301)
    assert await refused(signers, GOOD) == INVALID


async def test_a_body_that_is_still_to_come(signers) -> None:
    digest = "ab" * 32
    request = signed("POST", "/v1/x", ("X-Amz-Content-SHA256", digest), payload=digest)
    assert await signers.identify(request, None) == BOB
    assert await signers.identify(request, digest) == BOB
    assert await refused(signers, request) == INVALID
    with pytest.raises(Invalid, match="x-amz-content-sha256 must be"):
        await signers.identify(GOOD, None)


async def test_an_unsigned_payload(signers) -> None:
    value = "UNSIGNED-PAYLOAD"
    request = signed("POST", "/v1/x", ("X-Amz-Content-SHA256", value), payload=value)
    assert await refused(signers, request) == INVALID
    assert await signers.identify(replace(request, secure=True), EMPTY) == BOB
    with pytest.raises(Invalid):
        await signers.identify(replace(request, secure=True), None)


async def test_what_was_taken_away_is_forgotten_at_once(signers, keys, changes) -> None:
    await signers.identify(GOOD, EMPTY)
    keys.known.clear()
    changes.touch_everything()
    assert await refused(signers, GOOD) == UNRECOGNIZED


async def test_taken_away_while_it_was_looked_up(signers, keys, changes) -> None:
    """Read before that and remembered after it, it would be good for ever."""
    keys.gate.clear()
    looking = asyncio.create_task(signers.identify(GOOD, EMPTY))
    await asyncio.sleep(0)
    keys.known.clear()
    changes.touch_everything()
    other = asyncio.create_task(refused(signers, signed(key_id="AKIAUNKNOWN")))
    await asyncio.sleep(0)
    keys.gate.set()
    await asyncio.wait([looking, other])
    assert await refused(signers, GOOD) == UNRECOGNIZED


async def test_a_signing_key_is_of_one_day_and_region(signers, keys, clock) -> None:
    await signers.identify(GOOD, EMPTY)
    clock(NOW + DAY)
    await signers.identify(signed(now=NOW + DAY), EMPTY)
    assert keys.asked == [KEY_ID] * 2


async def test_only_who_has_a_secret_is_remembered(signers) -> None:
    for key_id, secret in (("AKIAUNKNOWN", SECRET), (KEY_ID, "wrong")):
        await refused(signers, signed(key_id=key_id, secret=secret))
    assert signers._known == {}


async def test_what_is_remembered_is_bounded(signers, monkeypatch, clock) -> None:
    monkeypatch.setattr(signers_module, "REMEMBERED", 3)
    for day in range(10):
        now = NOW + day * DAY
        clock(now)
        await signers.identify(signed(now=now), EMPTY)
        assert 1 <= len(signers._known) <= 3


async def test_what_is_remembered_costs_nobody_a_place(signers, keys, monkeypatch) -> None:
    keys.known["AKIAOTHER"] = BOB, SECRET
    monkeypatch.setattr(signers_module, "REMEMBERED", 2)
    for _ in range(3):
        await signers.identify(GOOD, EMPTY)
        await signers.identify(signed(key_id="AKIAOTHER"), EMPTY)
    assert keys.asked == [KEY_ID, "AKIAOTHER"]


async def test_an_unknown_key_costs_what_a_wrong_signature_does(signers, monkeypatch) -> None:
    """One look-up, one derivation, one comparison (auth-and-policy §10, 11)."""
    done = []

    def counted(name):
        work = getattr(signers_module, name)
        monkeypatch.setattr(signers_module, name, lambda *args: done.append(name) or work(*args))

    counted("signing_key")
    counted("matches")
    assert await refused(signers, signed(secret="wrong")) == INVALID
    wrong, done[:] = list(done), []
    assert await refused(signers, signed(key_id="AKIAUNKNOWN")) == UNRECOGNIZED
    assert done == wrong == ["signing_key", "matches"]


@pytest.mark.parametrize("take_away", ["switch off", "delete", "keep the user out", "delete user"])
async def test_over_the_index(tmp_path, take_away) -> None:
    async with opened(tmp_path / "index.sqlite3") as database:
        users = Users(database, OWNER)
        await users.create("bob")
        keys = AccessKeys(database, OWNER, tmp_path / "key")
        key_id, secret = await keys.create("bob")
        signers = Signers(keys, changes_of(database))
        request = signed(key_id=key_id, secret=secret)
        found = await signers.identify(request, EMPTY)
        assert (found.name, found.key_id) == ("bob", key_id)
        match take_away:
            case "switch off":
                await keys.set_active(key_id, active=False)
            case "delete":
                await keys.delete(key_id)
            case "keep the user out":
                await users.set_active("bob", active=False)
            case "delete user":
                await users.delete("bob")
        assert await refused(signers, request) == UNRECOGNIZED


def test_cryptography_is_loaded_when_a_secret_is() -> None:
    code = "import sys, mirror.auth.signers; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
