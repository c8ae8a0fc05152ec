"""From a listing to what clients read: the index file, and for tools crates.io's JSON."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from mirror.errors import NotFound
from mirror.formats.cargo.index import is_yanked
from mirror.formats.cargo.replies import JSON
from mirror.formats.cargo.summary import ABOUT, about_of
from mirror.formats.cargo.versions import precedence, stable
from mirror.formats.intents import ReadPackage, Rendering
from mirror.formats.times import iso
from mirror.model import ListedVersion, Listing, Status

INDEX = "index"
API = "api"
"""The views; the second one is of one version where the intent names it."""

PLAIN = "text/plain"


def render(intent: ReadPackage, listing: Listing, base: str) -> Rendering:
    """The document asked for; raises `NotFound` when the listing lacks what the intent names."""
    if not listing.versions:
        raise NotFound("package", intent.package.name)
    if intent.view == INDEX:
        return Rendering(b"".join(map(_line, listing.versions.values())), PLAIN)
    root = f"{urlsplit(base).path}api/v1/crates/"
    if intent.version is None:
        return Rendering(orjson.dumps(_crate(listing, root)), JSON)
    version = listing.versions.get(intent.version)
    if version is None:
        raise NotFound("package-version", f"{intent.package.name}@{intent.version}")
    return Rendering(orjson.dumps({"version": _described(version, root)}), JSON)


def _line(version: ListedVersion) -> bytes:
    """The line as its source wrote it, but for `yanked`.

    Cargo reads no line with null for `deps` or `features` (gitea#21888).
    """
    line = {**version.manifest, "yanked": _yanked(version)}
    line.pop(ABOUT, None)
    line["deps"] = line.get("deps") or []
    line["features"] = line.get("features") or {}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _yanked(version: ListedVersion) -> bool:
    """Yanked by its source, or unlisted here: to leave it out would break every lock file."""
    return version.status is Status.UNLISTED or is_yanked(version.manifest)


def _crate(listing: Listing, root: str) -> dict[str, Any]:
    """As crates.io has it, newest version first, as far as a mirror can know."""
    ordered = sorted(listing.versions.values(), key=_precedence, reverse=True)
    newest = _highest(each for each in ordered if not _yanked(each)) or ordered[0]
    release = _highest(each for each in ordered if not _yanked(each) and stable(each.version))
    times = [each.published_at for each in ordered if each.published_at is not None]
    fields = about_of(newest.manifest)
    name = newest.manifest["name"]
    return {
        "crate": {
            "id": name,
            "name": name,
            "description": fields.get("description"),
            "homepage": fields.get("homepage"),
            "documentation": fields.get("documentation"),
            "repository": fields.get("repository"),
            "max_version": newest.version,
            "max_stable_version": None if release is None else release.version,
            "created_at": iso(min(times)) if times else None,
            "updated_at": iso(max(times)) if times else None,
        },
        "versions": [_described(each, root) for each in ordered],
    }


def _described(version: ListedVersion, root: str) -> dict[str, Any]:
    line = version.manifest
    return {
        "crate": line["name"],
        "num": version.version,
        "dl_path": f"{root}{line['name']}/{version.version}/download",
        "checksum": line["cksum"],
        "yanked": _yanked(version),
        "license": about_of(line).get("license"),
        "rust_version": line.get("rust_version"),
        "features": {**_features(line, "features"), **_features(line, "features2")},
        "created_at": None if version.published_at is None else iso(version.published_at),
    }


def _features(line: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = line.get(key)
    return found if isinstance(found, dict) else {}


def _highest(ordered: Iterable[ListedVersion]) -> ListedVersion | None:
    return next(iter(ordered), None)


def _precedence(version: ListedVersion) -> Any:
    return precedence(version.version)
