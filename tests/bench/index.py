"""Fills the index of a stopped mirror with packages that somebody might have published.

By the functions that a publish uses, but in few transactions and without the hop to another
thread that every statement takes in the server: a million of those would take minutes.
"""

import asyncio
import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from mirror.model import (
    Dependency,
    Digests,
    Origin,
    OriginControls,
    OriginType,
    Package,
    Restriction,
    StoredAsset,
    Summary,
)
from mirror.store.transactions import Parameters, Transaction
from mirror.store.versions import NewVersion, add_version, put_package, put_tags

BATCH = 20_000
"""Packages a transaction."""

PUBLISHED_HERE = OriginControls(publish=Restriction.ALLOW, upstream=Restriction.BLOCK)


class Direct(Transaction):
    """A transaction in this thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._direct = connection
        self.touched = set()
        self.touched_everything = False

    async def run(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        return self._direct.execute(sql, parameters).fetchall()

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        self._direct.executemany(sql, rows)


def name(number: int) -> str:
    """What a package is called."""
    return f"package-{number}"


def fill(file: Path, repository: str, count: int) -> None:
    """Put so many npm packages of one version into a repository; their tarballs do not exist."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = OFF")  # nobody relies on it
        connection.execute("PRAGMA cache_size = -500000")  # digests go all over their indexes
        row = connection.execute("SELECT id FROM repository WHERE name = ?", (repository,))
        (id_,) = row.fetchone()
        for start in range(0, count, BATCH):
            numbers = range(start, min(start + BATCH, count))
            connection.execute("BEGIN IMMEDIATE")
            asyncio.run(_publish(Direct(connection), id_, repository, numbers))
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _publish(
    transaction: Direct, repository_id: int, repository: str, numbers: Iterable[int]
) -> None:
    for number in numbers:
        package = Package("npm", "", name(number))
        id_ = await put_package(transaction, repository_id, package, PUBLISHED_HERE, advance=True)
        await add_version(transaction, id_, _version(number, repository))
        await put_tags(transaction, id_, {"latest": "1.0.0"})


def _version(number: int, repository: str) -> NewVersion:
    seed = name(number).encode()
    md5, sha1, sha256, sha512 = (
        hashlib.new(algorithm, seed).hexdigest()
        for algorithm in ("md5", "sha1", "sha256", "sha512")
    )
    return NewVersion(
        version="1.0.0",
        manifest={
            "name": name(number),
            "version": "1.0.0",
            "description": f"Made for a measurement, number {number}",
            "license": "MIT",
            "dependencies": {name(number + 1): "^1.0.0", name(number + 2): "^1.0.0"},
            "scripts": {"test": "node test", "build": "tsc --build"},
            "dist": {"shasum": sha1, "fileCount": 7, "unpackedSize": 123_456},
        },
        assets=[
            StoredAsset(f"{name(number)}-1.0.0.tgz", Digests(34_000, sha256, md5, sha1, sha512))
        ],
        origin=Origin(OriginType.INTERNAL, repository=repository),
        published_at=1_600_000_000.0 + number,
        dependencies=[Dependency("", name(number + each), "regular", "^1.0.0") for each in (1, 2)],
        summary=Summary(summary=f"Made for a measurement, number {number}", licenses=("MIT",)),
    )
