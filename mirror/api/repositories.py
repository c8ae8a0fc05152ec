"""Repositories: made, changed, described, listed, deleted (API contract §5)."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.api.tags import given_tags
from mirror.api.views import repository_description, repository_summary
from mirror.endpoints.routing import domain_of, split
from mirror.errors import Conflict, Exceeded, NotFound
from mirror.store.policies import forget_resource
from mirror.store.purging import bury_repository
from mirror.store.repositories import (
    RepositoryRow,
    add_repository,
    count_repositories,
    find_repository,
    replace_upstreams,
    repositories_after,
    set_connection,
    set_description,
)
from mirror.store.tags import put_tags
from mirror.store.transactions import Run, Transaction

ASSOCIATE = "AssociateWithDownstreamRepository"
"""The right to a repository that it takes to make it another one's upstream."""


async def create_repository(services: Services, call: Call) -> Any:
    """Make a repository, which the caller's account administers."""
    upstreams = _upstreams(services, call)
    tags = given_tags(call)
    _may_associate(services, call, upstreams)

    async def store(transaction: Transaction) -> RepositoryRow:
        id_ = await add_repository(
            transaction,
            owner=call.owner,
            domain=call.domain,
            name=_name(call),
            administrator=call.principal.account,
            description=call.input.get("description"),
        )
        await replace_upstreams(transaction, id_, _name(call), upstreams)
        await put_tags(transaction, _arn(services, call), tags)
        most = services.quotas.repositories_per_domain
        if await count_repositories(transaction.run, call.owner, call.domain) > most:
            raise Exceeded(f"domain '{call.domain}' has {most} repositories, and may have no more")
        return await _find(transaction.run, call)

    return repository_description(services, await services.database.write(store))


async def update_repository(services: Services, call: Call) -> Any:
    """Change the description, or the whole list of upstreams; what is absent stays."""
    upstreams = _upstreams(services, call)

    async def store(transaction: Transaction) -> RepositoryRow:
        before = await _find(transaction.run, call)
        if "description" in call.input:
            await set_description(transaction, before.id, call.input["description"])
        if "upstreams" in call.input:
            new = [name for name in upstreams if name not in before.upstreams]
            _may_associate(services, call, new)
            if upstreams and before.connection is not None:
                raise _not_both(before)
            await replace_upstreams(transaction, before.id, before.name, upstreams)
        return await _find(transaction.run, call)

    return repository_description(services, await services.database.write(store))


async def describe_repository(services: Services, call: Call) -> Any:
    """A repository with its upstreams and its connection."""
    return repository_description(services, await _find(services.database.read, call))


async def delete_repository(services: Services, call: Call) -> Any:
    """Delete a repository for good, with all that it holds; whose upstream it was lose it."""

    async def remove(transaction: Transaction) -> RepositoryRow:
        found = await _find(transaction.run, call)
        await bury_repository(transaction, found.id)
        await forget_resource(transaction, _arn(services, call))
        return found

    found = await services.database.write(remove)
    services.purge.wake()
    return repository_description(services, found)


async def list_repositories_in_domain(services: Services, call: Call) -> Any:
    """The repositories of a domain, in order of their names, whoever administers them."""
    domain = services.search.domain(call.owner, call.domain)
    return await _page(services, call, call.input.get("administratorAccount"), domain.id)


async def list_repositories(services: Services, call: Call) -> Any:
    """The repositories that the caller's account administers, in order of domains and names."""
    return await _page(services, call, call.principal.account)


async def associate_external_connection(services: Services, call: Call) -> Any:
    """Let a repository without connection and upstreams read through an external connection."""
    connection: str = call.input["externalConnection"]
    known = services.search.connections
    if connection not in known:
        raise Rejected(
            f"there is no external connection '{connection}': there are {', '.join(sorted(known))}",
            FIELD,
        )

    async def connect(transaction: Transaction) -> RepositoryRow:
        before = await _find(transaction.run, call)
        if before.connection is not None or before.upstreams:
            raise _not_both(before)
        await set_connection(transaction, before.id, connection)
        return await _find(transaction.run, call)

    return repository_description(services, await services.database.write(connect))


async def disassociate_external_connection(services: Services, call: Call) -> Any:
    """Take a repository's connection away; what came through it stays."""
    connection: str = call.input["externalConnection"]

    async def disconnect(transaction: Transaction) -> RepositoryRow:
        before = await _find(transaction.run, call)
        if before.connection != connection:
            raise NotFound(
                "external-connection",
                connection,
                f"repository '{before.name}' has no external connection '{connection}'",
            )
        await set_connection(transaction, before.id, None)
        return await _find(transaction.run, call)

    return repository_description(services, await services.database.write(disconnect))


async def get_repository_endpoint(services: Services, call: Call) -> Any:
    """Where package managers of a format find a repository: the shortest address that leads there.

    One without a domain leads to the default domain, or to the one that the host's name selects.
    """
    await _find(services.database.read, call)
    path = f"/{call.input['format']}/{_name(call)}/"
    for before in ("", f"/d/{call.domain}"):
        address = call.base(before + path)
        domain, owner = domain_of(split(before + path), urlsplit(address).netloc)
        if (domain, owner or services.account) == (call.domain, call.owner):
            return {"repositoryEndpoint": address}
    return {"repositoryEndpoint": call.base(f"/d/{call.domain}-{call.owner}{path}")}


async def _page(
    services: Services, call: Call, administrator: str | None, domain: int | None = None
) -> Any:
    after, limit = services.pager.start(call, 50)
    found = await repositories_after(
        services.database.read,
        after or ("", "", ""),
        limit + 1,
        prefix=call.input.get("repositoryPrefix", ""),
        administrator=administrator,
        domain=domain,
    )
    shown, more = services.pager.page(call, found, limit, key=lambda each: each.key)
    return {"repositories": [repository_summary(services, each) for each in shown], **more}


def _name(call: Call) -> str:
    name: str = call.input["repository"]
    return name


def _arn(services: Services, call: Call) -> str:
    return services.arns.repository(call.owner, call.domain, _name(call))


async def _find(run: Run, call: Call) -> RepositoryRow:
    return await find_repository(run, call.owner, call.domain, _name(call))


def _upstreams(services: Services, call: Call) -> list[str]:
    names = [each["repositoryName"] for each in call.input.get("upstreams", ())]
    most = services.quotas.direct_upstreams
    if len(names) > most:
        raise Exceeded(
            f"repository '{_name(call)}' would have {len(names)} upstreams, and may have {most}"
        )
    return names


def _may_associate(services: Services, call: Call, upstreams: Iterable[str]) -> None:
    """Each upstream's own policies have a say in who reads through it from now on (U11)."""
    for name in upstreams:
        administrator = services.search.administrator(call.owner, call.domain, name)
        target = services.access.repository(call.owner, call.domain, name, administrator)
        services.access.check(call.principal, ASSOCIATE, target, call.conditions)


def _not_both(repository: RepositoryRow) -> Conflict:
    has = (
        f"the external connection '{repository.connection}'"
        if repository.connection is not None
        else f"upstreams ({', '.join(repository.upstreams)})"
    )
    return Conflict(
        f"repository '{repository.name}' has {has} already: a repository has one external "
        "connection or upstreams, not both",
        kind="repository",
        name=repository.name,
    )
