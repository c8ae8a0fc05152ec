"""What one repository itself holds, page by page: the API's lists and descriptions (§5, §7).

Every list is read from a sort key on, never from a count of rows, so that what comes or goes between
two pages neither repeats nor hides anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

import orjson

from mirror.model import (
    Dependency,
    Origin,
    OriginControls,
    Package,
    Restriction,
    Status,
    StoredAsset,
    Summary,
)
from mirror.store.database import Database
from mirror.store.packages import controls_of, digests_of, origin_of

Key = Sequence[Any]
"""Where a page begins: the sort key of the row before it."""

_AGE = "coalesce(published_at, stored_at)"  # as the index version_by_age has it
_LAST = "\U0010ffff"  # no name has it: what begins with a prefix comes before prefix + this


@dataclass(frozen=True, slots=True)
class Sought:
    """Which packages of a repository: the beginnings of namespace and name, and the controls.

    A namespace is sought within a format only (User Guide, "Supported search option combinations").
    """

    format: str = ""
    namespace: str = ""
    name: str = ""
    publish: Restriction | None = None
    upstream: Restriction | None = None


@dataclass(frozen=True, slots=True)
class CataloguedPackage:
    """A package in a repository, with or without versions."""

    id: int
    package: Package
    controls: OriginControls


@dataclass(frozen=True, slots=True)
class CataloguedVersion:
    """A line of the list of versions. `at` (epoch seconds) is what it is sorted by."""

    version: str
    status: Status
    origin: Origin
    revision: str
    at: float


@dataclass(frozen=True, slots=True)
class DescribedVersion:
    """A version as DescribePackageVersion shows it; its summary comes without the readme."""

    id: int
    version: str
    display_name: str | None
    status: Status
    origin: Origin
    revision: str
    published_at: float | None
    summary: Summary


class Catalogue:
    """Reads for the API. Packages and versions are named by the ids that earlier reads gave."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def packages(
        self, repository: int, sought: Sought, after: Key | None, limit: int
    ) -> list[CataloguedPackage]:
        """Packages by format, namespace and name; `after` is those three of the last one seen."""
        clauses = ["repository_id = ?", "(format, namespace, name) > (?, ?, ?)"]
        values: list[Any] = [repository, *(after or (sought.format, sought.namespace, ""))]

        def require(clause: str, *given: Any) -> None:
            clauses.append(clause)
            values.extend(given)

        # Row values, for with `format = ?` SQLite would sort: see the plans in the test.
        if sought.namespace:
            require("(format, namespace) < (?, ?)", sought.format, sought.namespace + _LAST)
        elif sought.format:
            require("format <= ?", sought.format)
        if sought.name:
            require("name >= ? AND name < ?", sought.name, sought.name + _LAST)
        if sought.publish is not None:
            require("publish = ?", sought.publish)
        if sought.upstream is not None:
            require("upstream = ?", sought.upstream)
        rows = await self._database.read(
            "SELECT id, format, namespace, name, publish, upstream FROM package"
            f" WHERE {' AND '.join(clauses)} ORDER BY format, namespace, name LIMIT ?",
            (*values, limit),
        )
        return [_package(row) for row in rows]

    async def package(self, repository: int, package: Package) -> CataloguedPackage | None:
        """One package; None where the repository does not know it."""
        rows = await self._database.read(
            "SELECT id, format, namespace, name, publish, upstream FROM package"
            " WHERE repository_id = ? AND format = ? AND namespace = ? AND name = ?",
            (repository, *package),
        )
        return _package(rows[0]) if rows else None

    async def versions(
        self,
        package_id: int,
        after: Key | None,
        limit: int,
        *,
        status: str | None = None,
        origin_type: str | None = None,
    ) -> list[CataloguedVersion]:
        """Versions in every status, newest first; `after` is (at, version) of the last one seen.

        Of those published at one moment, the one with the later text comes first.
        """
        clauses = ["package_id = ?"]
        values: list[Any] = [package_id]
        if after is not None:
            # The first of the two is what the index is searched by.
            clauses += [f"{_AGE} <= ?", f"({_AGE}, version) < (?, ?)"]
            values += [after[0], *after]
        if status is not None:
            clauses.append("status = ?")
            values.append(status)
        if origin_type is not None:
            clauses.append("origin_type = ?")
            values.append(origin_type)
        rows = await self._database.read(
            "SELECT version, status, origin_type, origin_repository, origin_connection, revision,"
            f" {_AGE} AS at FROM version WHERE {' AND '.join(clauses)}"
            f" ORDER BY {_AGE} DESC, version DESC LIMIT ?",
            (*values, limit),
        )
        return [
            CataloguedVersion(
                row["version"], Status(row["status"]), origin_of(row), row["revision"], row["at"]
            )
            for row in rows
        ]

    async def default_version(self, package_id: int) -> str | None:
        """The version that a page about the package shows; None where none is Published.

        The one tagged `latest`, else the newest (User Guide, "Default display version"). As for
        npm's clients, a tag on a version that is not listed is no tag.
        """
        rows = await self._database.read(
            "SELECT coalesce((SELECT t.version FROM package_tag t JOIN version v"
            " ON v.package_id = t.package_id AND v.version = t.version AND v.status = 'Published'"
            " WHERE t.package_id = ? AND t.tag = 'latest'), (SELECT version FROM version"
            f" WHERE package_id = ? AND status = 'Published' ORDER BY {_AGE} DESC, version DESC"
            " LIMIT 1)) AS version",
            (package_id, package_id),
        )
        found: str | None = rows[0]["version"]
        return found

    async def version_names(self, package_id: int) -> list[str]:
        """How the versions of a package are spelt."""
        rows = await self._database.read(
            "SELECT version FROM version WHERE package_id = ?", (package_id,)
        )
        return [row["version"] for row in rows]

    async def version(self, package_id: int, version: str) -> DescribedVersion | None:
        """One version, spelt as it is stored; None where the package has none such."""
        rows = await self._database.read(
            "SELECT id, version, display_name, status, origin_type, origin_repository,"
            " origin_connection, revision, published_at, summary, home_page, source_repository,"
            " licenses FROM version WHERE package_id = ? AND version = ?",
            (package_id, version),
        )
        return _described(rows[0]) if rows else None

    async def assets(
        self, version_id: int, after: Key | None, limit: int, *, without: Sequence[str] = ()
    ) -> list[StoredAsset]:
        """A version's assets by name, but for those whose names end so.

        `after` is the name of the last one seen.
        """
        others = " AND a.name NOT LIKE ?" * len(without)
        rows = await self._database.read(
            "SELECT a.name, b.* FROM asset a JOIN blob b ON b.sha256 = a.sha256"
            f" WHERE a.version_id = ? AND a.name > ?{others} ORDER BY a.name LIMIT ?",
            (version_id, *(after or ("",)), *(f"%{suffix}" for suffix in without), limit),
        )
        return [StoredAsset(row["name"], digests_of(row)) for row in rows]

    async def dependencies(
        self, version_id: int, after: Key | None, limit: int
    ) -> list[tuple[int, Dependency]]:
        """(position, dependency) in the order of the manifest; `after` is the last position seen."""
        rows = await self._database.read(
            "SELECT position, namespace, package, type, requirement FROM dependency"
            " WHERE version_id = ? AND position > ? ORDER BY position LIMIT ?",
            (version_id, *(after or (-1,)), limit),
        )
        return [
            (
                row["position"],
                Dependency(row["namespace"], row["package"], row["type"], row["requirement"]),
            )
            for row in rows
        ]

    async def readme(self, version_id: int) -> str | None:
        """A version's readme, None where it has none."""
        rows = await self._database.read("SELECT readme FROM version WHERE id = ?", (version_id,))
        return rows[0]["readme"] if rows else None


def _package(row: Row) -> CataloguedPackage:
    return CataloguedPackage(
        id=row["id"],
        package=Package(row["format"], row["namespace"], row["name"]),
        controls=controls_of(row),
    )


def _described(row: Row) -> DescribedVersion:
    return DescribedVersion(
        id=row["id"],
        version=row["version"],
        display_name=row["display_name"],
        status=Status(row["status"]),
        origin=origin_of(row),
        revision=row["revision"],
        published_at=row["published_at"],
        summary=Summary(
            summary=row["summary"],
            home_page=row["home_page"],
            source_repository=row["source_repository"],
            licenses=tuple(orjson.loads(row["licenses"])),
        ),
    )
