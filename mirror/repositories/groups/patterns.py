"""Package group patterns: what they match, and which of two is the more specific (§10). Pure.

A pattern is the beginning of a package's path `/format/namespace/name`, and an operator that says
how the path may go on: `$` not at all, `~` with anything that begins no new letters in the last
word, `*` with anything.
"""

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from mirror.model import ROOT_GROUP, Package
from mirror.repositories.groups.grammar import check
from mirror.repositories.groups.weak import weak_key

_SEPARATOR = "\x1f"
"""Stands for the slashes of a path in weak keys: some characters of names look like a slash."""

_BREADTH = "*~$"
"""The operators, from the one that matches most."""


class Association(StrEnum):
    """How a package belongs to its group: by its very name, or by a variation of it."""

    STRONG = "STRONG"
    WEAK = "WEAK"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern; `key` is the weak key of what stands before the operator."""

    text: str
    key: str = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """The pattern that a text means; raises `Invalid` naming the rule that it breaks."""
        check(text)
        return cls(text, path_key(text[:-1]))

    def __str__(self) -> str:
        """The pattern as it is written."""
        return self.text

    @property
    def format(self) -> str | None:
        """The format of all packages that match, None for those of the root group."""
        return self.text.split("/")[1] if self.text != ROOT_GROUP else None

    @property
    def stem(self) -> str:
        """What stands before the operator."""
        return self.text[:-1]

    @property
    def operator(self) -> str:
        """`$`, `~` or `*`."""
        return self.text[-1]

    @property
    def specificity(self) -> tuple[int, int]:
        """Greater for the more specific of two patterns that match the same package."""
        return len(self.key), _BREADTH.index(self.operator)

    def matches(self, package: Package) -> Association | None:
        """How the pattern matches a package, None where it does not."""
        path = path_of(package)
        if path.startswith(self.stem) and goes_on(self.operator, path, len(self.stem)):
            return Association.STRONG
        key = path_key(path)
        if key.startswith(self.key) and goes_on(self.operator, key, len(self.key)):
            return Association.WEAK
        return None

    def contains(self, other: "Pattern") -> bool:
        """Whether this pattern matches all that the other matches, and more.

        Variations count: `/npm//Foo-bar$` lies within `/npm//foo~`, which its package would
        belong to if it had no group of its own.
        """
        return (
            self.specificity < other.specificity
            and other.key.startswith(self.key)
            and goes_on(self.operator, other.key, len(self.key))
        )


def path_of(package: Package) -> str:
    """A package's path; without a namespace two slashes stand side by side."""
    return f"/{package.format}/{package.namespace}/{package.name}"


def path_key(path: str) -> str:
    """The weak key of a path, or of a path's beginning."""
    return weak_key(path.replace("/", _SEPARATOR))


def goes_on(operator: str, path: str, end: int) -> bool:
    """Whether a path may go on after `end` as the operator says.

    A word ends where no letter, number or mark follows ("Words, word boundaries, and prefix
    matching").
    """
    if operator == "*" or len(path) == end:
        return True
    return operator == "~" and unicodedata.category(path[end])[0] not in "LNM"
