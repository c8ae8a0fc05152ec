"""A real `mirror serve` in a process of its own, for tests that must not know its insides.

    async with Running(tmp_path / "data", {"connections": {...}}) as mirror:
        ...ask mirror.url, mirror.registry("main")...
        token = await mirror.token()
        await mirror.restart(config)
        assert mirror.requests[-1]["status"] == 200

Its address stays the same over a restart, for clients write it into their lockfiles.
"""

import asyncio
import json
import os
import socket
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml

Config = Mapping[str, Any]
STARTING = 20.0  # seconds; it takes half of one, but a busy machine is no failure
STOPPING = 20.0


class Running:
    """The server; `url` is its address without a final slash, `log` what it wrote so far."""

    def __init__(self, data_dir: Path, config: Config | None = None) -> None:
        self.data_dir = data_dir
        self.config = dict(config or {})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.greeting = ""
        self._written = data_dir.with_name(f"{data_dir.name}.log")
        self._file = data_dir.with_name(f"{data_dir.name}.yaml")
        self._process: asyncio.subprocess.Process | None = None
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    # -- the process

    async def start(self) -> None:
        self._file.write_text(yaml.safe_dump(self.config))
        with self._written.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command("serve"),
                "--port",
                str(self.port),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=_environment(),
            )
        try:
            async with asyncio.timeout(STARTING):
                await self._ready(self._process)
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> int:
        """SIGTERM and wait; its exit status."""
        if self._process is None:
            return 0
        with suppress(ProcessLookupError):
            self._process.terminate()
        async with asyncio.timeout(STOPPING):
            return await self._ended()

    async def kill(self) -> None:
        """SIGKILL, as a power failure would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._ended()

    async def restart(self, config: Config | None = None) -> None:
        """Stop and start, with another configuration if one is given."""
        await self.stop()
        if config is not None:
            self.config = dict(config)
        await self.start()

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        # The greeting comes when it listens, at once; before that there is nobody to ask.
        self.greeting = (await process.stdout.read(4096)).decode()
        async with aiohttp.ClientSession() as session:
            while process.returncode is None:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/-/ready") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise AssertionError(f"mirror did not start:\n{self._written.read_text()[-4000:]}")

    async def _ended(self) -> int:
        process, self._process = self._process, None
        assert process is not None
        await process.communicate()
        return process.returncode or 0

    def _command(self, *arguments: str) -> tuple[str, ...]:
        places = ("--data-dir", str(self.data_dir), "--config", str(self._file))
        return (sys.executable, "-m", "mirror", *arguments, *places)

    # -- what clients and tests need of it

    def registry(self, repository: str = "main", kind: str = "npm") -> str:
        return f"{self.url}/{kind}/{repository}/"

    async def run(self, *arguments: str) -> str:
        """A `mirror` command beside the server; what it printed."""
        process = await asyncio.create_subprocess_exec(
            *self._command(*arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_environment(),
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed.decode()
        return printed.decode()

    async def token(self, user: str = "admin") -> str:
        """A token of that user, who is created if it is not the administrator."""
        if user not in self._tokens:
            if user != "admin":
                await self.run("user", "create", user, "--password", f"{user}-password")
            self._tokens[user] = (await self.run("token", "create", user)).strip()
        return self._tokens[user]

    def memory(self) -> int:
        """Bytes that the server's process has resident now."""
        assert self._process is not None
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its log lines so far, oldest first, over all restarts."""
        return [_parsed(line) for line in self._written.read_text().splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The log lines that are about requests, readiness left out."""
        return [each for each in self.log if "status" in each and each["path"] != "/-/ready"]

    @property
    def troubles(self) -> list[dict[str, Any]]:
        """What no healthy run writes: errors, and requests answered with 500."""
        return [
            each for each in self.log if each.get("level") == "error" or each.get("status") == 500
        ]

    def held(self, repository: str, name: str, namespace: str = "") -> dict[str, str]:
        """The versions of a package that a repository itself holds, with their status."""
        with closing(sqlite3.connect(self.data_dir / "index.sqlite3")) as index:
            return dict(
                index.execute(
                    "SELECT version, status FROM version"
                    " JOIN package ON package.id = package_id"
                    " JOIN repository ON repository.id = repository_id"
                    " WHERE repository.name = ? AND package.name = ? AND namespace = ?",
                    (repository, name, namespace),
                )
            )

    async def change_index(self, statement: str, *values: object) -> int:
        """Write to the index behind the server's back, as another process would, and wait until
        it has noticed; the number of rows that changed.
        """
        with closing(sqlite3.connect(self.data_dir / "index.sqlite3", timeout=10)) as index, index:
            changed = index.execute(statement, values).rowcount
        await asyncio.sleep(0.7)
        return changed


def _parsed(line: str) -> dict[str, Any]:
    """A log line. The interpreter and its helpers write there too, and not in JSON."""
    try:
        parsed: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"level": "unknown", "message": line}
    return parsed


def _environment() -> dict[str, str]:
    """Ours, without settings that would reach the server past the test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MIRROR_")}


def free_port() -> int:
    """A TCP port of loopback that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
