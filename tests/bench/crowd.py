"""Many clients ask at once for one file that nobody has yet."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import count

from tests.bench.asking import get
from tests.bench.clients import PATIENCE, Crowd
from tests.bench.material import ACCEPTED, Artifact, artifact
from tests.bench.report import Table, number
from tests.bench.servers import ROOT, Server
from tests.bench.suite import Suite, Value

CLIENTS = 100
SIZE = 50 << 20
RATE = 25e6
"""Bytes per second that the upstream gives to each transfer, at most."""


class Sampler:
    """Notes the most memory that a server has while it is entered; `growth` is in megabytes."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.growth = 0.0

    def __enter__(self) -> "Sampler":
        self._before = self._server.memory()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ending.wait(0.05):
            self.growth = max(self.growth, self._server.memory() - self._before)


def run(suite: Suite) -> Iterator[Table]:
    title = f"{CLIENTS} clients at once, one cold file of 50 MB"
    if not suite.wants(f"crowd: {title}"):
        return
    numbers = count()

    def measure(server: Server) -> Mapping[str, Value]:
        made = artifact(server.kinds[0], f"popular-{next(numbers)}", SIZE)
        return of_one(suite, server, made)

    table = suite.compare(title, suite.contestants(), measure)
    made = suite.upstream.add(artifact("npm", "alone", SIZE), rate=RATE)
    alone = time.perf_counter()
    get(suite.upstream.place(made)).checked()
    alone = time.perf_counter() - alone
    table.notes.append(f"A single transfer from the upstream itself takes {number(alone)} s.")
    yield table


def of_one(suite: Suite, server: Server, made: Artifact) -> Mapping[str, Value]:
    """What the crowd does to one server, and sees of it."""
    suite.upstream.add(made, rate=RATE)
    expected = suite.folder / "expected"
    expected.write_bytes(made.content)
    place = server.place(made)  # the document is warm, as it is when a client knows the address
    get(server.document(made.kind, made.package), {"Accept": ACCEPTED[made.kind]}).checked()
    with Sampler(server) as sampler:
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.clients", str(CLIENTS), str(expected), place],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
            timeout=PATIENCE + 30,
        )
    came = Crowd(*json.loads(told.stdout))
    transfers = suite.upstream.transfers(made)
    suite.upstream.forget(made)
    return {
        "upstream transfers": transfers,
        "clients sent away to the upstream": came.away,
        "clients that did not get the right bytes": came.failed,
        "slowest first byte, s": came.first_byte,
        "all done, s": came.done,
        "memory growth at most, MB": sampler.growth,
    }
