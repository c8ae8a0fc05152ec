"""Asking another registry: its config.json, then the index file of the crate (cargo.md §7)."""

import re
from collections.abc import Generator
from urllib.parse import urlsplit

from mirror.errors import Misbehaved
from mirror.formats.cargo import names
from mirror.formats.format import Fetch
from mirror.formats.json_text import parse_json
from mirror.model import Package

_CONFIG_LIFETIME = 86400.0  # seconds; it changes once in years
_DEFAULT = "/{crate}/{version}/download"
_MARKERS = ("{crate}", "{version}", "{prefix}", "{lowerprefix}", "{sha256-checksum}")
_PLAIN = re.compile(r"[\x21-\x7e]{1,2048}")


def conversation(base: str, package: Package) -> Generator[Fetch, bytes, None]:
    """Both documents.

    The first one is judged before the second is asked for: a web site answers 404 for an index
    file, which would be believed (nexus-repository-cargo#41).
    """
    root = f"{base.rstrip('/')}/"
    yield Fetch(f"{root}config.json", lifetime=_CONFIG_LIFETIME, check=download_template)
    yield Fetch(f"{root}{names.index_path(package)}", {"Accept": "text/plain"})


def download_template(config: bytes) -> str:
    """`dl` of a config.json, with the markers that cargo would add; raises `Misbehaved`."""
    try:
        document = parse_json(config)
    except ValueError as error:
        raise Misbehaved(
            f"the upstream's config.json cannot be read: {error}; the connection's address must "
            "be that of an index, such as https://index.crates.io/"
        ) from None
    dl = document.get("dl") if isinstance(document, dict) else None
    if not isinstance(dl, str):
        raise Misbehaved("the upstream's config.json has no 'dl', which tells where crates are")
    template = dl if any(marker in dl for marker in _MARKERS) else f"{dl}{_DEFAULT}"
    if not _is_address(download_url(template, "abcd", "1.0.0", "0" * 64)):
        raise Misbehaved("'dl' in the upstream's config.json is not an absolute http(s) address")
    return template


def download_url(template: str, name: str, version: str, sha256: str) -> str:
    """Where a version's file is. `+` stays as it is, for so cargo asks for it."""
    values = (name, version, names.folder(name), names.folder(name.lower()), sha256)
    for marker, value in zip(_MARKERS, values, strict=True):
        template = template.replace(marker, value)
    return template


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_in_range = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        port_in_range
        and _PLAIN.fullmatch(url) is not None
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.fragment
    )
