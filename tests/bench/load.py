"""Load on one address, by wrk: how much came, and what it cost the server."""

import re
import signal
import subprocess
import time
from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

from tests.bench.asking import get
from tests.bench.servers import Server


class Target(NamedTuple):
    """What is asked for, over and over; `note` says what is special about the answer."""

    url: str
    headers: Mapping[str, str]
    connections: int
    note: str = ""


class Round(NamedTuple):
    """What one run showed: requests and bytes per second, seconds of processor time per request."""

    requests: float
    bytes: float
    cpu: float


def hammer(server: Server, target: Target, seconds: float) -> Round:
    """Ask for so many seconds; `RuntimeError` where answers are refusals, or many break off."""
    command = ["wrk", "-t1", f"-c{target.connections}", "-d1h", "--timeout=60s", target.url]
    for name, value in target.headers.items():
        command += ["-H", f"{name}: {value}"]
    before = server.seconds()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        try:
            said, _ = wrk.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            wrk.send_signal(signal.SIGINT)  # its durations are whole seconds, ours are not
            said, _ = wrk.communicate()
    spent = server.seconds() - before
    server.rest()
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise RuntimeError(f"{refused[1]} refusals")
    count = int(_find(r"(\d+) requests in", said))
    broken = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", said)))
    if broken > 1 + count // 100:
        raise RuntimeError(f"{broken} connections broke, {count} answers came")
    if not count:
        return one_by_one(server, target, seconds)
    amount, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", said).groups()  # type: ignore[union-attr]
    size = float(amount) * 1024 ** " KMG".index(unit or " ")
    return Round(float(_find(r"Requests/sec:\s+([\d.]+)", said)), size, spent / count)


def one_by_one(server: Server, target: Target, seconds: float) -> Round:
    """The same for those who finish nothing in that time when many ask at once."""
    started, before, count, size = time.perf_counter(), server.seconds(), 0, 0
    while not count or time.perf_counter() - started < seconds:
        size += len(get(target.url, target.headers).checked().body)
        count += 1
    took = time.perf_counter() - started
    return Round(count / took, size / took, (server.seconds() - before) / count)


def medians(rounds: list[Round]) -> Round:
    return Round(*(median(column) for column in zip(*rounds, strict=True)))


def _find(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said nothing like {pattern}:\n{text}")
    return match[1]
