"""`mirror group`."""

from collections.abc import Iterator
from typing import Any

import click

from mirror.cli.arguments import coordinates, in_domain, with_tags
from mirror.cli.operations import Operations, everything
from mirror.cli.printing import moment, sheet, table
from mirror.cli.session import Session, with_session

WAYS = {
    "publish": "PUBLISH",
    "external": "EXTERNAL_UPSTREAM",
    "internal": "INTERNAL_UPSTREAM",
}
SPECIFIC = "ALLOW_SPECIFIC_REPOSITORIES"

ways = click.argument(
    "ways",
    metavar="publish|external|internal...",
    nargs=-1,
    required=True,
    type=click.Choice([*WAYS]),
)


@click.group()
def group() -> None:
    """Package groups: which packages may come from where.

    PATTERN is like '/npm/acme/*', '/pypi//acme~' or '/npm//left-pad$'; quote it. The ways into
    repositories are publish, external (from external connections) and internal (from upstream
    repositories).
    """


@group.command("create")
@click.argument("pattern")
@click.option("--description")
@click.option("--contact", help="Whom to ask about it.")
@with_tags
@in_domain
@with_session
def create_group(
    session: Session,
    pattern: str,
    description: str | None,
    contact: str | None,
    tags: list[dict[str, str]],
    domain: str,
) -> None:
    """Create a group, which inherits everything."""
    answer = session.call(
        "CreatePackageGroup",
        domain=domain,
        packageGroup=pattern,
        description=description,
        contactInfo=contact,
        tags=tags or None,
    )
    session.tell(answer, lambda _: [f"package group '{pattern}' created"])


@group.command("list")
@click.option("--prefix", help="Only those whose patterns begin so.")
@in_domain
@with_session
def list_groups(session: Session, prefix: str | None, domain: str) -> None:
    """Show every group, with what holds for it."""
    answer = session.everything("ListPackageGroups", "packageGroups", domain=domain, prefix=prefix)
    rows = [
        (each["pattern"], *(_effective(each, way) for way in WAYS))
        for each in answer["packageGroups"]
    ]
    head = ("PATTERN", *(way.upper() for way in WAYS))
    session.tell(answer, lambda _: table(head, rows))


@group.command("show")
@click.argument("pattern")
@in_domain
@with_session
def show_group(session: Session, pattern: str, domain: str) -> None:
    """Show a group."""
    answer = session.call("DescribePackageGroup", domain=domain, packageGroup=pattern)
    session.tell(answer, _sheet)


@group.command("delete")
@click.argument("pattern")
@in_domain
@with_session
def delete_group(session: Session, pattern: str, domain: str) -> None:
    """Delete a group; its packages go to the next larger one."""
    answer = session.call("DeletePackageGroup", domain=domain, packageGroup=pattern)
    session.tell(answer, lambda _: [f"package group '{pattern}' deleted"])


@group.command("allow")
@click.argument("pattern")
@ways
@click.option("--only", multiple=True, help="A repository that alone is allowed; may be repeated.")
@in_domain
@with_session
def allow(
    session: Session, pattern: str, ways: tuple[str, ...], only: tuple[str, ...], domain: str
) -> None:
    """Let packages of a group in, into every repository or --only some."""
    if not only:
        _restrict(session, domain, pattern, ways, "ALLOW")
        return

    async def specify(operations: Operations) -> Any:
        add, remove = [], []
        for way in ways:
            listed = await everything(
                operations,
                "ListAllowedRepositoriesForGroup",
                "allowedRepositories",
                domain=domain,
                packageGroup=pattern,
                originRestrictionType=WAYS[way],
            )
            now = set(listed["allowedRepositories"])
            add += [_entry(way, name) for name in only if name not in now]
            remove += [_entry(way, name) for name in sorted(now.difference(only))]
        return await operations.call(
            "UpdatePackageGroupOriginConfiguration",
            domain=domain,
            packageGroup=pattern,
            restrictions={WAYS[way]: SPECIFIC for way in ways},
            addAllowedRepositories=add or None,
            removeAllowedRepositories=remove or None,
        )

    session.tell(session.run(specify), _sheet)


@group.command("block")
@click.argument("pattern")
@ways
@in_domain
@with_session
def block(session: Session, pattern: str, ways: tuple[str, ...], domain: str) -> None:
    """Let no new version of a group's packages in."""
    _restrict(session, domain, pattern, ways, "BLOCK")


@group.command("inherit")
@click.argument("pattern")
@ways
@in_domain
@with_session
def inherit(session: Session, pattern: str, ways: tuple[str, ...], domain: str) -> None:
    """Let hold what holds for the next larger group."""
    _restrict(session, domain, pattern, ways, "INHERIT")


@group.command("packages")
@click.argument("pattern")
@click.option("--preview", is_flag=True, help="The group need not exist: show what it would hold.")
@in_domain
@with_session
def list_packages(session: Session, pattern: str, preview: bool, domain: str) -> None:
    """Show the packages that belong to a group."""
    answer = session.everything(
        "ListAssociatedPackages",
        "packages",
        domain=domain,
        packageGroup=pattern,
        preview=preview or None,
    )
    rows = [
        (
            each["format"],
            "/".join(filter(None, (each.get("namespace"), each["package"]))),
            each["associationType"],
        )
        for each in answer["packages"]
    ]
    session.tell(answer, lambda _: table(("FORMAT", "PACKAGE", "ASSOCIATION"), rows))


@group.command("of")
@click.argument("format_name", metavar="FORMAT")
@click.argument("package", metavar="PACKAGE")
@in_domain
@with_session
def group_of(session: Session, format_name: str, package: str, domain: str) -> None:
    """Show the group that a package belongs to, whether there is such a package or not."""
    answer = session.call(
        "GetAssociatedPackageGroup", domain=domain, format=format_name, **coordinates(package)
    )
    session.tell(answer, _sheet)


def _restrict(
    session: Session, domain: str, pattern: str, ways: tuple[str, ...], mode: str
) -> None:
    answer = session.call(
        "UpdatePackageGroupOriginConfiguration",
        domain=domain,
        packageGroup=pattern,
        restrictions={WAYS[way]: mode for way in ways},
    )
    session.tell(answer, _sheet)


def _entry(way: str, repository: str) -> dict[str, str]:
    return {"repositoryName": repository, "originRestrictionType": WAYS[way]}


def _effective(group: dict[str, Any], way: str) -> str:
    restriction = group["originConfiguration"]["restrictions"][WAYS[way]]
    mode: str = restriction["effectiveMode"]
    return f"({mode})" if "inheritedFrom" in restriction else mode


def _sheet(answer: dict[str, Any]) -> Iterator[str]:
    group = answer["packageGroup"]
    entries = {
        "pattern": group["pattern"],
        "domain": group["domainName"],
        "association": answer.get("associationType"),
        "description": group.get("description"),
        "contact": group.get("contactInfo"),
        "parent": group.get("parent", {}).get("pattern"),
        "created": moment(group["createdTime"]),
    }
    return sheet(entries | {way: _told(group, way) for way in WAYS})


def _told(group: dict[str, Any], way: str) -> str:
    restriction = group["originConfiguration"]["restrictions"][WAYS[way]]
    if "inheritedFrom" in restriction:
        return f"{restriction['effectiveMode']}, as {restriction['inheritedFrom']['pattern']} says"
    count = restriction.get("repositoriesCount")
    return f"{restriction['mode']} ({count})" if count is not None else str(restriction["mode"])
