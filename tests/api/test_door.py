"""The API over HTTP: what is signed, what is not, and how answers and refusals look (§1, §16)."""

import hashlib
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from mirror.api import table
from mirror.app import Parts
from mirror.auth.signatures import SignedRequest, sign
from mirror.store.access_keys import AccessKeys
from tests.api.conftest import ACCOUNT
from tests.endpoints.site import Lines
from tests.endpoints.wire import exchange, listening

HOST = "mirror.test"


class Street:
    """Sends requests to the door, signed by the administrator or not."""

    def __init__(self, parts: Parts, port: int, key: tuple[str, str]) -> None:
        self._port = port
        self._key = key
        self.log = parts.handler._journal._log = Lines()

    async def send(self, method: str, target: str, body: bytes = b"", *, signed: bool = True):
        """(status, headers in lower case, members)."""
        headers = {"Host": HOST, "Content-Length": str(len(body)), "Connection": "close"}
        if signed:
            request = SignedRequest(method, target, [("Host", HOST)])
            digest = hashlib.sha256(body).hexdigest()
            headers |= sign(request, *self._key, "us-east-1", digest, time.time())
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        raw = f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body
        head, _, rest = (await exchange(self._port, raw)).partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        pairs = (field.split(": ", 1) for field in fields)
        named = {name.lower(): value for name, value in pairs}
        return int(status.split()[1]), named, orjson.loads(rest)


@pytest.fixture
async def street(parts: Parts, tmp_path: Path) -> AsyncIterator[Street]:
    keys = AccessKeys(parts.database, ACCOUNT, tmp_path / "data" / "installation.key")
    key = await keys.create("admin")
    async with listening(parts.handler) as door:
        yield Street(parts, door.port, key)


async def test_an_answer(street: Street) -> None:
    status, headers, members = await street.send("GET", "/v1/domain?domain=default")
    assert (status, members["domain"]["name"]) == (200, "default")
    assert headers["content-type"] == "application/json"
    assert headers["date"], "SDKs correct their clocks from it"
    assert str(uuid.UUID(headers["x-amzn-requestid"])) == headers["x-request-id"]
    [line] = street.log.lines
    assert (line["id"], line["user"]) == (headers["x-request-id"], "admin")


async def test_a_body_of_nothing_is_an_empty_object(street: Street) -> None:
    assert (await street.send("POST", "/v1/domains"))[0] == 200
    assert (await street.send("POST", "/v1/domains", b"{}"))[0] == 200


async def test_who_does_not_sign_learns_nothing(street: Street) -> None:
    for target in ("/v1/domain?domain=default", "/v1/domain?domain=nobody", "/v1/nonsense"):
        status, headers, members = await street.send("GET", target, signed=False)
        assert status == 403
        assert headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
        assert members["__type"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("method", "target", "body", "reason", "said"),
    [
        ("GET", "/v1/nonsense", b"", "UNKNOWN_OPERATION", "GET /v1/nonsense"),
        ("PATCH", "/v1/domain?domain=default", b"", "UNKNOWN_OPERATION", "PATCH /v1/domain"),
        ("GET", "/v1/domain", b"", "FIELD_VALIDATION_FAILED", "'domain'"),
        ("GET", "/v1/domain?domain=a", b"", "FIELD_VALIDATION_FAILED", "greater than or equal to 2"),
        ("GET", "/v1/domain?domain=aa&domain=aa", b"", "FIELD_VALIDATION_FAILED", "given twice"),
        ("GET", "/v1/domain?domain=%ff%ff", b"", "CANNOT_PARSE", "not UTF-8"),
        ("POST", "/v1/domains", b"{", "CANNOT_PARSE", "not JSON"),
        ("POST", "/v1/domains", b"[]", "CANNOT_PARSE", "not a JSON object"),
        ("POST", "/v1/domains", b'{"maxResults": true}', "FIELD_VALIDATION_FAILED", "whole number"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant(street: Street, method, target, body, reason, said) -> None:
    status, headers, members = await street.send(method, target, body)
    assert (status, members["reason"]) == (400, reason)
    assert headers["x-amzn-errortype"] == "ValidationException"
    assert said in members["message"]


async def test_what_is_not_there_names_itself(street: Street) -> None:
    status, _, members = await street.send("GET", "/v1/domain?domain=nobody")
    assert status == 404
    assert (members["resourceType"], members["resourceId"]) == ("domain", "nobody")


async def test_a_body_beyond_all_measure(street: Street) -> None:
    status, headers, _ = await street.send("POST", "/v1/domains", b" " * 1_100_000)
    assert (status, headers["connection"]) == (402, "close")


async def test_our_own_mistakes_are_told_as_such(street: Street, monkeypatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    row = table.BY_NAME["ListDomains"]
    monkeypatch.setitem(table.BY_ROUTE, ("POST", "/v1/domains"), replace(row, run=broken))
    status, headers, members = await street.send("POST", "/v1/domains")
    assert (status, members["__type"]) == (500, "InternalServerException")
    assert "secret" not in members["message"]
    assert re.search(headers["x-request-id"], members["message"])
