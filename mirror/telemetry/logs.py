"""Log messages on standard error, as JSON lines or text."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson

from mirror.telemetry.redaction import redact

LogFormat = Literal["auto", "json", "text"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, logger, message, and what `extra` adds."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        line |= {
            name: _clean(value) if isinstance(value, str) else value
            for name, value in vars(record).items()
            if name not in _STANDARD
        }
        if record.exc_info:
            line["exception"] = _clean(self.formatException(record.exc_info))
        options = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(line, default=lambda value: _clean(str(value)), option=options).decode()


class TextLines(logging.Formatter):
    """For people at a terminal; a message of several lines keeps them, indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        lines = _clean(super().format(record)).splitlines()
        return "\n    ".join(
            "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)
            for line in lines
        )


def resolve(format_: LogFormat, stream: TextIO) -> Literal["json", "text"]:
    """What "auto" means for this stream: text on a terminal, JSON elsewhere."""
    if format_ == "auto":
        return "text" if stream.isatty() else "json"
    return format_


def configure(level: str, format_: LogFormat, stream: TextIO | None = None) -> None:
    """Send every log record of at least `level` to `stream` (standard error), without secrets."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if resolve(format_, stream) == "json" else TextLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # We write one line per request ourselves; aiohttp's would be a second.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    # Warnings of libraries belong to the log as well, not to a stray write on the terminal.
    logging.captureWarnings(capture=True)


def _clean(text: str) -> str:
    # Lone surrogates (undecodable bytes of a request) would stop orjson and the stream alike.
    return redact(text).encode("utf-8", "backslashreplace").decode()
