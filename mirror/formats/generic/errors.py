"""Any error in the words of the API, for clients that speak plain HTTP (generic.md §5)."""

from collections.abc import Mapping
from types import MappingProxyType

import orjson

from mirror.errors import (
    Blocked,
    Conflict,
    Exceeded,
    Invalid,
    MirrorError,
    NotFound,
    Refused,
    Throttled,
    Unauthenticated,
)
from mirror.formats.intents import Reply
from mirror.formats.refusals import retry_after, sentence_of, status_of

_NONE: Mapping[str, str] = MappingProxyType({})
_RESOURCES = ("domain", "repository", "package", "package-version", "asset")
_TYPES: tuple[tuple[type[MirrorError], int, str], ...] = (
    (NotFound, 404, "ResourceNotFoundException"),
    (Unauthenticated, 401, "AccessDeniedException"),
    (Blocked, 409, "ConflictException"),
    (Refused, 403, "AccessDeniedException"),
    (Conflict, 409, "ConflictException"),
    (Invalid, 400, "ValidationException"),
    (Exceeded, 402, "ServiceQuotaExceededException"),
    (Throttled, 429, "ThrottlingException"),
)


def refuse(error: MirrorError) -> Reply:
    """The reply: a sentence, and the exception's name in the body and in a header."""
    status, kind = next(
        ((status, kind) for type_, status, kind in _TYPES if isinstance(error, type_)),
        (status_of(error), "InternalServerException"),
    )
    members = {}
    if isinstance(error, NotFound | Conflict) and error.kind in _RESOURCES and error.name:
        members = {"resourceId": error.name[:200], "resourceType": error.kind}
    headers = {}
    if isinstance(error, Unauthenticated):
        # wget and browsers send a password only after they were asked for one.
        headers["WWW-Authenticate"] = 'Basic realm="mirror"'
    seconds = retry_after(error, status)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return envelope(status, kind, sentence_of(error), members, headers)


def envelope(
    status: int,
    kind: str,
    message: str,
    members: Mapping[str, str] = _NONE,
    headers: Mapping[str, str] = _NONE,
) -> Reply:
    """An error as SDKs read it: the header decides, `__type` is for people (API contract §16).

    `message` is in lower case because with a capital the SDKs lose the typed member.
    """
    body = {"__type": kind, "message": message, **members}
    return Reply(
        status,
        orjson.dumps(body),
        {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "x-amzn-ErrorType": kind,
            **headers,
        },
    )
