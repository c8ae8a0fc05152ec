"""What is sent, prepared once and sent many times, and how a request's conditions choose from it.

Pure: values in, values out. The rules are RFC 9110's, sections 12.5.3 (Accept-Encoding),
13 (conditions) and 14 (ranges); the bytes leave in `sending`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple, Protocol

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_REASON = re.compile(r"[\x20-\x7e]*")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# Twenty digits and more name no byte of any file, and int() should not see eight thousand.
_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII | re.IGNORECASE)
_WEIGHT = re.compile(r"[ \t]*;[ \t]*q=([01](?:\.\d{0,3})?)[ \t]*", re.ASCII | re.IGNORECASE)


class OpenFile(Protocol):
    """A file that stays open for as long as somebody refers to this object."""

    @property
    def size(self) -> int:
        """Length in bytes; the file never changes."""
        ...

    def fileno(self) -> int:
        """A descriptor for reading at any offset; its own position means nothing."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Head:
    """What is said about a body, whatever its length. Do not change one after its first use.

    `etag` is strong and quoted; `last_modified` is in epoch seconds; `encoding` is the
    Content-Encoding. `headers` are further fields, sent as they are; `reason` is said beside
    `status` in place of its own name. What could not stand in a header block raises `ValueError`
    when the block is first needed.
    """

    content_type: str
    status: int = 200
    reason: str = ""
    encoding: str = ""
    etag: str | None = None
    last_modified: float | None = None
    vary: str = ""
    cache_control: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    _blocks: dict[int, bytes] = field(default_factory=dict, init=False, repr=False)

    def block(self, status: int) -> bytes:
        """Status line and fields that never differ between two answers, without the empty line."""
        try:
            return self._blocks[status]
        except KeyError:
            return self._blocks.setdefault(status, self._build(status))

    def _build(self, status: int) -> bytes:
        reason = self.reason if status == self.status else ""
        if not _REASON.fullmatch(reason):
            raise ValueError(f"{reason!r} cannot be sent as a reason")
        line = f"HTTP/1.1 {status} {reason or _REASONS.get(status, '')}\r\n".encode("ascii")
        return line + encode(self._fields(status))

    def _fields(self, status: int) -> list[tuple[str, str]]:
        fields = []
        if self.etag is not None:
            fields.append(("ETag", self.etag))
        if self.cache_control:
            fields.append(("Cache-Control", self.cache_control))
        if self.vary:
            fields.append(("Vary", self.vary))
        if self.last_modified is not None:
            fields.append(("Last-Modified", formatdate(self.last_modified, usegmt=True)))
        if status in (304, 416):  # of the client's own copy, or of nothing: no more than that
            return fields
        if self.encoding:
            fields.append(("Content-Encoding", self.encoding))
        return [*fields, ("Content-Type", self.content_type), *self.headers]


@dataclass(slots=True, kw_only=True, eq=False)
class Entity(Head):
    """A complete thing to send: a head and all of its body.

    Bodies of 16 KiB and more belong in a file: `sendfile` from a descriptor kept open is faster
    than memory. `ranges` is for complete files that never change, and for nothing else.
    """

    body: bytes | OpenFile
    ranges: bool = False

    @property
    def size(self) -> int:
        """Length of the body in bytes."""
        body = self.body
        return len(body) if isinstance(body, bytes) else body.size

    def _fields(self, status: int) -> list[tuple[str, str]]:
        fields = Head._fields(self, status)
        if self.ranges:
            fields.append(("Accept-Ranges", "bytes"))
        if status == 416:
            fields += [("Content-Range", f"bytes */{self.size}"), ("Content-Length", "0")]
        elif status not in (204, 206, 304):  # 206: differs from range to range
            fields.append(("Content-Length", str(self.size)))
        return fields


class Plan(NamedTuple):
    """The answer to one request: `length` bytes of the body from `start` (416, 304, HEAD: none)."""

    status: int
    start: int
    length: int


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """Header fields as they go over the wire; `ValueError` for one that would break the block."""
    lines = []
    for name, value in fields:
        if not (_FIELD_NAME.fullmatch(name) and _FIELD_VALUE.fullmatch(value)):
            raise ValueError(f"header field {name!r} cannot be sent with the value {value!r}")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode("latin-1")


def choose(identity: Entity, gzip: Entity | None, accept_encoding: str | None) -> Entity:
    """The variant of a document that the client prefers (RFC 9110 §12.5.3).

    Nothing said, or everything refused, gets the plain one. `x-gzip` is gzip (§8.4.1.3).
    """
    if gzip is None or not accept_encoding or not _prefers_gzip(accept_encoding):
        return identity
    return gzip


@lru_cache(maxsize=256)  # a handful of clients, each with its own constant
def _prefers_gzip(accept_encoding: str) -> bool:
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, semicolon, rest = item.partition(";")
        weight = _WEIGHT.fullmatch(semicolon + rest)
        if semicolon and weight is None:
            continue  # malformed: as if it were not there
        weights[coding.strip()] = min(float(weight[1]), 1.0) if weight else 1.0
    otherwise = weights.get("*", 0.0)
    gzip = weights.get("gzip", weights.get("x-gzip", otherwise))
    return gzip > 0 and gzip >= weights.get("identity", otherwise)


def plan(entity: Entity, method: str, headers: Mapping[str, str]) -> Plan:
    """Decide 200, 206, 304 or 416 for a GET or HEAD; `headers` looks names up in any case.

    Any status but 200 is sent as it is, for conditions apply only to a success (§13.2.1).
    """
    size = entity.size
    if entity.status != 200:
        return Plan(entity.status, 0, 0 if method == "HEAD" else size)
    if _unchanged(entity, headers):
        return Plan(304, 0, 0)
    if method == "HEAD":
        return Plan(200, 0, 0)
    if not entity.ranges or (asked := headers.get("Range")) is None:
        return Plan(200, 0, size)
    held = headers.get("If-Range")
    if held is not None and held.strip() != entity.etag:
        # A date, a weak tag or another one: the client holds a part of something else (§13.1.5).
        return Plan(200, 0, size)
    return _part(asked, size)


def _unchanged(entity: Entity, headers: Mapping[str, str]) -> bool:
    """Whether the client's copy is still right (§13.1.2, §13.1.3)."""
    held = headers.get("If-None-Match")
    if held is not None:
        # Our tags contain no comma (they are digests), so a list splits at commas.
        etag = entity.etag
        return held == etag or any(
            (tag := each.strip()) == "*" or (etag is not None and tag.removeprefix("W/") == etag)
            for each in held.split(",")
        )
    if entity.last_modified is None or (since := headers.get("If-Modified-Since")) is None:
        return False
    try:
        return int(entity.last_modified) <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):
        return False


def _part(asked: str, size: int) -> Plan:
    """One range as 206 or 416; what is no single range of bytes is ignored (§14.2)."""
    everything = Plan(200, 0, size)
    match = _ONE_RANGE.fullmatch(asked.strip())
    if match is None:
        return everything
    first, last = match[1], match[2]
    if not first:
        if not last or size == 0:
            return everything
        length = min(int(last), size)
        return Plan(206, size - length, length) if length else Plan(416, 0, 0)
    start = int(first)
    if last and int(last) < start:
        return everything
    if start >= size:
        return Plan(416, 0, 0)
    end = min(int(last), size - 1) if last else size - 1
    return Plan(206, start, end - start + 1)
