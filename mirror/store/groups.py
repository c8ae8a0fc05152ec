"""Package groups: rows, read at once like the topology; and which packages a domain knows.

Hierarchy follows from the patterns and is not stored: a group that comes or goes changes no other.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Row

from mirror.errors import Conflict, Invalid, NotFound
from mirror.model import ROOT_GROUP, Package, PackageGroup, RestrictionMode, RestrictionType
from mirror.store.database import Database
from mirror.store.transactions import Transaction

_COLUMNS = {
    RestrictionType.PUBLISH: "publish",
    RestrictionType.EXTERNAL_UPSTREAM: "external",
    RestrictionType.INTERNAL_UPSTREAM: "internal",
}
SPECIFIC = RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES
_LAST = chr(0x10FFFF)  # after every format

Listed = tuple[RestrictionType, str]
"""A repository, by name, in the list of one restriction type."""


@dataclass(frozen=True, slots=True)
class ListUpdate:
    """What a change did to one list of allowed repositories, by name."""

    added: Sequence[str]
    removed: Sequence[str]


class Groups:
    """Reads over package groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_domain(self) -> Mapping[int, Sequence[PackageGroup]]:
        """Every group by the id of its domain, in order of their patterns."""
        allowed: dict[int, dict[RestrictionType, set[int]]] = {}
        for row in await self._database.read("SELECT * FROM package_group_repository"):
            lists = allowed.setdefault(row["group_id"], {})
            lists.setdefault(RestrictionType(row["restriction"]), set()).add(row["repository_id"])
        found: dict[int, list[PackageGroup]] = {}
        for row in await self._database.read("SELECT * FROM package_group ORDER BY pattern"):
            lists = allowed.get(row["id"], {})
            found.setdefault(row["domain_id"], []).append(
                PackageGroup(
                    id=row["id"],
                    pattern=row["pattern"],
                    modes=_modes(row),
                    allowed={way: frozenset(ids) for way, ids in lists.items()},
                    contact_info=row["contact_info"],
                    description=row["description"],
                    created_at=row["created_at"],
                )
            )
        return found

    async def allowed_repositories(
        self, group: int, way: RestrictionType, after: str, limit: int
    ) -> list[str]:
        """The next names, in order, in the group's own list for one restriction type."""
        rows = await self._database.read(
            "SELECT r.name FROM package_group_repository l JOIN repository r"
            " ON r.id = l.repository_id WHERE l.group_id = ? AND l.restriction = ? AND r.name > ?"
            " ORDER BY r.name LIMIT ?",
            (group, way, after, limit),
        )
        return [row["name"] for row in rows]

    async def packages(
        self, domain: int, *, format_name: str | None, after: Package | None, limit: int
    ) -> list[Package]:
        """The next packages that any repository of a domain knows, each once, in order."""
        first = after or Package(format_name or "", "", "")
        # The `+` keeps SQLite from an index by repository: rows then come in order of their names,
        # each page from where the last one ended, and nothing is sorted.
        rows = await self._database.read(
            "SELECT DISTINCT format, namespace, name FROM package"
            " WHERE (format, namespace, name) > (?, ?, ?) AND format <= ?"
            " AND +repository_id IN (SELECT id FROM repository WHERE domain_id = ?)"
            " ORDER BY format, namespace, name LIMIT ?",
            (*first, format_name or _LAST, domain, limit),
        )
        return [Package(*row) for row in rows]


async def create_group(
    transaction: Transaction,
    domain: int,
    pattern: str,
    *,
    contact_info: str | None = None,
    description: str | None = None,
) -> None:
    """A group that inherits everything (§10), of a checked pattern.

    Raises `Conflict` where the domain has it, `NotFound` where the domain is gone.
    """
    if not await transaction.run("SELECT 1 FROM domain WHERE id = ?", (domain,)):
        raise NotFound("domain", str(domain), "the domain was deleted just now")
    rows = await transaction.run(
        "INSERT INTO package_group (domain_id, pattern, contact_info, description,"
        " publish, external, internal, created_at)"
        " VALUES (?, ?, nullif(?, ''), nullif(?, ''), 'INHERIT', 'INHERIT', 'INHERIT', ?)"
        " ON CONFLICT (domain_id, pattern) DO NOTHING RETURNING id",
        (domain, pattern, contact_info, description, time.time()),
    )
    if not rows:
        raise Conflict(f"package group '{pattern}' already exists in the domain")
    transaction.touch_everything()


async def update_group(
    transaction: Transaction,
    domain: int,
    pattern: str,
    *,
    contact_info: str | None = None,
    description: str | None = None,
) -> None:
    """Say whom to ask, or what the group is for; None leaves what is there, "" clears it.

    Raises `NotFound`.
    """
    rows = await transaction.run(
        "UPDATE package_group SET contact_info = nullif(coalesce(?, contact_info), ''),"
        " description = nullif(coalesce(?, description), '')"
        " WHERE domain_id = ? AND pattern = ? RETURNING id",
        (contact_info, description, domain, pattern),
    )
    if not rows:
        raise _missing(pattern)
    transaction.touch_everything()


async def delete_group(transaction: Transaction, domain: int, pattern: str) -> None:
    """Drop a group and its lists; its packages go to the next group that matches them.

    Raises `NotFound`, and `Invalid` for the root group.
    """
    if pattern == ROOT_GROUP:
        raise Invalid("the root package group /* cannot be deleted")
    rows = await transaction.run(
        "DELETE FROM package_group WHERE domain_id = ? AND pattern = ? RETURNING id",
        (domain, pattern),
    )
    if not rows:
        raise _missing(pattern)
    transaction.touch_everything()


async def restrict_group(
    transaction: Transaction,
    domain: int,
    pattern: str,
    *,
    modes: Mapping[RestrictionType, RestrictionMode],
    add: Collection[Listed] = (),
    remove: Collection[Listed] = (),
) -> Mapping[RestrictionType, ListUpdate]:
    """Change modes, then add to lists of allowed repositories, then remove from them (§10).

    Gives the lists that differ in the end. A list lasts for as long as its mode is
    ALLOW_SPECIFIC_REPOSITORIES. Raises `NotFound` for a missing group or repository, `Invalid`
    where the root group would inherit or a repository is added to a list that there is not.
    """
    if pattern == ROOT_GROUP and RestrictionMode.INHERIT in modes.values():
        raise Invalid("the root package group /* has no parent to inherit from")
    rows = await transaction.run(
        "SELECT * FROM package_group WHERE domain_id = ? AND pattern = ?", (domain, pattern)
    )
    if not rows:
        raise _missing(pattern)
    group: int = rows[0]["id"]
    after = {**_modes(rows[0]), **modes}
    await transaction.run(
        "UPDATE package_group SET publish = ?, external = ?, internal = ? WHERE id = ?",
        (*(after[way] for way in _COLUMNS), group),
    )
    names = await _repositories(transaction, domain)
    before = await _listed(transaction, group)
    listed = {(way, name) for way, name in before if after[way] is SPECIFIC}
    for way, name in add:
        if after[way] is not SPECIFIC:
            raise Invalid(f"'{name}' cannot be listed for {way}: its mode is {after[way]}")
        listed.add((way, _checked(names, name)))
    for way, name in remove:
        listed.discard((way, _checked(names, name)))
    await transaction.run_many(
        "DELETE FROM package_group_repository"
        " WHERE group_id = ? AND restriction = ? AND repository_id = ?",
        [(group, way, names[name]) for way, name in before - listed],
    )
    await transaction.run_many(
        "INSERT INTO package_group_repository (group_id, restriction, repository_id)"
        " VALUES (?, ?, ?)",
        [(group, way, names[name]) for way, name in listed - before],
    )
    transaction.touch_everything()
    return {
        way: ListUpdate(_names(way, listed - before), _names(way, before - listed))
        for way in RestrictionType
        if _names(way, listed ^ before)
    }


async def _repositories(transaction: Transaction, domain: int) -> dict[str, int]:
    rows = await transaction.run("SELECT name, id FROM repository WHERE domain_id = ?", (domain,))
    return {row["name"]: row["id"] for row in rows}


async def _listed(transaction: Transaction, group: int) -> set[Listed]:
    rows = await transaction.run(
        "SELECT l.restriction, r.name FROM package_group_repository l"
        " JOIN repository r ON r.id = l.repository_id WHERE l.group_id = ?",
        (group,),
    )
    return {(RestrictionType(row["restriction"]), row["name"]) for row in rows}


def _checked(repositories: Mapping[str, int], name: str) -> str:
    if name not in repositories:
        raise NotFound("repository", name, f"the domain has no repository '{name}'")
    return name


def _names(way: RestrictionType, listed: Iterable[Listed]) -> list[str]:
    return sorted(name for each, name in listed if each is way)


def _modes(row: Row) -> dict[RestrictionType, RestrictionMode]:
    return {way: RestrictionMode(row[column]) for way, column in _COLUMNS.items()}


def _missing(pattern: str) -> NotFound:
    return NotFound("package-group", pattern, f"the domain has no package group '{pattern}'")
