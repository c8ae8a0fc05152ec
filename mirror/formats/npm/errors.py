"""Any error in npm's words and statuses (npm.md §5)."""

import re

from mirror.errors import (
    Conflict,
    Exceeded,
    Invalid,
    MirrorError,
    Misbehaved,
    NotFound,
    Refused,
    Storage,
    Unauthenticated,
    Unavailable,
    Upstream,
)
from mirror.formats.format import Reply
from mirror.formats.npm.replies import json_reply

RETRY_AFTER = 10  # seconds, where nobody said; npm itself waits about that long between attempts
_PASSED_ON = frozenset({429, 503, 504})  # "later" must reach the client as "later"

# What a URL in a message may carry: `user:password@`, and the value of a token.
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_SECRET = re.compile(r"(?i)((?:token|password|secret|_auth)[=:]\s*)[^\s&,;'\"]+")


def refuse(error: MirrorError) -> Reply:
    """The reply: the same sentence under the three keys that clients read.

    npm and berry print `error`, yarn 1 also `message`, CouchDB-era clients `reason`.
    """
    sentence = _SECRET.sub(r"\1***", _USERINFO.sub("", str(error)))
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="mirror"'
    status = _status(error)
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after or RETRY_AFTER)
    elif status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    return json_reply(status, {"error": sentence, "message": sentence, "reason": sentence}, headers)


def _status(error: MirrorError) -> int:
    match error:
        case NotFound():
            return 404
        case Unauthenticated():
            return 401
        case Refused():
            return 403  # npm adds "forbidden by your security policy"
        case Conflict():
            return 409
        case Invalid():
            return 400
        case Exceeded():
            return 413
        case Misbehaved():
            return 502
        case Upstream():
            return error.status if error.status in _PASSED_ON else 502
        case Storage():
            return 507 if error.full else 503
    return 500
