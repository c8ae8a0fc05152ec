"""What exists before anyone configured anything (decisions.md)."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from mirror.config import Settings
from mirror.declared.first import first_repositories
from mirror.model import DEFAULT_DOMAIN
from mirror.store.access_keys import AccessKeys
from mirror.store.database import Database
from mirror.store.domains import create_domain
from mirror.store.repositories import put_repository
from mirror.store.transactions import Transaction
from mirror.store.users import Users

ADMINISTRATOR = "admin"
ADMINISTRATION = "AWSCodeArtifactAdminAccess"
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

    async def create(transaction: Transaction) -> None:
        await create_domain(transaction, settings.account, DEFAULT_DOMAIN)
        for name, each in first_repositories().items():
            await put_repository(
                transaction,
                owner=settings.account,
                domain=DEFAULT_DOMAIN,
                name=name,
                description=each.description,
                upstreams=each.upstreams or None,
                connection=each.connection,
            )

    password = secrets.token_urlsafe(12)
    if ADMINISTRATOR in dict(await users.names()):  # a start before this one was cut short
        await users.set_password(ADMINISTRATOR, password)
    else:
        await users.create(ADMINISTRATOR, password, [ADMINISTRATION])
    keys = AccessKeys(database, settings.account, data_dir / KEY_FILE)
    access_key, secret = await keys.create(ADMINISTRATOR)
    await database.write(create)
    return FirstStart(access_key, secret, password)
