"""From a listing to simple pages: JSON (PEP 691, 700, 714, 740, 792) and HTML (PEP 503, 592, 658).

A file is listed if it is an asset of its version, and its sidecars are advertised if they are too:
what a page promises is what an address will serve (lessons #27; pip and uv have no fallback).
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import orjson

from mirror.errors import NotFound
from mirror.formats.intents import ReadIndex, ReadPackage, Rendering
from mirror.formats.pypi import json_api, names
from mirror.formats.pypi.accept import CONTENT_TYPES
from mirror.formats.pypi.entries import entries
from mirror.formats.pypi.versions import precedence
from mirror.model import ListedVersion, Listing, Package

API_VERSION = "1.4"
_META = f'<meta name="pypi:repository-version" content="{API_VERSION}">'


def render(intent: ReadPackage, listing: Listing, base: str, supplement: bytes = b"") -> Rendering:
    """The document asked for; raises `NotFound` when the listing lacks what the intent names.

    A withdrawn project's page is there, with its status and without files (PEP 792).
    """
    if not listing.versions and (not listing.withdrawn or intent.view == "api"):
        raise NotFound("package", intent.package.name)
    if intent.view == "api":
        return json_api.render(intent, listing, base, supplement)
    ordered = [listing.versions[key] for key in sorted(listing.versions, key=precedence)]
    secure = base if base.startswith("https://") else None
    files = [
        (version, name, entry)
        for version in ordered
        for name, entry in entries(listing.package, version, secure)
    ]
    if intent.view == "json":
        return _json(listing, ordered, files)
    return Rendering(_html(listing, files), CONTENT_TYPES[intent.view])


def index(intent: ReadIndex, packages: Sequence[Package]) -> Rendering:
    """All projects; `packages` is what this repository can show, never an upstream's list."""
    found = sorted(each.name for each in packages)
    if intent.view == "json":
        projects = [{"name": name} for name in found]
        document = {"meta": {"api-version": API_VERSION}, "projects": projects}
        return Rendering(orjson.dumps(document), CONTENT_TYPES["json"])
    links = (f'<a href="{quote(name)}/">{escape(name)}</a><br>\n' for name in found)
    return Rendering(
        _page("Simple index", [_META], "", links),
        CONTENT_TYPES[intent.view],
    )


_Files = Sequence[tuple[ListedVersion, str, dict[str, Any]]]


def _json(listing: Listing, ordered: Sequence[ListedVersion], files: _Files) -> Rendering:
    described = [
        {"filename": name, "url": names.link(version.version, name), **_both_names(entry)}
        for version, name, entry in files
    ]
    document = {
        "meta": {"api-version": API_VERSION},
        "name": listing.package.name,
        "versions": [each.version for each in ordered],
        "files": described,
    }
    return Rendering(orjson.dumps({**listing.about, **document}), CONTENT_TYPES["json"])


def _both_names(entry: dict[str, Any]) -> dict[str, Any]:
    """`dist-info-metadata` itself is never written: old pip reads it wrongly (PEP 714)."""
    if "core-metadata" in entry:
        return {**entry, "data-dist-info-metadata": entry["core-metadata"]}
    return entry


def _html(listing: Listing, files: _Files) -> bytes:
    head = [_META]
    status = listing.about.get("project-status")
    if isinstance(status, dict):
        head.extend(
            f'<meta name="pypi:project-status{suffix}" content="{escape(str(status[field]))}">'
            for suffix, field in (("", "status"), ("-reason", "reason"))
            if field in status
        )
    title = f"Links for {listing.package.name}"
    return _page(title, head, f"<h1>{escape(title)}</h1>\n", _anchors(files))


def _page(title: str, head: Sequence[str], top: str, lines: Iterator[str]) -> bytes:
    heads = "".join(f"{line}\n" for line in head)
    page = (
        f"<!DOCTYPE html>\n<html>\n<head>\n{heads}<title>{escape(title)}</title>\n</head>\n"
        f"<body>\n{top}{''.join(lines)}</body>\n</html>\n"
    )
    return page.encode("utf-8", "replace")


def _anchors(files: _Files) -> Iterator[str]:
    for version, name, entry in files:
        digest = next((f"#{each}={text}" for each, text in entry["hashes"].items()), "")
        attributes = [f'href="{escape(names.link(version.version, name) + digest)}"']
        attributes += [f'{key}="{escape(value)}"' for key, value in _attributes(entry)]
        yield f"<a {' '.join(attributes)}>{escape(name)}</a><br>\n"


def _attributes(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(entry.get("requires-python"), str):
        yield "data-requires-python", entry["requires-python"]
    if entry["yanked"]:
        yield "data-yanked", entry["yanked"] if isinstance(entry["yanked"], str) else ""
    sidecar = entry.get("core-metadata")
    if sidecar:
        value = f"sha256={sidecar['sha256']}" if isinstance(sidecar, dict) else "true"
        yield "data-core-metadata", value
        yield "data-dist-info-metadata", value
    if isinstance(entry.get("provenance"), str):
        yield "data-provenance", entry["provenance"]
    if isinstance(entry.get("gpg-sig"), bool):
        yield "data-gpg-sig", "true" if entry["gpg-sig"] else "false"
