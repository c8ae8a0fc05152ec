"""Looking into an installation: `mirror verify`, `mirror why`, `mirror why-denied`."""

import sys

import click

from mirror.cli.settings import Loader, run, with_settings


@click.command()
@click.option("--repair", is_flag=True, help="Set damaged files aside and delete orphaned ones.")
@with_settings
def verify(load_settings: Loader, repair: bool) -> None:
    """Re-hash every stored file; exit with 1 if any is missing, damaged or orphaned."""
    from mirror.inspection import verify_store

    findings = run(load_settings, lambda parts: verify_store(parts, repair=repair))
    for finding in findings:
        click.echo(f"{finding.trouble:<9} {finding.path.name}  {finding.detail}")
    failures = sum(finding.trouble.failure for finding in findings)
    click.echo(f"{failures} problems" if failures else "every stored file is right")
    sys.exit(1 if failures and not repair else 0)


@click.command()
@click.argument("format_name", metavar="FORMAT")
@click.argument("package", metavar="PACKAGE[@VERSION]")
@click.option("--repository", default="main", show_default=True, help="Where a client would ask.")
@click.option("--domain", default="default", show_default=True)
@with_settings
def why(
    load_settings: Loader, format_name: str, package: str, repository: str, domain: str
) -> None:
    """Tell what each repository and upstream says of a package, and why a version is (not) there."""
    from mirror.inspection import explain

    for line in run(
        load_settings, lambda parts: explain(parts, domain, repository, format_name, package)
    ):
        click.echo(line)


@click.command("why-denied")
@click.argument("user", metavar="USER")
@click.argument("action", metavar="ACTION")
@click.argument("resource", metavar="ARN|REPOSITORY[/FORMAT/PACKAGE]")
@click.option("--domain", default="default", show_default=True, help="Of a resource without ARN.")
@with_settings
def why_denied(load_settings: Loader, user: str, action: str, resource: str, domain: str) -> None:
    """Tell whether USER may do ACTION, and which statements of which policies decide.

    ACTION is one of the API's operations, or ReadFromRepository, PutPackageMetadata and their like.
    """
    from mirror.authorization import explain_right

    for line in run(
        load_settings, lambda parts: explain_right(parts, user, action, resource, domain)
    ):
        click.echo(line)
