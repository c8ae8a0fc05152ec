"""Commands that call operations: reaching them, and showing what they answer."""

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from mirror.cli.operations import Operations, everything
from mirror.cli.printing import as_json
from mirror.cli.settings import Loader, address, with_settings

T = TypeVar("T")
Open = Callable[[], AbstractAsyncContextManager[Operations]]


class Session:
    """How one command calls operations; `json` is whether a script reads its answer."""

    def __init__(self, open_: Open, *, json: bool) -> None:
        self._open = open_
        self._json = json

    def run(self, work: Callable[[Operations], Coroutine[Any, Any, T]]) -> T:
        """Several calls, one after the other."""

        async def inside() -> T:
            async with self._open() as operations:
                return await work(operations)

        return asyncio.run(inside())

    def call(self, operation: str, **members: Any) -> Any:
        """One call."""
        return self.run(lambda operations: operations.call(operation, **members))

    def everything(self, operation: str, member: str, **members: Any) -> Any:
        """A list operation's answer, all of its pages in one."""
        return self.run(lambda operations: everything(operations, operation, member, **members))

    def tell(self, answer: Any, lines: Callable[[Any], Iterable[str]]) -> None:
        """Print an answer: as it is, or in lines for people."""
        if self._json:
            click.echo(as_json(answer))
        else:
            for line in lines(answer):
                click.echo(line)


def _endpoint(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        known = parts.hostname is not None and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.scheme not in {"http", "https"} or parts.query or "@" in parts.netloc:
        raise click.BadParameter("expected an address such as https://mirror.example", ctx, param)
    return value.rstrip("/")


def with_endpoint(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--endpoint`, else its settings; it takes both."""

    @click.option(
        "--endpoint",
        envvar="MIRROR_ENDPOINT",
        callback=_endpoint,
        help="Address of a mirror to ask, signed with AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY; without it, the data directory here is worked on.",
    )
    @with_settings
    @functools.wraps(command)
    def wrapped(load_settings: Loader, endpoint: str | None, **options: Any) -> None:
        command(load_settings, endpoint, **options)

    return wrapped


def with_session(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `Session`, and `--json`."""

    @click.option("--json", is_flag=True, help="Print the API's own answer.")
    @with_endpoint
    @functools.wraps(command)
    def wrapped(load_settings: Loader, endpoint: str | None, json: bool, **options: Any) -> None:
        command(Session(opener(load_settings, endpoint), json=json), **options)

    return wrapped


def opener(load_settings: Loader, endpoint: str | None) -> Open:
    """What opens the operations: of the mirror at `endpoint`, or of the data directory here."""
    if endpoint:
        from mirror.cli.remote import AccessKey, at

        key = AccessKey(
            os.environ.get("AWS_ACCESS_KEY_ID", ""),
            os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
            os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        )
        if not key.id or not key.secret:
            raise click.UsageError(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: 'mirror key create USER' on the "
                "server makes them"
            )
        return lambda: at(endpoint, key)

    def open_here() -> AbstractAsyncContextManager[Operations]:
        from mirror.cli.operations import in_this_process

        settings = load_settings()
        return in_this_process(settings, address(settings))

    return open_here
