"""Users of a running mirror, their keys and policies, written behind its back as `mirror user` and
`mirror key` do it, but in a hundredth of the time.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mirror.store.access_keys import AccessKeys
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.policies import attach_policy
from mirror.store.transactions import Transaction
from mirror.store.users import Users
from tests.clients.aws import ACCOUNT, Boto, Key
from tests.running import Running

Policy = str | Mapping[str, Any]
"""A managed policy by its name, or a document."""

BEARER = {"Effect": "Allow", "Action": "sts:GetServiceBearerToken", "Resource": "*"}
"""The second right that it takes to get a token."""

NOTICED = 0.7  # seconds in which the server sees what another process wrote


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def says(effect: str, *actions: str, resource: str = "*", **members: Any) -> dict[str, Any]:
    """A statement about CodeArtifact's actions."""
    named = [f"codeartifact:{each}" for each in actions]
    return {"Effect": effect, "Action": named, "Resource": resource, **members}


async def access_key(mirror: Running, user: str = "admin", account: str = ACCOUNT) -> Key:
    """A key with which that user signs."""
    async with index_of(mirror) as database:
        keys = AccessKeys(database, account, mirror.data_dir / "installation.key")
        return Key(*await keys.create(user))


async def people(
    mirror: Running, account: str = ACCOUNT, **given: Sequence[Policy]
) -> dict[str, Key]:
    """New users with these policies; the keys with which they sign, by name."""
    async with index_of(mirror) as database:
        for name in given:
            await Users(database, account).create(name)
    await allow(mirror, account, **given)
    return {name: await access_key(mirror, name, account) for name in given}


async def allow(mirror: Running, account: str = ACCOUNT, **given: Sequence[Policy]) -> None:
    """Give users further policies, and wait until the server has seen it."""
    async with index_of(mirror) as database:

        async def attach(transaction: Transaction) -> None:
            for user, policies in given.items():
                for policy in policies:
                    if isinstance(policy, str):
                        await attach_policy(transaction, account, user, policy)
                    else:
                        text = json.dumps(policy)
                        name = hashlib.sha256(text.encode()).hexdigest()
                        await attach_policy(transaction, account, user, name, text)

        await database.write(attach)
    await asyncio.sleep(NOTICED)


async def empty(mirror: Running) -> None:
    """Take away all users but the administrator, and all domains but the first."""
    boto = Boto(mirror.url, await access_key(mirror))
    everything = json.dumps(policy(says("Allow", "*", Principal="*")))
    for domain in (await boto.list_domains())["domains"]:
        name = domain["name"]
        if name == "default":
            continue
        await boto.put_domain_permissions_policy(domain=name, policyDocument=everything)
        listed = await boto.list_repositories_in_domain(domain=name, maxResults=1000)
        for repository in listed["repositories"]:
            where = {"domain": name, "repository": repository["name"]}
            await boto.put_repository_permissions_policy(**where, policyDocument=everything)
            await boto.delete_repository(**where)
        await boto.delete_domain(domain=name)
    async with index_of(mirror) as database:
        others = "DELETE FROM principal WHERE name <> 'admin'"
        await database.write(lambda transaction: transaction.run(others))


def index_of(mirror: Running) -> Database:
    """The mirror's index, to be opened beside it."""
    return Database(mirror.data_dir / "index.sqlite3", Changes())
