"""What it costs that there is much: packages in the index, and repositories behind one another."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

from tests.bench import index
from tests.bench.asking import get
from tests.bench.life import warm_file
from tests.bench.load import Target, hammer
from tests.bench.material import ABBREVIATED, Artifact, artifact
from tests.bench.product import Mirror
from tests.bench.report import Table
from tests.bench.servers import Server, Setting
from tests.bench.suite import Suite, Value

SIZES = (10, 10_000, 300_000)
CHAINS = (1, 5, 25)
IN_CHAIN = 10_000
"""Packages in the last repository of a chain."""

COLD, FETCHED = 50, 20
"""Documents that are read for the first time, at most; and packages that are fetched."""


class Grown(Mirror):
    """A mirror whose last of `depth` repositories holds many packages; the first is asked."""

    def __init__(self, setting: Setting, folder: Path, packages: int, depth: int) -> None:
        names = [f"level-{number}" for number in range(1, depth + 1)]
        repositories: dict[str, Any] = {
            name: {"upstreams": [following]} for name, following in pairwise(names)
        }
        repositories[names[-1]] = {"connection": "public:npmjs"}
        super().__init__(setting, folder, {"repositories": repositories})
        self.npm = f"/npm/{names[0]}/"  # type: ignore[misc]
        self.last, self.packages = names[-1], packages
        self.filling = 0.0

    def settle(self) -> None:
        self.stop()  # its first start made the tables
        began = time.perf_counter()
        index.fill(self.data / "index.sqlite3", self.last, self.packages)
        self.filling = time.perf_counter() - began
        self.start()


def run(suite: Suite) -> Iterator[Table]:
    if not any(kind is Mirror for kind in suite.peers):
        return
    title = "Packages in the index"
    if suite.wants(f"growth: {title}"):
        makers = {f"{size:,}": partial(_grown, suite, size, 1) for size in SIZES}
        yield suite.compare(title, makers, lambda s: _measured(suite, s), rounds=1)
    title = f"Repositories in a chain, {IN_CHAIN:,} packages in the last"
    if suite.wants(f"growth: {title}"):
        makers = {str(depth): partial(_grown, suite, IN_CHAIN, depth) for depth in CHAINS}
        yield suite.compare(title, makers, lambda s: _measured(suite, s), rounds=1)


def _grown(suite: Suite, packages: int, depth: int) -> Server:
    return Grown(suite.setting, suite.place(), packages, depth)


def _measured(suite: Suite, server: Server) -> Mapping[str, Value]:
    assert isinstance(server, Grown)
    _, place = warm_file(suite, server)
    server.stop()
    began = time.perf_counter()
    server.start()
    get(place).checked()
    started = time.perf_counter() - began
    memory = server.memory()
    count = min(COLD, server.packages)
    chosen = [number * server.packages // count for number in range(count)]
    documents = [server.document("npm", index.name(number)) for number in chosen]
    cold = [_timed(partial(_read, address)) for address in documents]
    foreign = [
        suite.upstream.add(artifact("npm", f"{server.folder.name}-foreign-{number}", 34 << 10))
        for number in range(FETCHED)
    ]
    fetched = [_timed(partial(_fetch, server, made)) for made in foreign]
    search = f"{server.registry('npm')}-/v1/search?size=20&text="
    api = _api(server)
    listed = partial(api.list_packages, domain="default", repository=server.last)
    load = hammer(server, Target(documents[0], {"Accept": ABBREVIATED}, 64), suite.seconds)
    return {
        "filled in, s": server.filling,
        "index on disk, MB": (server.data / "index.sqlite3").stat().st_size / 1e6,
        "start to first served byte, s": started,
        "memory then, MB": memory,
        "document of a held package, cold, ms": median(cold),
        "document and file from the upstream, cold, ms": median(fetched),
        "npm search, 20 of many hits, ms": _timed(partial(_read, f"{search}measurement")),
        "npm search without a hit, ms": _timed(partial(_read, f"{search}nowhere")),
        "ListPackages, first page, ms": median(_timed(listed) for _ in range(5)),
        "document, warm, requests/s": load.requests,
        "document, warm, processor time a request, µs": load.cpu * 1e6,
    }


def _fetch(server: Server, made: Artifact) -> None:
    _read(server.place(made))


def _read(address: str) -> None:
    get(address, {"Accept": ABBREVIATED}).checked()


def _api(server: Grown) -> Any:
    identity, secret = server.keys
    return boto3.client(
        "codeartifact",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=identity,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 1}, proxies={}),
    )


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
