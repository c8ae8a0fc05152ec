"""A repository of a hundred thousand packages: listed in little memory, and each exactly once."""

import asyncio
import time

import pytest

from mirror.store.transactions import Transaction
from tests.clients.aws import Boto
from tests.clients.people import index_of
from tests.running import Running

pytestmark = pytest.mark.client

NAMES = [f"package-{number:04}.{part:02}" for number in range(1000) for part in range(100)]
GROWTH = 32 * 1024 * 1024
R = {"domain": "default", "repository": "main"}


@pytest.fixture
async def service(connected: Running) -> Running:
    """One with that many packages in main, put there behind its back."""

    async def fill(transaction: Transaction) -> None:
        [row] = await transaction.run("SELECT id FROM repository WHERE name = 'main'")
        now = time.time()
        await transaction.run_many(
            "INSERT INTO package (repository_id, format, namespace, name, publish, upstream,"
            " created_at) VALUES (?, 'npm', '', ?, 'ALLOW', 'BLOCK', ?)",
            ((row["id"], name, now) for name in NAMES),
        )

    async with index_of(connected) as database:
        await database.write(fill)
    return connected


async def test_a_hundred_thousand_packages(service: Running, boto: Boto) -> None:
    await boto.list_packages(**R, maxResults=1000)
    before = most = service.memory()
    paginator = boto.client.get_paginator("list_packages")
    seen = await asyncio.to_thread(
        lambda: [
            row["package"]
            for page in paginator.paginate(**R, PaginationConfig={"PageSize": 1000})
            for row in page["packages"]
        ]
    )
    most = max(most, service.memory())
    assert seen == NAMES
    # Those of a group lie anywhere among them: here, at the end.
    group = {"domain": "default", "packageGroup": "/npm//package-0999~"}
    await boto.create_package_group(**group)
    paginator = boto.client.get_paginator("list_associated_packages")
    found = await asyncio.to_thread(
        lambda: [row for page in paginator.paginate(**group) for row in page["packages"]]
    )
    assert [row["package"] for row in found] == NAMES[-100:]
    most = max(most, service.memory())
    assert most - before < GROWTH
