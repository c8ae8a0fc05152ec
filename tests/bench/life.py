"""What a server costs when nothing happens, how soon it is there, and how soon a publish is seen."""

import contextlib
import json
import random
import socket
import time
from collections.abc import Iterator, Mapping
from functools import partial
from statistics import median
from urllib.parse import urlsplit

from tests.bench.asking import get, tell
from tests.bench.load import Target, hammer
from tests.bench.material import ACCEPTED, Artifact, artifact
from tests.bench.report import Table
from tests.bench.servers import Server
from tests.bench.suite import Suite, Value
from tests.faults.packages import publication, tarball

SIZE = 34 << 10
IDLE = 1000
"""Connections that were used once and then stay open."""

PUBLISHED = 20
SETTLING = 1.0  # seconds until a server has done what it does after a start


def run(suite: Suite) -> Iterator[Table]:
    title = "Memory, MB"
    if suite.wants(f"life: {title}"):
        yield suite.compare(title, suite.contestants(), lambda s: _memory(suite, s), rounds=1)
    title = "Start to first served byte, of a file that is there"
    if suite.wants(f"life: {title}"):
        yield suite.compare(title, suite.contestants(), lambda s: _start(suite, s))
    title = "Publish, npm"
    if suite.wants(f"life: {title}"):
        publishers = [each for each in suite.peers if each.npm and each.token is not Server.token]
        makers = {kind.name: partial(suite.new, kind) for kind in publishers}
        yield suite.compare(title, makers, lambda server: _publish(suite, server), rounds=1)


def warm_file(suite: Suite, server: Server) -> tuple[Artifact, str]:
    """A small file that the server has, and where."""
    made = suite.upstream.add(artifact(server.kinds[0], "warm", SIZE), 60)
    place = server.place(made)
    for _ in range(2):
        if get(place).checked().body != made.content:
            raise RuntimeError("not the right bytes")
    return made, place


def _memory(suite: Suite, server: Server) -> Mapping[str, Value]:
    time.sleep(SETTLING)
    idle = server.memory()
    made, place = warm_file(suite, server)
    document = server.document(made.kind, made.package)
    for target in (
        Target(place, {}, 64),
        Target(document, {"Accept": ACCEPTED[made.kind], "Accept-Encoding": "gzip"}, 64),
    ):
        hammer(server, target, suite.seconds)
    time.sleep(SETTLING)
    loaded = server.memory()
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(each) for each in _connections(place)]
        time.sleep(SETTLING)
        connected = server.memory()
        open_ = sum(_is_open(each) for each in held)
    return {
        "after the start": idle,
        "after load on a file and a document": loaded,
        f"then with {IDLE:,} idle connections": connected,
        "of which it kept open": f"{open_:,}",
    }


def _connections(place: str) -> Iterator[socket.socket]:
    """Connections on which one answer came, until the server takes no more."""
    parts = urlsplit(place)
    asked = f"HEAD {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    for _ in range(IDLE):
        connection = socket.create_connection((parts.hostname, parts.port), timeout=5)
        try:
            connection.sendall(asked)
            connection.recv(65536)
        except OSError:
            connection.close()
            return
        yield connection


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return bool(connection.recv(65536))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _start(suite: Suite, server: Server) -> Mapping[str, Value]:
    made, place = warm_file(suite, server)
    server.stop()
    began = time.perf_counter()
    server.start()
    listening = time.perf_counter()
    served = get(place).checked().body
    ended = time.perf_counter()
    if served != made.content:
        raise RuntimeError("not the right bytes")
    return {"listening, s": listening - began, "served, s": ended - began}


def _publish(suite: Suite, server: Server) -> Mapping[str, Value]:
    """Versions of one package, whose document another client has just read."""
    said = {"Authorization": f"Bearer {server.token()}"}
    accepted = {"Accept": ACCEPTED["npm"]}
    document = server.document("npm", "published")
    acknowledged, visible = [], []
    for number in range(1 + PUBLISHED):
        version = f"1.0.{number}"
        content = tarball("published", version, filling=random.Random(number).randbytes(SIZE))
        body = json.loads(publication("published", version, content))
        began = time.perf_counter()
        tell(document, body, said).checked()
        known = time.perf_counter()
        while version not in get(document, accepted).json.get("versions", ()):
            time.sleep(0.001)
        acknowledged.append(known - began)
        visible.append(time.perf_counter() - known)
    return {  # without the first, which makes the package
        "acknowledged after, ms": median(acknowledged[1:]) * 1000,
        f"seen by another client after, ms (slowest of {PUBLISHED})": max(visible[1:]) * 1000,
    }
