"""Patterns with `*` and `?`. Pure.

Nothing here backtracks: however patterns are built, and however many there are, a text is matched
in steps that its own length and the number of asterisks bound.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto

Matcher = Callable[[str], bool]

_ARN_COLONS = 5


class Wild(Enum):
    """A wildcard: of any length or one, for any character (§5.3) or any but a colon."""

    MANY = auto()
    ONE = auto()
    MANY_IN_FIELD = auto()
    ONE_IN_FIELD = auto()


Piece = str | Wild
"""A part of a pattern: a wildcard, or a text that stands for itself."""

_WILDCARD = re.compile(r"([*?])")
_WILDS: dict[str, Piece] = {"*": Wild.MANY, "?": Wild.ONE}
_IN_FIELD = {Wild.MANY: Wild.MANY_IN_FIELD, Wild.ONE: Wild.ONE_IN_FIELD}


def pieces(text: str) -> list[Piece]:
    """A text with its wildcards told apart."""
    return [_WILDS.get(part, part) for part in _WILDCARD.split(text) if part]


def in_fields(pattern: Sequence[Piece]) -> list[Piece]:
    """An ARN's pattern, each of whose first five fields is matched by itself."""
    colons = 0
    confined: list[Piece] = []
    for piece in pattern:
        if isinstance(piece, str):
            colons += piece.count(":")
            confined.append(piece)
        else:
            confined.append(_IN_FIELD[piece] if colons < _ARN_COLONS else piece)
    return confined


def matchers(patterns: Iterable[Sequence[Piece]]) -> tuple[Matcher, ...]:
    """Functions of which one or more are true for a text that any of the patterns matches."""
    quick: list[Matcher] = []
    others: list[Sequence[Piece]] = []
    for pattern in patterns:
        if all(piece is Wild.MANY or isinstance(piece, str) for piece in pattern):
            quick.append(_search(pattern))
        else:
            others.append(pattern)
    return (*quick, _automaton(others)) if others else tuple(quick)


def _search(pattern: Sequence[Piece]) -> Matcher:
    """Each literal at its first occurrence after the one before: a later one never helps."""
    first, *rest = _literals(pattern)
    if not rest:
        return lambda text: text == first
    *middle, last = rest
    shortest = len(first) + len(last)

    def matches(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for literal in middle:
            found = text.find(literal, position, end)
            if found < 0:
                return False
            position = found + len(literal)
        return True

    return matches


def _literals(pattern: Sequence[Piece]) -> list[str]:
    """The texts before, between and after the asterisks."""
    literals = [""]
    for piece in pattern:
        if isinstance(piece, Wild):
            literals.append("")
        else:
            literals[-1] += piece
    return literals


def _automaton(patterns: Iterable[Sequence[Piece]]) -> Matcher:
    """All ways to match all patterns at once (Shift-And; Baeza-Yates and Gonnet 1992).

    A bit of `states` is a place in a pattern up to which the text matches. A character moves it to
    the next place if it stands there, and leaves it where there is an asterisk. Nothing leads from
    the end of a pattern to the beginning of the next.
    """
    moves: dict[str, int] = {}
    anything = stays = confined = starts = ends = 0
    place = 1
    for pattern in patterns:
        starts |= place
        for piece in pattern:
            if isinstance(piece, str):
                for character in piece:
                    moves[character] = moves.get(character, 0) | place
                    place <<= 1
                continue
            if piece in (Wild.MANY_IN_FIELD, Wild.ONE_IN_FIELD):
                confined |= place
            if piece in (Wild.MANY, Wild.MANY_IN_FIELD):
                stays |= place
            else:
                anything |= place
                place <<= 1
        ends |= place
        place <<= 1
    moves = {character: states | anything for character, states in moves.items()}
    moves[":"] = moves.get(":", anything) & ~(anything & confined)
    stays_at_colon = stays & ~confined

    def matches(text: str) -> bool:
        states = starts
        for character in text:
            kept = states & (stays if character != ":" else stays_at_colon)
            states = (states & moves.get(character, anything)) << 1 | kept
            if not states:
                return False
        return bool(states & ends)

    return matches
