"""What the families of measurements share: the options, the upstream, and a fair order."""

import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from tests.bench.report import Table, number
from tests.bench.servers import Server, Setting
from tests.bench.upstream import Upstream

Value = float | str
Measure = Callable[[Server], Mapping[str, Value]]
Contestants = Mapping[str, Callable[[], Server]]
"""What makes each server, by the title of its column."""


@dataclass
class Suite:
    """One run. `folder` is for data of this run only; `seconds` is the time of one measurement."""

    setting: Setting
    upstream: Upstream
    folder: Path
    peers: Sequence[type[Server]]
    rounds: int
    seconds: float
    only: Sequence[str] = ()
    _numbers: "count[int]" = field(default_factory=count)

    def wants(self, title: str) -> bool:
        """Whether a measurement is to be made: all are, unless some were named."""
        return not self.only or any(word in title for word in self.only)

    def place(self) -> Path:
        """A folder of its own for one server's data; it is not there yet."""
        return self.folder / f"{next(self._numbers)}"

    def new(self, kind: type[Server]) -> Server:
        """A server that has seen nothing yet, to be entered by `with`."""
        return kind(self.setting, self.place())

    def contestants(self) -> Contestants:
        """All peers, each to be made anew."""
        return {kind.name: partial(self.new, kind) for kind in self.peers}

    def compare(
        self, title: str, contestants: Contestants, measure: Measure, rounds: int = 0
    ) -> Table:
        """Measure each, in turn and in rounds, on a server of its own; the medians as a table."""
        found: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        failed: dict[str, str] = {}
        for number_ in range(rounds or self.rounds):
            for name, make in contestants.items():
                if name in failed:
                    continue
                self.say(f"{title}: round {number_ + 1}, {name}")
                try:
                    with make() as server:
                        measured = measure(server)
                except Exception as error:  # noqa: BLE001 - one that fails does not end the run
                    failed[name] = self.trouble(f"{name} failed at {title}", error)
                    continue
                for label, value in measured.items():
                    found[label][name].append(value)
        table = Table(title, ("", *contestants))
        for label, values in found.items():
            table.add(label, *(_cell(values[name], name in failed) for name in contestants))
        table.notes.extend(failed.values())
        return table

    def say(self, text: str) -> None:
        """Tell whoever waits how far it is."""
        print(text, file=sys.stderr, flush=True)

    def trouble(self, what: str, error: Exception) -> str:
        """Show an error that the run survives; in one line for the report."""
        traceback.print_exception(error, limit=-4)
        first = str(error).partition("\n")[0][:160]
        note = f"{what}: {first or type(error).__name__}"
        self.say(note)
        return note


def _cell(values: list[Value], failed: bool) -> str:
    if not values:
        return "failed" if failed else "-"
    numbers = [each for each in values if not isinstance(each, str)]
    if len(numbers) == len(values):
        return number(median(numbers))
    return " / ".join(dict.fromkeys(map(str, values)))
