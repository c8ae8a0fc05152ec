"""Principals, their passwords and tokens."""

import asyncio
import re
import secrets
import string
import time
from collections.abc import Sequence
from dataclasses import dataclass

from mirror.errors import Conflict, Invalid, NotFound
from mirror.store.database import Database, Transaction
from mirror.store.domains import find_domain
from mirror.store.secrecy import check_password, decoy, digest, hash_password

TOKEN_PREFIX = "mirror_"  # noqa: S105 - lets secret scanners recognise what leaked
KEPT_EXPIRED = 30 * 86400.0
"""Seconds for which an expired token is remembered."""

_ACCOUNT = re.compile(r"[0-9]{12}")
NAME = frozenset(string.ascii_letters + string.digits + "+=,.@_-")  # IAM's own rule


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a credential belongs to, with what the credential itself limits.

    `key_id` names the access key that signed, or with whose signature the token was got. A token
    was made at `issued_at`, ends at `expires_at` (epoch seconds), and may be good for one `domain`
    (owner, name) only. An account's `root` needs no policy.
    """

    id: int
    account: str
    name: str
    read_only: bool = False
    expires_at: float | None = None
    key_id: str | None = None
    issued_at: float | None = None
    domain: tuple[str, str] | None = None
    root: bool = False

    def expired(self, now: float) -> bool:
        """Whether the credential is past its time, without grace."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def arn(self) -> str:
        """The user's ARN (auth-and-policy §4)."""
        if self.root:
            return f"arn:aws:iam::{self.account}:root"
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
    """Who may come in. All names are of one account; tokens are known whosever they are."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def of(self, account: str) -> "Users":
        """The users of another account."""
        return Users(self._database, account)

    async def create(
        self, name: str, password: str | None = None, policies: Sequence[str] = ()
    ) -> None:
        """A new user with these managed policies.

        Raises `Invalid` for name or account, `Conflict` for one that exists.
        """
        if not _ACCOUNT.fullmatch(self._account):
            raise Invalid(f"account '{self._account[:40]}': the number of one has 12 digits")
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
            await transaction.run_many(
                "INSERT INTO principal_policy (principal_id, name) VALUES (?, ?)",
                [(rows[0]["id"], policy) for policy in policies],
            )
            transaction.touch_everything()

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
                raise no_such_user(name)
            transaction.touch_everything()

        await self._database.write(delete)

    async def names(self) -> list[tuple[str, bool]]:
        """Every user with whether it is active."""
        rows = await self._database.read(
            "SELECT name, active FROM principal WHERE account = ? AND kind = 'user' ORDER BY name",
            (self._account,),
        )
        return [(row["name"], bool(row["active"])) for row in rows]

    async def named(self, name: str) -> tuple[Principal, bool]:
        """The user of that name, and whether it is active; raises `NotFound`."""
        rows = await self._database.read(
            "SELECT id, active FROM principal WHERE account = ? AND kind = 'user' AND name = ?",
            (self._account, name),
        )
        if not rows:
            raise no_such_user(name)
        return Principal(rows[0]["id"], self._account, name), bool(rows[0]["active"])

    async def passwords(self) -> dict[str, str | None]:
        """Every user's password as it is stored, None where there is none."""
        rows = await self._database.read(
            "SELECT name, password FROM principal WHERE account = ? AND kind = 'user'",
            (self._account,),
        )
        return {row["name"]: row["password"] for row in rows}

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
            "SELECT p.id, p.account, p.name, t.read_only, t.expires_at, t.source_key,"
            " t.created_at, d.owner, d.name AS domain FROM token t"
            " JOIN principal p ON p.id = t.principal_id LEFT JOIN domain d ON d.id = t.domain_id"
            " WHERE t.digest = ? AND p.active = 1",
            (digest(token),),
        )
        if not rows:
            return None
        row = rows[0]
        return Principal(
            row["id"],
            row["account"],
            row["name"],
            read_only=bool(row["read_only"]),
            expires_at=row["expires_at"],
            key_id=row["source_key"],
            issued_at=row["created_at"],
            domain=(row["owner"], row["domain"]) if row["domain"] else None,
        )

    async def create_token(
        self,
        user: str,
        name: str,
        *,
        kind: str = "named",
        read_only: bool = False,
        expires_at: float | None = None,
        key_id: str | None = None,
        domain: tuple[str, str] | None = None,
    ) -> str:
        """A new bearer token, shown this once; raises `NotFound` for the user, and for the
        `domain` (owner, name) that alone it is good for.

        `key_id` is the access key that signed the request for it.
        """
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
                raise no_such_user(user)
            holder = await find_domain(transaction.run, *domain) if domain else None
            await transaction.run(
                "INSERT INTO token (digest, principal_id, kind, name, read_only, created_at,"
                " expires_at, source_key, domain_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    digest(token),
                    rows[0]["id"],
                    kind,
                    name,
                    int(read_only),
                    time.time(),
                    expires_at,
                    key_id,
                    holder.id if holder else None,
                ),
            )

        await self._database.write(create)
        return token

    async def tokens(self) -> list[TokenRow]:
        """Every token of the account's users, oldest first."""
        rows = await self._database.read(
            "SELECT t.*, p.name AS user FROM token t JOIN principal p ON p.id = t.principal_id"
            " WHERE p.account = ? ORDER BY t.id",
            (self._account,),
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

    async def _update(self, name: str, assignment: str, value: object) -> None:
        async def update(transaction: Transaction) -> None:
            rows = await transaction.run(
                f"UPDATE principal SET {assignment}"
                " WHERE account = ? AND kind = 'user' AND name = ? RETURNING id",
                (value, self._account, name),
            )
            if not rows:
                raise no_such_user(name)
            transaction.touch_everything()

        await self._database.write(update)


def no_such_user(name: str) -> NotFound:
    """What to raise for a user that is not there."""
    return NotFound("user", name, f"there is no user '{name}': see 'mirror user list'")
