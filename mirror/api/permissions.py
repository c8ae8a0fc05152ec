"""Permissions policies of domains and repositories (auth-and-policy §4, §7)."""

from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.auth.policies.documents import parse_policy
from mirror.store.domains import find_domain
from mirror.store.policies import (
    ResourcePolicy,
    delete_resource_policy,
    known_principals,
    put_resource_policy,
    resource_policy,
)
from mirror.store.repositories import find_repository
from mirror.store.transactions import Run, Transaction


async def get_domain_permissions_policy(services: Services, call: Call) -> Any:
    """A domain's policy."""
    return await _get(services, call)


async def put_domain_permissions_policy(services: Services, call: Call) -> Any:
    """Set a domain's policy, against the revision that the caller saw or whatever there is."""
    return await _put(services, call)


async def delete_domain_permissions_policy(services: Services, call: Call) -> Any:
    """Remove a domain's policy."""
    return await _delete(services, call)


async def get_repository_permissions_policy(services: Services, call: Call) -> Any:
    """A repository's policy."""
    return await _get(services, call)


async def put_repository_permissions_policy(services: Services, call: Call) -> Any:
    """Set a repository's policy, against the revision that the caller saw or whatever there is."""
    return await _put(services, call)


async def delete_repository_permissions_policy(services: Services, call: Call) -> Any:
    """Remove a repository's policy."""
    return await _delete(services, call)


async def _get(services: Services, call: Call) -> Any:
    arn = await _resource(services.database.read, services, call)
    return _view(await resource_policy(services.database.read, arn))


async def _put(services: Services, call: Call) -> Any:
    document: str = call.input["policyDocument"]
    await _check(services, document)

    async def put(transaction: Transaction) -> ResourcePolicy:
        arn = await _resource(transaction.run, services, call)
        return await put_resource_policy(
            transaction, arn, document, call.input.get("policyRevision")
        )

    return _view(await services.database.write(put))


async def _delete(services: Services, call: Call) -> Any:
    async def delete(transaction: Transaction) -> ResourcePolicy:
        arn = await _resource(transaction.run, services, call)
        return await delete_resource_policy(transaction, arn, call.input.get("policyRevision"))

    return _view(await services.database.write(delete))


async def _resource(run: Run, services: Services, call: Call) -> str:
    """The ARN of the repository, or of the domain where the call names none; it must exist."""
    owner, domain, name = call.owner, call.domain, call.input.get("repository")
    if name is None:
        await find_domain(run, owner, domain)
        return services.arns.domain(owner, domain)
    await find_repository(run, owner, domain, name)
    return services.arns.repository(owner, domain, name)


async def _check(services: Services, document: str) -> None:
    """Raise for a document that breaks the language, or names somebody who does not exist.

    Who exists in an account that is not of this installation is not known.
    """
    policy = parse_policy(document, "resource")
    known = await known_principals(services.database)
    for arn in sorted(policy.principals):
        account = arn.split(":")[4]
        if account in known and arn not in known[account]:
            raise Rejected(f"the policy names a principal that does not exist: {arn}", FIELD)


def _view(policy: ResourcePolicy) -> Any:
    return {
        "policy": {
            "resourceArn": policy.resource,
            "revision": policy.revision,
            "document": policy.document,
        }
    }
