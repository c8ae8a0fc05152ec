"""Domains and repositories: rows, and the topology that is read from them at once.

The topology (a few thousand repositories at most) is kept in memory whole: every request walks it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mirror.errors import Conflict, NotFound
from mirror.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository as the search walks it; `upstreams` are ids in priority order."""

    id: int
    domain: str
    owner: str
    name: str
    administrator: str
    description: str | None
    upstreams: tuple[int, ...]
    connection: str | None


@dataclass(frozen=True, slots=True)
class Topology:
    """Every repository, by id and by (domain, name)."""

    repositories: Mapping[int, Repository] = field(default_factory=dict)
    names: Mapping[tuple[str, str], Repository] = field(default_factory=dict)
    domains: frozenset[str] = frozenset()

    def find(self, domain: str, name: str) -> Repository:
        """The repository of that name; raises `NotFound` for it or for its domain."""
        repository = self.names.get((domain, name))
        if repository is None:
            if domain not in self.domains:
                raise NotFound("domain", domain)
            raise NotFound("repository", name, f"domain '{domain}' has no repository '{name}'")
        return repository


class Domains:
    """The rows of domains, repositories, their upstreams and connections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def topology(self) -> Topology:
        """Everything, as it stands now."""
        upstreams: dict[int, list[int]] = {}
        for row in await self._database.read(
            "SELECT repository_id, upstream_id FROM repository_upstream ORDER BY priority"
        ):
            upstreams.setdefault(row["repository_id"], []).append(row["upstream_id"])
        rows = await self._database.read(
            "SELECT r.*, d.name AS domain, d.owner, c.connection FROM repository r"
            " JOIN domain d ON d.id = r.domain_id"
            " LEFT JOIN repository_connection c ON c.repository_id = r.id ORDER BY d.name, r.name"
        )
        repositories = {
            row["id"]: Repository(
                id=row["id"],
                domain=row["domain"],
                owner=row["owner"],
                name=row["name"],
                administrator=row["administrator"],
                description=row["description"],
                upstreams=tuple(upstreams.get(row["id"], ())),
                connection=row["connection"],
            )
            for row in rows
        }
        domains = await self._database.read("SELECT name FROM domain")
        return Topology(
            repositories=repositories,
            names={(each.domain, each.name): each for each in repositories.values()},
            domains=frozenset(row["name"] for row in domains),
        )


async def create_domain(transaction: Transaction, owner: str, name: str) -> None:
    """A domain with its root package group, which allows everything (§5); existing ones stay."""
    now = time.time()
    rows = await transaction.run(
        "INSERT INTO domain (owner, name, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT (owner, name) DO NOTHING RETURNING id",
        (owner, name, now),
    )
    if rows:
        await transaction.run(
            "INSERT INTO package_group"
            " (domain_id, pattern, publish, external, internal, created_at)"
            " VALUES (?, '/*', 'ALLOW', 'ALLOW', 'ALLOW', ?)",
            (rows[0]["id"], now),
        )
    transaction.touch_everything()


async def put_repository(
    transaction: Transaction,
    *,
    owner: str,
    domain: str,
    name: str,
    description: str | None = None,
    upstreams: Iterable[str] | None = None,
    connection: str | None = None,
) -> None:
    """Create a repository, or make an existing one so; None leaves what is there.

    Raises `NotFound` for a missing domain or upstream, `Conflict` for a cycle or a repetition.
    """
    domain_id = await _domain_id(transaction, owner, domain)
    rows = await transaction.run(
        "INSERT INTO repository (domain_id, name, administrator, description, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (domain_id, name)"
        " DO UPDATE SET description = coalesce(excluded.description, description) RETURNING id",
        (domain_id, name, owner, description, time.time()),
    )
    repository_id: int = rows[0]["id"]
    if upstreams is not None:
        await _replace_upstreams(transaction, domain_id, repository_id, name, list(upstreams))
    if connection is not None:
        await transaction.run(
            "INSERT INTO repository_connection (repository_id, connection) VALUES (?, ?)"
            " ON CONFLICT (repository_id) DO UPDATE SET connection = excluded.connection",
            (repository_id, connection),
        )
    transaction.touch_everything()


async def _replace_upstreams(
    transaction: Transaction, domain_id: int, repository_id: int, name: str, upstreams: list[str]
) -> None:
    if len(set(upstreams)) < len(upstreams):
        raise Conflict(f"repository '{name}' names an upstream twice: {', '.join(upstreams)}")
    ids: list[int] = []
    for upstream in upstreams:
        found = await transaction.run(
            "SELECT id FROM repository WHERE domain_id = ? AND name = ?", (domain_id, upstream)
        )
        if not found:
            raise NotFound(
                "repository", upstream, f"upstream '{upstream}' of '{name}' does not exist"
            )
        ids.append(found[0]["id"])
    await transaction.run(
        "DELETE FROM repository_upstream WHERE repository_id = ?", (repository_id,)
    )
    await transaction.run_many(
        "INSERT INTO repository_upstream (repository_id, upstream_id, priority) VALUES (?, ?, ?)",
        [(repository_id, upstream_id, place) for place, upstream_id in enumerate(ids)],
    )
    cycle = await transaction.run(
        "WITH RECURSIVE above (id) AS ("
        " SELECT upstream_id FROM repository_upstream WHERE repository_id = ?"
        " UNION SELECT u.upstream_id FROM repository_upstream u JOIN above a"
        " ON u.repository_id = a.id) SELECT 1 FROM above WHERE id = ?",
        (repository_id, repository_id),
    )
    if cycle:
        raise Conflict(f"repository '{name}' would be its own upstream: {', '.join(upstreams)}")


async def _domain_id(transaction: Transaction, owner: str, domain: str) -> int:
    rows = await transaction.run(
        "SELECT id FROM domain WHERE owner = ? AND name = ?", (owner, domain)
    )
    if not rows:
        raise NotFound("domain", domain)
    found: int = rows[0]["id"]
    return found
