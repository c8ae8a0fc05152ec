"""Repositories as people see them, by their names; and the writes that make and change them."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from mirror.errors import Conflict, Invalid, NotFound
from mirror.store.domains import find_domain
from mirror.store.transactions import Run, Transaction


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """One repository; `upstreams` are names in priority order."""

    id: int
    owner: str
    domain: str
    name: str
    administrator: str
    description: str | None
    created_at: float
    upstreams: tuple[str, ...] = ()
    connection: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What lists are sorted by."""
        return self.domain, self.owner, self.name


async def find_repository(run: Run, owner: str, domain: str, name: str) -> RepositoryRow:
    """A repository as it is now; raises `NotFound` for it or for its domain."""
    rows = await run(
        "SELECT r.*, d.owner, d.name AS domain, c.connection, u.name AS upstream FROM domain d"
        " JOIN repository r ON r.domain_id = d.id"
        " LEFT JOIN repository_connection c ON c.repository_id = r.id"
        " LEFT JOIN repository_upstream l ON l.repository_id = r.id"
        " LEFT JOIN repository u ON u.id = l.upstream_id"
        " WHERE d.owner = ? AND d.name = ? AND r.name = ? ORDER BY l.priority",
        (owner, domain, name),
    )
    if not rows:
        await find_domain(run, owner, domain)
        raise NotFound("repository", name, f"domain '{domain}' has no repository '{name}'")
    upstreams = tuple(row["upstream"] for row in rows if row["upstream"] is not None)
    return _repository(rows[0], upstreams, rows[0]["connection"])


async def repositories_after(
    run: Run,
    after: Sequence[str],
    limit: int,
    *,
    prefix: str = "",
    administrator: str | None = None,
    domain: int | None = None,
) -> list[RepositoryRow]:
    """The next repositories by their `key`, without upstreams and connections.

    Of all domains, or of one; of all accounts, or of the one that administers them; and of those
    the ones whose names begin with `prefix`.
    """
    clauses = ["(d.name, d.owner, r.name) > (?, ?, ?)", "substr(r.name, 1, ?) = ?"]
    parameters: list[Any] = [*after, len(prefix), prefix]
    if administrator is not None:
        clauses.append("r.administrator = ?")
        parameters.append(administrator)
    if domain is not None:
        clauses.append("d.id = ?")
        parameters.append(domain)
    rows = await run(
        "SELECT r.*, d.owner, d.name AS domain FROM domain d"
        f" JOIN repository r ON r.domain_id = d.id WHERE {' AND '.join(clauses)}"
        " ORDER BY d.name, d.owner, r.name LIMIT ?",
        (*parameters, limit),
    )
    return [_repository(row) for row in rows]


async def count_repositories(run: Run, owner: str, domain: str) -> int:
    """How many a domain has."""
    rows = await run(
        "SELECT count(*) FROM repository r JOIN domain d ON d.id = r.domain_id"
        " WHERE d.owner = ? AND d.name = ?",
        (owner, domain),
    )
    found: int = rows[0][0]
    return found


async def add_repository(
    transaction: Transaction,
    *,
    owner: str,
    domain: str,
    name: str,
    administrator: str,
    description: str | None = None,
) -> int:
    """The id of a new, empty repository.

    Raises `NotFound` for the domain, and `Conflict` where it has a repository of that name.
    """
    holder = await find_domain(transaction.run, owner, domain)
    rows = await transaction.run(
        "INSERT INTO repository (domain_id, name, administrator, description, created_at)"
        " VALUES (?, ?, ?, nullif(?, ''), ?) ON CONFLICT (domain_id, name) DO NOTHING RETURNING id",
        (holder.id, name, administrator, description, time.time()),
    )
    if not rows:
        raise Conflict(
            f"repository '{name}' already exists in domain '{domain}'",
            kind="repository",
            name=name,
        )
    transaction.touch_everything()
    found: int = rows[0]["id"]
    return found


async def set_description(transaction: Transaction, repository: int, description: str) -> None:
    """Change what people see beside a repository's name; an empty text clears it."""
    await transaction.run(
        "UPDATE repository SET description = nullif(?, '') WHERE id = ?", (description, repository)
    )
    transaction.touch_everything()


async def replace_upstreams(
    transaction: Transaction, repository: int, name: str, upstreams: Sequence[str]
) -> None:
    """Give the repository of that id and name these upstreams, in this order, and no others.

    Raises `NotFound` for one that its domain does not have, `Invalid` for a repetition or a cycle.
    """
    if len(set(upstreams)) < len(upstreams):
        raise Invalid(f"repository '{name}' names an upstream twice: {', '.join(upstreams)}")
    ids: list[int] = []
    for upstream in upstreams:
        found = await transaction.run(
            "SELECT u.id FROM repository r JOIN repository u ON u.domain_id = r.domain_id"
            " WHERE r.id = ? AND u.name = ?",
            (repository, upstream),
        )
        if not found:
            raise NotFound(
                "repository", upstream, f"upstream '{upstream}' of '{name}' does not exist"
            )
        ids.append(found[0]["id"])
    await transaction.run("DELETE FROM repository_upstream WHERE repository_id = ?", (repository,))
    await transaction.run_many(
        "INSERT INTO repository_upstream (repository_id, upstream_id, priority) VALUES (?, ?, ?)",
        [(repository, upstream_id, place) for place, upstream_id in enumerate(ids)],
    )
    cycle = await transaction.run(
        "WITH RECURSIVE above (id) AS ("
        " SELECT upstream_id FROM repository_upstream WHERE repository_id = ?"
        " UNION SELECT u.upstream_id FROM repository_upstream u JOIN above a"
        " ON u.repository_id = a.id) SELECT 1 FROM above WHERE id = ?",
        (repository, repository),
    )
    if cycle:
        raise Invalid(f"repository '{name}' would be its own upstream: {', '.join(upstreams)}")
    transaction.touch_everything()


async def set_connection(transaction: Transaction, repository: int, connection: str | None) -> None:
    """Give a repository this external connection in place of what it has, or none."""
    await transaction.run(
        "DELETE FROM repository_connection WHERE repository_id = ?", (repository,)
    )
    if connection is not None:
        await transaction.run(
            "INSERT INTO repository_connection (repository_id, connection) VALUES (?, ?)",
            (repository, connection),
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

    Raises `NotFound` for a missing domain or upstream, `Invalid` for a cycle or a repetition.
    """
    holder = await find_domain(transaction.run, owner, domain)
    rows = await transaction.run(
        "INSERT INTO repository (domain_id, name, administrator, description, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (domain_id, name)"
        " DO UPDATE SET description = coalesce(excluded.description, description) RETURNING id",
        (holder.id, name, owner, description, time.time()),
    )
    repository: int = rows[0]["id"]
    if upstreams is not None:
        await replace_upstreams(transaction, repository, name, list(upstreams))
    if connection is not None:
        await set_connection(transaction, repository, connection)
    transaction.touch_everything()


def _repository(
    row: Row, upstreams: tuple[str, ...] = (), connection: str | None = None
) -> RepositoryRow:
    return RepositoryRow(
        id=row["id"],
        owner=row["owner"],
        domain=row["domain"],
        name=row["name"],
        administrator=row["administrator"],
        description=row["description"],
        created_at=row["created_at"],
        upstreams=upstreams,
        connection=connection,
    )
