"""A package as a writer sees it, inside its transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mirror.model import Origin, OriginControls, OriginType, Package, Restriction, Status
from mirror.store.transactions import Transaction


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A stored version as a writer sees it; `held_manifest` has the rest."""

    status: Status
    origin: Origin
    revision: str


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A package in one repository as a writer sees it, inside its transaction."""

    id: int
    controls: OriginControls
    revision: int
    versions: Mapping[str, HeldVersion]


async def held_package(
    transaction: Transaction, repository: int, package: Package
) -> HeldPackage | None:
    """The package with all its versions; None where the repository does not know it."""
    rows = await transaction.run(
        "SELECT p.id, p.publish, p.upstream, p.revision, v.version, v.status,"
        " v.revision AS version_revision, v.origin_type, v.origin_repository, v.origin_connection"
        " FROM package p LEFT JOIN version v ON v.package_id = p.id WHERE p.repository_id = ?"
        " AND p.format = ? AND p.namespace = ? AND p.name = ?",
        (repository, *package),
    )
    if not rows:
        return None
    first = rows[0]
    return HeldPackage(
        id=first["id"],
        controls=OriginControls(Restriction(first["publish"]), Restriction(first["upstream"])),
        revision=first["revision"],
        versions={
            row["version"]: HeldVersion(
                Status(row["status"]),
                Origin(
                    OriginType(row["origin_type"]),
                    row["origin_repository"],
                    row["origin_connection"],
                ),
                row["version_revision"],
            )
            for row in rows
            if row["version"] is not None
        },
    )


async def held_manifest(transaction: Transaction, package: int, version: str) -> dict[str, Any]:
    """What is kept of a stored version, of a package's row; `KeyError` where it is not stored."""
    rows = await transaction.run(
        "SELECT manifest FROM version WHERE package_id = ? AND version = ?", (package, version)
    )
    if not rows:
        raise KeyError(version)
    manifest: dict[str, Any] = orjson.loads(rows[0]["manifest"])
    return manifest


async def alike(
    transaction: Transaction, repository: int, format_name: str, name: str
) -> list[Package]:
    """Packages that the repository knows whose names are like this one, `_` being any character."""
    rows = await transaction.run(
        "SELECT namespace, name FROM package"
        " WHERE repository_id = ? AND format = ? AND name LIKE ?",
        (repository, format_name, name),
    )
    return [Package(format_name, row["namespace"], row["name"]) for row in rows]
