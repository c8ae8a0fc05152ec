"""A whole mirror without upstreams, and callers of its API: in this process, and over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from mirror.app import Parts, assembled
from mirror.config import load
from mirror.setup import first_start
from mirror.store.access_keys import AccessKeys
from mirror.store.users import Principal
from tests.api.contract import kept
from tests.endpoints.wire import listening

ACCOUNT = "000000000000"
ADDRESS = "http://mirror.test"
ROOT = Principal(0, ACCOUNT, "root", root=True)


class Caller:
    """Calls operations as one principal; every answer is held to the service model."""

    def __init__(self, parts: Parts, principal: Principal) -> None:
        self.parts = parts
        self.principal = principal

    async def call(self, operation: str, **members: Any) -> Any:
        answer = await self.parts.api.invoke(operation, members, self.principal, ADDRESS)
        return kept(operation, answer) if isinstance(answer, dict) else answer

    async def pages(self, operation: str, member: str, **members: Any) -> list[list[Any]]:
        """The listed member of every page, following `nextToken` to its end."""
        found = []
        while True:
            answer = await self.call(operation, **members)
            found.append(answer[member])
            if "nextToken" not in answer:
                return found
            members["nextToken"] = answer["nextToken"]

    async def as_(self, name: str, *policies: str, account: str = ACCOUNT) -> "Caller":
        """Another user, made with these managed policies."""
        users = self.parts.users.of(account)
        await users.create(name, policies=policies)
        rows = await self.parts.database.read(
            "SELECT id FROM principal WHERE account = ? AND name = ?", (account, name)
        )
        return Caller(self.parts, Principal(rows[0]["id"], account, name))


@asynccontextmanager
async def installation(folder: Path, **settings: str) -> AsyncIterator[Parts]:
    """A mirror in this process, started for the first time."""
    environ = {"MIRROR_DATA_DIR": str(folder)} | settings
    loaded = load(None, environ)
    async with assembled(loaded) as parts:
        await first_start(parts.database, parts.users, loaded, folder)
        yield parts


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    async with installation(tmp_path / "data") as parts:
        yield parts


@pytest.fixture
async def api(parts: Parts) -> Caller:
    """The administrator."""
    rows = await parts.database.read("SELECT id FROM principal WHERE name = 'admin'")
    return Caller(parts, Principal(rows[0]["id"], ACCOUNT, "admin"))


Boto = Callable[..., Any]


@pytest.fixture
async def boto(parts: Parts, tmp_path: Path) -> AsyncIterator[Boto]:
    """`await boto("list_domains", …)`: boto3 with the administrator's key, over HTTP."""
    key, secret = await AccessKeys(
        parts.database, ACCOUNT, tmp_path / "data" / "installation.key"
    ).create("admin")
    async with listening(parts.handler) as door:
        client = boto3.client(
            "codeartifact",
            endpoint_url=f"http://127.0.0.1:{door.port}",
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 1}),
        )

        async def call(method: str, **members: Any) -> Any:
            return await asyncio.to_thread(getattr(client, method), **members)

        call.client = client  # type: ignore[attr-defined]
        yield call
        client.close()
