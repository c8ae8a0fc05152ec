"""Telling systemd how we are: the sd_notify protocol, see sd_notify(3)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to the service manager that `environ` names, or to nobody.

    A lost message is never an error: systemd's own timeouts notice.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte of Linux's abstract socket names.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog = self._watchdog(environ) if address else None
        """Seconds between two signs of life, half of what systemd allows; None: not asked for."""

    def ready(self, status: str = "") -> None:
        """Start-up is over, and requests are being served."""
        self._send("READY=1", status)

    def stopping(self, status: str = "") -> None:
        """Shutdown has begun."""
        self._send("STOPPING=1", status)

    def status(self, text: str) -> None:
        """A line for `systemctl status`."""
        self._send("", text)

    async def keep_alive(self) -> None:
        """Send signs of life from the event loop, so that a stuck one gets restarted."""
        while self.watchdog is not None:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self.watchdog)

    def _send(self, state: str, status: str = "") -> None:
        if not self._address:
            return
        lines = [state] if state else []
        if status:
            lines.append("STATUS=" + " ".join(status.split()))  # a line break would end the value
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager,
        ):
            manager.setblocking(False)
            manager.sendto("\n".join(lines).encode(), self._address)

    @staticmethod
    def _watchdog(environ: Mapping[str, str]) -> float | None:
        microseconds = environ.get("WATCHDOG_USEC", "")
        # A child of the service inherits the variables; they are meant for one process.
        meant_for = environ.get("WATCHDOG_PID", str(os.getpid()))
        if not microseconds.isdecimal() or int(microseconds) == 0 or meant_for != str(os.getpid()):
            return None
        return int(microseconds) / 2_000_000
