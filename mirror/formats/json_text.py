"""JSON from strangers: what may be read, stored, and written again."""

import re
from typing import Any

import orjson

_BOM = b"\xef\xbb\xbf"

# A whole pair of surrogates, or (group 1) half of one, or any other escape.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def parse_json(body: bytes) -> Any:
    """The value of a document, sure to be writable again.

    Raises `ValueError` with the reason. Half a surrogate pair becomes U+FFFD: registries cut long
    texts by UTF-16 units, and one such readme must not make its package unavailable.
    """
    body = body.removeprefix(_BOM)
    if not body.strip():
        raise ValueError("it is empty")
    if body.lstrip()[:1] == b"<":
        raise ValueError("it is HTML or XML, not JSON")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "surrogate in string" not in str(error):
            raise ValueError(f"it is not JSON: {error}") from None
        try:
            value = orjson.loads(_ESCAPE.sub(_whole, body))
        except orjson.JSONDecodeError as second:
            raise ValueError(f"it is not JSON: {second}") from None
    try:
        # It reads 1,024 levels but writes 254: better told now than when serving, where a document
        # stands inside another one.
        orjson.dumps([[[[value]]]])
    except orjson.JSONEncodeError:
        raise ValueError("it is nested too deep (more than 250 levels)") from None
    return value


def _whole(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]
