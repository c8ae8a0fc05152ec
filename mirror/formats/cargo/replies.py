"""Small JSON answers, spelled in one place: cargo prints any other body with all its headers."""

from collections.abc import Mapping
from typing import Any

import orjson

from mirror.formats.changes import Change, Publication
from mirror.formats.intents import Reply

JSON = "application/json"


def json_reply(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Reply:
    """An answer that nobody may keep."""
    return Reply(
        status,
        orjson.dumps(body),
        {"Content-Type": JSON, "Cache-Control": "no-store", **(headers or {})},
    )


def acknowledge(change: Change) -> Reply:
    """Success (Cargo Book, "Registry Web API"): warnings after publishing, else `ok`."""
    if isinstance(change, Publication):
        warnings: dict[str, list[str]] = {
            "invalid_categories": [],
            "invalid_badges": [],
            "other": [],
        }
        return json_reply(200, {"warnings": warnings})
    return json_reply(200, {"ok": True})
