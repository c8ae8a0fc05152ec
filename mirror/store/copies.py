"""The writes of CopyPackageVersions: rows only, for bytes are stored once however often they are
shown. Each runs inside somebody's transaction.
"""

import time
from collections.abc import Collection

import orjson

from mirror.store.transactions import Transaction
from mirror.store.versions import put_about, release_blobs

_COPIED = (
    "version, display_name, status, origin_type, origin_repository, origin_connection, revision,"
    " manifest, summary, home_page, source_repository, licenses, readme, published_at"
)


async def copy_version(transaction: Transaction, version_id: int, package_id: int) -> None:
    """Give a package the same version, with its revision, origin, status, and publish time."""
    rows = await transaction.run(
        f"INSERT INTO version (package_id, stored_at, {_COPIED})"
        f" SELECT ?, ?, {_COPIED} FROM version WHERE id = ? RETURNING id",
        (package_id, time.time(), version_id),
    )
    copy = rows[0]["id"]
    for table, columns in (
        ("asset", "name, sha256, properties"),
        ("dependency", "position, namespace, package, type, requirement"),
    ):
        await transaction.run(
            f"INSERT INTO {table} (version_id, {columns})"
            f" SELECT ?, {columns} FROM {table} WHERE version_id = ?",
            (copy, version_id),
        )


async def replace_version(
    transaction: Transaction, version_id: int, package_id: int, replaced: int
) -> list[str]:
    """The same in place of the version `replaced`, whose tags stay where they are.

    SHA-256s of blobs that nothing shows any more.
    """
    rows = await transaction.run("SELECT sha256 FROM asset WHERE version_id = ?", (replaced,))
    await transaction.run("DELETE FROM version WHERE id = ?", (replaced,))
    await copy_version(transaction, version_id, package_id)
    return await release_blobs(transaction, [row["sha256"] for row in rows])


async def copy_about(transaction: Transaction, source: int, package_id: int) -> None:
    """Give a new package what its ecosystem's document says of the other one as a whole."""
    rows = await transaction.run("SELECT about FROM package WHERE id = ?", (source,))
    await put_about(transaction, package_id, orjson.loads(rows[0]["about"]))


async def tags_on(
    transaction: Transaction, package_id: int, versions: Collection[str]
) -> dict[str, str]:
    """The tags of a package that point at one of these versions."""
    rows = await transaction.run(
        "SELECT tag, version FROM package_tag WHERE package_id = ?", (package_id,)
    )
    return {row["tag"]: row["version"] for row in rows if row["version"] in versions}


async def same_assets(transaction: Transaction, one: int, other: int) -> bool:
    """Whether two versions show the same bytes under the same names."""
    rows = await transaction.run(
        "SELECT name, sha256 FROM asset WHERE version_id IN (?, ?)"
        " GROUP BY name, sha256 HAVING count(*) < 2 LIMIT 1",
        (one, other),
    )
    return not rows
