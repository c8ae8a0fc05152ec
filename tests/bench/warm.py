"""What was fetched before, again: requests per second and processor time, by wrk."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from tests.bench.asking import get
from tests.bench.copies import COPIES, fill
from tests.bench.load import Round, Target, hammer, medians
from tests.bench.material import ACCEPTED, Artifact, Kind, artifact
from tests.bench.product import Mirror
from tests.bench.report import Table, number
from tests.bench.servers import Server
from tests.bench.suite import Suite

MANY, FEW = 64, 8
"""Connections; few for what is large."""


class Package(NamedTuple):
    """What the upstream has: one real file of about `size` bytes, listed among `others`."""

    kind: Kind
    name: str
    size: int
    others: int = 0
    dependencies: int = 4


SMALL = Package("npm", "small", 34 << 10, 60)
LARGE = Package("npm", "large", 44 << 20)
HUGE = Package("npm", "huge", 1000, 3500, 110)
USUAL = Package("pypi", "usual", 73 << 10, 160)
BULKY = Package("pypi", "bulky", 44 << 20)
VAST = Package("pypi", "vast", 1000, 5000)


class Workload(NamedTuple):
    """One row: the file of a package, or with `document` what lists it.

    `gzip` is whether the client accepts it, `held` whether it has a copy, `token` whether it says
    who it is; `rate` is what its rate counts.
    """

    title: str
    of: Package
    document: bool = False
    gzip: bool = False
    held: bool = False
    token: bool = False
    connections: int = MANY
    rate: Literal["requests", "bytes"] = "requests"


def _of_file(title: str, of: Package) -> list[Workload]:
    plain = Workload(title, of)
    return [
        plain,
        plain._replace(title=f"{title}, with a token", token=True),
        plain._replace(title=f"{title}, 304", held=True),
    ]


def _of_document(title: str, of: Package, connections: int = MANY) -> list[Workload]:
    plain = Workload(f"{title}, identity", of, document=True, connections=connections)
    return [
        plain._replace(title=f"{title}, gzip", gzip=True),
        plain,
        plain._replace(title=f"{title}, 304", gzip=True, held=True),
    ]


WORKLOADS = (
    *_of_file("tarball, 34 KB", SMALL),
    Workload("tarball, 44 MB", LARGE, connections=FEW, rate="bytes"),
    *_of_document("packument, small", SMALL),
    *_of_document("packument, 15 MB", HUGE, FEW),
    *_of_file("wheel, 73 KB", USUAL),
    Workload("wheel, 44 MB", BULKY, connections=FEW, rate="bytes"),
    *_of_document("page, 160 files", USUAL),
    *_of_document("page, 5,000 files", VAST),
)


@dataclass
class Result:
    """Medians by title and server; a text tells why there is none. `notes` are about figures."""

    servers: list[str] = field(default_factory=list)
    figures: dict[tuple[str, str], Round | str] = field(default_factory=dict)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)

    def ratio(self, workload: Workload, server: str) -> float | None:
        """Its rate, by that of nginx."""
        first = self.figures.get((workload.title, "nginx"))
        this = self.figures.get((workload.title, server))
        if not isinstance(first, Round) or not isinstance(this, Round):
            return None
        if workload.rate == "bytes":
            return this.bytes / first.bytes
        return this.requests / first.requests


def run(suite: Suite, copies: Sequence[str] = ()) -> Result:
    """All servers stand side by side, and every round asks each of them for everything."""
    result = Result()
    chosen = [each for each in WORKLOADS if suite.wants(f"warm: {each.title}")]
    if not chosen:
        return result
    with contextlib.ExitStack() as stack:
        servers = list(_running(suite, stack))
        made = {
            of: suite.upstream.add(artifact(of.kind, of.name, of.size), of.others, of.dependencies)
            for of in dict.fromkeys(each.of for each in chosen)
        }
        targets = _filled(suite, servers, chosen, made, result)
        result.servers = [each.name for each in servers]
        for mirror in (each for each in servers if isinstance(each, Mirror) and copies):
            for name in copies:
                folder = suite.place()
                fill(folder, mirror, made.values())
                copy = stack.enter_context(COPIES[name](suite.setting, folder))
                targets |= _filled(suite, [copy], chosen, made, result)
                result.servers.append(copy.name)
        _rounds(suite, targets, result)
    return result


def _running(suite: Suite, stack: contextlib.ExitStack) -> Iterator[Server]:
    for kind in suite.peers:
        try:
            yield stack.enter_context(suite.new(kind))
        except Exception as error:  # noqa: BLE001 - one that fails does not end the run
            suite.trouble(f"{kind.name} is left out", error)


_Targets = dict[tuple[Workload, Server], Target]


def _filled(
    suite: Suite,
    servers: Sequence[Server],
    chosen: Sequence[Workload],
    made: Mapping[Package, Artifact],
    result: Result,
) -> _Targets:
    """What wrk is to ask for; and everything is in every cache when this returns."""
    found: _Targets = {}
    for workload in chosen:
        for server in (each for each in servers if workload.of.kind in each.kinds):
            suite.say(f"warm: filling {server.name} with {workload.title}")
            try:
                target = target_of(server, workload, made[workload.of])
            except Exception as error:  # noqa: BLE001 - the same
                suite.trouble(f"{server.name} does not answer {workload.title}", error)
                target = "failed"
            if isinstance(target, str):
                result.figures[workload.title, server.name] = target
            else:
                found[workload, server] = target
                result.notes[workload.title, server.name] = target.note
    return found


def target_of(server: Server, workload: Workload, made: Artifact) -> Target | str:
    """The request of a workload, tried; or why this server cannot answer it so."""
    headers: dict[str, str] = {}
    if workload.document:
        url, headers["Accept"] = server.document(made.kind, made.package), ACCEPTED[made.kind]
    else:
        url = server.place(made)
    if workload.gzip:
        headers["Accept-Encoding"] = "gzip"
    if workload.token:
        token = server.token()
        if token is None:
            return "-"
        headers["Authorization"] = f"Bearer {token}"
    answer = get(url, headers).checked()
    deadline = time.monotonic() + 20
    while urlsplit(answer.url).port != server.port and time.monotonic() < deadline:
        time.sleep(0.5)  # sent away to the upstream, until it has the file itself
        answer = get(url, headers).checked()
    if not workload.document and answer.body != made.content:
        raise RuntimeError(f"{len(answer.body)} bytes, and not the right ones")
    if workload.held:
        if answer.headers["ETag"] is None:
            return "no ETag"
        headers["If-None-Match"] = answer.headers["ETag"]
        if get(url, headers).status != 304:
            return "no 304"
    plain = workload.gzip and answer.headers["Content-Encoding"] != "gzip"
    return Target(url, headers, workload.connections, "not compressed" if plain else "")


def _rounds(suite: Suite, targets: _Targets, result: Result) -> None:
    rounds: dict[tuple[str, str], list[Round]] = {}
    for number_ in range(suite.rounds):
        for (workload, server), target in targets.items():
            key = (workload.title, server.name)
            if key in result.figures:
                continue
            suite.say(f"warm: round {number_ + 1}, {workload.title}, {server.name}")
            try:
                rounds.setdefault(key, []).append(hammer(server, target, suite.seconds))
            except Exception as error:  # noqa: BLE001 - the same
                suite.trouble(f"{server.name} failed at {workload.title}", error)
                result.figures[key] = "failed"
    for key, each in rounds.items():
        result.figures.setdefault(key, medians(each))


def tables(result: Result) -> Iterator[Table]:
    """One for each ecosystem: in each cell the ratio to nginx, the rate, and the cost."""
    titles: Mapping[Kind, str] = {"npm": "npm", "pypi": "PyPI"}
    for kind, title in titles.items():
        rows = [each for each in WORKLOADS if each.of.kind == kind]
        known = [name for name in result.servers if _any(result, rows, name)]
        if known:
            table = Table(
                f"Warm, {title}: ratio to nginx, rate, processor time a request", ("", *known)
            )
            for workload in rows:
                if any((workload.title, name) in result.figures for name in known):
                    cells = (_cell(result, workload, name) for name in known)
                    table.add(workload.title, *cells)
            yield table


def _any(result: Result, rows: Sequence[Workload], name: str) -> bool:
    return any((each.title, name) in result.figures for each in rows)


def _cell(result: Result, workload: Workload, server: str) -> str:
    figure = result.figures.get((workload.title, server), "-")
    if isinstance(figure, str):
        return figure
    ratio = result.ratio(workload, server)
    share = "" if ratio is None or server == "nginx" else f"**{number(ratio)}** · "
    bytes_ = workload.rate == "bytes"
    rate = f"{figure.bytes / 1e6:,.0f} MB/s" if bytes_ else f"{number(figure.requests)}/s"
    cost = f"{figure.cpu * 1e3:,.0f} ms" if figure.cpu > 0.01 else f"{figure.cpu * 1e6:,.0f} µs"
    note = result.notes.get((workload.title, server))
    return f"{share}{rate} · {cost}{f' · {note}' if note else ''}"
