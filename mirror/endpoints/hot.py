"""The short way for warm requests: recognised before aiohttp's parser, answered at once.

It takes the same decisions as `Handler`, by the same functions, and only those that need nothing
but memory: whatever it does not know, doubts or would refuse, it leaves alone, and the request
takes the long way as if this file did not exist.
"""

import asyncio
import socket
import time
from enum import Enum

from mirror.auth.access import READ, Access
from mirror.auth.identity import Identity
from mirror.endpoints.entity import plan
from mirror.endpoints.heads import plain_head
from mirror.endpoints.journal import Journal
from mirror.endpoints.outlet import push
from mirror.endpoints.reads import Reads
from mirror.endpoints.routing import Bases, domain_of, split
from mirror.endpoints.sending import date_line, part_fields
from mirror.errors import MirrorError
from mirror.formats import FORMATS
from mirror.formats.format import Call
from mirror.model import DEFAULT_DOMAIN
from mirror.repositories.searching import Search

LARGEST = 256 * 1024
"""Bytes of a body that are sent here; larger ones deserve a task that waits for the client."""


class Outcome(Enum):
    """What became of the bytes."""

    ANSWERED = "answered"
    PLAIN = "a plain request that takes the long way"
    STRANGE = "not one plain request"


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
    ) -> None:
        self._search = search
        self._identity = identity
        self._access = access
        self._reads = reads
        self._bases = bases
        self._journal = journal

    def answer(
        self, data: bytes, transport: asyncio.Transport, borrowed: socket.socket, remote: str
    ) -> Outcome:
        """Answer `data` if it is one plain request for something that is ready.

        `borrowed` is the transport's own socket, to send on past its (empty) buffer.
        """
        started = time.perf_counter()
        head = plain_head(data)
        if head is None:
            return Outcome.STRANGE
        method, target, fields = head
        try:
            route = split(target)
            form = FORMATS[route.format]
            domain = route.domain or domain_of(fields.get("Host", "") or "") or DEFAULT_DOMAIN
            principal = self._identity.known(fields)
            repository = self._search.known(domain, route.repository)
            base = self._bases.base(remote, fields, route.prefix)
            intent = form.parse(Call(method, route.rest, route.query, fields))
            self._access.check(principal, READ, repository)
        except (MirrorError, LookupError):
            return Outcome.PLAIN
        ready = self._reads.ready(repository, intent, base, fields.get("Accept-Encoding"))
        if ready is None:
            return Outcome.PLAIN
        entity = ready.entity
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
            cache=ready.outcome,
            agent=fields.get("User-Agent") or "",
        )
        return Outcome.ANSWERED
