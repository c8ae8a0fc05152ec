"""Requests that change something: body to change, change to rows, rows to an answer."""

import asyncio

from aiohttp import web

from mirror.auth.access import DELETE, PUBLISH, PUT_METADATA, UPDATE_STATUS, Access
from mirror.auth.sessions import Sessions
from mirror.endpoints.bodies import Spool
from mirror.endpoints.exchange import Exchange, entity_of
from mirror.endpoints.sending import Sending
from mirror.formats import FORMATS
from mirror.formats.changes import (
    Annotate,
    Change,
    Nothing,
    Outcome,
    Publication,
    Remove,
    SetStatus,
    SetTags,
    SignIn,
    SignOut,
)
from mirror.formats.intents import Alter, Submit
from mirror.model import Digests, Package
from mirror.repositories.amending import Amender
from mirror.repositories.publishing import Publisher
from mirror.repositories.searching import Search
from mirror.repositories.statuses import Statuses
from mirror.store.blobs import Blobs


class Writes:
    """Serves `Submit` and `Alter`, asking for the right to each change once it is known."""

    def __init__(
        self,
        search: Search,
        access: Access,
        publisher: Publisher,
        amender: Amender,
        statuses: Statuses,
        sessions: Sessions,
        blobs: Blobs,
        *,
        publish_body: int,
        asset_size: int,
    ) -> None:
        self._search = search
        self._access = access
        self._publisher = publisher
        self._amender = amender
        self._statuses = statuses
        self._sessions = sessions
        self._blobs = blobs
        self._limit = publish_body
        self._asset_size = asset_size

    async def submit(self, exchange: Exchange, intent: Submit) -> web.StreamResponse:
        """Spool the body, learn what it changes, change it."""
        if intent.action != "GetAuthorizationToken":  # signing in brings its own credentials
            self._check(exchange, intent.action, intent.package)
        form = FORMATS[exchange.format]
        limit = self._limit if intent.limit is None else intent.limit
        if intent.proposal is not None:
            limit = self._asset_size
            walk = self._search.walk(exchange.held, exchange.format)
            await self._publisher.foresee(walk, intent.proposal)
        async with Spool(self._blobs) as spool:
            rest = await spool.receive(exchange.request, form.receiver(intent), limit)
            change = await asyncio.to_thread(form.change, intent, rest, spool.parts())
            outcome = await self._apply(exchange, change, spool.digests)
            if isinstance(change, Publication) and outcome.created:
                await spool.keep()
        return self._acknowledged(exchange, change, outcome)

    async def alter(self, exchange: Exchange, intent: Alter) -> web.StreamResponse:
        """Make a change that the address alone describes."""
        outcome = await self._apply(exchange, intent.change, {})
        return self._acknowledged(exchange, intent.change, outcome)

    async def _apply(
        self, exchange: Exchange, change: Change, received: dict[str, Digests]
    ) -> Outcome:
        walk = self._search.walk(exchange.held, exchange.format)
        match change:
            case Publication():
                self._check(exchange, PUBLISH, change.package)
                return await self._publisher.publish(walk, change, received)
            case SetTags():
                self._check(exchange, PUT_METADATA, change.package)
                return await self._amender.set_tags(walk, change)
            case Annotate():
                self._check(exchange, PUT_METADATA, change.package)
                return await self._amender.annotate(walk, change)
            case SetStatus():
                self._check(exchange, UPDATE_STATUS, change.package)
                return await self._statuses.set(walk.repository, change)
            case Remove():
                self._check(exchange, DELETE, change.package)
                return await self._amender.remove(walk, change)
            case SignIn():
                token = await self._sessions.sign_in(change.user, change.password)
                return Outcome(created=True, token=token, user=change.user)
            case SignOut():
                await self._sessions.sign_out(change.token)
                return Outcome()
            case Nothing():
                self._check(exchange, PUT_METADATA)
                return Outcome()

    def _check(self, exchange: Exchange, action: str, package: Package | None = None) -> None:
        target = self._access.held(exchange.held, package)
        if package is None:  # its name is in the body: asked again once that was read
            self._access.check_credential(exchange.principal, action, target)
        else:
            self._access.check(exchange.principal, action, target, exchange.facts)

    def _acknowledged(
        self, exchange: Exchange, change: Change, outcome: Outcome
    ) -> web.StreamResponse:
        reply = FORMATS[exchange.format].acknowledge(change, outcome)
        return Sending(entity_of(reply), request_id=exchange.id)
