"""The command line: parse, call, print. What it prints is for people; the work is elsewhere."""

import asyncio
import functools
import os
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mirror.config import Settings, load
from mirror.errors import MirrorError

if TYPE_CHECKING:  # a command imports what it needs when it runs: `mirror --help` is instant
    from mirror.app import Parts
    from mirror.setup import FirstStart

T = TypeVar("T")
Loader = Callable[[], Settings]


class Sentences(click.Group):
    """Shows our own errors as the sentences that they are."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MirrorError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="artifact-mirror")
def main() -> None:
    """A caching mirror and private registry for build machines."""


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--config` and `--data-dir`, and a function that loads the settings."""

    @click.option(
        "--config",
        envvar="MIRROR_CONFIG",
        type=click.Path(path_type=Path),
        help="YAML file with settings; config.example.yaml tells all of them.",
    )
    @click.option(
        "--data-dir", type=click.Path(path_type=Path), help="Directory of everything that is kept."
    )
    @functools.wraps(command)
    def wrapped(config: Path | None, data_dir: Path | None, **options: Any) -> None:
        environ = dict(os.environ)
        environ.pop("MIRROR_CONFIG", None)
        if data_dir is not None:
            environ["MIRROR_DATA_DIR"] = str(data_dir.absolute())
        for name in ("host", "port"):
            if (value := options.pop(name, None)) is not None:
                environ[f"MIRROR_SERVER_{name.upper()}"] = str(value)
        command(lambda: load(config, environ), **options)

    return wrapped


@main.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=int, help="TCP port to listen on [8080].")
@with_settings
def serve(load_settings: Loader) -> None:
    """Run the mirror. Nothing needs to be configured first."""
    import uvloop

    from mirror.endpoints.listening import Listening
    from mirror.server import run
    from mirror.setup import FirstStart
    from mirror.telemetry.logs import configure

    settings = load_settings()
    configure(settings.log.level, settings.log.format)

    def started(listening: Listening, first: FirstStart | None) -> None:
        click.echo(_greeting(settings, listening.port, first))
        sys.stdout.flush()

    uvloop.run(run(settings, reload=load_settings, started=started, environ=dict(os.environ)))


@main.command()
@click.option("--repair", is_flag=True, help="Set damaged files aside and delete orphaned ones.")
@with_settings
def verify(load_settings: Loader, repair: bool) -> None:
    """Re-hash every stored file; exit with 1 if any is missing, damaged or orphaned."""
    from mirror.inspection import verify_store

    findings = _run(load_settings, lambda parts: verify_store(parts, repair=repair))
    for finding in findings:
        click.echo(f"{finding.trouble:<9} {finding.path.name}  {finding.detail}")
    failures = sum(finding.trouble.failure for finding in findings)
    click.echo(f"{failures} problems" if failures else "every stored file is right")
    sys.exit(1 if failures and not repair else 0)


@main.command()
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

    for line in _run(
        load_settings, lambda parts: explain(parts, domain, repository, format_name, package)
    ):
        click.echo(line)


@main.group()
def user() -> None:
    """People and machines that may publish."""


@user.command("create")
@click.argument("name")
@click.option("--password", help="For npm login; asked for when left out.")
@with_settings
def create_user(load_settings: Loader, name: str, password: str | None) -> None:
    """Create a user."""
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _run(load_settings, lambda parts: parts.users.create(name, password))
    click.echo(f"user '{name}' created; a token for it: mirror token create {name}")


@user.command("password")
@click.argument("name")
@click.option("--password", help="Asked for when left out.")
@with_settings
def set_password(load_settings: Loader, name: str, password: str | None) -> None:
    """Replace a user's password."""
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _run(load_settings, lambda parts: parts.users.set_password(name, password))
    click.echo(f"password of '{name}' replaced")


@user.command("list")
@with_settings
def list_users(load_settings: Loader) -> None:
    """Show every user."""
    for name, active in _run(load_settings, lambda parts: parts.users.names()):
        click.echo(name if active else f"{name}  (inactive)")


@user.command("disable")
@click.argument("name")
@click.option("--enable", is_flag=True, help="Let it in again.")
@with_settings
def disable_user(load_settings: Loader, name: str, enable: bool) -> None:
    """Keep a user out: its tokens stop working at once."""
    _run(load_settings, lambda parts: parts.users.set_active(name, active=enable))
    click.echo(f"user '{name}' is {'active' if enable else 'inactive'}")


@user.command("delete")
@click.argument("name")
@with_settings
def delete_user(load_settings: Loader, name: str) -> None:
    """Delete a user with all its tokens and keys."""
    _run(load_settings, lambda parts: parts.users.delete(name))
    click.echo(f"user '{name}' deleted")


@main.group()
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
    created = _run(
        load_settings,
        lambda parts: parts.users.create_token(
            user_name, name, read_only=read_only, expires_at=expires_at
        ),
    )
    click.echo(created)


@token.command("list")
@with_settings
def list_tokens(load_settings: Loader) -> None:
    """Show every token's number, user, name and expiry; never the token."""
    for each in _run(load_settings, lambda parts: parts.users.tokens()):
        kind = f"{each.kind}, read-only" if each.read_only else each.kind
        until = f"until {_day(each.expires_at)}" if each.expires_at else "does not expire"
        click.echo(f"{each.id:>5}  {each.user:<16} {each.name:<24} {kind}, {until}")


@token.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@with_settings
def revoke_token(load_settings: Loader, number: int) -> None:
    """Revoke the token of that number (see `mirror token list`)."""
    if not _run(load_settings, lambda parts: parts.users.revoke(id_=number)):
        raise click.ClickException(f"there is no token number {number}: see 'mirror token list'")
    click.echo(f"token {number} revoked")


def _run(load_settings: Loader, work: "Callable[[Parts], Coroutine[Any, Any, T]]") -> T:
    """Run one piece of work over the data directory, beside a running server if there is one."""
    from mirror.app import assembled

    async def inside() -> T:
        async with assembled(load_settings()) as parts:
            return await work(parts)

    return asyncio.run(inside())


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _greeting(settings: Settings, port: int, first: "FirstStart | None") -> str:
    base = str(settings.server.public_url or f"http://{settings.server.host}:{port}").rstrip("/")
    lines = [f"mirror listens on {base}, data in {settings.data_dir}"]
    if first is not None:
        lines += [
            "",
            "First start: user 'admin' was created. This is shown once:",
            f"  access key  {first.access_key}",
            f"  secret      {first.secret}",
            f"  password    {first.password}",
            "",
            f"  npm:      npm config set registry {base}/npm/main/",
            f"  pip:      pip config set global.index-url {base}/pypi/main/simple/",
            "  the rest: README.md, mirror --help, and config.example.yaml",
        ]
    return "\n".join(lines)
