"""A transfer under way, and those who read its file while it grows."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Self

from mirror.errors import MirrorError
from mirror.model import Digests
from mirror.store.files import OpenFile


@dataclass(eq=False)
class Flight:
    """A transfer under way, as those who wait for it see it.

    `claims` are what the callers of `join` asked for it to be landed as. `size` is known from
    the first released byte on, if the upstream told it, and always once `digests` are.
    """

    name: str
    claims: set[Any] = field(default_factory=set)
    size: int | None = None
    released: int = 0
    digests: Digests | None = None
    error: MirrorError | None = None
    file: OpenFile | None = None
    _progress: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.digests is not None or self.error is not None

    def release(self, count: int, file: OpenFile, size: int | None) -> None:
        """Followers may send the first `count` bytes of `file`."""
        if count > self.released:
            self.released, self.file, self.size = count, file, size
            self._ring()

    def finish(self, digests: Digests, file: OpenFile) -> None:
        """The bytes are right, stored, and landed."""
        self.released, self.file, self.size = digests.size, file, digests.size
        self.digests = digests
        self._ring()

    def fail(self, error: MirrorError) -> None:
        """Followers must stop, short of the end. The file's space is free once they have."""
        self.error, self.file = error, None
        self._ring()

    async def changed(self) -> None:
        """Waits for the next release, the end, or the failure."""
        await self._progress.wait()

    def follow(self) -> "Follower":
        """A reader of this flight, from byte 0: `async with flight.follow() as follower`."""
        return Follower(self)

    def _ring(self) -> None:
        rung, self._progress = self._progress, asyncio.Event()
        rung.set()


class Follower:
    """Reads a flight's file while it grows.

        async with flight.follow() as follower:
            size = await follower.opening()
            sent = 0
            while not (follower.finished and sent == follower.total):
                upto = await follower.released(sent)
                ...  # send bytes sent..upto of follower.fileno(), by pread or sendfile

    `opening` and `released` raise the flight's error. Once bytes were sent, the client's
    connection must then be cut short of the promised length.
    """

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._file: OpenFile | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._file = None

    @property
    def finished(self) -> bool:
        """Whether all bytes are released, and right."""
        return self._flight.digests is not None

    @property
    def total(self) -> int:
        """Bytes released so far; the size once `finished`."""
        return self._flight.released

    async def opening(self) -> int | None:
        """The size in bytes, or None where the upstream did not tell; raises the flight's error.

        It returns with the first byte that may be sent, not before: until then the transfer may
        be started over, and a failure can still be told with a proper status.
        """
        await self.released(0)
        return self._flight.size

    async def released(self, beyond: int) -> int:
        """How many bytes may be sent in all: more than `beyond`, or all there are."""
        flight = self._flight
        while flight.error is None and flight.released <= beyond and not self.finished:
            await flight.changed()
        if flight.error is not None:
            self._file = None
            # The same error goes to many; each gets it without the others' tracebacks.
            raise flight.error.with_traceback(None)
        self._file = flight.file
        return flight.released

    async def landed(self) -> None:
        """Wait until the file is whole, right and stored; raises the flight's error."""
        while not self.finished:
            await self.released(self.total)

    def fileno(self) -> int:
        """The file's descriptor, once something was released; valid until this follower leaves."""
        if self._file is None:
            raise ValueError("nothing was released yet")
        return self._file.fileno()
