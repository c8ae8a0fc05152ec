"""Where a request carries its signature: `Authorization` (§2.1), or the query (§2.3)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote

from mirror.auth.signatures.canonical import ALGORITHM
from mirror.auth.signatures.refusals import incomplete

SIGNATURE = "X-Amz-Signature"
_IN_QUERY = ("X-Amz-Credential", "X-Amz-SignedHeaders", SIGNATURE, "X-Amz-Date", "X-Amz-Expires")
PARAMETERS = frozenset({*_IN_QUERY, "X-Amz-Algorithm", "X-Amz-Security-Token"})
"""What presigning adds to a query (§2.3): no business of the operation."""

LONGEST_EXPIRY = 604_800  # seconds

_IN_HEADER = ("Credential", "SignedHeaders", "Signature")
_TIMESTAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_LONGEST_DATE = 64  # characters


class Presented(NamedTuple):
    """The parts as they stand there; `at` in seconds since 1970, `expires` in seconds."""

    credential: str
    signed_headers: str
    signature: str
    at: float
    expires: int | None
    security_token: str | None


def in_header(headers: Mapping[str, Sequence[str]]) -> Presented:
    """The header form; raises `SignatureRefused` for one that is malformed."""
    scheme, _, rest = (one(headers, "authorization") or "").partition(" ")
    if scheme != ALGORITHM:
        raise incomplete(
            f"Authorization must be of the scheme {ALGORITHM}: sign with an access key, "
            "tokens are for package managers"
        )
    parts = dict.fromkeys(_IN_HEADER, "")
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        if parts.get(name) != "":
            raise incomplete("Authorization has a part that is unknown, or there twice")
        parts[name] = value
    _require("Authorization header", parts)
    date = one(headers, "x-amz-date") or one(headers, "date")
    if date is None:
        raise incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    return Presented(
        parts["Credential"],
        parts["SignedHeaders"],
        parts["Signature"],
        at=_seconds(date),
        expires=None,
        security_token=one(headers, "x-amz-security-token"),
    )


def in_query(parameters: Sequence[tuple[str, str]]) -> Presented:
    """The presigned form, given those of a canonical query that are its `PARAMETERS`."""
    found = {name: unquote(value) for name, value in parameters}
    if len(found) < len(parameters):
        raise incomplete("AWS query-string parameters must be there once")
    if found.get("X-Amz-Algorithm") != ALGORITHM:
        raise incomplete(f"X-Amz-Algorithm must be {ALGORITHM}")
    _require("AWS query-string", {name: found.get(name, "") for name in _IN_QUERY})
    expires = found["X-Amz-Expires"]
    seconds = int(expires) if re.fullmatch(r"[0-9]{1,6}", expires) else 0
    if not 1 <= seconds <= LONGEST_EXPIRY:
        raise incomplete(f"X-Amz-Expires must be between 1 and {LONGEST_EXPIRY} seconds")
    return Presented(
        found["X-Amz-Credential"],
        found["X-Amz-SignedHeaders"],
        found[SIGNATURE],
        at=_seconds(found["X-Amz-Date"]),
        expires=seconds,
        security_token=found.get("X-Amz-Security-Token"),
    )


def one(headers: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The value of a header that must not repeat."""
    values = headers.get(name, ())
    if len(values) > 1:
        raise incomplete(f"the header '{name}' must be there once")
    return values[0].strip() if values else None


def _require(where: str, parts: Mapping[str, str]) -> None:
    absent = [name for name, value in parts.items() if not value]
    if absent:
        raise incomplete(" ".join(f"{where} requires '{name}' parameter." for name in absent))


def _seconds(date: str) -> float:
    """Of ISO 8601's basic form, which AWS signs, or of an HTTP date."""
    try:
        if match := _TIMESTAMP.fullmatch(date):
            year, month, day, hour, minute, second = map(int, match.groups())
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        else:
            moment = parsedate_to_datetime(date[:_LONGEST_DATE])
            moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise incomplete("Date must be in ISO-8601 'basic format': YYYYMMDD'T'HHMMSS'Z'") from error
