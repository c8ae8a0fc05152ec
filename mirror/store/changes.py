"""Which packages changed since when: what makes everything prepared in memory expire by key.

Each write names what it touched; each prepared answer remembers the stamp under which it was made
and is good for as long as the stamp is the same. Writes by another process (the command line)
cannot name theirs, so they age everything at once.
"""

from collections import defaultdict

from mirror.model import Package

Stamp = tuple[int, int]


class Changes:
    """Counters that only grow; cheap enough to compare on every request."""

    def __init__(self) -> None:
        self.count = 0
        """Advances with every change: while it is the same, all stamps are."""

        self._everything = 0
        self._packages: defaultdict[Package, int] = defaultdict(int)

    @property
    def everything(self) -> int:
        """Advances when repositories, rights, or unknown things changed."""
        return self._everything

    def stamp(self, package: Package) -> Stamp:
        """The state of the world as far as `package` is concerned."""
        return self._everything, self._packages.get(package, 0)

    def touch(self, package: Package) -> None:
        """Tell that rows of `package` changed in some repository."""
        self.count += 1
        self._packages[package] += 1

    def touch_everything(self) -> None:
        """Tell that anything may have changed. Package counters restart, so they stay few."""
        self.count += 1
        self._everything += 1
        self._packages.clear()
