"""The short way for warm requests: recognised before aiohttp's parser, answered at once.

It takes the same decisions as `Handler`, by the same functions, and only those that need nothing
but memory: whatever it does not know, doubts or would refuse, it leaves alone, and the request
takes the long way as if this file did not exist.
"""

import asyncio
import socket
import time
from enum import Enum
from typing import NamedTuple

from mirror.auth.access import READ, Access
from mirror.auth.identity import Identity
from mirror.endpoints.entity import plan
from mirror.endpoints.heads import PlainHead, plain_head
from mirror.endpoints.journal import Journal
from mirror.endpoints.outlet import push
from mirror.endpoints.reads import Reads
from mirror.endpoints.routing import Bases, Route, domain_of, split
from mirror.endpoints.sending import date_line, part_fields
from mirror.errors import MirrorError
from mirror.formats import FORMATS
from mirror.formats.intents import Call, Intent
from mirror.repositories.searching import Search
from mirror.store.changes import Changes
from mirror.store.domains import Repository
from mirror.store.users import Principal

LARGEST = 256 * 1024
"""Bytes of a body that are sent here; larger ones deserve a task that waits for the client."""

REMEMBERED = 4096
"""Requests whose meaning is remembered: build machines ask the same things in the same bytes."""


class Outcome(Enum):
    """What became of the bytes."""

    ANSWERED = "answered"
    PLAIN = "a plain request that takes the long way"
    STRANGE = "not one plain request"


class _Meaning(NamedTuple):
    """What a request asks, and that it may: good while no right and no repository changed."""

    everything: int
    head: PlainHead
    route: Route
    principal: Principal | None
    repository: Repository
    base: str
    intent: Intent


class HotPath:
    """Answers from the shelf."""

    def __init__(
        self,
        *,
        search: Search,
        identity: Identity,
        access: Access,
        reads: Reads,
        bases: Bases,
        journal: Journal,
        changes: Changes,
    ) -> None:
        self._search = search
        self._identity = identity
        self._access = access
        self._reads = reads
        self._bases = bases
        self._journal = journal
        self._changes = changes
        self._meanings: dict[tuple[str, bytes], _Meaning] = {}

    def answer(
        self, data: bytes, transport: asyncio.Transport, borrowed: socket.socket, remote: str
    ) -> Outcome:
        """Answer `data` if it is one plain request for something that is ready.

        `borrowed` is the transport's own socket, to send on past its (empty) buffer.
        """
        started = time.perf_counter()
        meaning = self._meanings.get((remote, data))
        if meaning is None or meaning.everything != self._changes.everything:
            head = plain_head(data)
            if head is None:
                return Outcome.STRANGE
            try:
                meaning = self._understand(head, remote)
            except (MirrorError, LookupError):
                return Outcome.PLAIN
            if len(self._meanings) >= REMEMBERED:
                self._meanings.clear()
            self._meanings[remote, data] = meaning
        _, (method, target, fields), route, principal, repository, base, intent = meaning
        if principal is not None and principal.expired(time.time()):
            return Outcome.PLAIN  # the refusal is worded there
        ready = self._reads.ready(repository, intent, base, fields.get("Accept-Encoding"))
        if ready is None:
            return Outcome.PLAIN
        entity, outcome = ready
        chosen = plan(entity, method, fields)
        status, start, length = chosen
        if length > LARGEST:
            return Outcome.PLAIN
        id_ = self._journal.new_id()
        block = entity.block(status)
        if status == 206:
            block += part_fields(entity, chosen)
        answer = b"%b%bX-Request-Id: %b\r\n\r\n" % (block, date_line(), id_.encode("ascii"))
        body = entity.body
        if isinstance(body, bytes):
            push(transport, borrowed, answer + body[start : start + length])
        else:
            push(transport, borrowed, answer, body.fileno(), start, length)
        self._journal.note(
            id_=id_,
            remote=remote,
            user=principal.name if principal is not None else "-",
            method=method,
            path=target,
            status=status,
            sent=length,
            seconds=time.perf_counter() - started,
            format_name=route.format,
            kind=type(intent).__name__,
            repository=route.repository,
            cache=outcome,
            agent=fields.get("User-Agent") or "",
        )
        return Outcome.ANSWERED

    def _understand(self, head: PlainHead, remote: str) -> _Meaning:
        """What `Handler` would make of the request.

        Raises `LookupError` or an error of the tree for all that is not known to be allowed.
        """
        everything = self._changes.everything
        fields = head.fields
        route = split(head.target)
        form = FORMATS[route.format]
        domain, owner = domain_of(route, fields.get("Host", "") or "")
        principal = self._identity.known(fields)
        repository = self._search.known(domain, route.repository, owner)
        base = self._bases.base(remote, fields, route.prefix)
        intent = form.parse(Call(head.method, route.rest, route.query, fields))
        facts = self._bases.facts(remote, fields)
        target = self._access.held(repository)
        if not self._access.may_be_remembered(principal, READ, target, facts):
            raise LookupError(target.arn)
        return _Meaning(everything, head, route, principal, repository, base, intent)
