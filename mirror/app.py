"""The composition root: the only file that knows every folder."""

import asyncio
import contextlib
import fcntl
import logging
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from yarl import URL

from mirror.auth.access import Access
from mirror.auth.identity import Identity
from mirror.auth.sessions import Sessions
from mirror.compute import Compute
from mirror.config import Settings
from mirror.endpoints.front import Limits, Listening, serve
from mirror.endpoints.handler import Handler
from mirror.endpoints.hot import HotPath
from mirror.endpoints.journal import Journal
from mirror.endpoints.operations import Operations
from mirror.endpoints.reads import Reads
from mirror.endpoints.relays import Relays
from mirror.endpoints.routing import Bases
from mirror.endpoints.shelf import Shelf
from mirror.endpoints.writes import Writes
from mirror.errors import MirrorError, Storage
from mirror.formats import FORMATS
from mirror.repositories.assets import AssetReader
from mirror.repositories.documents import DocumentReader
from mirror.repositories.fetching import Fetcher
from mirror.repositories.publishing import Publisher
from mirror.repositories.relaying import Relayer
from mirror.repositories.retention import Retention
from mirror.repositories.searching import Search
from mirror.repositories.upstreams import Upstreams
from mirror.setup import FirstStart, first_start, reconcile
from mirror.store.blobs import Blobs
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.documents import Documents
from mirror.store.domains import Domains
from mirror.store.health import Health
from mirror.store.packages import Packages
from mirror.store.users import Users
from mirror.telemetry.access import AccessLog
from mirror.telemetry.logs import resolve
from mirror.telemetry.metrics import Metrics
from mirror.telemetry.notify import Notifier
from mirror.telemetry.stalls import watch_stalls
from mirror.upstream.client import Client, default_agent
from mirror.upstream.connections import Connection
from mirror.upstream.flights import Flights

INDEX = "index.sqlite3"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running mirror, or a command over its data directory, is made of."""

    settings: Settings
    database: Database
    packages: Packages
    users: Users
    blobs: Blobs
    search: Search
    upstreams: Upstreams
    documents: DocumentReader
    handler: Handler
    hot: HotPath
    metrics: Metrics
    flights: Flights


def connections(settings: Settings) -> dict[str, Connection]:
    """The public connections that the formats know, changed and added to as the file says."""
    found: dict[str, Connection] = {}
    for form in FORMATS.values():
        for public in form.connections:
            found[public.name] = Connection(public.name, form.name, URL(public.url), public.hosts)
    for name, given in settings.connections.items():
        known = found.get(name)
        address = str(given.url) if given.url is not None else str(known.url) if known else ""
        url = URL(address if address.endswith("/") else f"{address}/")
        found[name] = Connection(
            name=name,
            format=given.format or (known.format if known else ""),
            url=url,
            # The public hosts stay allowed: a corporate proxy often passes addresses on.
            hosts=(*given.hosts, *(known.hosts if known else ())),
            authorization=given.auth.authorization() if given.auth is not None else None,
            proxy=URL(given.proxy.get_secret_value()) if given.proxy is not None else None,
        )
    return found


@asynccontextmanager
async def index(settings: Settings, changes: Changes, *, watch: bool) -> AsyncIterator[Database]:
    """The index of the data directory, made and migrated where needed."""
    data_dir = Path(settings.data_dir)
    _make(data_dir)
    async with Database(data_dir / INDEX, changes, watch=watch) as database:
        yield database


@asynccontextmanager
async def assembled(settings: Settings, *, watch: bool = False) -> AsyncIterator[Parts]:
    """Everything but the listening port, opened in order and closed in reverse."""
    changes = Changes()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(index(settings, changes, watch=watch))
        packages = Packages(database)
        metrics = Metrics()
        metrics.watch_queue(lambda: database.queued)
        database.on_commit = metrics.batch
        blobs = Blobs(Path(settings.data_dir), packages.blob_in_use)
        users = Users(database, settings.account)
        known = connections(settings)
        compute = Compute()
        stack.callback(compute.close)
        client = _client(settings, metrics)
        await client.start()
        stack.push_async_callback(client.close)
        flights = Flights(client, blobs)
        rows = Documents(database)
        limits, cache = settings.limits, settings.cache
        upstreams = Upstreams(
            Fetcher(client, rows, blobs, compute, document_size=limits.document_size),
            rows,
            blobs,
            stale_wait=cache.stale_wait,
            negative_lifetime=cache.negative_lifetime,
            lifetimes={str(name): value for name, value in cache.lifetimes.items()},
        )
        stack.push_async_callback(upstreams.close)
        search = Search(
            Domains(database), changes, known, searched_upstreams=limits.searched_upstreams
        )
        documents = DocumentReader(packages, upstreams, blobs, compute, changes)
        stack.push_async_callback(documents.close)
        assets = AssetReader(
            packages,
            upstreams,
            blobs,
            flights,
            Retention(database),
            changes,
            known,
            asset_size=limits.asset_size,
        )
        reads = Reads(
            search,
            documents,
            assets,
            changes,
            Shelf(memory=cache.document_memory, files=cache.open_files),
            anonymous=settings.auth.anonymous == "read",
        )
        access = Access(settings.auth.anonymous)
        identity = Identity(users, changes)
        bases = Bases(
            str(settings.server.public_url) if settings.server.public_url else None,
            settings.server.trusted_proxies,
        )
        access_log = AccessLog(sys.stderr.buffer, resolve(settings.log.format, sys.stderr))
        stack.push_async_callback(access_log.close)
        journal = Journal(metrics, access_log)
        handler = Handler(
            search=search,
            identity=identity,
            access=access,
            reads=reads,
            writes=Writes(
                search,
                access,
                Publisher(
                    database,
                    packages,
                    upstreams,
                    blobs,
                    assets_per_version=limits.assets_per_version,
                ),
                Sessions(users),
                blobs,
                publish_body=limits.publish_body,
            ),
            relays=Relays(
                search,
                reads,
                Relayer(upstreams, packages, blobs, client, document_size=limits.document_size),
            ),
            operations=Operations(Health(packages, blobs), metrics),
            bases=bases,
            journal=journal,
        )
        yield Parts(
            settings=settings,
            database=database,
            packages=packages,
            users=users,
            blobs=blobs,
            search=search,
            upstreams=upstreams,
            documents=documents,
            handler=handler,
            hot=HotPath(
                search=search,
                identity=identity,
                access=access,
                reads=reads,
                bases=bases,
                journal=journal,
                changes=changes,
            ),
            metrics=metrics,
            flights=flights,
        )


async def run(
    settings: Settings,
    *,
    reload: Callable[[], Settings],
    started: Callable[[Listening, FirstStart | None], None],
    environ: dict[str, str],
) -> None:
    """Serve until SIGTERM or SIGINT, then let transfers finish for the time of grace.

    SIGHUP reads the file again (`reload`) and makes the repositories so that it declares; what
    else changed in it needs a restart.
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
        first = await first_start(parts.database, parts.users, settings, Path(settings.data_dir))
        await reconcile(parts.database, settings)
        server = settings.server
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
        reloading = asyncio.create_task(_reload_on(hangups, parts.database, reload))
        stack.callback(reloading.cancel)
        started(listening, first)
        notifier.ready(f"listening on {server.host}:{listening.port}")
        await stopping.wait()
        log.info("stopping: transfers have %.0f s to finish", server.shutdown_grace)
        notifier.stopping()
        await asyncio.gather(
            listening.close(server.shutdown_grace), parts.flights.close(server.shutdown_grace)
        )


async def _reload_on(
    hangups: asyncio.Event, database: Database, reload: Callable[[], Settings]
) -> None:
    while True:
        await hangups.wait()
        hangups.clear()
        try:
            await reconcile(database, await asyncio.to_thread(reload))
        except MirrorError as error:  # a mistake in the file must not take the server down
            log.error("the configuration was not reloaded: %s", error)  # noqa: TRY400 - the sentence is enough
        else:
            log.info("the configuration was read again; repositories are as it declares")


def _client(settings: Settings, metrics: Metrics) -> Client:
    upstream = settings.upstream
    contact = upstream.user_agent_contact
    return Client(
        connect=upstream.connect_timeout,
        idle=upstream.idle_timeout,
        per_host=upstream.per_host,
        attempts=1 + upstream.retries,
        breaker_threshold=upstream.breaker_failures,
        breaker_pause=upstream.breaker_pause_max,
        user_agent=f"{default_agent()} {contact}" if contact else None,
        observer=metrics,
    )


@contextlib.contextmanager
def _only_server(data_dir: Path) -> Iterator[None]:
    """One server a data directory: two would sweep away each other's downloads."""
    _make(data_dir)
    with _lock_file(data_dir) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Storage(
                f"another mirror serves {data_dir}: stop it, or choose another --data-dir"
            ) from error
        yield


def _make(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise _unusable(data_dir, error) from error


def _lock_file(data_dir: Path) -> TextIO:
    try:
        return (data_dir / "lock").open("w")
    except OSError as error:
        raise _unusable(data_dir, error) from error


def _unusable(data_dir: Path, error: OSError) -> Storage:
    return Storage(
        f"the data directory {data_dir} cannot be written ({error.strerror}): mount it writable, "
        "give it to this user, or choose another with --data-dir or MIRROR_DATA_DIR"
    )


def _raise_descriptor_limit() -> None:
    """A shell's soft limit of 1024 descriptors is historical; take what the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
