"""Which packument a client wants: npm's own media type for the short one (npm.md §1, §3)."""

from functools import lru_cache

from mirror.formats.media import preferences

ABBREVIATED = "application/vnd.npm.install-v1+json"
FULL = "application/json"

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
    wanted = {
        media: quality
        for media, quality in preferences(accept).items()
        if media in {ABBREVIATED, FULL} and quality > 0
    }
    return bool(wanted) and max(wanted, key=lambda media: wanted[media]) == ABBREVIATED
