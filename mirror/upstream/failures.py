"""What can go wrong between us and an upstream, translated in one place."""

import contextlib
import math
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.http import HttpProcessingError
from yarl import URL

from mirror.errors import Misbehaved, Unavailable, Upstream
from mirror.upstream.addresses import InwardAddressError
from mirror.upstream.connections import Connection, printable

FOREIGN = (aiohttp.ClientError, HttpProcessingError, OSError)
"""Everything that aiohttp raises by design; TimeoutError is an OSError."""


class AttemptError(Exception):
    """A request without a usable answer; it never leaves the client.

    `error` is what it amounts to, `reason` a word for metrics; `again` tells whether another
    attempt may help, `counts` whether it speaks against the upstream's health.
    """

    def __init__(self, error: Upstream, reason: str, *, again: bool, counts: bool = True) -> None:
        super().__init__(str(error))
        self.error = error
        self.reason = reason
        self.again = again
        self.counts = counts


@contextlib.contextmanager
def translated(connection: Connection, url: URL) -> Iterator[None]:
    """Turns aiohttp's and the system's exceptions into `AttemptError`; the most specific come first."""
    try:
        yield
    except FOREIGN as error:
        raise _judged(error, f"{printable(url)} (connection '{connection.name}')") from error


def _judged(error: Exception, what: str) -> AttemptError:
    match error:
        case aiohttp.ClientConnectorDNSError() if isinstance(error.os_error, InwardAddressError):
            return AttemptError(
                Misbehaved(f"{what} must not be asked: {error.os_error}"),
                "address",
                again=False,
                counts=False,
            )
        case aiohttp.ClientHttpProxyError():
            message = f"the proxy refused to connect to {what}: {error.status} {error.message}"
            return AttemptError(Unavailable(message), "proxy", again=False)
        case aiohttp.ClientConnectorCertificateError():
            message = f"{what} has a certificate that is not trusted: {error.certificate_error}"
            return AttemptError(Unavailable(message), "certificate", again=False)
        case aiohttp.SocketTimeoutError():
            return AttemptError(
                Unavailable(f"{what} did not answer in time"), "timeout", again=False
            )
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            message = f"{what} cannot be reached: {_why(error)}"
            return AttemptError(Unavailable(message), "connect", again=True)
        case aiohttp.ClientPayloadError():
            message = f"{what} broke off in the middle of its answer"
            return AttemptError(Unavailable(message), "broken-off", again=True)
        case aiohttp.ClientResponseError() | aiohttp.InvalidURL() | HttpProcessingError():
            message = f"{what} does not speak proper HTTP: {_why(error)}"
            return AttemptError(Misbehaved(message), "protocol", again=False)
        case _:
            message = f"{what} dropped the connection: {_why(error)}"
            return AttemptError(Unavailable(message), "connection", again=True)


def _why(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200]


def retry_after(value: str | None, now: float | None = None) -> int | None:
    """Seconds that a Retry-After header asks for (RFC 9110 §10.2.3: a number or a date)."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return int(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0, math.ceil(moment - (time.time() if now is None else now)))
