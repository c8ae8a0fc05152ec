"""Cargo.toml from strangers: what may be read, and at what price."""

import re
import tomllib
from typing import Any

from mirror.errors import Exceeded, Invalid

LIMIT = 1024**2  # bytes; the largest of crates.io have some 200 KB
_DEPTH = 32  # parts of one key; cargo itself never writes more than six

# Python's parser takes time by the square of such a key's length, and walks down a table's name
# once for every key in that table.
_DEEP = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    rf"{{{_DEPTH}}}"
)


def parse_toml(content: bytes) -> dict[str, Any]:
    """The document; raises `Invalid` for what is none, `Exceeded` for one that goes too deep."""
    if len(content) > LIMIT:
        raise Exceeded(f"Cargo.toml is larger than {LIMIT} bytes")
    try:
        text = content.decode()
        if _DEEP.search(text):
            raise Exceeded(f"Cargo.toml has a key of more than {_DEPTH} parts")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Invalid(f"Cargo.toml cannot be read: {reason[:200]}") from None
