"""An upstream's simple page in HTML (PEP 503), turned into the fields of PEP 691.

So that everything else knows one spelling only. Sizes are never in HTML; upload times are with
some servers (`data-upload-time`), though no PEP says so.
"""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

_TEXTS = {
    "data-requires-python": "requires-python",
    "data-provenance": "provenance",
    "data-upload-time": "upload-time",
}
_METAS = {
    "pypi:repository-version": "version",
    "pypi:project-status": "status",
    "pypi:project-status-reason": "reason",
}
_TITLE_LENGTH = 500  # characters
_FORMS = frozenset({"form", "input", "script", "frame", "iframe"})


class Links(HTMLParser):
    """Reads one page. `files` are in the spelling of PEP 691, with `url` as it was written and
    `base` as what the page says its links are relative to.

    `interactive` tells of a page that wants something from a person: a sign-in, a challenge.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.files: list[dict[str, Any]] = []
        self.metas: dict[str, str] = {}
        self.interactive = False
        self.base = ""
        self._title = ""
        self._in_title = False

    @property
    def an_index(self) -> bool:
        """Whether the page says so (PEP 629, PEP 792), or is titled as indexes title theirs."""
        return bool(self.metas) or "links for" in self._title.lower()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag says; HTMLParser has decoded the entities."""
        if tag == "a":
            self._link(dict(reversed(attrs)))  # of an attribute named twice the first counts
        elif tag == "meta":
            found = dict(attrs)
            field = _METAS.get((found.get("name") or "").lower())
            if field is not None:
                self.metas.setdefault(field, found.get("content") or "")
        elif tag == "base" and not self.base:
            self.base = dict(attrs).get("href") or ""
        elif tag in _FORMS:
            self.interactive = True
        elif tag == "title":
            self._in_title = True

    def handle_endtag(self, tag: str) -> None:
        """Nothing but the title's end matters."""
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        """Nothing but the title matters."""
        if self._in_title and len(self._title) < _TITLE_LENGTH:
            self._title += data[:_TITLE_LENGTH]

    def _link(self, attributes: dict[str, str | None]) -> None:
        href = (attributes.get("href") or "").strip()
        try:
            parts = urlsplit(href)
        except ValueError:
            return
        name = unquote(parts.path.rpartition("/")[2])
        if not name:
            return
        entry: dict[str, Any] = {
            "filename": name,
            "url": href,
            "hashes": _fragment(parts.fragment),
        }
        for attribute, field in _TEXTS.items():
            if value := attributes.get(attribute):
                entry[field] = value
        if "data-yanked" in attributes:  # present without a value means yanked, too (PEP 592)
            entry["yanked"] = attributes["data-yanked"] or True
        for attribute in ("data-core-metadata", "data-dist-info-metadata"):
            if attribute in attributes:
                value = attributes[attribute] or ""
                entry["core-metadata"] = _fragment(value) or value.lower() == "true"
                break
        if "data-gpg-sig" in attributes:
            entry["gpg-sig"] = attributes["data-gpg-sig"] == "true"
        self.files.append(entry)


def _fragment(text: str) -> dict[str, str]:
    """`sha256=<hex>`, alone or among others (`egg=…&sha256=…`)."""
    pairs = (part.partition("=") for part in text.split("&"))
    return {
        name: value
        for name, equals, value in pairs
        if equals and name not in ("egg", "subdirectory")
    }
