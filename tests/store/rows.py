"""What the tests of the index share: opening it, dumping it, and versions made to order."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mirror.model import Digests, Origin, OriginType, Package, StoredAsset
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.domains import create_domain
from mirror.store.repositories import put_repository
from mirror.store.transactions import Transaction
from mirror.store.versions import NewVersion

OWNER = "000000000000"
PACKAGE = Package("npm", "acme", "ui")

CLOCKS = {"created_at", "stored_at", "fetched_at", "checked_at", "published_at"}
"""Columns whose value is the time of the test."""


@asynccontextmanager
async def opened(path: Path, *, watch: bool = False) -> AsyncIterator[Database]:
    async with Database(path, Changes(), watch=watch) as database:
        yield database


def changes_of(database: Database) -> Changes:
    return database._changes


def digests_of(data: bytes) -> Digests:
    return Digests(
        len(data),
        *(hashlib.new(name, data).hexdigest() for name in ("sha256", "md5", "sha1", "sha512")),
    )


def version(
    number: str = "1.0.0", data: bytes = b"tarball", manifest: Any = None, **more: Any
) -> NewVersion:
    given: dict[str, Any] = {
        "version": number,
        "manifest": manifest or {"name": "@acme/ui", "version": number},
        "assets": [StoredAsset(f"ui-{number}.tgz", digests_of(data))],
        "origin": Origin(OriginType.INTERNAL, repository="main"),
        "published_at": 1000.0,
    }
    return NewVersion(**given | more)


async def with_repositories(database: Database, *names: str) -> dict[str, int]:
    """The domain `default` with these repositories; their ids by name."""

    async def create(transaction: Transaction) -> None:
        await create_domain(transaction, OWNER, "default")
        for name in names:
            await put_repository(transaction, owner=OWNER, domain="default", name=name)

    await database.write(create)
    return {
        row["name"]: row["id"] for row in await database.read("SELECT id, name FROM repository")
    }


async def dump(database: Database, *without: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, so that a test sees whatever is stored.

    Empty columns are left out, and times become True; tables named in `without` are not shown.
    """
    tables = await database.read(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for (name,) in tables:
        if name in without:
            continue
        rows = [
            {
                key: bool(row[key]) if key in CLOCKS else row[key]
                for key in row.keys()  # noqa: SIM118 - a Row iterates over its values
                if row[key] is not None
            }
            for row in await database.read(f"SELECT * FROM {name} ORDER BY 1, 2")
        ]
        if rows:
            found[name] = rows
    return found
