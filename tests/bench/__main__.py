"""Runs the rounds and prints a table in Markdown."""

import argparse
import contextlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tests.bench.material import Origin, Workload, gather, workloads
from tests.bench.servers import Product, Server, bare, nginx


class Round(NamedTuple):
    """What one run of wrk showed: requests and bytes per second, processor time per request."""

    requests: float
    bytes: float
    cpu: float


def measure(server: Server, workload: Workload, seconds: int) -> Round:
    headers = [f"{name}: {value}" for name, value in server.headers(workload).items()]
    command = ["wrk", "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--timeout=30s"]
    for header in headers:
        command += ["-H", header]
    before = server.seconds()
    done = subprocess.run(
        [*command, server.url(workload)], check=True, capture_output=True, text=True
    )
    spent = server.seconds() - before
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{server.name} failed at {workload.title}:\n{done.stdout}")
    count = int(find(r"(\d+) requests in", done.stdout))
    rate = float(find(r"Requests/sec:\s+([\d.]+)", done.stdout))
    amount, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", done.stdout).groups()
    size = float(amount) * 1024 ** " KMG".index(unit or " ")
    return Round(rate, size, spent / max(count, 1))


def find(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said nothing like {pattern}:\n{text}")
    return match[1]


def median(rounds: list[Round]) -> Round:
    return Round(*(statistics.median(column) for column in zip(*rounds, strict=True)))


def table(chosen: list[Workload], servers: list[Server], results: dict) -> Iterator[str]:
    others = servers[1:]
    names = "".join(f" {server.name} / nginx | {server.name} |" for server in others)
    cpu = "".join(f" CPU {server.name} |" for server in servers)
    yield f"| workload | nginx |{names}{cpu}"
    yield "|---|" + "---|" * (1 + 2 * len(others) + len(servers))
    for workload in chosen:
        large = workload.connections == 8
        row = {name: median(results[workload.title, name]) for name in [s.name for s in servers]}

        def rate(each: Round, large: bool = large) -> str:
            return f"{each.bytes / 1e6:,.0f} MB/s" if large else f"{each.requests:,.0f}/s"

        first = row["nginx"]
        cells = [workload.title, rate(first)]
        for server in others:
            each = row[server.name]
            cells += [f"**{each.requests / first.requests:.2f}**", rate(each)]
        cells += [f"{each.cpu * 1e6:,.0f} µs" for each in row.values()]
        yield "| " + " | ".join(cells) + " |"


def machine(python: str) -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    engine = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.split("/")[-1]
    interpreter = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.strip()
    return (
        f"{cores} cores ({model[1] if model else platform.machine()}), Linux {platform.release()}, "
        f"{interpreter}, aiohttp {version('aiohttp')}, uvloop {version('uvloop')}, "
        f"nginx {engine.strip()} (one worker, no access log); load by wrk on the same machine"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="per workload, server and round")
    parser.add_argument("--only", default="", help="workloads whose title contains this")
    parser.add_argument("--bare", action="store_true", help="leave the product out")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the servers")
    options = parser.parse_args()
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is not installed")
    chosen = [each for each in workloads() if options.only in each.title]
    cache = Path(tempfile.gettempdir()) / "mirror-bench"
    cache.mkdir(exist_ok=True)

    # Killed by `timeout`, it still stops its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=cache)))
        folder.chmod(0o755)  # nginx's worker is another user
        files = cache / "files"
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        gather(files)
        product = None
        if not options.bare and find_spec("mirror.__main__") is not None:
            origin = Origin(files)
            stack.callback(origin.close)
            product = Product(options.python, folder, origin.url)
            stack.callback(product.stop)
            for workload in chosen:
                product.copy(workload._replace(held=False), files)
        servers: list[Server] = [nginx(folder, files)]
        stack.callback(servers[0].stop)
        servers.append(bare(options.python, folder, files))
        stack.callback(servers[1].stop)
        if product is not None:
            servers.append(product)
        results: dict[tuple[str, str], list[Round]] = {}
        for number in range(options.rounds):
            for workload in chosen:
                for server in servers:
                    print(f"round {number + 1}: {workload.title}, {server.name}", file=sys.stderr)
                    result = measure(server, workload, options.seconds)
                    results.setdefault((workload.title, server.name), []).append(result)
        print("\n".join(table(chosen, servers, results)))
        print(f"\nMedians of {options.rounds} x {options.seconds} s. {machine(options.python)}.")


if __name__ == "__main__":
    main()
