"""`mirror key`: access keys, which sign requests to the API."""

import click

from mirror.cli.printing import day, table
from mirror.cli.settings import Loader, run, with_settings


@click.group()
def key() -> None:
    """Access keys, for aws, boto3, Terraform and `mirror --endpoint`."""


@key.command("create")
@click.argument("user_name", metavar="USER")
@with_settings
def create_key(load_settings: Loader, user_name: str) -> None:
    """Create an access key for USER and print it: its secret cannot be shown again."""
    key_id, secret = run(load_settings, lambda parts: parts.keys.create(user_name))
    click.echo(f"export AWS_ACCESS_KEY_ID={key_id}")
    click.echo(f"export AWS_SECRET_ACCESS_KEY={secret}")


@key.command("list")
@click.argument("user_name", metavar="USER")
@with_settings
def list_keys(load_settings: Loader, user_name: str) -> None:
    """Show a user's keys; never their secrets."""
    rows = run(load_settings, lambda parts: parts.keys.of_user(user_name))
    states = [
        (each.id, "active" if each.active else "disabled", day(each.created_at)) for each in rows
    ]
    for line in table(("ACCESS KEY", "STATE", "CREATED"), states):
        click.echo(line)


@key.command("disable")
@click.argument("key_id", metavar="ACCESS_KEY")
@click.option("--enable", is_flag=True, help="Let it sign again.")
@with_settings
def disable_key(load_settings: Loader, key_id: str, enable: bool) -> None:
    """Refuse what an access key signs from now on."""
    run(load_settings, lambda parts: parts.keys.set_active(key_id, active=enable))
    click.echo(f"access key {key_id} is {'active' if enable else 'disabled'}")


@key.command("delete")
@click.argument("key_id", metavar="ACCESS_KEY")
@with_settings
def delete_key(load_settings: Loader, key_id: str) -> None:
    """Delete an access key."""
    run(load_settings, lambda parts: parts.keys.delete(key_id))
    click.echo(f"access key {key_id} deleted")
