"""What is printed: tables and days for people, JSON for scripts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def as_json(answer: Any) -> str:
    """An answer as the API gave it."""
    return json.dumps(answer, indent=2, ensure_ascii=False)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Columns as wide as their longest text; None is a dash."""
    texts = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    for line in (head, *texts):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def sheet(entries: Mapping[str, object]) -> Iterator[str]:
    """One thing, an attribute a line; what is None or empty is left out."""
    said = {name: str(value) for name, value in entries.items() if value not in (None, "", [], {})}
    width = max(map(len, said), default=0)
    for name, value in said.items():
        yield f"{name.ljust(width)}  {value}"


def day(seconds: float) -> str:
    """The day of a time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def moment(seconds: float) -> str:
    """A time to the second, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
