"""Request heads that leave no doubt: one complete, plainly formed GET or HEAD. Pure.

Everything else is None, for aiohttp's parser to judge. What is accepted here must mean the same
there, so this is strict where a parser may be lenient: one way to write each thing (RFC 9112).
"""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 8190
"""Bytes of a head that are looked at: aiohttp's own limit for one line."""

REMEMBERED = 2048
"""Field blocks that are remembered: a client process sends the same one with every request."""

_REQUEST = re.compile(rb"(GET|HEAD) (/[\x21-\x22\x24-\x7e]*) HTTP/1\.1", re.ASCII)
_FIELD = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)[ \t]*"
)
_UNPLAIN = frozenset({"content-length", "expect", "te", "trailer", "transfer-encoding"})
_CONNECTION = {
    None: frozenset({"keep-alive", "Keep-Alive"}),
    # What libcurl, and so cargo, sends with each request in the clear; who does not speak HTTP/2
    # answers as if it were not there (RFC 7540 §3.2).
    "h2c": frozenset({"Upgrade, HTTP2-Settings"}),
}
"""By what `Upgrade` offers, the values of `Connection` that leave it open."""


class Fields(dict[str, str]):
    """Header fields; `get` takes any case, and remembers the spelling that it was asked for.

    No field is empty (`plain_head` sees to it): an empty value stands for an absent field.
    """

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The field's value."""
        try:
            value = self[name]
        except KeyError:
            value = self[name] = dict.get(self, name.lower(), "")
        return value or default


class PlainHead(NamedTuple):
    """A request without a body, on a connection that stays open."""

    method: str
    target: str
    fields: Fields


def plain_head(data: bytes) -> PlainHead | None:
    """The head, if `data` is exactly one and a plain one.

    None for pipelined, partial, folded, chunked, oversized or absolute-form requests, for a
    repeated field, for a body, and for anything that is not HTTP/1.1.
    """
    line, _, block = data.partition(b"\r\n")
    request = _REQUEST.fullmatch(line)
    if request is None or len(data) > LONGEST:
        return None
    fields = _plain_fields(block)
    if fields is None:
        return None
    return PlainHead(request[1].decode("ascii"), request[2].decode("ascii"), fields)


@lru_cache(maxsize=REMEMBERED)
def _plain_fields(block: bytes) -> Fields | None:
    if not block.endswith(b"\r\n\r\n"):
        return None
    fields = Fields()
    for each in block[:-4].split(b"\r\n"):
        field = _FIELD.fullmatch(each)
        if field is None:
            return None
        name = field[1].decode("ascii").lower()
        if name in fields:
            return None
        fields[name] = field[2].decode("ascii")
    if "host" not in fields or not _UNPLAIN.isdisjoint(fields):
        return None
    offered = dict.get(fields, "upgrade")
    if offered not in _CONNECTION or ("http2-settings" in fields) is not (offered == "h2c"):
        return None
    if dict.get(fields, "connection", "keep-alive") not in _CONNECTION[offered]:
        return None
    return fields
