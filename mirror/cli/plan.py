"""`mirror plan`."""

import dataclasses
from typing import TYPE_CHECKING

import click

from mirror.cli.printing import as_json
from mirror.cli.settings import Loader, run, with_settings

if TYPE_CHECKING:
    from mirror.app import Parts
    from mirror.declared.step import Step


@click.command()
@click.option("--json", is_flag=True, help="Print each step as the operation that it is.")
@with_settings
def plan(load_settings: Loader, json: bool) -> None:
    """Show what start-up would change, so that everything is as the configuration declares."""

    async def steps(parts: "Parts") -> "list[Step]":
        from mirror.declared.planning import plan
        from mirror.declared.reading import read

        return plan(parts.settings, await read(parts.database, parts.settings))

    found = run(load_settings, steps)
    if json:
        click.echo(as_json([dataclasses.asdict(step) for step in found]))
    else:
        for step in found:
            click.echo(f"{step.sign} {step.says}")
        if not found:
            click.echo("nothing to do: everything is as the configuration declares")
