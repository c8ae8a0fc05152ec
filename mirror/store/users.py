"""Principals, and their passwords."""

import asyncio
import re
import string
import time
from collections.abc import Sequence
from dataclasses import dataclass

from mirror.errors import Conflict, Invalid, NotFound
from mirror.store.database import Database
from mirror.store.secrecy import check_password, decoy, hash_password
from mirror.store.transactions import Transaction

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


class Users:
    """Who may come in. All names are of one account."""

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
