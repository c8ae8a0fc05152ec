"""Results as Markdown."""

import platform
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """A table with its title, and what must be known about it below."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def __str__(self) -> str:
        lines = [f"### {self.title}", "", _line(self.head), "|---" * len(self.head) + "|"]
        lines += map(_line, self.rows)
        lines += [f"\n{note}" for note in self.notes]
        return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """To two or three digits that mean something."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    if value >= 0.1:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{float(f'{value:.2g}'):.9f}".rstrip("0")


def machine(python: str, peers: Iterable[str]) -> str:
    """What it was measured on, and against which releases."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    names = "import aiohttp, uvloop; print(aiohttp.__version__, uvloop.__version__)"
    versions = subprocess.run([python, "-c", names], capture_output=True, text=True).stdout.split()
    libraries = " ".join(map(" ".join, zip(("aiohttp", "uvloop"), versions, strict=False)))
    interpreter = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.strip()
    cores = sum(line.startswith("processor") for line in text.splitlines())
    load = Path("/proc/loadavg").read_text().split()[0]
    return (
        f"{cores} cores ({model[1] if model else platform.machine()}), "
        f"Linux {platform.release()}, {interpreter}, {libraries}; "
        f"{', '.join(peers)}; clients and upstream on the same machine, load average {load} at "
        "the end."
    )


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
