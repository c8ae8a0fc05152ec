"""Domains: made, described, listed, deleted (API contract §5)."""

import re
from collections.abc import Mapping
from typing import Any

from mirror.api.call import Call
from mirror.api.errors import KEY, Rejected
from mirror.api.services import Services
from mirror.api.tags import given_tags
from mirror.api.views import present
from mirror.errors import Conflict, Exceeded
from mirror.store.domains import Domain, domains_of, find_domain, usage_of
from mirror.store.domains import create_domain as create
from mirror.store.domains import delete_domain as delete
from mirror.store.policies import forget_resource
from mirror.store.tags import put_tags
from mirror.store.transactions import Transaction

_KEY = re.compile(
    r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/)?[A-Za-z0-9/_-]+", re.ASCII
)
MANAGED_KEY = "arn:aws:kms:us-east-1:000000000000:alias/aws/codeartifact"
"""Shown where a domain was made without a key: the service has one always. We encrypt nothing."""


async def create_domain(services: Services, call: Call) -> Any:
    """Make a domain of the caller's account, with the package group `/*`."""
    owner, name, key = call.owner, call.domain, call.input.get("encryptionKey")
    if key is not None and not _KEY.fullmatch(key):
        raise Rejected(f"'{key[:200]}' is not the ARN, id or alias of a KMS key", KEY)
    tags = given_tags(call)

    async def store(transaction: Transaction) -> Domain:
        if not await create(transaction, owner, name, key):
            raise Conflict(f"domain '{name}' already exists", kind="domain", name=name)
        most = services.quotas.domains_per_account
        if len(await domains_of(transaction.run, owner, "", most + 1)) > most:
            raise Exceeded(f"account {owner} has {most} domains already, and may have no more")
        await put_tags(transaction, services.arns.domain(owner, name), tags)
        return await find_domain(transaction.run, owner, name)

    return await _described(services, await services.database.write(store))


async def describe_domain(services: Services, call: Call) -> Any:
    """A domain, with what it holds."""
    return await _described(services, services.search.domain(call.owner, call.domain))


async def list_domains(services: Services, call: Call) -> Any:
    """The domains of the caller's account, in order of their names."""
    after, limit = services.pager.start(call)
    found = await domains_of(
        services.database.read, call.principal.account, after[0] if after else "", limit + 1
    )
    shown, more = services.pager.page(call, found, limit, key=lambda domain: (domain.name,))
    return {"domains": [_summary(services, domain) for domain in shown], **more}


async def delete_domain(services: Services, call: Call) -> Any:
    """Delete a domain that has no repositories; its policy, groups, tags and tokens go with it."""
    owner, name = call.owner, call.domain

    async def remove(transaction: Transaction) -> Domain:
        domain = await find_domain(transaction.run, owner, name)
        for pattern in await delete(transaction, domain):
            await forget_resource(transaction, services.arns.group(owner, name, pattern))
        await forget_resource(transaction, services.arns.domain(owner, name))
        return domain

    domain = await services.database.write(remove)
    return {"domain": {**_summary(services, domain), "repositoryCount": 0, "assetSizeBytes": 0}}


async def _described(services: Services, domain: Domain) -> Mapping[str, Any]:
    usage = await usage_of(services.database.read, domain.id)
    return {
        "domain": {
            **_summary(services, domain),
            "repositoryCount": usage.repositories,
            "assetSizeBytes": usage.size,
        }
    }


def _summary(services: Services, domain: Domain) -> dict[str, Any]:
    return present(
        name=domain.name,
        owner=domain.owner,
        arn=services.arns.domain(domain.owner, domain.name),
        status="Active",
        createdTime=domain.created_at,
        encryptionKey=domain.encryption_key or MANAGED_KEY,
    )
