"""Cargo.toml from strangers: what may be read, and at what price."""

import re
import tomllib
from typing import Any

from mirror.errors import Exceeded, Invalid

LIMIT = 1024**2  # bytes; the largest of crates.io have some 200 KB
_DEPTH = 16  # dots of one key; cargo itself never writes more than five

# What may hold dots that are none of a key. An end that is missing is no reason to look again
# from the next character: that takes the square of the length.
_OPAQUE = re.compile(
    r'"{3}(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5})?'
    r"|'{3}(?:[^']++|'(?!''))*+(?:'{3,5})?"
    r'|"(?:[^"\\\n]++|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
_DEEP = re.compile(rf"(?:\.[A-Za-z0-9_ \t-]*+){{{_DEPTH}}}")


def parse_toml(content: bytes) -> dict[str, Any]:
    """The document; raises `Invalid` for what is none, `Exceeded` for one that goes too deep.

    Python's parser takes time by the square of a key's parts, and walks down a table's whole name
    for every key in it.
    """
    if len(content) > LIMIT:
        raise Exceeded(f"Cargo.toml is larger than {LIMIT} bytes")
    try:
        text = content.decode()
        if _DEEP.search(_OPAQUE.sub("x", text)):
            raise Exceeded(f"Cargo.toml has a key of more than {_DEPTH} parts")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Invalid(f"Cargo.toml cannot be read: {reason[:200]}") from None
