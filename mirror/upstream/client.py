"""Asking upstreams: guarded addresses, patient retries, one kind of error."""

import asyncio
import contextlib
import importlib.metadata
import math
import secrets
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from multidict import CIMultiDict
from yarl import URL

from mirror.errors import Misbehaved, Unavailable
from mirror.upstream.addresses import BoundedResolver
from mirror.upstream.breaker import LONGEST_PAUSE, THRESHOLD, Breaker
from mirror.upstream.connections import Connection, printable
from mirror.upstream.failures import AttemptError, retry_after, translated
from mirror.upstream.response import Deaf, Observer, Response

IDEMPOTENT = frozenset({"GET", "HEAD"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_CHAIN = 5
"""Redirects followed for one request."""

LONGEST_KEPT = 15.0
"""Seconds that an unused connection is kept for the next request."""

SHORT_REST = 2.0
"""Seconds of a Retry-After that are waited for here; a longer one is our client's business."""

ORIGINS = 1024
"""Origins whose health is remembered: wildcards let strangers' documents invent host names."""

SECRETS = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers that are never handed through: credentials go where the connection says."""


class Client:
    """The one way out. Start it inside the event loop, close it at the end.

    Times are seconds. There is no limit on how long a transfer may take as long as bytes keep
    coming: `connect` bounds name resolution and connecting, `idle` the wait for the next bytes.
    `proxies` maps a scheme to a proxy URL, by default as the environment says.
    """

    def __init__(
        self,
        *,
        connect: float = 5.0,
        idle: float = 30.0,
        per_host: int = 32,
        backoff: float = 0.2,
        attempts: int = 3,
        breaker_threshold: int = THRESHOLD,
        breaker_pause: float = LONGEST_PAUSE,
        user_agent: str | None = None,
        proxies: Mapping[str, str] | None = None,
        observer: Observer | None = None,
        resolver: Callable[[], AbstractResolver] = ThreadedResolver,
    ) -> None:
        self._connect = connect
        self._idle = idle
        self._per_host = per_host
        self._backoff = backoff
        self._attempts = attempts
        self._threshold = breaker_threshold
        self._longest_pause = breaker_pause
        self._agent = user_agent or default_agent()
        self._proxies = urllib.request.getproxies_environment() if proxies is None else proxies
        self._observer: Observer = observer or Deaf()
        self._resolver = resolver
        self._random = secrets.SystemRandom()
        self._breakers: dict[URL, Breaker] = {}
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def start(self) -> None:
        """Open the sessions: one for hosts that the configuration names, one guarded."""
        for guarded in (False, True):
            resolver = BoundedResolver(self._resolver(), seconds=self._connect, guarded=guarded)
            self._sessions[guarded] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    limit_per_host=self._per_host,
                    resolver=resolver,
                    # A body whose end came while reading was paused leaves aiohttp's read timer
                    # running on the pooled connection, and the next request there would fail by it.
                    keepalive_timeout=min(LONGEST_KEPT, self._idle / 2),
                ),
                # `connect` would also count the wait for a free connection, and so turn a busy
                # upstream into one that is away. aiohttp's default `total` is a cap on size.
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._connect, sock_read=self._idle
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                # Not trust_env: it would also send what ~/.netrc holds for a host.
                trust_env=False,
            )

    async def close(self) -> None:
        """Close all connections; transfers under way break."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    @contextlib.asynccontextmanager
    async def send(
        self,
        connection: Connection,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        attempts: int | None = None,
    ) -> AsyncIterator[Response]:
        """An answer of 2xx, 304 or 4xx, for the caller to judge; redirects are followed.

        Raises `Unavailable` when nobody answers (well) or the answer is "later" (408, 429, 5xx),
        with `status` and `retry_after` where known; `Misbehaved` for broken HTTP and for
        addresses that `connection` does not admit. GET and HEAD are tried up to `attempts` times,
        by default as often as the client was told to.
        """
        for _ in range(LONGEST_CHAIN + 1):
            refusal = connection.admits(url)
            if refusal is not None:
                raise Misbehaved(refusal)
            response = await self._ask(
                connection, method, url, headers or {}, body, attempts or self._attempts
            )
            try:
                if response.status not in REDIRECTS:
                    yield response
                    return
                url = _target(response, method)
            finally:
                response.close()
        raise Misbehaved(f"{printable(url)} redirects more than {LONGEST_CHAIN} times")

    async def _ask(
        self,
        connection: Connection,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        attempts: int,
    ) -> Response:
        breaker = self._breaker(url)
        allowed = attempts if method in IDEMPOTENT else 1
        for attempt in range(1, allowed + 1):
            await self._gate(breaker, url)
            try:
                return await self._once(connection, method, url, headers, body, breaker)
            except AttemptError as failed:
                self._observer.failed(connection.name, failed.reason)
                if attempt == allowed or not failed.again:
                    if failed.counts:
                        breaker.failed(time.monotonic())
                    raise failed.error from failed.__cause__
            # Jitter: those who failed together should not come back together.
            await asyncio.sleep(self._backoff * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.5))
        raise ValueError("attempts must be at least 1")

    async def _gate(self, breaker: Breaker, url: URL) -> None:
        """Wait out a short rest; raise `Unavailable` where asking would be no use."""
        rest = breaker.rest(time.monotonic())
        if rest is not None:
            seconds, status = rest
            if seconds > SHORT_REST:
                raise Unavailable(
                    f"{url.host} asked to be left alone for another {math.ceil(seconds)} s",
                    status=status,
                    retry_after=math.ceil(seconds),
                )
            await asyncio.sleep(seconds)
        now = time.monotonic()
        if not breaker.permits(now):
            raise Unavailable(
                f"{url.host} did not answer {self._threshold} times in a row;"
                " it is left alone for a moment",
                retry_after=math.ceil(breaker.remaining(now)),
            )

    async def _once(
        self,
        connection: Connection,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        breaker: Breaker,
    ) -> Response:
        """One request on the wire. Raises `AttemptError`, also for the statuses that say "later"."""
        proxy = self._proxy(connection, url)
        # Behind a proxy it is the proxy that resolves names, and its own address may be inside.
        session = self._sessions[proxy is None and not connection.names(url)]
        began = time.monotonic()
        with translated(connection, url):
            raw = await session.request(
                method,
                url,
                headers=self._headers(connection, url, headers),
                data=body,
                proxy=proxy,
                allow_redirects=False,
            )
        now = time.monotonic()
        self._observer.answered(connection.name, raw.status, now - began)
        if raw.status < 500 and raw.status not in (407, 408, 429):
            breaker.succeeded()
            return Response(raw, url, connection, self._observer)
        raw.close()
        rest = retry_after(raw.headers.get("Retry-After")) if raw.status in (429, 503) else None
        if rest is not None:
            breaker.asked_to_rest(now, rest, raw.status)
        message = f"{printable(url)} answered {raw.status} {raw.reason or ''}".rstrip()
        raise AttemptError(
            Unavailable(message, status=raw.status, retry_after=rest),
            "status",
            again=rest <= SHORT_REST if rest is not None else raw.status not in (407, 429),
            counts=rest is None and raw.status not in (407, 429),
        )

    def _headers(
        self, connection: Connection, url: URL, headers: Mapping[str, str]
    ) -> CIMultiDict[str]:
        sent = CIMultiDict({"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip"})
        sent.update((k, v) for k, v in headers.items() if k.lower() not in SECRETS)
        if connection.authorization is not None and connection.owns(url):
            sent["Authorization"] = connection.authorization
        return sent

    def _proxy(self, connection: Connection, url: URL) -> URL | None:
        if connection.proxy is not None:
            return connection.proxy
        if urllib.request.proxy_bypass(url.host or "", dict(self._proxies)):
            return None
        found = self._proxies.get(url.scheme) or self._proxies.get("all")
        return URL(found if "://" in found else f"http://{found}") if found else None

    def _breaker(self, url: URL) -> Breaker:
        origin = url.origin()
        if origin not in self._breakers and len(self._breakers) >= ORIGINS:
            del self._breakers[next(iter(self._breakers))]
        return self._breakers.setdefault(origin, Breaker(self._threshold, self._longest_pause))


def default_agent() -> str:
    """How the mirror introduces itself: registries ban generic agents (rust-lang/crates.io#13482)."""
    try:
        version = importlib.metadata.version("artifact-mirror")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    return f"mirror/{version} (+artifact-mirror; caching mirror)"


def _target(response: Response, method: str) -> URL:
    """Where a redirect leads."""
    location = response.headers.get("Location")
    if location is None:
        raise Misbehaved(f"{printable(response.url)} redirects without saying where")
    if method not in IDEMPOTENT and response.status not in (307, 308):
        raise Misbehaved(
            f"{printable(response.url)} redirects a {method}; configure its new address"
        )
    try:
        return response.url.join(URL(location))
    except ValueError as error:
        raise Misbehaved(f"{printable(response.url)} redirects to no address") from error
