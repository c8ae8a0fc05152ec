"""Access keys: an id that everybody may know, and a secret that signs requests."""

import asyncio
import secrets
import string
import time
from dataclasses import dataclass
from pathlib import Path

from mirror.errors import NotFound
from mirror.store.database import Database
from mirror.store.secrecy import seal, unseal
from mirror.store.transactions import Transaction
from mirror.store.users import Principal, no_such_user

_DIGITS = string.ascii_uppercase + "234567"  # base 32, as AWS's own


@dataclass(frozen=True, slots=True)
class AccessKeyRow:
    """An access key as lists show it: never its secret."""

    id: str
    active: bool
    created_at: float


class AccessKeys:
    """Who may sign. Users and keys are named within one account; `find` knows those of all.

    `key_file` is the installation's, which alone can read the secrets.
    """

    def __init__(self, database: Database, account: str, key_file: Path) -> None:
        self._database = database
        self._account = account
        self._key_file = key_file

    def of(self, account: str) -> "AccessKeys":
        """The keys of another account."""
        return AccessKeys(self._database, account, self._key_file)

    async def create(self, user: str) -> tuple[str, str]:
        """A new key (id, secret); the secret is shown this once. Raises `NotFound` for the user."""
        key_id = "AKIA" + "".join(secrets.choice(_DIGITS) for _ in range(16))
        secret = secrets.token_urlsafe(30)
        sealed = await asyncio.to_thread(seal, secret, self._key_file)

        async def create(transaction: Transaction) -> None:
            rows = await transaction.run(
                "INSERT INTO access_key (id, principal_id, secret, created_at)"
                " SELECT ?, id, ?, ? FROM principal"
                " WHERE account = ? AND kind = 'user' AND name = ? RETURNING id",
                (key_id, sealed, time.time(), self._account, user),
            )
            if not rows:
                raise no_such_user(user)

        await self._database.write(create)
        return key_id, secret

    async def of_user(self, user: str) -> list[AccessKeyRow]:
        """A user's keys, oldest first; raises `NotFound` for the user."""
        rows = await self._database.read(
            "SELECT k.id, k.active, k.created_at FROM principal p"
            " LEFT JOIN access_key k ON k.principal_id = p.id"
            " WHERE p.account = ? AND p.kind = 'user' AND p.name = ? ORDER BY k.created_at, k.id",
            (self._account, user),
        )
        if not rows:
            raise no_such_user(user)
        return [
            AccessKeyRow(row["id"], bool(row["active"]), row["created_at"])
            for row in rows
            if row["id"] is not None
        ]

    async def set_active(self, key_id: str, *, active: bool) -> None:
        """Let a key sign, or not, from now on; raises `NotFound`."""
        await self._change("UPDATE access_key SET active = ?", int(active), key_id=key_id)

    async def delete(self, key_id: str) -> None:
        """Remove a key: what it signs is refused from now on. Raises `NotFound`."""
        await self._change("DELETE FROM access_key", key_id=key_id)

    async def find(self, key_id: str) -> tuple[Principal, str] | None:
        """Whose key it is, with its secret; None unless key and user are there and active.

        Raises `Storage` where the secret cannot be read.
        """
        rows = await self._database.read(
            "SELECT p.id, p.account, p.name, k.secret FROM access_key k"
            " JOIN principal p ON p.id = k.principal_id"
            " WHERE k.id = ? AND k.active = 1 AND p.active = 1",
            (key_id,),
        )
        if not rows:
            return None
        row = rows[0]
        # The first one loads a library and the key file: not on the event loop.
        secret = await asyncio.to_thread(unseal, row["secret"], self._key_file)
        return Principal(row["id"], row["account"], row["name"], key_id=key_id), secret

    async def _change(self, statement: str, *values: object, key_id: str) -> None:
        async def change(transaction: Transaction) -> None:
            rows = await transaction.run(
                f"{statement} WHERE id = ? AND principal_id IN"
                " (SELECT id FROM principal WHERE account = ?) RETURNING id",
                (*values, key_id, self._account),
            )
            if not rows:
                raise NotFound("access key", key_id, f"there is no access key '{key_id[:128]}'")
            transaction.touch_everything()

        await self._database.write(change)
