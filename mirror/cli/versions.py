"""`mirror package`: versions, and what becomes of them."""

import sys
from typing import Any

import click

from mirror.cli.arguments import confirm, coordinates, in_domain, surely
from mirror.cli.packages import of_package, where_is
from mirror.cli.printing import table
from mirror.cli.session import Session, with_session

TARGET = click.Choice(("Published", "Unlisted", "Archived"), case_sensitive=False)


@click.command("versions")
@of_package
@click.option("--status", help="Only versions of this status.")
@with_session
def list_versions(
    session: Session,
    format_name: str,
    name: str,
    repository: str,
    domain: str,
    status: str | None,
) -> None:
    """Show a package's versions, newest first."""
    answer = session.everything(
        "ListPackageVersions",
        "versions",
        **where_is(format_name, name, repository, domain),
        status=status,
    )
    rows = [
        (each["version"], each["status"], each.get("origin", {}).get("originType"))
        for each in answer["versions"]
    ]
    session.tell(answer, lambda _: table(("VERSION", "STATUS", "ORIGIN"), rows))


@click.command("status")
@of_package
@click.argument("target", metavar="STATUS", type=TARGET)
@click.argument("versions", metavar="VERSION...", nargs=-1, required=True)
@with_session
def update_status(
    session: Session,
    format_name: str,
    name: str,
    repository: str,
    domain: str,
    target: str,
    versions: tuple[str, ...],
) -> None:
    """Make versions Published, Unlisted or Archived: all of them or none."""
    answer = session.call(
        "UpdatePackageVersionsStatus",
        **where_is(format_name, name, repository, domain),
        versions=list(versions),
        targetStatus=target,
    )
    _tell_batch(session, answer)


@click.command("dispose")
@of_package
@click.argument("versions", metavar="VERSION...", nargs=-1, required=True)
@surely
@with_session
def dispose(
    session: Session,
    format_name: str,
    name: str,
    repository: str,
    domain: str,
    versions: tuple[str, ...],
    yes: bool,
) -> None:
    """Delete the files of versions for ever; that they existed stays known."""
    confirm(f"Delete the files of {name} {', '.join(versions)} for ever?", yes=yes)
    answer = session.call(
        "DisposePackageVersions",
        **where_is(format_name, name, repository, domain),
        versions=list(versions),
    )
    _tell_batch(session, answer)


@click.command("delete")
@of_package
@click.argument("versions", metavar="[VERSION...]", nargs=-1)
@surely
@with_session
def delete(
    session: Session,
    format_name: str,
    name: str,
    repository: str,
    domain: str,
    versions: tuple[str, ...],
    yes: bool,
) -> None:
    """Delete versions; without any, the package with its origin controls."""
    where = where_is(format_name, name, repository, domain)
    what = ", ".join(versions) or "with all of its versions"
    confirm(f"Delete {name} {what} from repository '{repository}'?", yes=yes)
    if versions:
        _tell_batch(
            session, session.call("DeletePackageVersions", **where, versions=list(versions))
        )
    else:
        answer = session.call("DeletePackage", **where)
        session.tell(answer, lambda _: [f"package '{name}' deleted"])


@click.command("copy")
@click.argument("format_name", metavar="FORMAT")
@click.argument("name", metavar="PACKAGE")
@click.argument("versions", metavar="VERSION...", nargs=-1, required=True)
@click.option("--from", "source", required=True, help="Repository to copy from.")
@click.option("--to", "destination", required=True, help="Repository to copy into.")
@click.option("--overwrite", is_flag=True, help="Replace versions that differ.")
@click.option("--from-upstream", is_flag=True, help="Look in the source's upstreams as well.")
@in_domain
@with_session
def copy(
    session: Session,
    *,
    format_name: str,
    name: str,
    versions: tuple[str, ...],
    source: str,
    destination: str,
    overwrite: bool,
    from_upstream: bool,
    domain: str,
) -> None:
    """Copy versions to another repository of the domain: all of them or none."""
    answer = session.call(
        "CopyPackageVersions",
        domain=domain,
        sourceRepository=source,
        destinationRepository=destination,
        format=format_name,
        **coordinates(name),
        versions=list(versions),
        allowOverwrite=overwrite,
        includeFromUpstream=from_upstream,
    )
    _tell_batch(session, answer)


def _tell_batch(session: Session, answer: dict[str, Any]) -> None:
    """Print what became of each version; leave with 1 where one failed."""
    rows = [
        (version, each["status"], "") for version, each in answer["successfulVersions"].items()
    ] + [
        (version, each["errorCode"], each["errorMessage"])
        for version, each in answer["failedVersions"].items()
    ]
    lines = table(("VERSION", "RESULT", ""), rows) if rows else ["nothing to do: it is so already"]
    session.tell(answer, lambda _: lines)
    if answer["failedVersions"]:
        sys.exit(1)


COMMANDS = (list_versions, update_status, dispose, delete, copy)
