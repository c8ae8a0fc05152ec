"""`mirror user`: people and machines."""

import click

from mirror.cli.settings import Loader, run, with_settings

PUBLISHER = "MirrorPublisherAccess"


@click.group()
def user() -> None:
    """People and machines that may publish."""


@user.command("create")
@click.argument("name")
@click.option("--password", help="For npm login; asked for when left out.")
@click.option("--no-password", is_flag=True, help="Tokens and access keys only.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    default=[PUBLISHER],
    show_default=True,
    help="A managed policy that it gets; may be repeated. MirrorPublisherAccess reads and "
    "publishes everywhere. 'mirror policy list' shows all.",
)
@with_settings
def create_user(
    load_settings: Loader,
    name: str,
    password: str | None,
    no_password: bool,
    policies: tuple[str, ...],
) -> None:
    """Create a user."""
    from mirror.cli.policies import check_managed

    for policy in policies:
        check_managed(policy)
    if password is None and not no_password:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    run(load_settings, lambda parts: parts.users.create(name, password, policies))
    click.echo(f"user '{name}' created; a token for it: mirror token create {name}")


@user.command("password")
@click.argument("name")
@click.option("--password", help="Asked for when left out.")
@with_settings
def set_password(load_settings: Loader, name: str, password: str | None) -> None:
    """Replace a user's password."""
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    run(load_settings, lambda parts: parts.users.set_password(name, password))
    click.echo(f"password of '{name}' replaced")


@user.command("list")
@with_settings
def list_users(load_settings: Loader) -> None:
    """Show every user."""
    for name, active in run(load_settings, lambda parts: parts.users.names()):
        click.echo(name if active else f"{name}  (inactive)")


@user.command("disable")
@click.argument("name")
@click.option("--enable", is_flag=True, help="Let it in again.")
@with_settings
def disable_user(load_settings: Loader, name: str, enable: bool) -> None:
    """Keep a user out: its tokens and keys stop working at once."""
    run(load_settings, lambda parts: parts.users.set_active(name, active=enable))
    click.echo(f"user '{name}' is {'active' if enable else 'inactive'}")


@user.command("delete")
@click.argument("name")
@with_settings
def delete_user(load_settings: Loader, name: str) -> None:
    """Delete a user with all its tokens and keys."""
    run(load_settings, lambda parts: parts.users.delete(name))
    click.echo(f"user '{name}' deleted")
