"""`mirror domain`."""

from typing import Any

import click

from mirror.cli.arguments import with_tags
from mirror.cli.printing import moment, sheet, table
from mirror.cli.session import Session, with_session


@click.group()
def domain() -> None:
    """Domains: what shares files, package groups and a policy."""


@domain.command("create")
@click.argument("name")
@with_tags
@with_session
def create_domain(session: Session, name: str, tags: list[dict[str, str]]) -> None:
    """Create a domain."""
    answer = session.call("CreateDomain", domain=name, tags=tags or None)
    session.tell(answer, lambda _: [f"domain '{name}' created"])


@domain.command("list")
@with_session
def list_domains(session: Session) -> None:
    """Show every domain."""
    answer = session.everything("ListDomains", "domains")
    session.tell(
        answer,
        lambda answer: table(
            ("NAME", "OWNER", "CREATED"),
            [
                (each["name"], each["owner"], moment(each["createdTime"]))
                for each in answer["domains"]
            ],
        ),
    )


@domain.command("show")
@click.argument("name", default="default")
@with_session
def show_domain(session: Session, name: str) -> None:
    """Show a domain [default]."""
    session.tell(
        session.call("DescribeDomain", domain=name), lambda answer: _sheet(answer["domain"])
    )


@domain.command("delete")
@click.argument("name")
@with_session
def delete_domain(session: Session, name: str) -> None:
    """Delete a domain that has no repositories any more."""
    answer = session.call("DeleteDomain", domain=name)
    session.tell(answer, lambda _: [f"domain '{name}' deleted"])


def _sheet(domain: dict[str, Any]) -> Any:
    return sheet(
        {
            "name": domain["name"],
            "arn": domain["arn"],
            "created": moment(domain["createdTime"]),
            "repositories": domain["repositoryCount"],
            "bytes": domain["assetSizeBytes"],
        }
    )
