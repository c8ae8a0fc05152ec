"""Options and arguments that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from mirror.model import DEFAULT_DOMAIN

in_domain: Callable[[Any], Any] = click.option(
    "--domain", default=DEFAULT_DOMAIN, show_default=True
)
in_repository: Callable[[Any], Any] = click.option(
    "--repository", default="main", show_default=True
)
surely: Callable[[Any], Any] = click.option("--yes", is_flag=True, help="Do not ask.")


def _tags(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[dict[str, str]]:
    found = []
    for value in values:
        key, equals, text = value.partition("=")
        if not equals:
            raise click.BadParameter(f"'{value}' is not KEY=VALUE", ctx, param)
        found.append({"key": key, "value": text})
    return found


with_tags: Callable[[Any], Any] = click.option(
    "--tag", "tags", multiple=True, callback=_tags, metavar="KEY=VALUE", help="May be repeated."
)


def coordinates(package: str) -> dict[str, str]:
    """The members for `NAME` or `NAMESPACE/NAME`; of npm's scopes the @ may be there or not."""
    namespace, slash, name = package.rpartition("/")
    return (
        {"namespace": namespace.removeprefix("@"), "package": name} if slash else {"package": name}
    )


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is gone for good; leaves the command where the answer is no."""
    if not yes:
        click.confirm(question, abort=True)
