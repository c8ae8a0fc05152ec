"""Everything that decides who may do what, read at once like the topology."""

from collections.abc import Mapping
from dataclasses import dataclass

from mirror.store.database import Database


@dataclass(frozen=True, slots=True)
class Given:
    """Policies as they were written, and tags.

    `attached` holds identity policies by principal's id and name, None for a managed one;
    `resources` the policies of domains and repositories, and `tags` tags, both by ARN.
    """

    attached: Mapping[int, Mapping[str, str | None]]
    resources: Mapping[str, str]
    tags: Mapping[str, Mapping[str, str]]


async def given(database: Database) -> Given:
    """As it stands now."""
    attached: dict[int, dict[str, str | None]] = {}
    for row in await database.read("SELECT principal_id, name, document FROM principal_policy"):
        attached.setdefault(row["principal_id"], {})[row["name"]] = row["document"]
    resources = {
        row["resource"]: row["document"]
        for row in await database.read("SELECT resource, document FROM resource_policy")
    }
    tags: dict[str, dict[str, str]] = {}
    for row in await database.read("SELECT resource, key, value FROM resource_tag"):
        tags.setdefault(row["resource"], {})[row["key"]] = row["value"]
    return Given(attached, resources, tags)
