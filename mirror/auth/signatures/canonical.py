"""The one form of a request that both sides sign, and the arithmetic of its signature (§2.1).

Text is as it came over the wire: UTF-8, with other bytes as surrogate escapes.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "codeartifact"
TERMINATOR = "aws4_request"

_ESCAPED = "surrogateescape"


def by_name(headers: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Every value of every header, by lower-case name."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def canonical_query(query: str) -> list[tuple[str, str]]:
    """Names and values of a raw query, encoded anew and sorted; a missing value is empty.

    `+` stays a plus, and a name may repeat.
    """
    if not query:
        return []
    return sorted(
        (_encoded_anew(name), _encoded_anew(value))
        for name, _, value in (part.partition("=") for part in query.split("&"))
    )


def canonical_request(
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    signed: Sequence[str],
    headers: Mapping[str, Sequence[str]],
) -> bytes:
    """Everything but the last line, which is the payload's hash.

    `query` is canonical already. `signed` are the lower-case names of `headers` to be covered, in
    the order in which the client lists them; raises `KeyError` for one that is not there.
    """
    lines = (
        method,
        _canonical_path(path),
        "&".join(f"{name}={value}" for name, value in query),
        *(f"{name}:{_canonical_value(headers[name])}" for name in signed),
        "",
        ";".join(signed),
        "",
    )
    return "\n".join(lines).encode(errors=_ESCAPED)


def signing_key(secret: str, date: str, region: str) -> bytes:
    """The key that is good for one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def scope_of(date: str, region: str) -> str:
    """What a signing key is good for, as it is signed and sent along."""
    return f"{date}/{region}/{SERVICE}/{TERMINATOR}"


def signature_of(key: bytes, timestamp: str, region: str, request: bytes) -> str:
    """64 hexadecimal digits; `request` is canonical, with its payload's hash."""
    hashed = hashlib.sha256(request).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{scope_of(timestamp[:8], region)}\n{hashed}"
    return hmac.digest(key, text.encode(), "sha256").hex()


def timestamp_of(seconds: float) -> str:
    """`YYYYMMDDTHHMMSSZ` of a time in seconds since 1970."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"


def _encoded_anew(text: str) -> str:
    return quote_from_bytes(unquote_to_bytes(text.encode(errors=_ESCAPED)), safe="-_.~")


def _canonical_path(path: str) -> str:
    """The path as it came, encoded once more (only S3 does not), without `//` and dot segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    last = "/" if kept and path.endswith("/") else ""
    return quote(f"/{'/'.join(kept)}{last}", safe="/-_.~", errors=_ESCAPED)


def _canonical_value(values: Sequence[str]) -> str:
    return ",".join(" ".join(value.split()) for value in values)
