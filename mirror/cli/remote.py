"""Operations of a mirror elsewhere, over HTTP with a signature (auth-and-policy §2)."""

import hashlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from mirror.api.operation import Operation
from mirror.api.table import BY_NAME
from mirror.auth.signatures import SignedRequest, sign
from mirror.cli.operations import OperationError, Operations
from mirror.errors import Unavailable

PATIENCE = aiohttp.ClientTimeout(total=60, connect=10)


class AccessKey(NamedTuple):
    """What signs; the region may be any."""

    id: str
    secret: str
    region: str


@asynccontextmanager
async def at(endpoint: str, key: AccessKey) -> AsyncIterator[Operations]:
    """The operations of the mirror at this address, without a final slash, for whose key it is."""
    async with aiohttp.ClientSession(timeout=PATIENCE, trust_env=True) as http:
        yield _Remote(http, endpoint, key)


class _Remote:
    def __init__(self, http: aiohttp.ClientSession, endpoint: str, key: AccessKey) -> None:
        self._http = http
        self._endpoint = endpoint
        self._key = key

    async def call(self, operation: str, **members: Any) -> Any:
        """See `Operations`."""
        row = BY_NAME[operation]
        query, body = laid_out(row, members)
        url = URL(f"{self._endpoint}{row.path}{query}", encoded=True)
        headers = self._signed(row.method, url, body)
        try:
            async with self._http.request(
                row.method, url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            said = str(error) or type(error).__name__
            raise Unavailable(f"cannot reach {self._endpoint}: {said}") from error
        return self._read(operation, answer.status, content)

    def _signed(self, method: str, url: URL, body: bytes) -> dict[str, str]:
        headers = {"Host": url.host_port_subcomponent or ""}
        if body:
            headers["Content-Type"] = "application/json"
        request = SignedRequest(method, url.raw_path_qs, list(headers.items()))
        digest = hashlib.sha256(body).hexdigest()
        return headers | sign(request, *self._key, digest, time.time())

    def _read(self, operation: str, status: int, content: bytes) -> Any:
        try:
            told = orjson.loads(content)
            if status == 200:
                return told
            raise OperationError(operation, told["__type"], told["message"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise Unavailable(
                f"{self._endpoint} answered {status}, and not as the API of a mirror does: "
                "is this its address?"
            ) from error


def laid_out(row: Operation, members: Mapping[str, Any]) -> tuple[str, bytes]:
    """The query with its question mark, and the body: the opposite of `Operation.parse`."""
    query: list[str] = []
    body: dict[str, Any] = {}
    for member in row.members:
        value = members.get(member.name)
        if value is None:
            continue
        if member.location == "body":
            body[member.key] = value
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            query.append(f"{member.key}={quote(text, safe='-_.~')}")
    has_body = any(member.location == "body" for member in row.members)
    return f"?{'&'.join(query)}" if query else "", orjson.dumps(body) if has_body else b""
