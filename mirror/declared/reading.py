"""What there is already, read from the index."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mirror.arns import Arns
from mirror.config import Settings
from mirror.declared.first import first_state
from mirror.declared.present import Domain, Group, Present, Repository, User
from mirror.model import PackageGroup
from mirror.store.database import Database
from mirror.store.domains import Domains, Topology
from mirror.store.groups import Groups
from mirror.store.policies import attached_policies
from mirror.store.rights import Given, given
from mirror.store.secrecy import check_password
from mirror.store.users import Users


async def read(database: Database, settings: Settings) -> Present:
    """The domains of the installation's account, and those of its users whom the file names.

    Before the first start, what there will be after it.
    """
    users = await _users(database, settings)
    topology = await Domains(database).topology()
    if not topology.domains:
        return replace(first_state(), users=users)
    groups = await Groups(database).by_domain()
    rights = await given(database)
    domains = {
        name: _domain(settings, topology, name, groups.get(domain.id, ()), rights)
        for (owner, name), domain in topology.domains.items()
        if owner == settings.account
    }
    return Present(domains, users)


def _domain(
    settings: Settings,
    topology: Topology,
    name: str,
    groups: Sequence[PackageGroup],
    rights: Given,
) -> Domain:
    arns, account = Arns(settings.region), settings.account
    repositories = {}
    for each in topology.repositories.values():
        if (each.owner, each.domain) == (account, name):
            arn = arns.repository(account, name, each.name)
            repositories[each.name] = Repository(
                description=each.description or "",
                upstreams=tuple(topology.repositories[id_].name for id_ in each.upstreams),
                connection=each.connection,
                policy=rights.resources.get(arn),
                tags=rights.tags.get(arn, {}),
            )
    arn = arns.domain(account, name)
    return Domain(
        policy=rights.resources.get(arn),
        tags=rights.tags.get(arn, {}),
        repositories=repositories,
        groups={each.pattern: _group(each, topology) for each in groups},
    )


def _group(group: PackageGroup, topology: Topology) -> Group:
    return Group(
        description=group.description or "",
        contact=group.contact_info or "",
        modes=group.modes,
        allowed={
            way: frozenset(topology.repositories[id_].name for id_ in ids)
            for way, ids in group.allowed.items()
        },
    )


async def _users(database: Database, settings: Settings) -> Mapping[str, User]:
    passwords = await Users(database, settings.account).passwords()
    found = {}
    for name, declared in settings.users.items():
        if name not in passwords:
            continue
        right, stored = True, passwords[name]
        if declared.password is not None:
            password = declared.password.get_secret_value()
            right = stored is not None and await asyncio.to_thread(check_password, password, stored)
        policies = await attached_policies(database, settings.account, name)
        found[name] = User(policies, right)
    return found
