"""What exists before anyone configured anything, and what the file declares (decisions.md)."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from mirror.config import Settings
from mirror.config.registries import Repository
from mirror.errors import Exceeded
from mirror.formats import FORMATS
from mirror.model import DEFAULT_DOMAIN
from mirror.store.database import Database, Transaction
from mirror.store.domains import create_domain, put_repository
from mirror.store.users import Users

ADMINISTRATOR = "admin"
KEY_FILE = "installation.key"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What is told once: the administrator's access key and password."""

    access_key: str
    secret: str
    password: str


async def first_start(
    database: Database, users: Users, settings: Settings, data_dir: Path
) -> FirstStart | None:
    """Create the default domain, its repositories and the administrator; None where they exist.

    Everything but the key is one transaction, so a crash in between leaves nothing half made.
    """
    if await database.read("SELECT 1 FROM domain LIMIT 1"):
        return None
    stores = {
        connection.store: connection.name
        for form in FORMATS.values()
        for connection in form.connections
    }

    async def create(transaction: Transaction) -> None:
        await create_domain(transaction, settings.account, DEFAULT_DOMAIN)
        for store, connection in stores.items():
            await put_repository(
                transaction,
                owner=settings.account,
                domain=DEFAULT_DOMAIN,
                name=store,
                description=f"what {connection} has",
                connection=connection,
            )
        await put_repository(
            transaction,
            owner=settings.account,
            domain=DEFAULT_DOMAIN,
            name="main",
            description="the repository to use: private packages, and everything public",
            upstreams=stores,
        )

    password = secrets.token_urlsafe(12)
    if ADMINISTRATOR in dict(await users.names()):  # a start before this one was cut short
        await users.set_password(ADMINISTRATOR, password)
    else:
        await users.create(ADMINISTRATOR, password)
    access_key, secret = await users.create_access_key(ADMINISTRATOR, data_dir / KEY_FILE)
    await database.write(create)
    return FirstStart(access_key, secret, password)


async def reconcile(database: Database, settings: Settings) -> None:
    """Make the repositories that the file declares so; what it does not mention stays as it is."""
    if not settings.repositories:
        return
    most = settings.limits.direct_upstreams
    for name, declared in settings.repositories.items():
        if len(declared.upstreams) > most:
            raise Exceeded(
                f"repository '{name}' declares {len(declared.upstreams)} upstreams, "
                f"limits.direct_upstreams allows {most}"
            )

    async def declare(transaction: Transaction) -> None:
        # First all of them, so that any may name any other, and without the upstreams that change,
        # so that two may change places.
        for name, declared in settings.repositories.items():
            await put_repository(
                transaction,
                owner=settings.account,
                domain=DEFAULT_DOMAIN,
                name=name,
                upstreams=() if _says_upstreams(declared) else None,
            )
        for name, declared in settings.repositories.items():
            await put_repository(
                transaction,
                owner=settings.account,
                domain=DEFAULT_DOMAIN,
                name=name,
                description=declared.description or None,
                upstreams=declared.upstreams if _says_upstreams(declared) else None,
                connection=declared.connection,
            )

    await database.write(declare)


def _says_upstreams(declared: Repository) -> bool:
    """`upstreams: []` takes them all away; not a word about them leaves them as they are."""
    return "upstreams" in declared.model_fields_set
