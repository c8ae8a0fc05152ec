"""Deleting a repository: out of sight in one transaction, out of the index in many small ones.

The writer needs ten seconds and more to delete 300,000 versions, and nobody could publish
meanwhile. So a repository first moves to a domain that no account owns, under a name that nobody
can ask for, and loses its packages there, a few hundred rows at a time.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Sequence

from mirror.errors import Storage
from mirror.store.blobs import Blobs
from mirror.store.database import Database
from mirror.store.domains import NOBODY
from mirror.store.transactions import Transaction
from mirror.store.versions import release_blobs

PIECE = 500
"""Rows that one transaction takes away, more or less: the writer is busy for some 10 ms."""

KEPT = 86400.0
"""Seconds for which a deleted repository's row stays: uploads that are under way refer to it."""

INTERVAL = 3600.0
"""Seconds after which it looks by itself: for what the command line deleted, or a disk refused."""

log = logging.getLogger(__name__)


async def bury_repository(transaction: Transaction, repository: int) -> None:
    """Put a repository out of everybody's sight, its name free again; `Purge` does the rest."""
    for table, column in (
        ("repository_upstream", "repository_id"),
        ("repository_upstream", "upstream_id"),
        ("repository_connection", "repository_id"),
        ("package_group_repository", "repository_id"),
    ):
        await transaction.run(f"DELETE FROM {table} WHERE {column} = ?", (repository,))
    now = time.time()
    await transaction.run(
        "INSERT INTO domain (owner, name, created_at) VALUES (?, '', ?)"
        " ON CONFLICT (owner, name) DO NOTHING",
        (NOBODY, now),
    )
    await transaction.run(
        "UPDATE repository SET domain_id = (SELECT id FROM domain WHERE owner = ?),"
        " name = CAST(id AS TEXT), administrator = ?, created_at = ? WHERE id = ?",
        (NOBODY, NOBODY, now, repository),
    )
    transaction.touch_everything()


class Purge:
    """Takes away what deleted repositories held.

    It works in the server only, the one process that may remove files. What a crash or `close`
    interrupts, the next start goes on with.
    """

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._closing = False

    def start(self) -> None:
        """Work in the background from now on."""
        self._task = asyncio.create_task(self._keep_on(), name="purge")

    def wake(self) -> None:
        """Tell that something was deleted."""
        self._wanted.set()

    async def close(self) -> None:
        """Stop after the current piece."""
        self._closing = True
        self._wanted.set()
        if self._task is not None:
            await self._task

    async def run(self) -> None:
        """Take away everything that there is now; raises `Storage`."""
        while not self._closing and (released := await self._database.write(_take)) is not None:
            await self._blobs.discard(released)
        await self._database.write(_forget)

    async def _keep_on(self) -> None:
        while not self._closing:
            self._wanted.clear()
            try:
                await self.run()
            except Storage as error:
                log.error("what deleted repositories held is still there: %s", error)  # noqa: TRY400 - the sentence says it
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL):
                    await self._wanted.wait()


async def _take(transaction: Transaction) -> list[str] | None:
    """Delete some versions, and packages that have no more; SHA-256s of the blobs left over.

    None where there was nothing to delete.
    """
    rows = await transaction.run(
        "SELECT p.id AS package, v.id AS version,"
        " (SELECT count(*) FROM asset a WHERE a.version_id = v.id)"
        " + (SELECT count(*) FROM dependency d WHERE d.version_id = v.id) AS size"
        " FROM domain g JOIN repository r ON r.domain_id = g.id"
        " JOIN package p ON p.repository_id = r.id LEFT JOIN version v ON v.package_id = p.id"
        " WHERE g.owner = ? LIMIT ?",
        (NOBODY, PIECE),
    )
    if not rows:
        return None
    packages: set[int] = set()
    versions: list[int] = []
    size = 0
    for row in rows:
        packages.add(row["package"])
        if row["version"] is not None:
            versions.append(row["version"])
        size += 1 + row["size"]
        if size >= PIECE:
            break
    released = await _take_versions(transaction, versions) if versions else []
    await transaction.run(
        f"DELETE FROM package WHERE id IN ({_marks(packages)})"
        " AND NOT EXISTS (SELECT 1 FROM version v WHERE v.package_id = package.id)",
        tuple(packages),
    )
    return released


async def _take_versions(transaction: Transaction, versions: Sequence[int]) -> list[str]:
    marks = _marks(versions)
    assets = await transaction.run(
        f"SELECT sha256 FROM asset WHERE version_id IN ({marks})", versions
    )
    await transaction.run(f"DELETE FROM version WHERE id IN ({marks})", versions)
    return await release_blobs(transaction, [row["sha256"] for row in assets])


async def _forget(transaction: Transaction) -> None:
    """Drop the rows of repositories long gone. The highest id stays: SQLite would give it again,
    and who still remembers the old repository would have the new one.
    """
    await transaction.run(
        "DELETE FROM repository WHERE created_at < ?"
        " AND domain_id IN (SELECT id FROM domain WHERE owner = ?)"
        " AND NOT EXISTS (SELECT 1 FROM package p WHERE p.repository_id = repository.id)"
        " AND id < (SELECT max(id) FROM repository)",
        (time.time() - KEPT, NOBODY),
    )


def _marks(values: Collection[int]) -> str:
    return ", ".join("?" * len(values))
