"""What an upstream says of a package now: fresh, revalidated, stale or not at all.

Asking is coalesced: however many requests want the same document, one round asks for it, owned by
this table and not by any request. An expired document waits `stale_wait` seconds for its round;
then the old one is served and the round goes on behind.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mirror.errors import MirrorError, NotFound, Unavailable, Upstream
from mirror.formats import FORMATS
from mirror.formats.format import Fetch
from mirror.model import Package
from mirror.repositories.fetching import Fetcher
from mirror.repositories.freshness import ASK_AGAIN, Action, Entry, decide, fresh_until
from mirror.store.blobs import Blobs
from mirror.store.documents import Documents, StoredDocument, StoredListing
from mirror.upstream.connections import Connection

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED = 50_000
"""Absences and failed attempts remembered at most; beyond, the oldest are forgotten."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """The outcome of asking one upstream about one package.

    `listing` is what may be served, `error` why it is missing or old, `fresh_until` (epoch
    seconds) until when nobody needs to ask again, `anew` that it was asked for just now. `outcome`
    is the word for logs and `mirror why`: fresh, stale, absent, unavailable, misbehaved.
    """

    outcome: str
    listing: StoredListing | None
    fresh_until: float
    error: MirrorError | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The last round for a document: when it ended (epoch seconds), and how it failed."""

    at: float
    error: MirrorError | None


@dataclass(frozen=True, slots=True)
class _Round:
    """A round under way, since `began` on the loop's clock."""

    task: asyncio.Task[None]
    began: float


class Upstreams:
    """Listings and documents of external connections, with their lifetimes."""

    def __init__(
        self,
        fetcher: Fetcher,
        documents: Documents,
        blobs: Blobs,
        *,
        stale_wait: float,
        negative_lifetime: float,
        lifetimes: Mapping[str, float],
    ) -> None:
        self._fetcher = fetcher
        self._documents = documents
        self._blobs = blobs
        self._stale_wait = stale_wait
        self._negative_lifetime = negative_lifetime
        self._lifetimes = lifetimes
        self._rounds: dict[str, _Round] = {}
        self._tried: dict[str, _Attempt] = {}
        self._absent: dict[tuple[Package, str], float] = {}

    def forget(self, package: Package) -> None:
        """Drop every memory of "does not exist" for a package that was just published here."""
        for place in [place for place in self._absent if place[0] == package]:
            del self._absent[place]

    async def listing(
        self,
        connection: Connection,
        package: Package,
        *,
        lacking: Callable[[StoredListing], Awaitable[bool]] | None = None,
        forced: bool = False,
    ) -> Asked:
        """The best listing to be had now. Raises nothing of `Upstream`: it is in the answer.

        `lacking` tells whether a listing misses what the request names, which is then asked for
        at once.
        """
        base = str(connection.url)
        key = f"{base} {package}"
        known = await self._usable(base, package)
        missing = known is not None and lacking is not None and await lacking(known)
        lifetime = self._lifetimes.get(package.format, FORMATS[package.format].lifetime)
        now = time.time()
        entry = self._entry(key, known)
        if missing and entry is not None and self._last_error(key, known) is None:
            # It was asked a moment ago; what is wanted may have been published since.
            rest = entry.tried_at + ASK_AGAIN - now
            if 0 < rest <= ASK_AGAIN:
                await asyncio.sleep(rest)
                now = max(time.time(), entry.tried_at + ASK_AGAIN)  # timers ring early, too
        action = decide(
            entry,
            now=now,
            lifetime=lifetime,
            absent_until=self._absent.get((package, base), 0.0),
            lacking=missing,
            forced=forced,
        )
        if action is Action.ABSENT:
            return _absent(connection, package, self._absent[package, base])
        if action is Action.SERVE and known is not None:
            # An upstream that failed a moment ago has not said "no such version" since.
            return self._serve(key, known, lifetime, now, self._last_error(key, known))
        # Whoever needs an answer newer than what we have waits for it; the others, not long.
        patience = self._stale_wait if known is not None and not missing and not forced else None
        error = await self._round(
            key, lambda: self._fetcher.listing(connection, package, known), patience
        )
        if isinstance(error, NotFound) and known is None:
            until = time.time() + self._negative_lifetime
            _remember(self._absent, (package, base), until)
            return _absent(connection, package, until)
        found = await self._usable(base, package)
        if found is None:
            return Asked(_word(error), None, time.time(), error)
        return self._serve(key, found, lifetime, now, error)

    async def document(
        self, connection: Connection, fetch: Fetch, lifetime: float
    ) -> StoredDocument:
        """A document by itself, not older than `lifetime` seconds where that can be had.

        One with a promise is always asked for, as no older one can keep it: look for its digest
        first. Raises `NotFound`, `Unavailable` or `Misbehaved` where there is not even an old one.
        """
        promised = fetch.promise.strongest
        known = await self._usable_document(fetch.url) if promised is None else None
        entry = self._entry(fetch.url, known)
        if decide(entry, now=time.time(), lifetime=lifetime) is Action.SERVE and known is not None:
            return known

        async def ask() -> None:
            await self._fetcher.document(connection, fetch)

        key = fetch.url if promised is None else f"{fetch.url} {promised[1]}"
        error = await self._round(key, ask, self._stale_wait if known else None)
        found = await self._documents.document(fetch.url)
        if found is None or (error is not None and promised is not None):
            raise error or NotFound("document", fetch.url)
        return found

    async def close(self) -> None:
        """Break off what is being asked."""
        tasks = [each.task for each in self._rounds.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _usable(self, base: str, package: Package) -> StoredListing | None:
        """The listing kept for a package, if its bytes are really there."""
        known = await self._documents.listing(base, package)
        if known is None or await self._blobs.open(known.sha256, known.size) is None:
            return None
        return known

    async def _usable_document(self, url: str) -> StoredDocument | None:
        known = await self._documents.document(url)
        if known is None or await self._blobs.open(known.sha256, known.size) is None:
            return None
        return known

    def _entry(self, key: str, known: StoredListing | StoredDocument | None) -> Entry | None:
        if known is None:
            return None
        tried = self._tried.get(key)
        return Entry(known.checked_at, max(known.checked_at, tried.at if tried else 0.0))

    def _last_error(self, key: str, known: StoredListing | None) -> MirrorError | None:
        tried = self._tried.get(key)
        if known is None:
            return None
        return tried.error if tried is not None and tried.at > known.checked_at else None

    def _serve(
        self,
        key: str,
        known: StoredListing,
        lifetime: float,
        began: float,
        error: MirrorError | None,
    ) -> Asked:
        now = time.time()
        tried = self._tried.get(key)
        entry = Entry(known.checked_at, max(known.checked_at, tried.at if tried else 0.0))
        until = fresh_until(entry, now=now, lifetime=lifetime)
        # What was checked for this very request is fresh, however short its life.
        old = known.checked_at < began and now - known.checked_at >= lifetime
        stale = error is not None or old
        return Asked(
            "stale" if stale else "fresh", known, until, error, anew=known.checked_at >= began
        )

    async def _round(
        self, key: str, ask: Callable[[], Awaitable[None]], patience: float | None
    ) -> MirrorError | None:
        """Join or start the round for `key`; its error, or None where it went well or goes on.

        `patience` counts from the round's beginning: an upstream that hangs delays the requests of
        those seconds, not each that comes after.
        """
        now = asyncio.get_running_loop().time()
        joined = self._rounds.get(key)
        if joined is None:
            task = asyncio.create_task(self._run(key, ask), name=f"ask {key}")
            task.add_done_callback(_heard)
            joined = self._rounds[key] = _Round(task, now)
        task = joined.task
        left = None if patience is None else max(0.0, joined.began + patience - now)
        done, _ = await asyncio.wait({task}, timeout=left)
        if not done:
            return None
        if task.cancelled():  # never "does not exist", whoever is still waiting
            return Unavailable("the mirror is shutting down: try again in a moment")
        error = task.exception()
        if error is not None and not isinstance(error, MirrorError):
            raise error
        return error

    async def _run(self, key: str, ask: Callable[[], Awaitable[None]]) -> None:
        try:
            await ask()
        except MirrorError as error:
            # Only failures: a success has its own stamp, and begins no pause.
            _remember(self._tried, key, _Attempt(time.time(), error))
            if isinstance(error, Upstream):
                log.warning("asking %s failed: %s", key, error)
            raise
        finally:
            del self._rounds[key]


def _remember(table: dict[K, V], key: K, value: V) -> None:
    table.pop(key, None)
    table[key] = value
    if len(table) > REMEMBERED:
        del table[next(iter(table))]


def _absent(connection: Connection, package: Package, until: float) -> Asked:
    error = NotFound("package", str(package), f"{connection.name} does not have {package}")
    return Asked("absent", None, until, error)


def _word(error: MirrorError | None) -> str:
    return type(error).__name__.lower() if error is not None else "unavailable"


def _heard(task: asyncio.Task[None]) -> None:
    """Nobody may be waiting any more for a round that fails: it has said so in the log."""
    if not task.cancelled():
        task.exception()
