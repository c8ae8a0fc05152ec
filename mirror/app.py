"""The composition root: the only file that knows every folder."""

import functools
import logging
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mirror.api.api import Api
from mirror.api.door import Door
from mirror.api.pagination import Pager
from mirror.api.quotas import Rates
from mirror.api.services import Quotas, Services
from mirror.arns import Arns
from mirror.auth.access import Access
from mirror.auth.identity import Identity
from mirror.auth.rights import Rights
from mirror.auth.sessions import Sessions
from mirror.auth.signers import Signers
from mirror.compute import Compute
from mirror.config import Settings
from mirror.endpoints.handler import Handler
from mirror.endpoints.hot import HotPath
from mirror.endpoints.journal import Journal
from mirror.endpoints.operations import Operations
from mirror.endpoints.reads import Reads
from mirror.endpoints.relays import Relays
from mirror.endpoints.routing import Bases
from mirror.endpoints.shelf import Shelf
from mirror.endpoints.writes import Writes
from mirror.errors import Storage
from mirror.registries import client_of, connections
from mirror.repositories.amending import Amender
from mirror.repositories.assets import AssetReader
from mirror.repositories.copying import Copier
from mirror.repositories.documents import DocumentReader
from mirror.repositories.fetching import Fetcher
from mirror.repositories.gathering import Gatherer
from mirror.repositories.publishing import Publisher
from mirror.repositories.relaying import Relayer
from mirror.repositories.retention import Retention
from mirror.repositories.searching import Search
from mirror.repositories.statuses import Statuses
from mirror.repositories.upstreams import Upstreams
from mirror.store.access_keys import AccessKeys
from mirror.store.blobs import Blobs
from mirror.store.catalogue import Catalogue
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.documents import Documents
from mirror.store.domains import Domains
from mirror.store.groups import Groups
from mirror.store.health import Health
from mirror.store.packages import Packages
from mirror.store.purging import Purge
from mirror.store.secrecy import derived
from mirror.store.tokens import Tokens
from mirror.store.users import Users
from mirror.telemetry.access import AccessLog
from mirror.telemetry.logs import resolve
from mirror.telemetry.metrics import Metrics
from mirror.upstream.flights import Flights

INDEX = "index.sqlite3"
KEY_FILE = "installation.key"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running mirror, or a command over its data directory, is made of."""

    settings: Settings
    database: Database
    packages: Packages
    users: Users
    tokens: Tokens
    keys: AccessKeys
    access: Access
    arns: Arns
    blobs: Blobs
    search: Search
    upstreams: Upstreams
    documents: DocumentReader
    purge: Purge
    api: Api
    handler: Handler
    hot: HotPath
    metrics: Metrics
    flights: Flights


@asynccontextmanager
async def index(settings: Settings, changes: Changes, *, watch: bool) -> AsyncIterator[Database]:
    """The index of the data directory, made and migrated where needed."""
    data_dir = Path(settings.data_dir)
    make_folder(data_dir)
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
        purge = Purge(database, blobs)
        stack.push_async_callback(purge.close)
        users = Users(database, settings.account)
        tokens = Tokens(database, settings.account)
        key_file = Path(settings.data_dir) / KEY_FILE
        keys = AccessKeys(database, settings.account, key_file)
        known = connections(settings)
        compute = Compute()
        stack.callback(compute.close)
        client = client_of(settings, metrics)
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
        groups = Groups(database)
        search = Search(
            Domains(database),
            groups,
            changes,
            known,
            account=settings.account,
            searched_upstreams=limits.searched_upstreams,
        )
        documents = DocumentReader(packages, upstreams, blobs, compute, changes)
        stack.push_async_callback(documents.close)
        assets = AssetReader(
            packages,
            upstreams,
            blobs,
            flights,
            Retention(database, blobs, search.rights),
            changes,
            known,
            asset_size=limits.asset_size,
        )
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = min(cache.open_files, allowed // 2)  # the rest is for connections and transfers
        shelf = Shelf(memory=cache.document_memory, files=files)
        reads = Reads(
            search,
            documents,
            assets,
            changes,
            shelf,
            anonymous=settings.auth.anonymous == "read",
        )
        arns = Arns(settings.region)
        access = Access(
            Rights(database, changes, settings.region),
            arns,
            settings.region,
            settings.auth.anonymous,
        )
        identity = Identity(tokens, changes)
        bases = Bases(
            str(settings.server.public_url) if settings.server.public_url else None,
            settings.server.trusted_proxies,
        )
        access_log = AccessLog(sys.stderr.buffer, resolve(settings.log.format, sys.stderr))
        stack.push_async_callback(access_log.close)
        journal = Journal(metrics, access_log)
        publisher = Publisher(
            database, packages, upstreams, blobs, assets_per_version=limits.assets_per_version
        )
        amender, statuses = Amender(database, blobs), Statuses(database, blobs)
        api = Api(
            Services(
                account=settings.account,
                database=database,
                packages=packages,
                catalogue=Catalogue(database),
                search=search,
                groups=groups,
                documents=documents,
                assets=assets,
                publisher=publisher,
                amender=amender,
                statuses=statuses,
                gatherer=Gatherer(documents, upstreams, assets, blobs, compute),
                copier=Copier(database, blobs),
                blobs=blobs,
                purge=purge,
                users=users,
                tokens=tokens,
                access=access,
                arns=arns,
                pager=Pager(functools.partial(derived, key_file, "page tokens")),
                quotas=Quotas(
                    domains_per_account=limits.domains,
                    repositories_per_domain=limits.repositories,
                    direct_upstreams=limits.direct_upstreams,
                    assets_per_version=limits.assets_per_version,
                    asset_size=limits.asset_size,
                ),
                rates=Rates(limited=limits.api_rates == "codeartifact"),
            )
        )
        handler = Handler(
            search=search,
            identity=identity,
            access=access,
            reads=reads,
            writes=Writes(
                search,
                access,
                publisher,
                amender,
                statuses,
                Sessions(users, tokens),
                blobs,
                publish_body=limits.publish_body,
                asset_size=limits.asset_size,
            ),
            relays=Relays(
                search,
                reads,
                Relayer(upstreams, packages, blobs, client, document_size=limits.document_size),
            ),
            operations=Operations(Health(packages, blobs), metrics),
            api=Door(api, Signers(keys, changes), bases),
            bases=bases,
            journal=journal,
        )
        yield Parts(
            settings=settings,
            database=database,
            packages=packages,
            users=users,
            tokens=tokens,
            keys=keys,
            access=access,
            arns=arns,
            blobs=blobs,
            search=search,
            upstreams=upstreams,
            documents=documents,
            purge=purge,
            api=api,
            handler=handler,
            hot=HotPath(
                search=search,
                identity=identity,
                access=access,
                reads=reads,
                bases=bases,
                journal=journal,
                changes=changes,
                shelf=shelf,
            ),
            metrics=metrics,
            flights=flights,
        )


def make_folder(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise unusable(data_dir, error) from error


def unusable(data_dir: Path, error: OSError) -> Storage:
    return Storage(
        f"the data directory {data_dir} cannot be written ({error.strerror}): mount it writable, "
        "give it to this user, or choose another with --data-dir or MIRROR_DATA_DIR"
    )
