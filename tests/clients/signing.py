"""Requests to the API signed with botocore's own hands, and sent as they were signed or otherwise.

    signer = Signer(mirror.url, key)
    await signer.call("GET", "/v1/domain?domain=my_domain")
    await signer.send("PUT", target, other, signer.signed("PUT", target, body))

A target is a raw path with its query, and goes out byte for byte.
"""

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from tests.clients.aws import REGION, Key


class Answer(NamedTuple):
    status: int
    code: str
    body: bytes


class Signer:
    """Who has a key."""

    def __init__(self, address: str, key: Key) -> None:
        self._base = address
        self.key = key

    def signed(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        region: str = REGION,
        service: str = "codeartifact",
        key: Key | None = None,
    ) -> dict[str, str]:
        request = AWSRequest(method, self._base + target, headers=dict(headers or {}), data=body)
        credentials = Credentials(*(key or self.key))
        SigV4Auth(credentials, service, region).add_auth(request)
        return dict(request.headers)

    async def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        url = URL(self._base + target, encoded=True)
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method,
                url,
                data=io.BytesIO(body),
                headers=headers,
                skip_auto_headers=("Content-Type",),
            ) as got,
        ):
            return Answer(got.status, got.headers.get("x-amzn-ErrorType", ""), await got.read())

    async def call(self, method: str, target: str, body: bytes = b"", **how: Any) -> Answer:
        """Signed and sent alike."""
        return await self.send(method, target, body, self.signed(method, target, body, **how))
