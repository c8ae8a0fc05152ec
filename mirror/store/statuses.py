"""The writes to what may be had of stored versions, and to the record of their package.

Each runs inside somebody's transaction; who changed a package tells so with `advance`.
"""

import time
from dataclasses import dataclass

from mirror.errors import NotFound
from mirror.model import Origin, OriginControls, Package, Status
from mirror.store.domains import Repository
from mirror.store.packages import controls_of, origin_of
from mirror.store.transactions import Transaction
from mirror.store.versions import release_blobs


@dataclass(frozen=True, slots=True)
class Record:
    """A package in one repository, without its versions."""

    id: int
    controls: OriginControls


@dataclass(frozen=True, slots=True)
class Standing:
    """How a stored version stands."""

    id: int
    status: Status
    revision: str
    origin: Origin


async def require(transaction: Transaction, repository: Repository) -> None:
    """Raise `NotFound` where a repository is gone since it was looked up."""
    if not await transaction.run("SELECT 1 FROM repository WHERE id = ?", (repository.id,)):
        raise NotFound("repository", repository.name)


async def package_record(
    transaction: Transaction, repository: int, package: Package
) -> Record | None:
    """The package's record; None where the repository does not know it."""
    rows = await transaction.run(
        "SELECT id, publish, upstream FROM package"
        " WHERE repository_id = ? AND format = ? AND namespace = ? AND name = ?",
        (repository, *package),
    )
    return Record(rows[0]["id"], controls_of(rows[0])) if rows else None


async def advance(transaction: Transaction, package_id: int, package: Package) -> None:
    """Tell writers and prepared answers that the package changed."""
    await transaction.run("UPDATE package SET revision = revision + 1 WHERE id = ?", (package_id,))
    transaction.touch(package)


async def standings(transaction: Transaction, package_id: int) -> dict[str, Standing]:
    """How every version of a package stands, by version."""
    rows = await transaction.run(
        "SELECT id, version, status, revision, origin_type, origin_repository, origin_connection"
        " FROM version WHERE package_id = ?",
        (package_id,),
    )
    return {
        row["version"]: Standing(row["id"], Status(row["status"]), row["revision"], origin_of(row))
        for row in rows
    }


async def put_status(transaction: Transaction, version_id: int, status: Status) -> None:
    """Give a version a status; its revision stays (§8). Who is finished is published now."""
    await transaction.run(
        "UPDATE version SET published_at = CASE WHEN status = 'Unfinished' AND ? = 'Published'"
        " THEN ? ELSE published_at END, status = ? WHERE id = ?",
        (status, time.time(), status, version_id),
    )


async def dispose(transaction: Transaction, version_id: int) -> list[str]:
    """Take a version's assets from it for ever; SHA-256s of blobs that nothing shows any more.

    What is known of the version stays: it can still be described, and not be published again.
    """
    await put_status(transaction, version_id, Status.DISPOSED)
    rows = await transaction.run(
        "DELETE FROM asset WHERE version_id = ? RETURNING sha256", (version_id,)
    )
    return await release_blobs(transaction, [row["sha256"] for row in rows])


async def put_controls(
    transaction: Transaction, repository: int, package: Package, controls: OriginControls
) -> None:
    """Set a package's origin controls; a package that is not there is made, without versions."""
    rows = await transaction.run(
        "INSERT INTO package (repository_id, format, namespace, name, publish, upstream, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository_id, format, namespace, name)"
        " DO UPDATE SET publish = excluded.publish, upstream = excluded.upstream RETURNING id",
        (repository, *package, controls.publish, controls.upstream, time.time()),
    )
    await advance(transaction, rows[0]["id"], package)


async def erase_package(transaction: Transaction, package_id: int, package: Package) -> list[str]:
    """Delete a package with all that it has; SHA-256s of blobs that nothing shows any more."""
    rows = await transaction.run(
        "SELECT DISTINCT a.sha256 FROM asset a JOIN version v ON v.id = a.version_id"
        " WHERE v.package_id = ?",
        (package_id,),
    )
    await transaction.run("DELETE FROM package WHERE id = ?", (package_id,))
    transaction.touch(package)
    return await release_blobs(transaction, [row["sha256"] for row in rows])
