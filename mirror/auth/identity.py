"""From the headers of a request to a principal."""

import time
from collections.abc import Mapping

from mirror.auth.credentials import tokens
from mirror.errors import Unauthenticated
from mirror.store.changes import Changes
from mirror.store.tokens import Tokens
from mirror.store.users import Principal

REMEMBERED = 4096
"""Credential headers whose principal is remembered; a build farm uses a few dozen."""

PRESENTED = ("Authorization", "X-NuGet-ApiKey")


class Identity:
    """Tells who asks. What it remembers is dropped as soon as any right or user changed."""

    def __init__(self, tokens: Tokens, changes: Changes) -> None:
        self._tokens = tokens
        self._changes = changes
        self._known: dict[tuple[str, str], Principal] = {}
        self._seen = -1

    def known(self, headers: Mapping[str, str]) -> Principal | None:
        """As `identify`, but only from memory; `LookupError` where the index must be asked."""
        presented = (headers.get(PRESENTED[0], ""), headers.get(PRESENTED[1], ""))
        if presented == ("", ""):
            return None
        if self._seen != self._changes.everything:
            raise LookupError(presented)
        return self._unexpired(self._known[presented])

    async def identify(self, headers: Mapping[str, str]) -> Principal | None:
        """The principal, or None for a request without credentials.

        Raises `Unauthenticated` for credentials that are malformed, unknown, expired or revoked:
        a wrong token never passes as anonymous, so a typing error shows at once (uv#11899).
        """
        try:
            return self.known(headers)
        except LookupError:
            pass
        now = self._changes.everything
        if self._seen != now:
            self._known.clear()
            self._seen = now
        principal = await self._look_up(headers)
        if self._changes.everything == now:  # else it may have been revoked meanwhile
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[headers.get(PRESENTED[0], ""), headers.get(PRESENTED[1], "")] = principal
        return self._unexpired(principal)

    async def _look_up(self, headers: Mapping[str, str]) -> Principal:
        for token in tokens(headers):
            principal = await self._tokens.holder(token) if token else None
            if principal is not None:
                return principal
        raise Unauthenticated(
            "the token is unknown or was revoked: make one with 'mirror token create'",
            presented=True,
        )

    @staticmethod
    def _unexpired(principal: Principal) -> Principal:
        if principal.expired(time.time()):
            raise Unauthenticated("the token has expired: get a new one", presented=True)
        return principal
