import asyncio
import io
import json
import re
import threading
import time
from typing import Any

import pytest

from mirror.telemetry import access
from mirror.telemetry.access import AccessLog, RequestIds


def record(log: AccessLog, **changes: Any) -> None:
    usual: dict[str, Any] = {
        "remote": "10.0.0.1",
        "user": "anonymous",
        "method": "GET",
        "path": "/npm/main/left-pad",
        "status": 200,
        "sent": 1234,
        "format": "npm",
        "repository": "main",
        "cache": "hit",
        "agent": "npm/11",
    }
    phrase = log.phrase(**(usual | changes))
    log.record(phrase, id_=b"0123456789abcdef", at=1_790_000_000.25, seconds=0.00123456789)


def lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Gate(io.BytesIO):
    """A stream that blocks until it is opened, as a full pipe does."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()
        self.writes = 0

    def write(self, data: Any) -> int:
        self.opened.wait(5)
        self.writes += 1
        return super().write(data)


def test_request_ids() -> None:
    first, second = RequestIds(), RequestIds()
    made = [first(), first(), second(), second()]
    assert all(re.fullmatch(b"[0-9a-f]{16}", each) for each in made)
    assert len(set(made)) == 4
    assert made[0][:8] == made[1][:8] != made[2][:8]


async def test_a_line_says_everything() -> None:
    stream = io.BytesIO()
    log = AccessLog(stream, "json")
    record(log)
    await log.close()
    (line,) = lines(stream)
    assert line == {
        "time": "2026-09-21T14:13:20.250000Z",
        "id": "0123456789abcdef",
        "remote": "10.0.0.1",
        "user": "anonymous",
        "method": "GET",
        "path": "/npm/main/left-pad",
        "status": 200,
        "bytes": 1234,
        "seconds": 0.001235,
        "format": "npm",
        "repository": "main",
        "cache": "hit",
        "agent": "npm/11",
    }


async def test_text_lines() -> None:
    stream = io.BytesIO()
    log = AccessLog(stream, "text")
    record(log, path="/a\nforged\x1b[2J?token=hunter2")
    await log.close()
    (line,) = stream.getvalue().decode().splitlines()
    assert line == (
        "14:13:20.250000 0123456789abcdef 0.001235 s 200 GET /a\\nforged\\x1b[2J?token=*** 1234 B"
        " hit anonymous 10.0.0.1"
    )


@pytest.mark.parametrize("format_", ["json", "text"])
async def test_strangers_cannot_forge_lines_or_break_the_log(format_: Any) -> None:
    stream = io.BytesIO()
    log = AccessLog(stream, format_)
    record(log, path='/x"}\n{"forged":1}\r\n')
    record(log, agent="\udcff\x9b31m\u2028", path="/\udcff")
    record(log, agent="x" * 100_000, path="/" + "y" * 100_000)
    record(log, user="m\u202ee", repository="r\n")
    record(log, path="/?token=hunter2&x=https://a:hunter2@b")
    await log.close()
    written = stream.getvalue()
    assert written.count(b"\n") == 5
    assert written.isascii()
    assert not re.search(rb"[^\x20-\x7e\n]", written)
    assert len(written) < 10_000
    assert b"hunter2" not in written


async def test_lines_wait_for_company_then_go_out_by_themselves() -> None:
    gate = Gate()
    gate.opened.set()
    log = AccessLog(gate, "json")
    for _ in range(10):
        record(log)
    assert gate.writes == 0
    await asyncio.sleep(access.PERIOD * 3)
    assert gate.writes == 1
    record(log)
    await asyncio.sleep(access.PERIOD * 3)
    assert gate.writes == 2
    assert len(lines(gate)) == 11


async def test_a_full_batch_does_not_wait() -> None:
    gate = Gate()
    gate.opened.set()
    log = AccessLog(gate, "json")
    count = access.BATCH // 200
    begin = time.monotonic()
    for _ in range(count):
        record(log)
    while gate.writes == 0:
        await asyncio.sleep(0.001)
    assert time.monotonic() - begin < access.PERIOD
    await log.close()
    assert len(lines(gate)) == count


async def test_a_reader_that_stands_still_blocks_nobody(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    log = AccessLog(gate, "json")
    big = {"path": "/" + "x" * 900, "agent": "y" * 900}
    begin = time.monotonic()
    record(log)
    await asyncio.sleep(access.PERIOD * 2)  # the writer thread hangs now
    for _ in range(access.MOST // 1800 + 100):
        record(log, **big)
    assert time.monotonic() - begin < 4
    gate.opened.set()
    await log.close()
    written = len(lines(gate))
    assert written < access.MOST // 1800 + 100
    assert "request lines dropped" in caplog.text


async def test_order_is_kept() -> None:
    gate = Gate()
    log = AccessLog(gate, "json")
    for number in range(1000):
        record(log, status=number)
        if number % 100 == 0:
            await asyncio.sleep(0)
    gate.opened.set()
    await log.close()
    assert [line["status"] for line in lines(gate)] == list(range(1000))


async def test_a_reader_that_went_away_is_no_error() -> None:
    stream = io.BytesIO()
    log = AccessLog(stream, "json")
    stream.close()
    record(log)
    await log.close()
    await log.close()


async def test_a_line_is_cheap() -> None:
    """The budget is 3 µs; ten times that still tells one pass from several."""
    log = AccessLog(io.BytesIO(), "json")
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(500):
            record(log)
        best = min(best, (time.perf_counter() - begin) / 500)
        await asyncio.sleep(0)
    await log.close()
    assert best < 30e-6
