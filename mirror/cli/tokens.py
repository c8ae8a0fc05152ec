"""`mirror token`: for build machines."""

import time

import click

from mirror.cli.printing import day
from mirror.cli.settings import Loader, run, with_settings


@click.group()
def token() -> None:
    """Long-lived tokens for build machines."""


@token.command("create")
@click.argument("user_name", metavar="USER", default="admin")
@click.option("--name", default="", help="What the token is for.")
@click.option("--read-only", is_flag=True, help="May read, not publish.")
@click.option("--days", type=click.IntRange(1, 3650), help="Expires after so many days.")
@with_settings
def create_token(
    load_settings: Loader, user_name: str, name: str, read_only: bool, days: int | None
) -> None:
    """Create a token for USER and print it: it cannot be shown again."""
    expires_at = time.time() + days * 86400 if days else None
    created = run(
        load_settings,
        lambda parts: parts.tokens.create(
            user_name, name, read_only=read_only, expires_at=expires_at
        ),
    )
    click.echo(created)


@token.command("list")
@with_settings
def list_tokens(load_settings: Loader) -> None:
    """Show every token's number, user, name and expiry; never the token."""
    for each in run(load_settings, lambda parts: parts.tokens.all()):
        kind = f"{each.kind}, read-only" if each.read_only else each.kind
        until = f"until {day(each.expires_at)}" if each.expires_at else "does not expire"
        click.echo(f"{each.id:>5}  {each.user:<16} {each.name:<24} {kind}, {until}")


@token.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@with_settings
def revoke_token(load_settings: Loader, number: int) -> None:
    """Revoke the token of that number (see `mirror token list`)."""
    if not run(load_settings, lambda parts: parts.tokens.revoke(id_=number)):
        raise click.ClickException(f"there is no token number {number}: see 'mirror token list'")
    click.echo(f"token {number} revoked")
