"""Domains: rows, and the topology of all their repositories that is read from them at once.

The topology (a few thousand repositories at most) is kept in memory whole: every request walks it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from sqlite3 import Row

from mirror.errors import Conflict, NotFound
from mirror.store.database import Database
from mirror.store.transactions import Run, Transaction

NOBODY = ""
"""The owner of the domain in which deleted repositories wait for their end (`store.purging`)."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository as the search walks it; `upstreams` are ids in priority order."""

    id: int
    domain_id: int
    domain: str
    owner: str
    name: str
    administrator: str
    description: str | None
    upstreams: tuple[int, ...]
    connection: str | None
    created_at: float


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain; `encryption_key` is an ARN that is kept and shown, nothing more."""

    id: int
    owner: str
    name: str
    encryption_key: str | None
    created_at: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a domain holds: repositories, and bytes of files, each counted once."""

    repositories: int
    size: int


@dataclass(frozen=True, slots=True)
class Topology:
    """Every domain by (owner, name), every repository by id and by (owner, domain, name)."""

    repositories: Mapping[int, Repository] = field(default_factory=dict)
    names: Mapping[tuple[str, str, str], Repository] = field(default_factory=dict)
    domains: Mapping[tuple[str, str], Domain] = field(default_factory=dict)

    def find(self, owner: str, domain: str, name: str) -> Repository:
        """The repository of that name; raises `NotFound` for it or for its domain."""
        repository = self.names.get((owner, domain, name))
        if repository is None:
            self.domain(owner, domain)
            raise NotFound("repository", name, f"domain '{domain}' has no repository '{name}'")
        return repository

    def domain(self, owner: str, name: str) -> Domain:
        """The domain of that name; raises `NotFound`."""
        domain = self.domains.get((owner, name))
        if domain is None:
            raise _no_such_domain(owner, name)
        return domain


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
            " LEFT JOIN repository_connection c ON c.repository_id = r.id WHERE d.owner <> ?"
            " ORDER BY d.name, r.name",
            (NOBODY,),
        )
        repositories = {
            row["id"]: Repository(
                id=row["id"],
                domain_id=row["domain_id"],
                domain=row["domain"],
                owner=row["owner"],
                name=row["name"],
                administrator=row["administrator"],
                description=row["description"],
                upstreams=tuple(upstreams.get(row["id"], ())),
                connection=row["connection"],
                created_at=row["created_at"],
            )
            for row in rows
        }
        domains = await self._database.read(
            "SELECT * FROM domain WHERE owner <> ? ORDER BY name", (NOBODY,)
        )
        return Topology(
            repositories=repositories,
            names={(each.owner, each.domain, each.name): each for each in repositories.values()},
            domains={(row["owner"], row["name"]): _domain(row) for row in domains},
        )


async def find_domain(run: Run, owner: str, name: str) -> Domain:
    """A domain as it is now; raises `NotFound`."""
    rows = await run("SELECT * FROM domain WHERE owner = ? AND name = ?", (owner, name))
    if not rows:
        raise _no_such_domain(owner, name)
    return _domain(rows[0])


async def domains_of(run: Run, owner: str, after: str, limit: int) -> list[Domain]:
    """The next domains of an account, in order of their names."""
    rows = await run(
        "SELECT * FROM domain WHERE owner = ? AND name > ? ORDER BY name LIMIT ?",
        (owner, after, limit),
    )
    return [_domain(row) for row in rows]


async def usage_of(run: Run, domain: int) -> Usage:
    """What a domain holds now: more than a second of work where there are 300,000 files."""
    rows = await run(
        "SELECT (SELECT count(*) FROM repository WHERE domain_id = ?) AS repositories,"
        " (SELECT coalesce(sum(b.size), 0) FROM blob b WHERE EXISTS ("
        "SELECT 1 FROM asset a JOIN version v ON v.id = a.version_id"
        " JOIN package p ON p.id = v.package_id JOIN repository r ON r.id = p.repository_id"
        " WHERE a.sha256 = b.sha256 AND r.domain_id = ?)) AS size",
        (domain, domain),
    )
    return Usage(rows[0]["repositories"], rows[0]["size"])


async def create_domain(
    transaction: Transaction, owner: str, name: str, encryption_key: str | None = None
) -> bool:
    """A domain with its root package group, which allows everything (§5).

    False, and nothing changed, where the account has it already.
    """
    now = time.time()
    rows = await transaction.run(
        "INSERT INTO domain (owner, name, encryption_key, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (owner, name) DO NOTHING RETURNING id",
        (owner, name, encryption_key, now),
    )
    if not rows:
        return False
    await transaction.run(
        "INSERT INTO package_group"
        " (domain_id, pattern, publish, external, internal, created_at)"
        " VALUES (?, '/*', 'ALLOW', 'ALLOW', 'ALLOW', ?)",
        (rows[0]["id"], now),
    )
    transaction.touch_everything()
    return True


async def delete_domain(transaction: Transaction, domain: Domain) -> list[str]:
    """Delete a domain with its package groups, whose patterns are returned, and its tokens.

    Raises `Conflict` while it has repositories.
    """
    rows = await transaction.run(
        "SELECT 1 FROM repository WHERE domain_id = ? LIMIT 1", (domain.id,)
    )
    if rows:
        raise Conflict(
            f"domain '{domain.name}' still has repositories: delete them first",
            kind="domain",
            name=domain.name,
        )
    groups = await transaction.run(
        "SELECT pattern FROM package_group WHERE domain_id = ?", (domain.id,)
    )
    await transaction.run("DELETE FROM domain WHERE id = ?", (domain.id,))
    transaction.touch_everything()
    return [row["pattern"] for row in groups]


def _domain(row: Row) -> Domain:
    return Domain(
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        encryption_key=row["encryption_key"],
        created_at=row["created_at"],
    )


def _no_such_domain(owner: str, name: str) -> NotFound:
    """In the service's own words (aws-cdk#19792)."""
    return NotFound(
        "domain",
        name,
        f"Domain not found. Domain '{name}' owned by account '{owner}' does not exist",
    )
