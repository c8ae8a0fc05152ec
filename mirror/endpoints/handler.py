"""The one path that every request takes.

raw target -> route -> repository -> principal -> the format's intent -> the right to it
-> reads, writes or relays -> bytes; any error of the tree -> the format's own words.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from mirror.auth.access import READ, Access, Target
from mirror.auth.identity import Identity
from mirror.endpoints.exchange import Exchange, entity_of
from mirror.endpoints.journal import Entry, Journal
from mirror.endpoints.operations import Operations
from mirror.endpoints.reads import Reads
from mirror.endpoints.relays import Relays
from mirror.endpoints.routing import Bases, Route, domain_of, split
from mirror.endpoints.sending import Following, Sending
from mirror.endpoints.writes import Writes
from mirror.errors import MirrorError, NotFound, Storage, Unauthenticated
from mirror.formats import FORMATS
from mirror.formats.intents import (
    Alter,
    Answer,
    Call,
    Describe,
    Intent,
    ReadAsset,
    ReadIndex,
    ReadPackage,
    Relay,
    Reply,
    Submit,
    WhoAmI,
)
from mirror.formats.intents import Search as SearchIntent
from mirror.repositories.searching import Search

BROKEN_OFF = 499
"""What the log says of an answer that broke off before it was complete (nginx's own number)."""

API = "/v1/"
"""Where the control side begins: another edge, with its own credentials and errors."""

Api = Callable[[Exchange], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class Handler:
    """Answers requests; one instance serves all connections."""

    def __init__(
        self,
        *,
        search: Search,
        identity: Identity,
        access: Access,
        reads: Reads,
        writes: Writes,
        relays: Relays,
        operations: Operations,
        api: Api,
        bases: Bases,
        journal: Journal,
    ) -> None:
        self._search = search
        self._identity = identity
        self._access = access
        self._reads = reads
        self._writes = writes
        self._relays = relays
        self._operations = operations
        self._api = api
        self._bases = bases
        self._journal = journal

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, then note it in log and metrics."""
        started = time.perf_counter()
        exchange = Exchange(request, self._journal.new_id().decode("ascii"))
        response: web.StreamResponse | None = None
        whole = False
        try:
            response = await self._answer(exchange)
            await response.prepare(request)
            await response.write_eof()
            whole = True
        finally:
            status = response.status if response is not None and whole else BROKEN_OFF
            entry = self._entry(exchange, response, status)
            seconds = time.perf_counter() - started
            id_ = exchange.id.encode("ascii")
            self._journal.note(entry, id_=id_, at=time.time(), seconds=seconds)
        return response

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        try:
            if request.raw_path.startswith(API):
                return await self._api(exchange)
            operation = self._operations.find(request.raw_path.partition("?")[0])
            if operation is not None:
                exchange.kind = "operation"
                return await operation(exchange)
            route = split(request.raw_path)
            intent = await self._understand(exchange, route)
            return await self._serve(exchange, intent)
        except MirrorError as error:
            return self._refused(exchange, error)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("request %s failed", exchange.id)
            said = MirrorError("internal error; the log knows more under the X-Request-Id")
            return self._refused(exchange, said)

    async def _understand(self, exchange: Exchange, route: Route) -> Intent:
        request, headers = exchange.request, exchange.request.headers
        form = FORMATS.get(route.format)
        if form is None:
            known = ", ".join(sorted(FORMATS))
            raise NotFound(
                "endpoint", route.format, f"there is no format '{route.format}': {known}"
            )
        exchange.format = route.format
        domain, owner = domain_of(route, headers.get("Host", ""))
        exchange.principal = await self._identity.identify(headers)
        exchange.facts = self._bases.facts(request.remote or "", headers)
        await self._access.refresh()
        try:
            exchange.repository = await self._search.repository(domain, route.repository, owner)
        except NotFound:
            self._access.enter(exchange.principal)  # names are not told to strangers
            raise
        exchange.repository_name = route.repository
        exchange.base = self._bases.base(request.remote or "", headers, route.prefix)
        return form.parse(Call(request.method, route.rest, route.query, headers))

    async def _serve(self, exchange: Exchange, intent: Intent) -> web.StreamResponse:
        exchange.kind = type(intent).__name__
        match intent:
            case ReadPackage():
                self._may_read(exchange)
                return await self._reads.document(exchange, intent)
            case ReadIndex():
                self._may_read(exchange)
                return await self._relays.index(exchange, intent)
            case ReadAsset():
                self._may_read(exchange)
                return await self._reads.asset(exchange, intent)
            case Submit():
                return await self._writes.submit(exchange, intent)
            case Alter():
                return await self._writes.alter(exchange, intent)
            case Relay():
                self._may_read(exchange)
                return await self._relays.relay(exchange, intent)
            case SearchIntent():
                self._may_read(exchange)
                return await self._relays.search(exchange, intent)
            case Answer() | Describe() | WhoAmI():
                return Sending(entity_of(self._reply(exchange, intent)), request_id=exchange.id)

    def _reply(self, exchange: Exchange, intent: Answer | Describe | WhoAmI) -> Reply:
        """What the format says by itself, of whom and what was asked."""
        match intent:
            case Answer(reply):
                if intent.authenticated:
                    self._may_read(exchange)
                return reply
            case Describe(description):
                self._may_read(exchange)
                opened = self._access.is_open(self._target(exchange), exchange.facts)
                return description(exchange.base, not opened)
            case WhoAmI(name):
                if exchange.principal is None:
                    raise Unauthenticated("nobody is signed in", presented=False)
                return name(exchange.principal.name)

    def _may_read(self, exchange: Exchange) -> None:
        self._access.check(exchange.principal, READ, self._target(exchange), exchange.facts)

    def _target(self, exchange: Exchange) -> Target:
        return self._access.held(exchange.held)

    def _refused(self, exchange: Exchange, error: MirrorError) -> web.StreamResponse:
        if isinstance(error, Storage):  # who asked is not told where on this machine
            log.warning("request %s: %s", exchange.id, error)
        form = FORMATS.get(exchange.format) or FORMATS["npm"]  # JSON, where no format was named
        response = Sending(entity_of(form.refuse(error)), request_id=exchange.id)
        if exchange.request.can_read_body:
            response.force_close()  # nobody wants to read the rest of that body
        return response

    def _entry(self, exchange: Exchange, response: web.StreamResponse | None, status: int) -> Entry:
        request = exchange.request
        sent = response.sent if isinstance(response, Sending | Following) else 0
        return self._journal.entry(
            remote=request.remote or "",
            user=exchange.principal.name if exchange.principal is not None else "-",
            method=request.method,
            path=request.raw_path,
            status=status,
            sent=sent,
            format_name=exchange.format,
            kind=exchange.kind,
            repository=exchange.repository_name,
            cache=exchange.cache,
            agent=request.headers.get("User-Agent", ""),
        )
