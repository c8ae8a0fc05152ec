"""Which packument a client wants: npm's own media type for the short one (npm.md §1, §3)."""

import re
from functools import lru_cache

ABBREVIATED = "application/vnd.npm.install-v1+json"
FULL = "application/json"

_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
_LENGTH = 512  # characters; a longer header is read anew each time, so that the memo stays small


def wants_abbreviated(accept: str | None) -> bool:
    """Whether the header prefers the abbreviated document; it never ends in a 406.

    No header and `*/*` mean the full one; of two equal preferences the one named first wins.
    """
    if accept is None:
        return False
    return _decide(accept) if len(accept) <= _LENGTH else _decide.__wrapped__(accept)


@lru_cache(256)
def _decide(accept: str) -> bool:
    best, found = 0.0, ""
    for choice in accept.split(","):
        media, *parameters = (part.strip() for part in choice.split(";"))
        if media.lower() not in (ABBREVIATED, FULL):
            continue
        quality = 1.0
        for parameter in parameters:
            if match := _QUALITY.fullmatch(parameter):
                quality = float(match[1])
        if quality > best:
            best, found = quality, media.lower()
    return found == ABBREVIATED
