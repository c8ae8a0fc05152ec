"""Making it so: each step is one operation, called as the account's root."""

from collections.abc import Mapping

from mirror.api.api import Api
from mirror.config import ConfigError, Settings
from mirror.config.places import Problem
from mirror.declared.planning import plan
from mirror.declared.reading import read
from mirror.declared.step import Step
from mirror.errors import MirrorError
from mirror.store.database import Database
from mirror.store.policies import attach_policy, attached_policies, detach_policy
from mirror.store.transactions import Transaction
from mirror.store.users import Principal, Users


async def make_so(api: Api, database: Database, settings: Settings) -> list[Step]:
    """Make everything as the file declares it; the steps that it took.

    Raises `ConfigError` with the line that cannot be made so. What could be seen beforehand has
    changed nothing then; steps before one that failed stay made.
    """
    steps = plan(settings, await read(database, settings))
    users = Users(database, settings.account)
    root = Principal(0, settings.account, "root", root=True)
    for step in steps:
        try:
            if step.path[0] == "users":
                await _change_user(step, database, users, settings)
            else:
                await api.invoke(step.operation, step.members, root, "")
        except MirrorError as error:
            key = ".".join(map(str, step.path))
            raise ConfigError(
                [Problem(settings.places.at(step.path), f"{key}: {error}")]
            ) from error
    return steps


async def _change_user(step: Step, database: Database, users: Users, settings: Settings) -> None:
    name: str = step.members["userName"]
    declared = settings.users[name]
    password = declared.password.get_secret_value() if declared.password is not None else None
    match step.operation:
        case "CreateUser":
            await users.create(name, password)
            await _put_policies(database, settings.account, name, step.members["policies"])
        case "PutUserPolicies":
            await _put_policies(database, settings.account, name, step.members["policies"])
        case "UpdateLoginProfile" if password is not None:
            await users.set_password(name, password)


async def _put_policies(
    database: Database, account: str, name: str, policies: Mapping[str, str | None]
) -> None:
    """Give a user these policies and no others, at once."""
    known = await attached_policies(database, account, name)

    async def put(transaction: Transaction) -> None:
        for gone in known.keys() - policies.keys():
            await detach_policy(transaction, account, name, gone)
        for policy, document in policies.items():
            await attach_policy(transaction, account, name, policy, document)

    await database.write(put)
