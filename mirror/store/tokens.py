"""Bearer tokens: kept as digests, shown once."""

import secrets
import time
from dataclasses import dataclass

from mirror.store.database import Database
from mirror.store.domains import find_domain
from mirror.store.secrecy import digest
from mirror.store.transactions import Transaction
from mirror.store.users import Principal, no_such_user

PREFIX = "mirror_"
"""Lets secret scanners recognise what leaked."""

KEPT_EXPIRED = 30 * 86400.0
"""Seconds for which an expired token is remembered."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as lists show it: never the token itself."""

    id: int
    user: str
    name: str
    kind: str
    read_only: bool
    created_at: float
    expires_at: float | None


class Tokens:
    """All names are of one account; the tokens themselves are known whosever they are."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account

    def of(self, account: str) -> "Tokens":
        """The tokens of another account's users."""
        return Tokens(self._database, account)

    async def holder(self, token: str) -> Principal | None:
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

    async def create(
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
        token = PREFIX + secrets.token_urlsafe(32)

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
            only = await find_domain(transaction.run, *domain) if domain else None
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
                    only.id if only else None,
                ),
            )

        await self._database.write(create)
        return token

    async def all(self) -> list[Token]:
        """Every token of the account's users, oldest first."""
        rows = await self._database.read(
            "SELECT t.*, p.name AS user FROM token t JOIN principal p ON p.id = t.principal_id"
            " WHERE p.account = ? ORDER BY t.id",
            (self._account,),
        )
        return [
            Token(
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
