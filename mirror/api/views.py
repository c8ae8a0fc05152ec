"""What answers have in common."""

from typing import Any

from mirror.api.services import Services
from mirror.store.repositories import RepositoryRow


def present(**members: Any) -> dict[str, Any]:
    """The members of an answer that there are: an absent one is left out, never null (§1)."""
    return {name: value for name, value in members.items() if value is not None}


def repository_description(services: Services, repository: RepositoryRow) -> Any:
    """A repository, as operations on it answer."""
    connections = []
    if repository.connection is not None:
        known = services.search.named(repository.connection)
        connections.append(
            present(
                externalConnectionName=repository.connection,
                packageFormat=known.format if known is not None else None,
                status="Available",
            )
        )
    return {
        "repository": {
            **repository_summary(services, repository),
            "upstreams": [{"repositoryName": name} for name in repository.upstreams],
            "externalConnections": connections,
        }
    }


def repository_summary(services: Services, repository: RepositoryRow) -> dict[str, Any]:
    """A repository, as lists show it."""
    owner, domain, name = repository.owner, repository.domain, repository.name
    return present(
        name=name,
        administratorAccount=repository.administrator,
        domainName=domain,
        domainOwner=owner,
        arn=services.arns.repository(owner, domain, name),
        description=repository.description,
        createdTime=repository.created_at,
    )
