"""Prepared answers at hand: what makes a warm request a lookup and a write.

An entry is good while nothing that it was made from changed (`stamp`) and until its upstreams
must be asked again (`fresh_until`). The least recently used go first, by memory and by open files.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from mirror.endpoints.entity import Entity
from mirror.store.changes import Stamp

OVERHEAD = 1500
"""Bytes that an entry costs beside its body: key, heads, objects."""


@dataclass(slots=True, eq=False)
class Shelved:
    """An answer: plain and, for documents, compressed. `source` is what it was made from."""

    identity: Entity
    gzip: Entity | None
    stamp: Stamp
    fresh_until: float
    source: Any = None
    stale: bool = False

    @property
    def memory(self) -> int:
        """Bytes that it holds in memory."""
        return OVERHEAD + sum(len(body) for body in self._bodies() if isinstance(body, bytes))

    @property
    def files(self) -> int:
        """Descriptors that it holds open."""
        return sum(not isinstance(body, bytes) for body in self._bodies())

    def _bodies(self) -> list[object]:
        return [each.body for each in (self.identity, self.gzip) if each is not None]


class Shelf:
    """The entries, bounded by bytes of memory and number of open files."""

    def __init__(self, *, memory: int, files: int) -> None:
        self._memory_left = memory
        self._files_left = files
        self._entries: OrderedDict[Hashable, Shelved] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Shelved | None:
        """The entry, good or not: its stamp and time are the caller's to compare."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Hashable, entry: Shelved) -> None:
        """Keep an entry in place of an older one, at the expense of those longest unused."""
        self.drop(key)
        self._entries[key] = entry
        self._memory_left -= entry.memory
        self._files_left -= entry.files
        while (self._memory_left < 0 or self._files_left < 0) and self._entries:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Hashable) -> None:
        """Forget an entry; a transfer that still sends from its file goes on."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._memory_left += entry.memory
            self._files_left += entry.files
