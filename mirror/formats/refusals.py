"""What every ecosystem's errors share: the status of each, and a sentence that gives nothing away."""

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
    Throttled,
    Unauthenticated,
    Unavailable,
    Upstream,
)

RETRY_AFTER = 10  # seconds, where nobody said
_PASSED_ON = frozenset({429, 503, 504})  # "later" must reach the client as "later"

# What a URL in a message may carry: `user:password@`, and the value of a token.
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
# The folders of a path: those of our disk are nobody's business but the log's.
_FOLDERS = re.compile(r"(?<![\w/])/(?:[^/:\n]+/)+")
_SECRET = re.compile(r"(?i)((?:token|password|secret|_auth)[=:]\s*)[^\s&,;'\"]+")


def sentence_of(error: MirrorError) -> str:
    """The error's own words, without credentials and without places on our disk."""
    text = _FOLDERS.sub("", str(error)) if isinstance(error, Storage) else str(error)
    return _SECRET.sub(r"\1***", _USERINFO.sub("", text))


def status_of(error: MirrorError) -> int:
    """The HTTP status; a failure upstream is never a 404 (lessons #14)."""
    match error:
        case NotFound():
            return 404
        case Unauthenticated():
            return 401
        case Refused():
            return 403
        case Conflict():
            return 409
        case Invalid():
            return 400
        case Exceeded():
            return 413
        case Throttled():
            return 429
        case Misbehaved():
            return 502
        case Upstream():
            return error.status if error.status in _PASSED_ON else 502
        case Storage():
            return 507 if error.full else 503
    return 500


def retry_after(error: MirrorError, status: int) -> int | None:
    """Seconds after which asking again may help; None where it will not."""
    if isinstance(error, Throttled):
        return error.retry_after
    if isinstance(error, Unavailable):
        return error.retry_after or RETRY_AFTER
    return RETRY_AFTER if status == 503 else None
