"""Answers to `cargo search`: the local catalogue alone, for crates.io wants no mirror to ask."""

from collections.abc import Sequence

import orjson

from mirror.formats.cargo.replies import JSON
from mirror.formats.cargo.summary import about_of
from mirror.formats.format import Hit
from mirror.formats.intents import Rendering, Search


def results(intent: Search, local: Sequence[Hit]) -> Rendering:
    """One page; cargo shows the name, the version and the first line of the description."""
    found = [_row(hit) for hit in local]
    document = {"crates": found[: intent.limit], "meta": {"total": len(found)}}
    return Rendering(orjson.dumps(document), JSON)


def _row(hit: Hit) -> dict[str, object]:
    name = hit.manifest.get("name")
    return {
        "name": name if isinstance(name, str) else hit.package.name,
        "max_version": hit.version,
        "description": about_of(hit.manifest).get("description"),
    }
