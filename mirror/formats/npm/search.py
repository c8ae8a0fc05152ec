"""Answers to `npm search` (npm.md §2.1): the local catalogue first, then the upstream's finds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from mirror.formats.format import Hit
from mirror.formats.intents import Rendering, Search
from mirror.formats.json_text import parse_json
from mirror.formats.npm import names
from mirror.formats.npm.accept import FULL

_SCORE = {"final": 1.0, "detail": {"quality": 1.0, "popularity": 1.0, "maintenance": 1.0}}


def results(intent: Search, local: Sequence[Hit], upstream: bytes | None) -> Rendering:
    """One page. A package found in both places is shown as it is here.

    An upstream answer that cannot be read costs its rows, not the local ones: search is advice.
    """
    objects = [_row(hit) for hit in local]
    seen = {row["package"]["name"] for row in objects}
    found, total = _upstream(upstream)
    others = [row for row in found if row["package"]["name"] not in seen]
    total = max(total - (len(found) - len(others)), len(others)) + len(objects)
    newest = max((hit.published_at for hit in local), default=0.0)
    document = {
        "objects": (objects + others)[: intent.limit],
        "total": total,
        "time": _date(newest),
    }
    return Rendering(orjson.dumps(document), FULL)


def _upstream(body: bytes | None) -> tuple[list[dict[str, Any]], int]:
    try:
        document = parse_json(body) if body else {}
    except ValueError:
        return [], 0
    if not isinstance(document, dict) or not isinstance(document.get("objects"), list):
        return [], 0
    rows = [
        row
        for row in document["objects"]
        if isinstance(row, dict)
        and isinstance(row.get("package"), dict)
        and isinstance(row["package"].get("name"), str)
    ]
    total = document.get("total")
    return rows, total if isinstance(total, int) else len(rows)


def _row(hit: Hit) -> dict[str, Any]:
    manifest = hit.manifest
    maintainers = [
        {"username": person["name"], "email": person.get("email", "")}
        for person in _list(manifest.get("maintainers"))
        if isinstance(person, dict) and isinstance(person.get("name"), str)
    ]
    publisher = manifest.get("_npmUser")
    if isinstance(publisher, dict) and isinstance(publisher.get("name"), str):
        publisher = {"username": publisher["name"], "email": publisher.get("email", "")}
    else:
        publisher = maintainers[0] if maintainers else {"username": "", "email": ""}
    return {
        "package": {
            "name": names.address(hit.package),
            "scope": hit.package.namespace or "unscoped",
            "version": hit.version,
            "description": _text(manifest.get("description")),
            "keywords": [word for word in _list(manifest.get("keywords")) if isinstance(word, str)],
            "date": _date(hit.published_at),
            "links": _links(manifest),
            "publisher": publisher,
            "maintainers": maintainers,
        },
        "score": _SCORE,
        "searchScore": 1.0,
    }


def _links(manifest: Mapping[str, Any]) -> dict[str, str]:
    links = {}
    for field in ("homepage", "repository", "bugs"):
        value = manifest.get(field)
        if isinstance(value, dict):
            value = value.get("url")
        if isinstance(value, str) and value:
            links[field] = value
    return links


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _date(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
