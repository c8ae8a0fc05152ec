"""The writes to packages, versions, assets and tags; each runs inside somebody's transaction."""

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from mirror.model import (
    Dependency,
    Digests,
    Origin,
    OriginControls,
    Package,
    Status,
    StoredAsset,
    Summary,
)
from mirror.store.transactions import Transaction


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Everything that is stored of a version at once.

    `published_at` is in epoch seconds, None where an upstream did not tell.
    """

    version: str
    manifest: Mapping[str, Any]
    assets: Sequence[StoredAsset]
    origin: Origin
    published_at: float | None
    status: Status = Status.PUBLISHED
    dependencies: Sequence[Dependency] = ()
    summary: Summary = field(default_factory=Summary)

    @property
    def revision(self) -> str:
        """Names this set of assets and metadata: equal for byte-identical copies (§8)."""
        return _revision({each.name: each.digests.sha256 for each in self.assets}, self.manifest)


async def put_package(
    transaction: Transaction,
    repository: int,
    package: Package,
    defaults: OriginControls,
    *,
    advance: bool,
) -> int:
    """The package's row id, made with `defaults` when it is new.

    `advance` its revision for a change that writers must have seen; retention is none.
    """
    rows = await transaction.run(
        "INSERT INTO package"
        " (repository_id, format, namespace, name, publish, upstream, revision, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository_id, format, namespace, name)"
        " DO UPDATE SET revision = revision + excluded.revision RETURNING id",
        (repository, *package, defaults.publish, defaults.upstream, int(advance), time.time()),
    )
    transaction.touch(package)
    found: int = rows[0]["id"]
    return found


async def put_blob(transaction: Transaction, digests: Digests) -> None:
    """The row of a blob that is in its place on disk."""
    await transaction.run(
        "INSERT INTO blob (sha256, size, md5, sha1, sha512, created_at) VALUES (?, ?, ?, ?, ?, ?)"
        # What was a document becomes a file, and files have all their digests.
        " ON CONFLICT (sha256) DO UPDATE SET md5 = excluded.md5, sha1 = excluded.sha1,"
        " sha512 = excluded.sha512 WHERE blob.sha512 = ''",
        (
            digests.sha256,
            digests.size,
            digests.md5,
            digests.sha1,
            digests.sha512,
            time.time(),
        ),
    )


async def add_version(transaction: Transaction, package_id: int, new: NewVersion) -> bool:
    """Store a version whole; False, and nothing changed, where the package has it already."""
    rows = await transaction.run(
        "INSERT INTO version (package_id, version, display_name, status, origin_type, origin_repository,"
        " origin_connection, revision, manifest, summary, home_page, source_repository, licenses,"
        " readme, published_at, stored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (package_id, version) DO NOTHING RETURNING id",
        (
            package_id,
            new.version,
            new.summary.display_name,
            new.status,
            new.origin.type,
            new.origin.repository,
            new.origin.connection,
            new.revision,
            orjson.dumps(new.manifest).decode(),
            new.summary.summary,
            new.summary.home_page,
            new.summary.source_repository,
            orjson.dumps(new.summary.licenses).decode(),
            new.summary.readme,
            new.published_at,
            time.time(),
        ),
    )
    if not rows:
        return False
    version_id = rows[0]["id"]
    await _put_assets(transaction, version_id, new.assets)
    if new.dependencies:
        await transaction.run_many(
            "INSERT INTO dependency (version_id, position, namespace, package, type, requirement)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (version_id, place, each.namespace, each.package, each.type, each.requirement)
                for place, each in enumerate(new.dependencies)
            ],
        )
    return True


async def extend_version(
    transaction: Transaction,
    package_id: int,
    version: str,
    assets: Sequence[StoredAsset],
    manifest: Mapping[str, Any],
) -> str:
    """Add files to a stored version, with the manifest that tells of them: its new revision (§8)."""
    rows = await transaction.run(
        "SELECT id FROM version WHERE package_id = ? AND version = ?", (package_id, version)
    )
    await _put_assets(transaction, rows[0]["id"], assets)
    return await put_manifest(transaction, package_id, version, manifest)


async def finish_version(
    transaction: Transaction, package_id: int, version: str, published_at: float
) -> None:
    """Make an Unfinished version Published, at that time (epoch seconds)."""
    await transaction.run(
        "UPDATE version SET status = ?, published_at = ? WHERE package_id = ? AND version = ?",
        (Status.PUBLISHED, published_at, package_id, version),
    )


async def _put_assets(
    transaction: Transaction, version_id: int, assets: Sequence[StoredAsset]
) -> None:
    for asset in assets:
        await put_blob(transaction, asset.digests)
        await transaction.run(
            "INSERT INTO asset (version_id, name, sha256) VALUES (?, ?, ?)",
            (version_id, asset.name, asset.digests.sha256),
        )


async def version_assets(
    transaction: Transaction, package_id: int, version: str
) -> dict[str, str] | None:
    """Asset name to SHA-256 of a stored version; None where the package has no such version."""
    rows = await transaction.run(
        "SELECT v.id, a.name, a.sha256 FROM version v LEFT JOIN asset a ON a.version_id = v.id"
        " WHERE v.package_id = ? AND v.version = ?",
        (package_id, version),
    )
    if not rows:
        return None
    return {row["name"]: row["sha256"] for row in rows if row["name"] is not None}


async def put_about(transaction: Transaction, package_id: int, about: Mapping[str, Any]) -> None:
    """Merge fields into the package-level part of the ecosystem's document."""
    rows = await transaction.run("SELECT about FROM package WHERE id = ?", (package_id,))
    merged = {**orjson.loads(rows[0]["about"]), **about}
    await transaction.run(
        "UPDATE package SET about = ? WHERE id = ?", (orjson.dumps(merged).decode(), package_id)
    )


async def put_tags(
    transaction: Transaction, package_id: int, tags: Mapping[str, str | None]
) -> None:
    """Point tags at versions; None removes one."""
    for tag, version in tags.items():
        if version is None:
            await transaction.run(
                "DELETE FROM package_tag WHERE package_id = ? AND tag = ?", (package_id, tag)
            )
        else:
            await transaction.run(
                "INSERT INTO package_tag (package_id, tag, version) VALUES (?, ?, ?)"
                " ON CONFLICT (package_id, tag) DO UPDATE SET version = excluded.version",
                (package_id, tag, version),
            )


async def put_manifest(
    transaction: Transaction, package_id: int, version: str, manifest: Mapping[str, Any]
) -> str:
    """Replace a stored version's manifest and, with it, its revision (§8), which it returns."""
    assets = await version_assets(transaction, package_id, version) or {}
    revision = _revision(assets, manifest)
    await transaction.run(
        "UPDATE version SET manifest = ?, revision = ? WHERE package_id = ? AND version = ?",
        (orjson.dumps(manifest).decode(), revision, package_id, version),
    )
    return revision


async def delete_versions(
    transaction: Transaction, package_id: int, versions: Sequence[str]
) -> list[str]:
    """Delete stored versions and the tags on them; SHA-256s of blobs that nothing shows any more.

    The package's row stays, with its origin controls (§5, DeletePackageVersions).
    """
    gone: list[str] = []
    for version in versions:
        assets = await version_assets(transaction, package_id, version) or {}
        await transaction.run(
            "DELETE FROM package_tag WHERE package_id = ? AND version = ?", (package_id, version)
        )
        await transaction.run(
            "DELETE FROM version WHERE package_id = ? AND version = ?", (package_id, version)
        )
        gone.extend(assets.values())
    return await release_blobs(transaction, gone)


async def release_blobs(transaction: Transaction, sha256s: Sequence[str]) -> list[str]:
    """Forget those blobs that no row shows any more; the caller then deletes their files."""
    released: list[str] = []
    for start in range(0, len(sha256s), 500):
        piece = sha256s[start : start + 500]
        rows = await transaction.run(
            f"DELETE FROM blob WHERE sha256 IN ({', '.join('?' * len(piece))})"
            " AND NOT EXISTS (SELECT 1 FROM asset a WHERE a.sha256 = blob.sha256)"
            " AND NOT EXISTS (SELECT 1 FROM upstream_document d WHERE d.sha256 = blob.sha256)"
            " AND NOT EXISTS (SELECT 1 FROM upstream_listing l WHERE l.sha256 = blob.sha256)"
            " RETURNING sha256",
            piece,
        )
        released.extend(row["sha256"] for row in rows)
    return released


def _revision(assets: Mapping[str, str], manifest: Mapping[str, Any]) -> str:
    content = hashlib.sha256()
    for name in sorted(assets):
        content.update(f"{name}\0{assets[name]}\n".encode())
    content.update(orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS))
    return base64.b64encode(content.digest()).decode()
