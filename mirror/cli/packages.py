"""`mirror package`: the packages of a repository."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from mirror.cli.arguments import coordinates, in_domain, in_repository
from mirror.cli.operations import Operations
from mirror.cli.printing import moment, sheet, table
from mirror.cli.session import Session, with_session

CONTROL = click.Choice(("ALLOW", "BLOCK"), case_sensitive=False)


@click.group()
def package() -> None:
    """What a repository itself holds; upstreams are not asked.

    PACKAGE is a name, or NAMESPACE/NAME, as in @acme/ui.
    """


def of_package(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command FORMAT and PACKAGE, and where to look."""
    for decorate in (
        in_domain,
        in_repository,
        click.argument("name", metavar="PACKAGE"),
        click.argument("format_name", metavar="FORMAT"),
    ):
        command = decorate(command)
    return command


@package.command("list")
@click.option("--format", "format_name", help="Only packages of this format.")
@click.option("--namespace", help="Only those whose namespaces begin so; goes with --format.")
@click.option("--prefix", help="Only those whose names begin so.")
@in_repository
@in_domain
@with_session
def list_packages(
    session: Session,
    format_name: str | None,
    namespace: str | None,
    prefix: str | None,
    repository: str,
    domain: str,
) -> None:
    """Show a repository's packages, with what may come in."""
    answer = session.everything(
        "ListPackages",
        "packages",
        domain=domain,
        repository=repository,
        format=format_name,
        namespace=namespace,
        packagePrefix=prefix,
    )
    rows = [
        (each["format"], _spelled(each, "package"), *_controls(each)) for each in answer["packages"]
    ]
    session.tell(answer, lambda _: table(("FORMAT", "PACKAGE", "PUBLISH", "UPSTREAM"), rows))


@package.command("show")
@of_package
@click.argument("version", required=False)
@with_session
def show_package(
    session: Session,
    format_name: str,
    name: str,
    repository: str,
    domain: str,
    version: str | None,
) -> None:
    """Show a package, or one VERSION of it."""
    where = where_is(format_name, name, repository, domain)
    if version is None:
        session.tell(session.call("DescribePackage", **where), _package_sheet)
    else:
        answer = session.call("DescribePackageVersion", **where, packageVersion=version)
        session.tell(answer, _version_sheet)


@package.command("origin")
@of_package
@click.option("--publish", type=CONTROL, help="Whether new versions may be published here.")
@click.option("--upstream", type=CONTROL, help="Whether new versions may come from upstreams.")
@with_session
def origin(
    session: Session,
    format_name: str,
    name: str,
    repository: str,
    domain: str,
    publish: str | None,
    upstream: str | None,
) -> None:
    """Show or set where new versions may come from."""
    where = where_is(format_name, name, repository, domain)

    async def control(operations: Operations) -> Any:
        if publish and upstream:
            now = {}
        else:
            described = await operations.call("DescribePackage", **where)
            now = described["package"]["originConfiguration"]
        if publish is upstream is None:
            return {"originConfiguration": now}
        restrictions = {
            "publish": publish or now["restrictions"]["publish"],
            "upstream": upstream or now["restrictions"]["upstream"],
        }
        return await operations.call(
            "PutPackageOriginConfiguration", **where, restrictions=restrictions
        )

    session.tell(
        session.run(control), lambda answer: sheet(answer["originConfiguration"]["restrictions"])
    )


def where_is(format_name: str, name: str, repository: str, domain: str) -> dict[str, str]:
    """The members that name a package in a repository."""
    return {
        "domain": domain,
        "repository": repository,
        "format": format_name,
        **coordinates(name),
    }


def _spelled(package: dict[str, Any], member: str) -> str:
    namespace = package.get("namespace")
    return f"{namespace}/{package[member]}" if namespace else package[member]


def _controls(package: dict[str, Any]) -> tuple[str, str]:
    restrictions = package["originConfiguration"]["restrictions"]
    return restrictions["publish"], restrictions["upstream"]


def _package_sheet(answer: dict[str, Any]) -> Iterator[str]:
    package = answer["package"]
    publish, upstream = _controls(package)
    return sheet(
        {
            "format": package["format"],
            "package": _spelled(package, "name"),
            "publish": publish,
            "upstream": upstream,
        }
    )


def _version_sheet(answer: dict[str, Any]) -> Iterator[str]:
    version = answer["packageVersion"]
    origin = version["origin"]
    published = version.get("publishedTime")
    return sheet(
        {
            "format": version["format"],
            "package": _spelled(version, "packageName"),
            "version": version["version"],
            "status": version["status"],
            "origin": " ".join(
                (origin["originType"], *origin.get("domainEntryPoint", {}).values())
            ),
            "published": moment(published) if published is not None else None,
            "revision": version["revision"],
            "summary": version.get("summary"),
            "home page": version.get("homePage"),
            "source": version.get("sourceCodeRepository"),
            "licenses": ", ".join(each["name"] for each in version.get("licenses", ())),
        }
    )
