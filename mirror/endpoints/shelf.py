"""Prepared answers at hand: what makes a warm request a lookup and a write.

An entry is good while nothing that it was made from changed (`stamp`) and until its upstreams
must be asked again (`fresh_until`). It is found by what it answers, and by the very bytes of
requests that it answered. What was not used since it was last looked at goes first (second
chance), by memory and by open files.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from mirror.endpoints.entity import Entity, OpenFile
from mirror.endpoints.journal import Entry
from mirror.model import Package
from mirror.store.changes import Stamp

OVERHEAD = 1500
"""Bytes that an entry costs beside its body: key, heads, objects."""

REPEATED = 800
"""Bytes that a remembered request costs beside its own: key, objects."""

REPEATS = 64
"""Requests that an entry is remembered for: clients differ, but a stranger may differ at will."""

Asked = tuple[str, bytes]
"""The address of a client, and its request as it came."""


@dataclass(slots=True, eq=False)
class Shelved:
    """An answer: plain and, for documents, compressed. `source` is what it was made from."""

    identity: Entity
    gzip: Entity | None
    stamp: Stamp
    fresh_until: float
    source: Any = None
    stale: bool = False
    key: Hashable = field(default=None, init=False)
    used: bool = field(default=False, init=False)
    repeats: dict[Asked, int] = field(default_factory=dict, init=False)

    @property
    def memory(self) -> int:
        """Bytes that it holds in memory."""
        bodies = sum(len(body) for body in self._bodies() if isinstance(body, bytes))
        return OVERHEAD + bodies + sum(self.repeats.values())

    @property
    def files(self) -> int:
        """Descriptors that it holds open."""
        return sum(not isinstance(body, bytes) for body in self._bodies())

    def _bodies(self) -> list[object]:
        return [each.body for each in (self.identity, self.gzip) if each is not None]


@dataclass(slots=True, eq=False)
class Repeat:
    """The answer to a request that came before in the same bytes.

    Good until `until`, in epoch seconds, and while `entry` is good for `package`, which it was
    when `Changes.count` was `seen`. `head` lacks what differs each time; after it come `body`, or
    `length` bytes of `file` from `start`. `noted` is what the journal says of it.
    """

    entry: Shelved
    package: Package
    until: float
    seen: int
    head: bytes
    body: bytes
    file: OpenFile | None
    start: int
    length: int
    noted: Entry


class Shelf:
    """The entries, bounded by bytes of memory and number of open files."""

    def __init__(self, *, memory: int, files: int) -> None:
        self._memory_left = memory
        self._files_left = files
        self._entries: dict[Hashable, Shelved] = {}
        self._repeats: dict[Asked, Repeat] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Shelved | None:
        """The entry, good or not: its stamp and time are the caller's to compare."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.used = True
        return entry

    def again(self, asked: Asked) -> Repeat | None:
        """What the same request got before, good or not."""
        repeat = self._repeats.get(asked)
        if repeat is not None:
            repeat.entry.used = True
        return repeat

    def put(self, key: Hashable, entry: Shelved) -> None:
        """Keep an entry in place of an older one, at the expense of those longest unused."""
        self.drop(key)
        entry.key, entry.repeats = key, {}
        self._entries[key] = entry
        self._memory_left -= entry.memory
        self._files_left -= entry.files
        self._make_room()

    def remember(self, asked: Asked, repeat: Repeat) -> None:
        """Keep the answer to a request for as long as its entry stays."""
        entry = repeat.entry
        if self._entries.get(entry.key) is not entry:
            return
        self._forget(asked)
        if len(entry.repeats) >= REPEATS:
            self._forget(next(iter(entry.repeats)))
        cost = len(asked[1]) + len(repeat.head) + len(repeat.noted.phrase) + REPEATED
        entry.repeats[asked] = cost
        self._repeats[asked] = repeat
        self._memory_left -= cost
        self._make_room()

    def drop(self, key: Hashable) -> None:
        """Forget an entry; a transfer that still sends from its file goes on."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._memory_left += entry.memory
            self._files_left += entry.files
            for asked in entry.repeats:
                del self._repeats[asked]

    def _forget(self, asked: Asked) -> None:
        repeat = self._repeats.pop(asked, None)
        if repeat is not None:
            self._memory_left += repeat.entry.repeats.pop(asked)

    def _make_room(self) -> None:
        while (self._memory_left < 0 or self._files_left < 0) and self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.used:
                entry.used = False
                self._entries[key] = self._entries.pop(key)
            else:
                self.drop(key)
