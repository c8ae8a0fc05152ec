"""`mirror login`: a package manager pointed at a repository, with a token of its own."""

import os
import time
from typing import TYPE_CHECKING

import click

from mirror.cli.arguments import in_domain, in_repository
from mirror.cli.operations import InProcess, Operations
from mirror.cli.printing import moment
from mirror.cli.session import Session, opener, with_endpoint
from mirror.cli.settings import Loader, address, run
from mirror.model import DEFAULT_DOMAIN

if TYPE_CHECKING:
    from mirror.app import Parts

TOOLS = ("npm", "pnpm", "yarn", "pip", "uv", "poetry", "twine", "cargo")
HIDDEN = "******"


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    from mirror.config.values import seconds

    try:
        found: float = seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    return found


@click.command()
@click.option("--tool", type=click.Choice(TOOLS), required=True)
@in_repository
@in_domain
@click.option(
    "--duration",
    default="12h",
    show_default=True,
    callback=_seconds,
    help="How long the token lasts.",
)
@click.option("--user", default="admin", show_default=True, help="Whose token; without --endpoint.")
@click.option("--anonymous", is_flag=True, help="Set the address only: no token.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and make no token.")
@with_endpoint
def login(
    load_settings: Loader,
    endpoint: str | None,
    *,
    tool: str,
    repository: str,
    domain: str,
    duration: float,
    user: str,
    anonymous: bool,
    dry_run: bool,
) -> None:
    """Point a package manager of yours at a repository.

    Its files are changed where they must be, and nowhere else; `--dry-run` shows it. The token is
    an authorization token of your access key with --endpoint, and otherwise a named token, which
    'mirror token list' shows.
    """
    from mirror.login.clients import FORMATS, Repository, edits, hint
    from mirror.login.files import lines_to_write, write

    place = {"domain": domain, "repository": repository, "format": FORMATS[tool]}

    async def placed(operations: Operations) -> Repository:
        """Where it is; whatever is wrong with the files is found before a token is made."""
        told = await operations.call("GetRepositoryEndpoint", **place)
        found = Repository(told["repositoryEndpoint"], None if anonymous else HIDDEN)
        list(lines_to_write(edits(tool, found, os.environ)))
        return found

    async def there(operations: Operations) -> Repository:
        """By the mirror at the endpoint, for the user whose access key it is."""
        found = await placed(operations)
        if dry_run:
            return found
        made = await operations.call(
            "GetAuthorizationToken", domain=domain, durationSeconds=int(duration)
        )
        return found._replace(token=made["authorizationToken"])

    async def here(parts: "Parts") -> Repository:
        """By the data directory: root cannot have authorization tokens, but users named ones."""
        found = await placed(InProcess(parts, address(parts.settings)))
        if dry_run or anonymous:
            return found
        name, until = f"mirror login --tool {tool}", time.time() + duration
        return found._replace(token=await parts.tokens.create(user, name, expires_at=until))

    if endpoint and anonymous:
        found = Repository(_address(endpoint, **place), None)
    elif endpoint:
        found = Session(opener(load_settings, endpoint), json=False).run(there)
    else:
        found = run(load_settings, here)
    changes = edits(tool, found, os.environ)
    if dry_run:
        for file, lines in lines_to_write(changes):
            click.echo("\n".join((f"{file}:", *(f"  {line}" for line in lines))))
        return
    for file in write(changes):
        click.echo(f"{file} written")
    until = f" until {moment(time.time() + duration)}" if found.token else ""
    click.echo(f"{tool} uses {found.address}{until}")
    if said := hint(tool, found):
        click.echo(said)


def _address(endpoint: str, *, domain: str, repository: str, format: str) -> str:  # noqa: A002 - the API's word
    """A repository's address, where nobody can be asked for it."""
    before = "" if domain == DEFAULT_DOMAIN else f"/d/{domain}"
    return f"{endpoint}{before}/{format}/{repository}/"
