"""Principals, their access keys and tokens."""

import asyncio
import secrets
import string
import time
from dataclasses import dataclass
from pathlib import Path

from mirror.errors import Conflict, Invalid, NotFound
from mirror.store.database import Database, Transaction
from mirror.store.secrecy import check_password, decoy, digest, hash_password, seal

TOKEN_PREFIX = "mirror_"  # noqa: S105 - lets secret scanners recognise what leaked
KEPT_EXPIRED = 30 * 86400.0
"""Seconds for which an expired token is remembered."""

NAME = frozenset(string.ascii_letters + string.digits + "+=,.@_-")  # IAM's own rule


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a credential belongs to, with what the credential itself limits."""

    id: int
    account: str
    name: str
    read_only: bool = False
    expires_at: float | None = None

    @property
    def arn(self) -> str:
        """The user's ARN (auth-and-policy §4)."""
        return f"arn:aws:iam::{self.account}:user/{self.name}"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as lists show it: never the token itself."""

    id: int
    user: str
    name: str
    kind: str
    read_only: bool
    created_at: float
    expires_at: float | None


class Users:
    """Who may come in. All names are of one account."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    async def create(self, name: str, password: str | None = None) -> None:
        """A new user; raises `Invalid` for the name and `Conflict` for one that exists."""
        if not 1 <= len(name) <= 64 or not NAME.issuperset(name):
            raise Invalid(f"user name {name!r}: use 1 to 64 letters, digits and + = , . @ _ -")
        hashed = None if password is None else await asyncio.to_thread(hash_password, password)

        async def create(transaction: Transaction) -> None:
            rows = await transaction.run(
                "INSERT INTO principal (account, kind, name, password, created_at)"
                " VALUES (?, 'user', ?, ?, ?) ON CONFLICT (account, kind, name) DO NOTHING"
                " RETURNING id",
                (self._account, name, hashed, time.time()),
            )
            if not rows:
                raise Conflict(f"user '{name}' exists already")

        await self._database.write(create)

    async def set_password(self, name: str, password: str) -> None:
        """Replace a user's password; raises `NotFound`."""
        hashed = await asyncio.to_thread(hash_password, password)
        await self._update(name, "password = ?", hashed)

    async def set_active(self, name: str, *, active: bool) -> None:
        """Let a user in, or keep it out: its tokens and keys stop working at once."""
        await self._update(name, "active = ?", int(active))

    async def delete(self, name: str) -> None:
        """Remove a user with its keys and tokens; raises `NotFound`."""

        async def delete(transaction: Transaction) -> None:
            rows = await transaction.run(
                "DELETE FROM principal WHERE account = ? AND kind = 'user' AND name = ?"
                " RETURNING id",
                (self._account, name),
            )
            if not rows:
                raise _unknown(name)
            transaction.touch_everything()

        await self._database.write(delete)

    async def names(self) -> list[tuple[str, bool]]:
        """Every user with whether it is active."""
        rows = await self._database.read(
            "SELECT name, active FROM principal WHERE account = ? AND kind = 'user' ORDER BY name",
            (self._account,),
        )
        return [(row["name"], bool(row["active"])) for row in rows]

    async def by_password(self, name: str, password: str) -> Principal | None:
        """The active user of that name and password. Slow on purpose; run it rarely."""
        rows = await self._database.read(
            "SELECT id, password FROM principal"
            " WHERE account = ? AND kind = 'user' AND name = ? AND active = 1",
            (self._account, name),
        )
        stored = rows[0]["password"] if rows else None
        # An unknown name takes as long as a wrong password.
        matches = await asyncio.to_thread(lambda: check_password(password, stored or decoy()))
        if not rows or stored is None or not matches:
            return None
        return Principal(rows[0]["id"], self._account, name)

    async def by_token(self, token: str) -> Principal | None:
        """The active user whose token this is; whether it has expired is the caller's to see."""
        rows = await self._database.read(
            "SELECT p.id, p.account, p.name, t.read_only, t.expires_at FROM token t"
            " JOIN principal p ON p.id = t.principal_id WHERE t.digest = ? AND p.active = 1",
            (digest(token),),
        )
        if not rows:
            return None
        row = rows[0]
        return Principal(
            row["id"], row["account"], row["name"], bool(row["read_only"]), row["expires_at"]
        )

    async def create_token(
        self,
        user: str,
        name: str,
        *,
        kind: str = "named",
        read_only: bool = False,
        expires_at: float | None = None,
    ) -> str:
        """A new bearer token, shown this once; raises `NotFound` for the user."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)

        async def create(transaction: Transaction) -> None:
            # Those long expired go; of the others, a request can still be told that they expired.
            await transaction.run(
                "DELETE FROM token WHERE expires_at < ?", (time.time() - KEPT_EXPIRED,)
            )
            rows = await transaction.run(
                "SELECT id FROM principal WHERE account = ? AND kind = 'user' AND name = ?",
                (self._account, user),
            )
            if not rows:
                raise _unknown(user)
            await transaction.run(
                "INSERT INTO token"
                " (digest, principal_id, kind, name, read_only, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    digest(token),
                    rows[0]["id"],
                    kind,
                    name,
                    int(read_only),
                    time.time(),
                    expires_at,
                ),
            )

        await self._database.write(create)
        return token

    async def tokens(self) -> list[TokenRow]:
        """Every token, oldest first."""
        rows = await self._database.read(
            "SELECT t.*, p.name AS user FROM token t JOIN principal p ON p.id = t.principal_id"
            " ORDER BY t.id"
        )
        return [
            TokenRow(
                id=row["id"],
                user=row["user"],
                name=row["name"],
                kind=row["kind"],
                read_only=bool(row["read_only"]),
                created_at=row["created_at"],
                expires_at=row["expires_at"],
            )
            for row in rows
        ]

    async def revoke(self, *, token: str | None = None, id_: int | None = None) -> bool:
        """Delete a token, given itself or its id; whether there was one."""

        async def revoke(transaction: Transaction) -> bool:
            rows = await transaction.run(
                "DELETE FROM token WHERE digest = ? OR id = ? RETURNING id",
                (digest(token) if token is not None else None, id_),
            )
            if rows:  # anybody may try: what is unknown must not empty the caches
                transaction.touch_everything()
            return bool(rows)

        return await self._database.write(revoke)

    async def create_access_key(self, user: str, key_file: Path) -> tuple[str, str]:
        """A new access key (id, secret) for a user; the secret is shown this once."""
        key_id = "AKIA" + "".join(
            secrets.choice(string.ascii_uppercase + "234567") for _ in range(16)
        )
        secret = secrets.token_urlsafe(30)
        sealed = seal(secret, key_file)

        async def create(transaction: Transaction) -> None:
            rows = await transaction.run(
                "INSERT INTO access_key (id, principal_id, secret, created_at)"
                " SELECT ?, id, ?, ? FROM principal"
                " WHERE account = ? AND kind = 'user' AND name = ? RETURNING id",
                (key_id, sealed, time.time(), self._account, user),
            )
            if not rows:
                raise _unknown(user)

        await self._database.write(create)
        return key_id, secret

    async def _update(self, name: str, assignment: str, value: object) -> None:
        async def update(transaction: Transaction) -> None:
            rows = await transaction.run(
                f"UPDATE principal SET {assignment}"
                " WHERE account = ? AND kind = 'user' AND name = ? RETURNING id",
                (value, self._account, name),
            )
            if not rows:
                raise _unknown(name)
            transaction.touch_everything()

        await self._database.write(update)


def _unknown(name: str) -> NotFound:
    return NotFound("user", name, f"there is no user '{name}': see 'mirror user list'")
