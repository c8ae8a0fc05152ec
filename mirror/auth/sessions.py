"""Trading a name and password for a token, and giving it back (npm login, npm logout)."""

import asyncio

from mirror.errors import Unauthenticated
from mirror.store.tokens import Tokens
from mirror.store.users import Users

SIGN_INS = 2
"""Passwords checked at the same time: each costs 50 ms of a core, on purpose."""


class Sessions:
    """Tokens that people get by signing in; listed and revoked like all others."""

    def __init__(self, users: Users, tokens: Tokens) -> None:
        self._users = users
        self._tokens = tokens
        self._turns = asyncio.Semaphore(SIGN_INS)

    async def sign_in(self, name: str, password: str) -> str:
        """A new token; raises `Unauthenticated` for a wrong name or password, not telling which."""
        async with self._turns:
            principal = await self._users.by_password(name, password)
        if principal is None:
            raise Unauthenticated(f"user name or password is wrong for '{name}'", presented=True)
        return await self._tokens.create(principal.name, "signed in", kind="session")

    async def sign_out(self, token: str) -> None:
        """Revoke a token; one that is unknown is gone already."""
        await self._tokens.revoke(token=token)
