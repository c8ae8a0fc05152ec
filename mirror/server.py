"""Running: one server a data directory, from the first sweep to the last transfer."""

import asyncio
import contextlib
import fcntl
import gc
import logging
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TextIO

from mirror.app import Parts, assembled, make_folder, unusable
from mirror.config import Settings
from mirror.declared.applying import make_so
from mirror.declared.planning import plan
from mirror.declared.reading import read
from mirror.endpoints.front import Limits
from mirror.endpoints.listening import Listening, serve
from mirror.errors import MirrorError, Storage
from mirror.setup import FirstStart, first_start
from mirror.telemetry.notify import Notifier
from mirror.telemetry.stalls import watch_stalls

log = logging.getLogger(__name__)


async def run(
    settings: Settings,
    *,
    reload: Callable[[], Settings],
    started: Callable[[Listening, FirstStart | None], None],
    environ: dict[str, str],
) -> None:
    """Serve until SIGTERM or SIGINT, then let transfers finish for the time of grace.

    SIGHUP reads the file again (`reload`) and makes so what it declares; what else changed in it
    needs a restart.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    for warning in settings.warnings:
        log.warning(warning)
    notifier = Notifier(environ)
    _raise_descriptor_limit()
    async with AsyncExitStack() as stack:
        stack.enter_context(_only_server(Path(settings.data_dir)))
        parts = await stack.enter_async_context(assembled(settings, watch=True))
        await parts.blobs.check_writable()
        await parts.blobs.sweep()
        # Before the first start, whose secrets are shown once, every mistake that can be seen.
        plan(settings, await read(parts.database, settings))
        first = await first_start(parts.database, parts.users, settings, Path(settings.data_dir))
        await parts.access.refresh()  # what is wrong with the policies is told now, and here
        await _make_so(parts, settings)
        parts.purge.start()
        server = settings.server
        _spare_the_collector()
        try:
            listening = await serve(
                parts.handler,
                server.host,
                server.port,
                limits=Limits(
                    connections=server.max_connections,
                    head=server.header_timeout,
                    idle=server.keepalive_timeout,
                ),
                hot=parts.hot,
            )
        except OSError as error:
            raise Storage(
                f"cannot listen on {server.host}:{server.port} ({error.strerror}): "
                "is another server running? Choose with --port or server.port"
            ) from error
        for task in (watch_stalls(parts.metrics.stalled), notifier.keep_alive()):
            running = asyncio.create_task(task)
            stack.callback(running.cancel)
        hangups = asyncio.Event()
        loop.add_signal_handler(signal.SIGHUP, hangups.set)
        reloading = asyncio.create_task(_reload_on(hangups, parts, reload))
        stack.callback(reloading.cancel)
        started(listening, first)
        notifier.ready(f"listening on {server.host}:{listening.port}")
        await stopping.wait()
        log.info("stopping: transfers have %.0f s to finish", server.shutdown_grace)
        notifier.stopping()
        await asyncio.gather(
            listening.close(server.shutdown_grace), parts.flights.close(server.shutdown_grace)
        )


async def _make_so(parts: Parts, settings: Settings) -> None:
    for step in await make_so(parts.api, parts.database, settings):
        log.info("as the configuration declares: %s %s", step.sign, step.says)


async def _reload_on(hangups: asyncio.Event, parts: Parts, reload: Callable[[], Settings]) -> None:
    while True:
        await hangups.wait()
        hangups.clear()
        try:
            await _make_so(parts, await asyncio.to_thread(reload))
        except MirrorError as error:  # a mistake in the file must not take the server down
            log.error("the configuration was not reloaded: %s", error)  # noqa: TRY400 - the sentence is enough
        else:
            log.info("the configuration was read again; everything is as it declares")


@contextlib.contextmanager
def _only_server(data_dir: Path) -> Iterator[None]:
    """One server a data directory: two would sweep away each other's downloads."""
    make_folder(data_dir)
    with _lock_file(data_dir) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Storage(
                f"another mirror serves {data_dir}: stop it, or choose another --data-dir"
            ) from error
        yield


def _lock_file(data_dir: Path) -> TextIO:
    try:
        return (data_dir / "lock").open("w")
    except OSError as error:
        raise unusable(data_dir, error) from error


def _spare_the_collector() -> None:
    """What is there by now stays, and a document makes garbage by the ten thousands, none of it in
    circles: looking for those after every 700 objects takes a fifth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _raise_descriptor_limit() -> None:
    """A shell's soft limit of 1024 descriptors is historical; take what the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
