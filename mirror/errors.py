"""What can go wrong, by meaning; free of HTTP and of any registry's words.

MirrorError
├── NotFound       a domain, repository, package, version or asset that is not there
├── Refused        there, or possible, but not allowed; always with the reason
│   ├── Unauthenticated   nobody said who asks, or what they said is not valid
│   └── Blocked           origin controls or the package's group forbid it, whoever asks
├── Conflict       same coordinates, different bytes; or a stale revision
├── Invalid        what the client sent cannot be right
├── Exceeded       over a limit, with its name and unit
├── Throttled      too often; later it may be done
├── Upstream       asking another registry failed; never remembered as "not found"
│   ├── Unavailable       nobody answered, or answered "later"
│   └── Misbehaved        an answer that cannot be true: bad digest, bad syntax, HTML
└── Storage        our own disk or index refuses: full, read-only, locked

Each edge owns the one function that words these for its clients (`Format.refuse`).
The message is a sentence for a person: what is wrong, with which thing, what to do.
"""

from typing import Any


class MirrorError(Exception):
    """Root of the tree; `str(error)` is fit to show to whoever asked."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, not by constructor: errors come back from the worker process."""
        return _restored, (type(self), str(self), self.__dict__)


class NotFound(MirrorError):
    """The thing named does not exist.

    `kind` is one of domain, repository, package, package-version, asset, endpoint: it decides
    whether a search goes on (an unknown version may be further up; an unknown repository ends it).
    """

    def __init__(self, kind: str, name: str, message: str | None = None) -> None:
        super().__init__(message or f"{kind} '{name}' does not exist")
        self.kind = kind
        self.name = name


class Refused(MirrorError):
    """Not allowed, by policy, origin control or status; the message is the reason."""


class Unauthenticated(Refused):
    """Credentials are missing, malformed, unknown, expired or revoked.

    `presented` tells a wrong credential from none at all.
    """

    def __init__(self, message: str, *, presented: bool) -> None:
        super().__init__(message)
        self.presented = presented


class Blocked(Refused):
    """Origin controls or the package's group forbid it; no right would change that."""


class Conflict(MirrorError):
    """The name is taken by other bytes, or the revision that the caller saw is gone.

    `kind` and `name` tell with which thing, in the words of `NotFound`, where that is one thing.
    """

    def __init__(self, message: str, *, kind: str | None = None, name: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.name = name


class Invalid(MirrorError):
    """A request, name, document or archive that breaks a rule; the message names the rule."""


class Exceeded(MirrorError):
    """More than a limit allows: bytes, depth, members, connections."""


class Throttled(MirrorError):
    """More requests than a quota allows; `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Upstream(MirrorError):
    """Asking another registry failed. `status` is its HTTP status where it gave one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Unavailable(Upstream):
    """Nobody answered well. `retry_after` in seconds, where the upstream said when to come back."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Misbehaved(Upstream):
    """An answer that cannot be true: never stored, never remembered as absent."""


class Storage(MirrorError):
    """The data directory or the index cannot take what it was given.

    `full` tells a full disk (507) from one that is read-only, locked or broken (503).
    """

    def __init__(self, message: str, *, full: bool = False) -> None:
        super().__init__(message)
        self.full = full


def _restored(kind: type[MirrorError], message: str, state: dict[str, Any]) -> MirrorError:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    return error
