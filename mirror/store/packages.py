"""Packages, versions, assets and tags: what the index says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from sqlite3 import Row
from typing import Any

import orjson

from mirror.model import (
    Digests,
    Origin,
    OriginControls,
    OriginType,
    Package,
    Promise,
    Restriction,
    Status,
)
from mirror.store.database import Database


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One stored version with its assets' names, sizes and digests; `manifest` is JSON."""

    repository: int
    version: str
    status: Status
    origin: Origin
    revision: str
    manifest: str
    published_at: float | None
    assets: tuple[tuple[str, Promise], ...]


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package in one repository, without its versions."""

    id: int
    repository: int
    controls: OriginControls
    about: dict[str, Any]
    revision: int
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class AssetRow:
    """Where the search met a package: its controls there, and the version and file if held.

    `revision` is the version's.
    """

    repository: int
    controls: OriginControls
    version: str | None
    status: Status | None
    origin: Origin | None
    revision: str | None
    digests: Digests | None


class Packages:
    """Reads over the index. Repositories are given and answered by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def packages(self, package: Package, repositories: Sequence[int]) -> list[PackageRow]:
        """The package's rows in these repositories, with their tags."""
        rows = await self._database.read(
            "SELECT p.id, p.repository_id, p.publish, p.upstream, p.about, p.revision,"
            " t.tag, t.version FROM package p LEFT JOIN package_tag t ON t.package_id = p.id"
            f" WHERE {_named(repositories)} ORDER BY p.id, t.tag",
            (*repositories, *package),
        )
        found: dict[int, PackageRow] = {}
        for row in rows:
            known = found.get(row["id"])
            if known is None:
                known = found[row["id"]] = PackageRow(
                    id=row["id"],
                    repository=row["repository_id"],
                    controls=controls_of(row),
                    about=orjson.loads(row["about"]),
                    revision=row["revision"],
                    tags={},
                )
            if row["tag"] is not None:
                known.tags[row["tag"]] = row["version"]
        return list(found.values())

    async def versions(
        self, package: Package, repositories: Sequence[int], version: str | None = None
    ) -> list[VersionRow]:
        """Every stored version in these repositories, or the one that is named; oldest first."""
        named, parameters = _named(repositories), (*repositories, *package)
        if version is not None:
            named, parameters = f"{named} AND v.version = ?", (*parameters, version)
        rows = await self._database.read(
            "SELECT p.repository_id, v.id, v.version, v.status, v.origin_type, v.origin_repository,"
            " v.origin_connection, v.revision, v.published_at, a.name AS asset, a.sha256, b.size,"
            # One row an asset, of which the first has the manifest: with PyPI both are as many as
            # a version has files, and their product is megabytes.
            " CASE WHEN NOT EXISTS (SELECT 1 FROM asset e WHERE e.version_id = v.id"
            " AND e.name < a.name) THEN v.manifest END AS manifest FROM package p"
            " JOIN version v ON v.package_id = p.id LEFT JOIN asset a ON a.version_id = v.id"
            " LEFT JOIN blob b ON b.sha256 = a.sha256"
            f" WHERE {named} ORDER BY v.published_at, v.id, a.name",
            parameters,
        )
        return [
            VersionRow(
                repository=first["repository_id"],
                version=first["version"],
                status=Status(first["status"]),
                origin=origin_of(first),
                revision=first["revision"],
                manifest=first["manifest"],
                published_at=first["published_at"],
                assets=tuple(
                    (row["asset"], Promise(row["size"], {"sha256": row["sha256"]}))
                    for row in (first, *others)
                    if row["asset"] is not None
                ),
            )
            for first, *others in _runs(rows)
        ]

    async def find_asset(
        self, package: Package, repositories: Sequence[int], version: str | None, asset: str
    ) -> list[AssetRow]:
        """What each of these repositories holds of one file, in one query.

        A repository that knows the package but not the version answers with empty fields, for
        its origin controls. Without `version`, the version is the one that has the file.
        """
        if version is None:
            match = "v.id IN (SELECT version_id FROM asset WHERE name = ?)"
            parameters: tuple[Any, ...] = (asset, asset)
        else:
            match = "v.version = ?"
            parameters = (version, asset)
        rows = await self._database.read(
            "SELECT p.repository_id, p.publish, p.upstream, v.version, v.status, v.origin_type,"
            " v.origin_repository, v.origin_connection, v.revision, b.* FROM package p"
            f" LEFT JOIN version v ON v.package_id = p.id AND {match}"
            " LEFT JOIN asset a ON a.version_id = v.id AND a.name = ?"
            f" LEFT JOIN blob b ON b.sha256 = a.sha256 WHERE {_named(repositories)}",
            (*parameters, *repositories, *package),
        )
        return [
            AssetRow(
                repository=row["repository_id"],
                controls=controls_of(row),
                version=row["version"],
                status=Status(row["status"]) if row["status"] else None,
                origin=origin_of(row) if row["status"] else None,
                revision=row["revision"],
                digests=digests_of(row) if row["sha256"] else None,
            )
            for row in rows
        ]

    async def version_names(
        self, package: Package, repositories: Sequence[int]
    ) -> dict[int, list[str]]:
        """The versions that these repositories hold, in whatever status, as each spells them."""
        rows = await self._database.read(
            "SELECT p.repository_id, v.version FROM package p JOIN version v ON v.package_id = p.id"
            f" WHERE {_named(repositories)}",
            (*repositories, *package),
        )
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row["repository_id"], []).append(row["version"])
        return found

    async def blob(self, algorithm: str, digest: str) -> Digests | None:
        """A stored blob by one of its digests (sha256 or sha512), to save a transfer.

        Of a file, that is, with all its digests: those of upstreams' documents have one only.
        """
        column = {"sha256": "sha256", "sha512": "sha512"}[algorithm]
        rows = await self._database.read(
            f"SELECT * FROM blob WHERE {column} = ? AND sha512 <> ''", (digest,)
        )
        return digests_of(rows[0]) if rows else None

    async def blob_in_use(self, sha256: str) -> bool:
        """Whether any row refers to the blob."""
        return bool(await self._database.read("SELECT 1 FROM blob WHERE sha256 = ?", (sha256,)))

    async def blobs(self) -> list[tuple[str, int]]:
        """(SHA-256, size) of every blob that rows refer to."""
        rows = await self._database.read("SELECT sha256, size FROM blob ORDER BY sha256")
        return [(row["sha256"], row["size"]) for row in rows]

    async def blob_totals(self) -> tuple[int, int]:
        """How many blobs there are, and their bytes in all."""
        rows = await self._database.read("SELECT count(*), coalesce(sum(size), 0) FROM blob")
        return rows[0][0], rows[0][1]

    async def names(self, format_name: str, repositories: Sequence[int]) -> list[Package]:
        """Packages of which these repositories hold a listed version, in order of their names."""
        holders = ", ".join("?" * len(repositories))
        rows = await self._database.read(
            "SELECT DISTINCT p.namespace, p.name FROM package p JOIN version v"
            " ON v.package_id = p.id AND v.status = 'Published'"
            f" WHERE p.format = ? AND p.repository_id IN ({holders}) ORDER BY p.namespace, p.name",
            (format_name, *repositories),
        )
        return [Package(format_name, row["namespace"], row["name"]) for row in rows]

    async def search(
        self,
        format_name: str,
        repositories: Sequence[int],
        text: str,
        *,
        limit: int,
        offset: int,
    ) -> list[tuple[Package, str, dict[str, Any], float]]:
        """The newest listed version of each package whose name or summary has all the words."""
        words = [f"%{_like(word)}%" for word in text.lower().split()] or ["%"]
        clause = " AND ".join(
            "(lower(p.namespace || '/' || p.name) LIKE ? ESCAPE '\\'"
            " OR lower(coalesce(v.summary, '')) LIKE ? ESCAPE '\\')"
            for _ in words
        )
        holders = ", ".join("?" * len(repositories))
        rows = await self._database.read(
            "SELECT p.namespace, p.name, v.version, v.manifest,"
            " coalesce(v.published_at, 0) AS published_at FROM package p"
            " JOIN version v ON v.package_id = p.id AND v.status = 'Published'"
            f" WHERE p.format = ? AND p.repository_id IN ({holders}) AND {clause}"
            " AND NOT EXISTS (SELECT 1 FROM package q JOIN version w ON w.package_id = q.id"
            " AND w.status = 'Published' WHERE q.format = p.format"
            f" AND q.namespace = p.namespace AND q.name = p.name AND q.repository_id IN ({holders})"
            " AND (coalesce(w.published_at, 0) > coalesce(v.published_at, 0)"
            " OR (coalesce(w.published_at, 0) = coalesce(v.published_at, 0) AND w.id > v.id)))"
            " ORDER BY p.namespace, p.name LIMIT ? OFFSET ?",
            (
                format_name,
                *repositories,
                *(word for each in words for word in (each, each)),
                *repositories,
                limit,
                offset,
            ),
        )
        return [
            (
                Package(format_name, row["namespace"], row["name"]),
                row["version"],
                orjson.loads(row["manifest"]),
                row["published_at"],
            )
            for row in rows
        ]


def digests_of(row: Row) -> Digests:
    """A blob row's digests."""
    return Digests(row["size"], row["sha256"], row["md5"], row["sha1"], row["sha512"])


def _named(repositories: Sequence[int]) -> str:
    holders = ", ".join("?" * len(repositories))
    return f"p.repository_id IN ({holders}) AND p.format = ? AND p.namespace = ? AND p.name = ?"


def controls_of(row: Row) -> OriginControls:
    """A package row's origin controls."""
    return OriginControls(Restriction(row["publish"]), Restriction(row["upstream"]))


def origin_of(row: Row) -> Origin:
    """A version row's origin."""
    return Origin(
        OriginType(row["origin_type"]), row["origin_repository"], row["origin_connection"]
    )


def _like(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _runs(rows: list[Row]) -> list[list[Row]]:
    """Rows of the same version, which follow one another."""
    return [list(run) for _, run in groupby(rows, key=lambda row: row["id"])]
