import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirror.telemetry.notify import Notifier


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's socket and its address as NOTIFY_SOCKET spells it."""
    address = str(tmp_path / "n") if request.param == "file" else f"@mirror-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0", 1) if request.param == "abstract" else address)
        heard.settimeout(2)
        yield heard, address


def test_states(manager: tuple[socket.socket, str]) -> None:
    heard, address = manager
    notifier = Notifier({"NOTIFY_SOCKET": address})
    notifier.ready("listening on\n127.0.0.1")
    assert heard.recv(1000) == b"READY=1\nSTATUS=listening on 127.0.0.1"
    notifier.status("busy")
    assert heard.recv(1000) == b"STATUS=busy"
    notifier.stopping()
    assert heard.recv(1000) == b"STOPPING=1"


async def test_signs_of_life(manager: tuple[socket.socket, str]) -> None:
    heard, address = manager
    notifier = Notifier(
        {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": str(os.getpid())}
    )
    assert notifier.watchdog == 0.02
    task = asyncio.create_task(notifier.keep_alive())
    await asyncio.sleep(0.1)
    task.cancel()
    assert heard.recv(1000) == b"WATCHDOG=1"
    assert heard.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
        {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "0"},
    ],
)
async def test_nobody_asks(environ: dict[str, str]) -> None:
    notifier = Notifier(environ)
    assert notifier.watchdog is None
    await notifier.keep_alive()
    notifier.ready()
    notifier.stopping("bye")


def test_a_manager_that_does_not_read_blocks_nothing(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "n"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "n")})
        for _ in range(5000):
            notifier.status("x" * 100)
