"""Where package managers put a token (auth-and-policy §3.4). Pure."""

import base64
from collections.abc import Iterator, Mapping

LONGEST = 4096
"""Characters of a credential header that are looked at; ours are far shorter."""


def tokens(headers: Mapping[str, str]) -> Iterator[str]:
    """Every token that a request presents, in the order in which they should be tried.

    Bearer, Basic (any user name, the token as password), a bare `Authorization`, several in one
    header separated by commas (gem push), and `X-NuGet-ApiKey`.
    """
    header = headers.get("Authorization", "")[:LONGEST]
    for part in header.split(","):
        scheme, _, value = part.strip().partition(" ")
        if not scheme:
            continue
        if scheme.lower() == "bearer":
            yield value.strip()
        elif scheme.lower() == "basic":
            yield _password(value.strip())
        elif not value:
            yield scheme
    if api_key := headers.get("X-NuGet-ApiKey", "")[:LONGEST].strip():
        yield api_key


def _password(encoded: str) -> str:
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except ValueError:  # no base64, no ASCII, no UTF-8
        return ""
    return decoded.partition(":")[2]
