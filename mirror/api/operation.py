"""One row of the table of operations, and its requests taken apart. Pure.

Identifiers travel in the query, further members in a JSON body (API contract §1). A row writes
both by their names in the service model: `"domain! domainOwner | description tags"`, with `!` for
what is required, `|` before the body, and `member=shape` where two operations mean different
things by one name.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from mirror.api.errors import FIELD, PARSE, Rejected
from mirror.api.shapes import SHAPES, Shape

if TYPE_CHECKING:
    from mirror.api.call import Call
    from mirror.api.services import Services
    from mirror.auth.access import Target

Handler = Callable[["Services", "Call"], Awaitable[Any]]
Resource = Callable[["Services", "Call"], "Target"]

LARGEST_BODY = 1024 * 1024
"""Bytes of a JSON body: a hundred versions with revisions, or a policy, are far less."""

_SPELT = {
    "assetName": "asset",
    "durationSeconds": "duration",
    "packageVersion": "version",
    "packageVersionRevision": "revision",
}
_AS_IS = frozenset({"endpointType", "originRestrictionType", "originType", "resourceArn", "sortBy"})
_CAPITAL = re.compile("[A-Z]")


@dataclass(frozen=True, slots=True)
class Member:
    """One input member: where it travels, what it may be."""

    name: str
    shape: Shape
    required: bool
    location: str  # query, body or header
    key: str  # its name there


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API. `name` is also its IAM action.

    `resource` tells what the right to it is asked for. `streams` marks the one whose request
    body is an asset: its handler reads that itself.
    """

    name: str
    method: str
    path: str
    members: tuple[Member, ...]
    resource: Resource
    run: Handler
    streams: bool = False

    def parse(self, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The checked input; raises `Rejected`. Unknown members are ignored (§1)."""
        given: dict[str, Mapping[str, Any]] = {
            "query": _query(query),
            "header": headers,
            "body": {} if self.streams else _body(body),
        }
        return self.check({each.name: given[each.location].get(each.key) for each in self.members})

    def check(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Input that did not come over HTTP, checked the same way; None counts as absent."""
        found = {}
        for member in self.members:
            value = members.get(member.name)
            if value is not None:
                found[member.name] = member.shape.check(member.name, value)
            elif member.required:
                raise Rejected(
                    f"1 validation error detected: Value at '{member.name}' failed to satisfy "
                    "constraint: Member must not be null",
                    FIELD,
                )
        return found


def operation(
    run: Handler, route: str, members: str, resource: Resource, *, streams: bool = False
) -> Operation:
    """A row of the table; the operation's name is its handler's."""
    method, path = route.split()
    query, _, body = members.partition("|")
    name = "".join(word.capitalize() for word in run.__name__.split("_"))
    return Operation(
        name=name,
        method=method,
        path=path,
        members=(
            *(_member(word, "query") for word in query.split()),
            *(_member(word, "body") for word in body.split()),
        ),
        resource=resource,
        run=run,
        streams=streams,
    )


def _member(word: str, location: str) -> Member:
    bare, _, shape = word.rstrip("!").partition("=")
    key = bare
    if bare == "assetSHA256":
        location, key = "header", "x-amz-content-sha256"
    elif location == "query" and bare not in _AS_IS:
        key = _SPELT.get(bare) or _CAPITAL.sub(lambda capital: f"-{capital[0].lower()}", bare)
    return Member(bare, SHAPES[shape or bare], word.endswith("!"), location, key)


def _query(raw: str) -> dict[str, str]:
    """Percent-decoded once, and `+` is a plus (§1). Presigned requests carry X-Amz-… beside."""
    found: dict[str, str] = {}
    for pair in raw.split("&"):
        key, _, value = pair.partition("=")
        if not key or key.startswith("X-Amz-"):
            continue
        name = unquote(key)
        if name == "domain-owner" and not value:
            continue  # so says Terraform where it was told not to ask for the account
        if name in found:
            raise Rejected(f"the parameter '{name[:100]}' is given twice", FIELD)
        try:
            found[name] = unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            raise Rejected(f"the parameter '{name[:100]}' is not UTF-8", PARSE) from error
    return found


def _body(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Rejected(f"the request body is not JSON: {error}", PARSE) from error
    if not isinstance(found, dict):
        raise Rejected("the request body is not a JSON object", PARSE)
    return found
