"""A real `mirror serve` in a process of its own, and the few questions that the tests ask it."""

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

GREETING = re.compile(r"mirror listens on (?:http://127\.0\.0\.1:(\d+))?")
PASSWORD = re.compile(r"^  password +(\S+)$", re.MULTILINE)
COMMAND = (sys.executable, "-m", "mirror")


class Reply(NamedTuple):
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Mirror:
    """`folder` gets the data directory, the configuration, and what the server says.

    `config` is the configuration file's content; without a port it listens on any free one.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None
        self.session: aiohttp.ClientSession | None = None
        self.password = ""
        self._token = ""
        given = dict(config or {})
        given["server"] = {"port": 0, **given.get("server", {})}
        self._given_port = given["server"]["port"]
        self.config = folder / "mirror.yaml"
        self.config.write_text(json.dumps(given))  # JSON is YAML

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- the process

    async def start(self) -> None:
        """Returns when it listens; RuntimeError with what it said when it ends instead."""
        await self.spawn()
        process = self.process
        assert process is not None
        async with asyncio.timeout(30):
            while (found := GREETING.search(self.said())) is None:
                if process.returncode is not None:
                    raise RuntimeError(f"ended with {process.returncode}: {self.said()}")
                await asyncio.sleep(0.01)
        self.port = int(found[1] or self._given_port)  # not told where it has a public address
        if found := PASSWORD.search(self.said()):
            self.password = found[1]

    async def spawn(self) -> None:
        """Start the process and wait for nothing."""
        with (self.folder / "said").open("wb") as said:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND, "serve", *self._where(), stdout=said, stderr=said, env=environment()
            )

    def said(self) -> str:
        return (self.folder / "said").read_text()

    async def kill(self) -> None:
        """kill -9, as the power cut would."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self.process.wait()

    async def close(self) -> None:
        if self.session is not None:
            await self.session.close()
            self.session = None
        if self.process is not None and self.process.returncode is None:
            await self.kill()

    async def cli(self, *arguments: str) -> tuple[int, str]:
        """Run a command over the same data directory; its status and everything it said."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            *self._where(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment(),
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    def _where(self) -> tuple[str, ...]:
        return ("--data-dir", str(self.data), "--config", str(self.config))

    # -- requests

    def url(self, path: str) -> URL:
        return URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    @contextlib.asynccontextmanager
    async def send(
        self, path: str, method: str = "GET", **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request, its path as it is; the answer's body is still to be read."""
        if self.session is None:
            self.session = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                timeout=aiohttp.ClientTimeout(total=60),
            )
        async with self.session.request(method, self.url(path), **options) as response:
            yield response

    async def ask(self, path: str, method: str = "GET", **options: Any) -> Reply:
        async with self.send(path, method, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str) -> Reply:
        """A GET; `Accept_Encoding` is the header Accept-Encoding."""
        return await self.ask(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    async def token(self) -> str:
        """A token of the administrator's, by signing in."""
        if not self._token:
            account = {"name": "admin", "password": self.password}
            signed_in = await self.ask(
                "/npm/main/-/user/org.couchdb.user:admin", "PUT", json=account
            )
            assert signed_in.status == 201, signed_in
            self._token = signed_in.json["token"]
        return self._token

    async def authorized(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token()}"}

    async def publish(self, name: str, body: bytes, repository: str = "main") -> Reply:
        headers = {**await self.authorized(), "Content-Type": "application/json"}
        path = f"/npm/{repository}/{name.replace('/', '%2f')}"
        return await self.ask(path, "PUT", data=io.BytesIO(body), headers=headers)

    # -- what it holds

    def memory(self) -> int:
        """Resident bytes of the server's own process."""
        assert self.process is not None
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def peak(self) -> int:
        """The most resident bytes that the process ever had."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def children(self) -> list[int]:
        assert self.process is not None
        pid = self.process.pid
        return [
            int(child)
            for path in Path(f"/proc/{pid}/task").glob("*/children")
            for child in path.read_text().split()
        ]

    def sockets(self) -> list[str]:
        """The server's open sockets, by descriptor."""
        assert self.process is not None
        descriptors = Path(f"/proc/{self.process.pid}/fd")
        return [each.name for each in descriptors.iterdir() if "socket:" in str(each.readlink())]

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Read or change the index behind the server's back."""
        with contextlib.closing(sqlite3.connect(self.data / "index.sqlite3", timeout=10)) as index:
            rows = index.execute(statement, parameters).fetchall()
            index.commit()
        return rows

    def index(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with contextlib.closing(sqlite3.connect(self.data / "index.sqlite3", timeout=10)) as index:
            names = index.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {
                name: index.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
                for (name,) in names
            }

    def files(self) -> dict[str, int]:
        """The blob store's files with their sizes, incoming and set aside ones too."""
        return {
            str(path.relative_to(self.data)): path.stat().st_size
            for folder in ("blobs", "incoming", "damaged")
            for path in (self.data / folder).rglob("*")
            if path.is_file()
        }

    def blob(self, sha256: str) -> Path:
        return self.data / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def spoil(self, sha256: str) -> None:
        """Change a stored byte behind the server's back, and the time stamp with it."""
        content = bytearray(self.blob(sha256).read_bytes())
        content[len(content) // 2] ^= 0x55
        self.blob(sha256).write_bytes(content)


def environment() -> dict[str, str]:
    """Ours without what would change the server: settings, proxies, systemd's sockets."""
    ours = ("MIRROR_", "STATE_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours) and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


async def until(condition: Any, seconds: float = 10.0) -> None:
    """Wait for something that another process is about to bring about."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
