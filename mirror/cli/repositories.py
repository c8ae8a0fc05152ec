"""`mirror repo`."""

from collections.abc import Iterable
from typing import Any

import click

from mirror.cli.arguments import confirm, in_domain, surely, with_tags
from mirror.cli.operations import Operations
from mirror.cli.printing import moment, sheet, table
from mirror.cli.session import Session, with_session


@click.group()
def repo() -> None:
    """Repositories, their upstreams and external connections."""


@repo.command("create")
@click.argument("name")
@click.option("--description")
@click.option("--upstream", "upstreams", multiple=True, help="In order; may be repeated.")
@click.option("--connection", help="External connection to read through, such as public:npmjs.")
@with_tags
@in_domain
@with_session
def create_repository(
    session: Session,
    name: str,
    description: str | None,
    upstreams: tuple[str, ...],
    connection: str | None,
    tags: list[dict[str, str]],
    domain: str,
) -> None:
    """Create a repository."""
    if upstreams and connection:
        raise click.UsageError("a repository has upstreams or a connection, not both")
    where = {"domain": domain, "repository": name}

    async def create(operations: Operations) -> Any:
        answer = await operations.call(
            "CreateRepository",
            **where,
            description=description,
            upstreams=_named(upstreams) or None,
            tags=tags or None,
        )
        if connection is None:
            return answer
        return await operations.call(
            "AssociateExternalConnection", **where, externalConnection=connection
        )

    session.tell(session.run(create), lambda _: [f"repository '{name}' created"])


@repo.command("list")
@click.option("--prefix", help="Only those whose names begin so.")
@in_domain
@with_session
def list_repositories(session: Session, prefix: str | None, domain: str) -> None:
    """Show every repository of a domain."""
    answer = session.everything(
        "ListRepositoriesInDomain", "repositories", domain=domain, repositoryPrefix=prefix
    )
    session.tell(
        answer,
        lambda answer: table(
            ("NAME", "DESCRIPTION"),
            [(each["name"], each.get("description")) for each in answer["repositories"]],
        ),
    )


@repo.command("show")
@click.argument("name")
@in_domain
@with_session
def show_repository(session: Session, name: str, domain: str) -> None:
    """Show a repository."""
    answer = session.call("DescribeRepository", domain=domain, repository=name)
    session.tell(answer, _sheet)


@repo.command("update")
@click.argument("name")
@click.option("--description")
@click.option(
    "--upstream", "upstreams", multiple=True, help="The whole list, in order; may be repeated."
)
@click.option("--no-upstreams", is_flag=True, help="Take all upstreams away.")
@in_domain
@with_session
def update_repository(
    session: Session,
    name: str,
    description: str | None,
    upstreams: tuple[str, ...],
    no_upstreams: bool,
    domain: str,
) -> None:
    """Change a repository's description or its upstreams."""
    if no_upstreams and upstreams:
        raise click.UsageError("--upstream and --no-upstreams exclude each other")
    if description is None and not upstreams and not no_upstreams:
        raise click.UsageError(
            "nothing to change: give --description, --upstream or --no-upstreams"
        )
    answer = session.call(
        "UpdateRepository",
        domain=domain,
        repository=name,
        description=description,
        upstreams=_named(upstreams) if upstreams or no_upstreams else None,
    )
    session.tell(answer, _sheet)


@repo.command("connect")
@click.argument("name")
@click.argument("connection")
@in_domain
@with_session
def connect(session: Session, name: str, connection: str, domain: str) -> None:
    """Let a repository read through an external CONNECTION, such as public:npmjs."""
    answer = session.call(
        "AssociateExternalConnection",
        domain=domain,
        repository=name,
        externalConnection=connection,
    )
    session.tell(answer, _sheet)


@repo.command("disconnect")
@click.argument("name")
@in_domain
@with_session
def disconnect(session: Session, name: str, domain: str) -> None:
    """Take a repository's external connection away; what came through it stays."""
    where = {"domain": domain, "repository": name}

    async def disconnect(operations: Operations) -> Any:
        described = await operations.call("DescribeRepository", **where)
        connections = described["repository"]["externalConnections"]
        if not connections:
            raise click.ClickException(f"repository '{name}' has no external connection")
        return await operations.call(
            "DisassociateExternalConnection",
            **where,
            externalConnection=connections[0]["externalConnectionName"],
        )

    session.tell(session.run(disconnect), _sheet)


@repo.command("delete")
@click.argument("name")
@in_domain
@surely
@with_session
def delete_repository(session: Session, name: str, domain: str, yes: bool) -> None:
    """Delete a repository with all of its packages."""
    confirm(f"Delete repository '{name}' of domain '{domain}' with all of its packages?", yes=yes)
    answer = session.call("DeleteRepository", domain=domain, repository=name)
    session.tell(answer, lambda _: [f"repository '{name}' deleted"])


def _sheet(answer: dict[str, Any]) -> Iterable[str]:
    repository = answer["repository"]
    return sheet(
        {
            "name": repository["name"],
            "domain": repository["domainName"],
            "arn": repository["arn"],
            "description": repository.get("description"),
            "upstreams": ", ".join(each["repositoryName"] for each in repository["upstreams"]),
            "connection": ", ".join(
                each["externalConnectionName"] for each in repository["externalConnections"]
            ),
            "created": moment(repository["createdTime"]),
        }
    )


def _named(upstreams: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"repositoryName": upstream} for upstream in upstreams]
