"""Where a value was written: what a mistake points at."""

from typing import NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class Place(NamedTuple):
    """A line of a file, or (line 0) the name of a variable."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


class Places(dict[Path, Place]):
    """The place of each value, by its key path."""

    def at(self, path: Path) -> Place:
        """Where the value at `path` was written, or the nearest thing around it."""
        while path and path not in self:
            path = path[:-1]
        return self.get(path, Place("settings"))

    # Settings are compared by what they say, wherever that was written.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


class Problem(NamedTuple):
    """A mistake, for people."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
