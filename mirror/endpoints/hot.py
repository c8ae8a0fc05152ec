"""The short way for warm requests: recognised before aiohttp's parser, answered at once.

It takes the same decisions as `Handler`, by the same functions, and only those that need nothing
but memory: whatever it does not know, doubts or would refuse, it leaves alone, and the request
takes the long way as if this file did not exist.
"""

import asyncio
import socket
import time
from enum import Enum
from math import inf

from mirror.auth.access import READ, Access
from mirror.auth.identity import Identity
from mirror.endpoints.entity import OpenFile, plan
from mirror.endpoints.heads import PlainHead, plain_head
from mirror.endpoints.journal import Journal
from mirror.endpoints.outlet import push
from mirror.endpoints.reads import Reads
from mirror.endpoints.routing import Bases, domain_of, split
from mirror.endpoints.sending import date_line, part_fields
from mirror.endpoints.shelf import Repeat, Shelf
from mirror.errors import MirrorError
from mirror.formats import FORMATS
from mirror.formats.intents import Call, ReadAsset, ReadPackage
from mirror.repositories.searching import Search
from mirror.store.changes import Changes

LARGEST = 256 * 1024
"""Bytes of a body that are sent here; larger ones deserve a task that waits for the client."""


class Outcome(Enum):
    """What became of the bytes."""

    ANSWERED = "answered"
    PLAIN = "a plain request that takes the long way"
    STRANGE = "not one plain request"


class HotPath:
    """Answers from the shelf: at a glance what came before in the same bytes, else by reading."""

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
        shelf: Shelf,
    ) -> None:
        self._search = search
        self._identity = identity
        self._access = access
        self._reads = reads
        self._bases = bases
        self._journal = journal
        self._changes = changes
        self._shelf = shelf
        self._second = 0
        self._date = b""

    def answer(
        self, data: bytes, transport: asyncio.Transport, borrowed: socket.socket, remote: str
    ) -> Outcome:
        """Answer `data` if it is one plain request for something that is ready.

        `borrowed` is the transport's own socket, to send on past its (empty) buffer.
        """
        started, now = time.perf_counter(), time.time()
        repeat = self._shelf.again((remote, data))
        if repeat is None or not self._good(repeat, now):
            head = plain_head(data)
            if head is None:
                return Outcome.STRANGE
            try:
                repeat = self._prepare(head, remote)
            except (MirrorError, LookupError):
                return Outcome.PLAIN
            self._shelf.remember((remote, data), repeat)
        second = int(now)
        if second != self._second:
            self._second = second
            self._date = date_line(second) + b"X-Request-Id: "
        id_ = self._journal.new_id()
        if repeat.file is None:
            parts = (repeat.head, self._date, id_, b"\r\n\r\n", repeat.body)
            transport.write(b"".join(parts))
        else:
            answer = b"".join((repeat.head, self._date, id_, b"\r\n\r\n"))
            push(transport, borrowed, answer, repeat.file.fileno(), repeat.start, repeat.length)
        self._journal.note(repeat.noted, id_=id_, at=now, seconds=time.perf_counter() - started)
        return Outcome.ANSWERED

    def _good(self, repeat: Repeat, now: float) -> bool:
        """Whether the answer, and the right to it, are still what they were."""
        if repeat.seen != self._changes.count:
            if repeat.entry.stamp != self._changes.stamp(repeat.package):
                return False
            repeat.seen = self._changes.count
        return now < repeat.until

    def _prepare(self, head: PlainHead, remote: str) -> Repeat:
        """What `Handler` would answer to the request.

        Raises `LookupError` or an error of the tree for all that is not ready, or not known to be
        allowed.
        """
        seen = self._changes.count
        method, target, fields = head
        route = split(target)
        form = FORMATS[route.format]
        domain, owner = domain_of(route, fields.get("Host", "") or "")
        principal = self._identity.known(fields)
        repository = self._search.known(domain, route.repository, owner)
        base = self._bases.base(remote, fields, route.prefix)
        intent = form.parse(Call(method, route.rest, route.query, fields))
        facts = self._bases.facts(remote, fields)
        held = self._access.held(repository)
        if not self._access.may_be_remembered(principal, READ, held, facts):
            raise LookupError(held.arn)
        ready = self._reads.ready(repository, intent, base, fields.get("Accept-Encoding"))
        if ready is None or not isinstance(intent, ReadPackage | ReadAsset):
            raise LookupError(target)
        shelved, entity = ready
        chosen = plan(entity, method, fields)
        status, start, length = chosen
        if length > LARGEST:
            raise LookupError(target)
        ends = principal.expires_at if principal is not None else None
        block = entity.block(status)
        if status == 206:
            block += part_fields(entity, chosen)
        body: bytes = b""
        file: OpenFile | None = None
        if isinstance(entity.body, bytes):
            body = entity.body[start : start + length]
        elif length:
            file = entity.body
        return Repeat(
            entry=shelved,
            package=intent.package,
            until=min(shelved.fresh_until, inf if ends is None else ends),
            seen=seen,
            head=block,
            body=body,
            file=file,
            start=start,
            length=length,
            noted=self._journal.entry(
                remote=remote,
                user=principal.name if principal is not None else "-",
                method=method,
                path=target,
                status=status,
                sent=length,
                format_name=route.format,
                kind=type(intent).__name__,
                repository=route.repository,
                cache=ready.outcome,
                agent=fields.get("User-Agent") or "",
            ),
        )
