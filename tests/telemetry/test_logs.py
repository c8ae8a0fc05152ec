import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from mirror.telemetry.logs import configure, resolve


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_auto_is_text_on_a_terminal_and_json_elsewhere() -> None:
    assert resolve("auto", Terminal()) == "text"
    assert resolve("auto", io.StringIO()) == "json"
    assert resolve("json", Terminal()) == "json"


def test_json_lines() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    log = logging.getLogger("mirror.x")
    log.debug("unseen")
    log.info("hello %s", "there\nforged", extra={"connection": "public:npmjs", "odd": {1: b"x"}})
    (line,) = lines(stream)
    assert line["message"] == "hello there\nforged"
    assert line["level"] == "info"
    assert line["logger"] == "mirror.x"
    assert line["connection"] == "public:npmjs"
    assert line["time"].endswith("Z")
    assert stream.getvalue().count("\n") == 1


def test_exceptions_and_secrets() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    try:
        raise ValueError("https://me:hunter2@host/ refused")
    except ValueError:
        logging.getLogger("x").exception(
            "Authorization: Bearer hunter2", extra={"url": "http://a:hunter2@b/"}
        )
    assert "hunter2" not in stream.getvalue()
    (line,) = lines(stream)
    assert "ValueError: https://***@host/ refused" in line["exception"]
    assert "Traceback" in line["exception"]


@pytest.mark.parametrize("format_", ["json", "text"])
def test_undecodable_bytes_do_not_stop_the_log(format_: Any) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    configure("info", format_, stream)
    logging.getLogger("x").info("path %s", "/\udcff")
    stream.flush()
    assert b"udcff" in raw.getvalue()


def test_text_cannot_forge_a_line() -> None:
    stream = io.StringIO()
    configure("info", "text", stream)
    logging.getLogger("x").warning("a\n12:00:00 INFO forged\x1b[2J")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("WARNING x: a")
    assert second == "    12:00:00 INFO forged\\x1b[2J"


def test_configuring_again_replaces() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure("info", "json", first)
    configure("warning", "json", second)
    logging.getLogger("x").info("unseen")
    logging.getLogger("x").warning("seen")
    assert first.getvalue() == ""
    assert [line["message"] for line in lines(second)] == ["seen"]


def test_library_warnings_are_logged() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old thing", stacklevel=1)
        logging.captureWarnings(False)
    assert "old thing" in lines(stream)[0]["message"]
