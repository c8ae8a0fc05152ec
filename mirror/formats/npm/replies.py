"""Small JSON answers, spelled in one place. npm.md §5: always JSON, whatever happened."""

from collections.abc import Mapping
from typing import Any

import orjson

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
