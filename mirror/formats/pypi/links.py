"""An upstream's simple page in HTML (PEP 503), turned into the fields of PEP 691.

So that everything else knows one spelling only. Sizes are never in HTML; upload times are with
some servers (`data-upload-time`), though no PEP says so.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from lxml import etree

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


class Links:
    """What one page says. `files` are in the spelling of PEP 691, with `url` as it was written and
    `base` as what the page says its links are relative to.

    `interactive` tells of a page that wants something from a person: a sign-in, a challenge.
    """

    def __init__(self, page: str) -> None:
        self.files: list[dict[str, Any]] = []
        self.metas: dict[str, str] = {}
        self.interactive = False
        self.base = ""
        self._title = ""
        self._in_title = False
        # Tag by tag, without a tree: a page may have a hundred thousand links. It is no longer than
        # the settings allow a document to be; libxml2's own limits would only cut it short.
        # (The stubs ask for handlers of comments and the like, which may be left out.)
        parser = etree.HTMLParser(target=self, huge_tree=True)  # type: ignore[call-overload]
        with suppress(etree.XMLSyntaxError):  # what is nowhere near a page has no links
            parser.feed(page)
            parser.close()

    @property
    def an_index(self) -> bool:
        """Whether the page says so (PEP 629, PEP 792), or is titled as indexes title theirs."""
        return bool(self.metas) or "links for" in self._title.lower()

    # -- the parser's target

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Collect what a tag says; of an attribute named twice the first counts."""
        if tag == "a":
            self._link(attributes)
        elif tag == "meta":
            field = _METAS.get(attributes.get("name", "").lower())
            if field is not None:
                self.metas.setdefault(field, attributes.get("content", ""))
        elif tag == "base" and not self.base:
            self.base = attributes.get("href", "")
        elif tag in _FORMS:
            self.interactive = True
        elif tag == "title":
            self._in_title = True

    def end(self, tag: str) -> None:
        """Nothing but the title's end matters."""
        self._in_title = self._in_title and tag != "title"

    def data(self, text: str) -> None:
        """Nothing but the title matters."""
        if self._in_title and len(self._title) < _TITLE_LENGTH:
            self._title += text[:_TITLE_LENGTH]

    def close(self) -> None:
        """The page is over."""

    def _link(self, attributes: Mapping[str, str]) -> None:
        href = attributes.get("href", "").strip()
        address, _, fragment = href.partition("#")
        name = unquote(address.partition("?")[0].rpartition("/")[2])
        if not name:
            return
        entry: dict[str, Any] = {"filename": name, "url": href, "hashes": _fragment(fragment)}
        for attribute, field in _TEXTS.items():
            if value := attributes.get(attribute):
                entry[field] = value
        if "data-yanked" in attributes:  # present without a value means yanked, too (PEP 592)
            entry["yanked"] = attributes["data-yanked"] or True
        for attribute in ("data-core-metadata", "data-dist-info-metadata"):
            if attribute in attributes:
                value = attributes[attribute]
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
