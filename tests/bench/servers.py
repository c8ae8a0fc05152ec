"""A server under measurement: a group of processes, and a folder with all that it keeps."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple, Self
from urllib.parse import urljoin, urlsplit

from tests.bench.asking import get
from tests.bench.material import ACCEPTED, Artifact, Kind

ROOT = Path(__file__).parents[2]
FOREIGN = ("MIRROR_", "PYTHON", "NODE_OPTIONS", "NODE_ENV")
"""Beginnings of variables that would change a server, or how fast it starts; not those that tell
which authorities the machine trusts (NODE_EXTRA_CA_CERTS): who cannot reach a registry has no 404.
"""

TICKS = os.sysconf("SC_CLK_TCK")
STARTING = RESTING = 60.0  # seconds


class Setting(NamedTuple):
    """What all servers have in common: where things are installed, the interpreter of those in
    Python, and the registries that are behind them. Addresses end with a slash.
    """

    tools: Path
    python: str
    npm: str = "https://registry.npmjs.org/"
    simple: str = "https://pypi.org/simple/"
    files: str = "https://files.pythonhosted.org/packages/"


class Server:
    """One server; `with` starts it for the first time and ends it.

    `name` is its column, `release` what was installed. `npm` and `simple` are the paths of its registries with a final slash,
    empty where it has none.
    """

    name: ClassVar[str]
    release: ClassVar[str] = ""
    npm: ClassVar[str] = ""
    simple: ClassVar[str] = ""

    def __init__(self, setting: Setting, folder: Path) -> None:
        self.setting, self.folder = setting, folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    # -- what differs from product to product

    @classmethod
    def install(cls, setting: Setting) -> None:
        """Make sure that it can be started; raises what prevents it."""

    def prepare(self) -> None:
        """Write the configuration, before the first start."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What is added to ours."""
        return {}

    def settle(self) -> None:
        """What can only be said to the running server, after the first start."""

    def token(self) -> str | None:
        """A bearer token of somebody who may read and publish; None where there is no such thing."""
        return None

    # -- the processes

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.prepare()
            self.start()
            self.settle()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when it listens."""
        ours = {key: each for key, each in os.environ.items() if not key.startswith(FOREIGN)}
        with self.output.open("ab") as output:  # a log is written to, as in earnest
            self._process = subprocess.Popen(
                self.command(),
                env={**ours, **self.environment()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the group is the server, whatever it forks
            )
        deadline = time.monotonic() + STARTING
        while not listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = self.output.read_text(errors="replace")[-1000:]
                raise RuntimeError(f"{self.name} did not start:\n{said}")
            time.sleep(0.002)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to those who do not care."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        self.kill()

    def kill(self) -> None:
        """kill -9, all of it at once."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    # -- where things are

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The ecosystems that it serves."""
        registries: dict[Kind, str] = {"npm": self.npm, "pypi": self.simple}
        return tuple(kind for kind, path in registries.items() if path)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def registry(self, kind: Kind) -> str:
        """What a client is configured with, with a final slash."""
        return f"{self.url}{self.npm if kind == 'npm' else self.simple}"

    def document(self, kind: Kind, package: str) -> str:
        """The address of a package's document."""
        return f"{self.registry(kind)}{package}{'' if kind == 'npm' else '/'}"

    def place(self, made: Artifact) -> str:
        """The address of a file, as the server's own document tells it."""
        address = self.document(made.kind, made.package)
        document = get(address, {"Accept": ACCEPTED[made.kind]}).checked().json
        if made.kind == "npm":
            found = document["versions"]["1.0.0"]["dist"]["tarball"]
        else:
            found = next(e["url"] for e in document["files"] if e["filename"] == made.file)
        # Whoever does not rewrite documents has the file under the same path.
        parts = urlsplit(urljoin(address, found))
        return f"{self.url}{parts.path}"

    # -- what it costs

    @property
    def output(self) -> Path:
        return self.folder / "output.log"

    def seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(sum(map(int, fields[11:15])) for _, fields in self._processes()) / TICKS

    def rest(self) -> None:
        """Wait until it does nothing any more: of what was asked for, much may still be made."""
        deadline, before = time.monotonic() + RESTING, -1.0
        while before != (now := self.seconds()) and time.monotonic() < deadline:
            before = now
            time.sleep(0.1)

    def memory(self) -> float:
        """Megabytes that are resident; what processes share counts once."""
        total = 0
        for pid, _ in self._processes():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1000

    def disk(self) -> int:
        """Bytes of all its files but for what it logged."""
        return sum(
            path.lstat().st_size
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix != ".log"
        )

    def _processes(self) -> Iterator[tuple[int, list[str]]]:
        """Its processes, with the fields of /proc/PID/stat from the third on."""
        assert self._process is not None
        group = str(self._process.pid)
        for path in Path("/proc").glob("[0-9]*"):
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[2] == group:
                yield int(path.name), fields


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A TCP port of loopback that is free, and that nobody gets who asks for any: some of those
    who are measured need seconds until they take it.
    """
    while listens(port := random.randrange(10_000, 30_000)):
        pass
    return port
