"""An upstream that lies or breaks off, and a server that is killed in the middle."""

import threading
import time
from collections.abc import Iterator, Mapping
from itertools import count

from tests.bench.asking import outcome
from tests.bench.material import Artifact, artifact
from tests.bench.report import Table, number
from tests.bench.servers import Server
from tests.bench.suite import Suite, Value
from tests.origin import BrokenChunk, Fault, Flip, Short, Truncate

SIZE = 2 << 20
FAULTS: Mapping[str, Fault] = {
    "one byte flipped": Flip(SIZE // 2),
    "half of it, said to be all": Short(SIZE // 2),
    "cut off in the middle": Truncate(SIZE // 2),
    "broken in a chunk": BrokenChunk(SIZE // 2),
}

KILLED_SIZE, KILLED_RATE = 50 << 20, 25e6


def run(suite: Suite) -> Iterator[Table]:
    faults = {title: each for title, each in FAULTS.items() if suite.wants(f"trouble: {title}")}
    if faults:
        title = "The upstream errs once: what the client gets → what the next one gets"
        yield suite.compare(title, suite.contestants(), lambda s: _lied(suite, s, faults), rounds=1)
    title = "kill -9 in the middle of a download, and started again"
    if suite.wants(f"trouble: {title}"):
        numbers = count()

        def killed(server: Server) -> Mapping[str, Value]:
            made = artifact(server.kinds[0], f"killed-{next(numbers)}", KILLED_SIZE)
            return _killed(suite, server, made)

        yield suite.compare(title, suite.contestants(), killed, rounds=1)


def _lied(suite: Suite, server: Server, faults: Mapping[str, Fault]) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    artifacts = [  # all there from the start: some ask for a list of everything, and keep it
        suite.upstream.add(artifact(server.kinds[0], f"wrong-{number_}", SIZE))
        for number_ in range(len(faults))
    ]
    for made, (title, fault) in zip(artifacts, faults.items(), strict=True):
        place = server.place(made)
        suite.upstream.fault(made, fault)
        first = outcome(place, made.content)
        time.sleep(1)  # some keep a file after they have sent it
        found[title] = f"{first} → {outcome(place, made.content)}"
    return found


def _killed(suite: Suite, server: Server, made: Artifact) -> Mapping[str, Value]:
    suite.upstream.add(made, rate=KILLED_RATE)
    place = server.place(made)
    before = server.disk()
    client = threading.Thread(target=outcome, args=(place, made.content))
    client.start()
    time.sleep(KILLED_SIZE / KILLED_RATE / 2)
    server.kill()
    client.join()
    server.start()
    started = server.disk()
    after = outcome(place, made.content, patience=60)
    time.sleep(1)
    # What the file itself takes belongs there, once.
    left = max(0, server.disk() - before - len(made.content))
    return {
        "the next request": after,
        "left on disk after the start, MB": number(max(0, started - before) / 1e6),
        "left on disk for ever, MB": number(left / 1e6) if left > SIZE else "nothing",
    }
