"""Which of many patterns a path begins with, without looking at each of them. Pure."""

from collections.abc import Iterable, Iterator

from mirror.repositories.groups.patterns import Pattern, goes_on


class Prefixes:
    """Patterns by what stands before their operators: by stem, or by weak key.

    A search looks up the path's own beginnings, one for each length that any pattern has, so that
    a thousand patterns cost hardly more than ten.
    """

    def __init__(self, patterns: Iterable[tuple[str, Pattern]]) -> None:
        self._patterns: dict[str, list[Pattern]] = {}
        for prefix, pattern in patterns:
            self._patterns.setdefault(prefix, []).append(pattern)
        for same in self._patterns.values():
            same.sort(key=lambda each: each.text)
            same.sort(key=lambda each: each.specificity, reverse=True)
        self._lengths = sorted({len(prefix) for prefix in self._patterns}, reverse=True)

    def of(self, path: str) -> Iterator[Pattern]:
        """The patterns that match the path, the most specific first, then in order of their text."""
        for length in self._lengths:
            if length > len(path):
                continue
            for pattern in self._patterns.get(path[:length], ()):
                if goes_on(pattern.operator, path, length):
                    yield pattern
