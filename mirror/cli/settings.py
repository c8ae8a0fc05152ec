"""Commands over a data directory: where it is, and running one piece of work in it."""

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from mirror.app import Parts
    from mirror.config import Settings

T = TypeVar("T")
Loader = Callable[[], "Settings"]


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

        def load_settings() -> "Settings":
            from mirror.config import load

            return load(config, environ)

        command(load_settings, **options)

    return wrapped


def run(load_settings: Loader, work: "Callable[[Parts], Coroutine[Any, Any, T]]") -> T:
    """Run one piece of work over the data directory, beside a running server if there is one."""
    from mirror.app import assembled

    async def inside() -> T:
        async with assembled(load_settings()) as parts:
            return await work(parts)

    return asyncio.run(inside())


def address(settings: "Settings", port: int | None = None) -> str:
    """Where clients reach the server, without a final slash; this machine, where it listens on
    every address of it.
    """
    server = settings.server
    if server.public_url is not None:
        return str(server.public_url).rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104 - named, not listened on
    return f"http://{f'[{host}]' if ':' in host else host}:{port or server.port}"
