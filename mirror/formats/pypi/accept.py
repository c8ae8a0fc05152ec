"""Which form of a simple page a client wants (PEP 691; pypi.md §3.4). It never ends in a 406."""

from functools import lru_cache
from urllib.parse import parse_qs

from mirror.formats.media import preferences

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
TEXT = "text/html"

CONTENT_TYPES = {"json": JSON, "v1-html": HTML, "html": TEXT}
"""View to the content type that it is served as."""

_RANGES = {
    JSON: "json",
    "application/vnd.pypi.simple.latest+json": "json",
    HTML: "v1-html",
    "application/vnd.pypi.simple.latest+html": "v1-html",
    TEXT: "html",
    "text/*": "html",
    "*/*": "html",
}
# Of two equal wishes the richer form: HTML knows neither sizes nor, with most servers, times.
_RANK = {"html": 0, "v1-html": 1, "json": 2}
_LENGTH = 512  # characters; a longer header is read anew each time, so that the memo stays small


def view(accept: str | None, query: str = "") -> str:
    """The view that is wanted most; `?format=` decides where it names one.

    Without a header, for browsers and for `application/json` it is HTML, as on pypi.org: pip and
    uv both refuse a page that is labelled with any other JSON type.
    """
    if "format=" in query:
        asked = _RANGES.get(parse_qs(query).get("format", [""])[0].replace(" ", "+"))
        if asked is not None:
            return asked
    if accept is None:
        return "html"
    return _decide(accept) if len(accept) <= _LENGTH else _decide.__wrapped__(accept)


@lru_cache(256)
def _decide(accept: str) -> str:
    wishes = [
        (quality, _RANK[_RANGES[media]], _RANGES[media])
        for media, quality in preferences(accept).items()
        if media in _RANGES and quality > 0
    ]
    return max(wishes, default=(0.0, 0, "html"))[2]
