"""The writes to policies: those of domains and repositories, and those that users are given.

`mirror.store.rights` reads all of them at once, for decisions.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from mirror.errors import Conflict, NotFound
from mirror.store.database import Database
from mirror.store.transactions import Run, Transaction
from mirror.store.users import Principal, no_such_user


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """The policy of a domain or repository, named by its ARN; `document` is byte for byte as it
    was put.
    """

    resource: str
    document: str
    revision: str


async def resource_policy(run: Run, resource: str) -> ResourcePolicy:
    """The policy of a resource; raises `NotFound` where it has none."""
    rows = await run(
        "SELECT resource, document, revision FROM resource_policy WHERE resource = ?", (resource,)
    )
    if not rows:
        raise NotFound("policy", resource, f"there is no permissions policy on {resource}")
    return ResourcePolicy(*rows[0])


async def put_resource_policy(
    transaction: Transaction, resource: str, document: str, expected: str | None
) -> ResourcePolicy:
    """Set a policy under a new revision, whether its text differs or not (auth-and-policy §7).

    Raises `Conflict` where a revision is `expected` and there is another, or none.
    """
    await _expect(transaction, resource, expected)
    revision = base64.b64encode(secrets.token_bytes(16)).decode()
    await transaction.run(
        "INSERT INTO resource_policy (resource, document, revision) VALUES (?, ?, ?)"
        " ON CONFLICT (resource) DO UPDATE"
        " SET document = excluded.document, revision = excluded.revision",
        (resource, document, revision),
    )
    transaction.touch_everything()
    return ResourcePolicy(resource, document, revision)


async def delete_resource_policy(
    transaction: Transaction, resource: str, expected: str | None
) -> ResourcePolicy:
    """Remove a policy; what it was. Raises `NotFound`, and `Conflict` as putting does."""
    gone = await resource_policy(transaction.run, resource)
    await _expect(transaction, resource, expected)
    await transaction.run("DELETE FROM resource_policy WHERE resource = ?", (resource,))
    transaction.touch_everything()
    return gone


async def forget_resource(transaction: Transaction, resource: str) -> None:
    """Remove the policy and the tags of what was deleted: its name may come again, and must not
    inherit rights.
    """
    await transaction.run("DELETE FROM resource_policy WHERE resource = ?", (resource,))
    await transaction.run("DELETE FROM resource_tag WHERE resource = ?", (resource,))
    transaction.touch_everything()


async def attach_policy(
    transaction: Transaction, account: str, user: str, name: str, document: str | None = None
) -> None:
    """Give a user a checked policy under a name of its own, or a managed one by its name alone.

    One of the same name is replaced. Raises `NotFound` for the user.
    """
    rows = await transaction.run(
        "INSERT INTO principal_policy (principal_id, name, document)"
        " SELECT id, ?, ? FROM principal WHERE account = ? AND kind = 'user' AND name = ?"
        " ON CONFLICT (principal_id, name) DO UPDATE SET document = excluded.document"
        " RETURNING principal_id",
        (name, document, account, user),
    )
    if not rows:
        raise no_such_user(user)
    transaction.touch_everything()


async def detach_policy(transaction: Transaction, account: str, user: str, name: str) -> None:
    """Take a policy away from a user; raises `NotFound` where it does not have it."""
    rows = await transaction.run(
        "DELETE FROM principal_policy WHERE name = ? AND principal_id IN"
        " (SELECT id FROM principal WHERE account = ? AND kind = 'user' AND name = ?)"
        " RETURNING principal_id",
        (name, account, user),
    )
    if not rows:
        raise NotFound("policy", name, f"user '{user}' has no policy '{name}'")
    transaction.touch_everything()


async def attached_policies(
    database: Database, account: str, user: str
) -> Mapping[str, str | None]:
    """A user's policies by name, in order: the document, or None for a managed one.

    Raises `NotFound` for the user.
    """
    rows = await database.read(
        "SELECT a.name, a.document FROM principal p"
        " LEFT JOIN principal_policy a ON a.principal_id = p.id"
        " WHERE p.account = ? AND p.kind = 'user' AND p.name = ? ORDER BY a.name",
        (account, user),
    )
    if not rows:
        raise no_such_user(user)
    return {row["name"]: row["document"] for row in rows if row["name"] is not None}


async def known_principals(database: Database) -> Mapping[str, frozenset[str]]:
    """The ARNs of all users by account: only of these accounts is it known who does not exist."""
    found: dict[str, set[str]] = {}
    for row in await database.read("SELECT id, account, name FROM principal WHERE kind = 'user'"):
        principal = Principal(row["id"], row["account"], row["name"])
        found.setdefault(principal.account, set()).add(principal.arn)
    return {account: frozenset(arns) for account, arns in found.items()}


async def _expect(transaction: Transaction, resource: str, expected: str | None) -> None:
    if expected is None:
        return
    rows = await transaction.run(
        "SELECT revision FROM resource_policy WHERE resource = ?", (resource,)
    )
    found = rows[0]["revision"] if rows else None
    if found is None:
        raise Conflict(f"there is no permissions policy on {resource}, so no revision '{expected}'")
    if found != expected:
        raise Conflict(
            f"the permissions policy on {resource} is of revision '{found}', not '{expected}': "
            "it was changed meanwhile, read it again"
        )
