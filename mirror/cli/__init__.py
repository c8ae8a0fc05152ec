"""The command line: parse, call, print. What it prints is for people; the work is elsewhere.

Each command imports what it runs when it runs, so that `mirror --help` is instant.
"""

from typing import Any

import click

from mirror.cli.domains import domain
from mirror.cli.groups import group
from mirror.cli.inspecting import verify, why, why_denied
from mirror.cli.keys import key
from mirror.cli.login import login
from mirror.cli.packages import package
from mirror.cli.plan import plan
from mirror.cli.policies import policy
from mirror.cli.repositories import repo
from mirror.cli.serve import serve
from mirror.cli.tokens import token
from mirror.cli.users import user
from mirror.cli.versions import COMMANDS as OF_VERSIONS
from mirror.errors import MirrorError


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


for _command in (
    *(serve, plan, login),
    *(domain, repo, package, group),
    *(user, token, key, policy),
    *(verify, why, why_denied),
):
    main.add_command(_command)

for _command in OF_VERSIONS:
    package.add_command(_command)
