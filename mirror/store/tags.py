"""Tags of domains, repositories and package groups (User Guide, "Tagging resources").

`mirror.store.rights` reads all of them at once, for decisions. npm's dist-tags are not these.
"""

from collections.abc import Iterable, Mapping

from mirror.arns import Named
from mirror.errors import Exceeded, NotFound
from mirror.store.transactions import Run, Transaction

MOST = 50
"""Tags of one resource: the service's own limit."""

_FIND = {
    "domain": "SELECT 1 FROM domain d WHERE d.owner = ? AND d.name = ?",
    "repository": (
        "SELECT 1 FROM domain d JOIN repository r ON r.domain_id = d.id"
        " WHERE d.owner = ? AND d.name = ? AND r.name = ?"
    ),
    "package-group": (
        "SELECT 1 FROM domain d JOIN package_group g ON g.domain_id = d.id"
        " WHERE d.owner = ? AND d.name = ? AND g.pattern = ?"
    ),
}


async def check_exists(run: Run, named: Named) -> None:
    """Raise `NotFound` unless there is what an ARN names."""
    names = [name for name in (named.owner, named.domain, named.name) if name]
    if not await run(_FIND[named.kind], names):
        name = named.name or named.domain
        raise NotFound(named.kind, name, f"{named.kind} '{name}' does not exist")


async def tags_of(run: Run, resource: str) -> dict[str, str]:
    """The tags of a resource, in order of their keys."""
    rows = await run(
        "SELECT key, value FROM resource_tag WHERE resource = ? ORDER BY key", (resource,)
    )
    return {row["key"]: row["value"] for row in rows}


async def put_tags(transaction: Transaction, resource: str, tags: Mapping[str, str]) -> None:
    """Add tags to those that there are; one of the same key is replaced.

    Raises `Exceeded` where the resource would have more than `MOST`.
    """
    if not tags:
        return
    await transaction.run_many(
        "INSERT INTO resource_tag (resource, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (resource, key) DO UPDATE SET value = excluded.value",
        [(resource, key, value) for key, value in tags.items()],
    )
    found = len(await tags_of(transaction.run, resource))
    if found > MOST:
        raise Exceeded(f"{resource} would have {found} tags, and may have {MOST}")
    transaction.touch_everything()


async def remove_tags(transaction: Transaction, resource: str, keys: Iterable[str]) -> None:
    """Remove tags; keys that the resource does not have are passed over."""
    await transaction.run_many(
        "DELETE FROM resource_tag WHERE resource = ? AND key = ?",
        [(resource, key) for key in keys],
    )
    transaction.touch_everything()
