"""`mirror serve`."""

import os
import sys
from typing import TYPE_CHECKING

import click

from mirror.cli.settings import Loader, address, with_settings

if TYPE_CHECKING:
    from mirror.config import Settings
    from mirror.setup import FirstStart


@click.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=int, help="TCP port to listen on [8080].")
@with_settings
def serve(load_settings: Loader) -> None:
    """Run the mirror. Nothing needs to be configured first."""
    import uvloop

    from mirror.endpoints.listening import Listening
    from mirror.server import run
    from mirror.telemetry.logs import configure

    settings = load_settings()
    configure(settings.log.level, settings.log.format)

    def started(listening: Listening, first: "FirstStart | None") -> None:
        click.echo(_greeting(settings, listening.port, first))
        sys.stdout.flush()

    uvloop.run(run(settings, reload=load_settings, started=started, environ=dict(os.environ)))


def _greeting(settings: "Settings", port: int, first: "FirstStart | None") -> str:
    base = address(settings, port)
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
            "  cargo:    mirror login --tool cargo",
            "  the rest: README.md, mirror --help, and config.example.yaml",
        ]
    return "\n".join(lines)
