"""Patterns with `*` and `?` (§5.3), and that no pattern is slow."""

import re
import sys
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.auth.policies.wildcards import Matcher, Piece, Wild, in_fields, matchers, pieces

ARN = "arn:aws:codeartifact:us-east-1:111122223333:package/d/r/npm/parity/ui"


def like(*patterns: str) -> Matcher:
    return any_of([pieces(pattern) for pattern in patterns])


def any_of(patterns: Iterable[Sequence[Piece]]) -> Matcher:
    found = matchers(patterns)
    return lambda text: any(matches(text) for matches in found)


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "**",
        "arn:*",
        "*ui",
        ARN,
        f"{ARN}*",
        f"*{ARN}*",
        "arn:aws:codeartifact:*:*:package/d/*",
        "arn:aws:codeartifact:*:package/*/npm/*",
        "arn:aws:codeartifact:us-east-?:111122223333:package/d/r/npm/parity/??",
        "arn?aws?codeartifact:*/ui",
        "*?",
        "?*?",
    ],
)
def test_it_matches(pattern) -> None:
    assert like(pattern)(ARN)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "arn",
        "ui",
        "arn:aws:codeartifact:*:domain/*",
        "arn:aws:codeartifact:*:package/d/r/npm/parity/ui/*",
        f"{ARN}?",
        f"?{ARN}",
        ARN.upper(),
        ARN.replace(":package/", "/package:"),  # `:` and `/` are never interchangeable
        "arn:aws:codeartifact:*npm*npm*",
        "*arn:aws:codeartifact:*:package/d/r/npm/parity/uiui",
    ],
)
def test_it_does_not_match(pattern) -> None:
    assert not like(pattern)(ARN)


def test_what_comes_before_and_after_an_asterisk_does_not_overlap() -> None:
    assert not like("aba*ba")("aba")
    assert not like("a*ab*b")("aab")
    assert like("aba*ba")("ababa")


def test_only_wildcards_are_wild() -> None:
    assert like("[a-c].+")("[a-c].+")
    assert not like("[a-c].+")("bxx")
    assert any_of([["a*", Wild.MANY]])("a*b")
    assert not any_of([["a*", Wild.MANY]])("ab")
    assert any_of([["a?", Wild.ONE]])("a?c")
    assert not any_of([["a?", Wild.ONE]])("abc")


@given(st.lists(st.text("ab:*?", max_size=8), max_size=3), st.text("ab:\n", max_size=10))
def test_it_agrees_with_regular_expressions(patterns, text) -> None:
    def expression(pattern: str) -> str:
        return "".join({"*": ".*", "?": "."}.get(each, each) for each in pattern)

    expected = any(re.fullmatch(expression(each), text, re.DOTALL) for each in patterns)
    assert like(*patterns)(text) is expected


fields = st.lists(st.text("a*?", max_size=3), min_size=6, max_size=7)


@given(fields, st.lists(st.text("a", max_size=3), min_size=5, max_size=8))
def test_a_field_of_an_arn_is_matched_by_itself(pattern, text) -> None:
    first, last = pattern[:5], ":".join(pattern[5:])
    expected = len(text) > 5 and all(
        like(one)(other)
        for one, other in zip([*first, last], [*text[:5], ":".join(text[5:])], strict=True)
    )
    assert any_of([in_fields(pieces(":".join(pattern)))])(":".join(text)) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 3584,
        "a*" * 3584,
        "*a" * 3583 + "*b",
        "*?" * 3584,
        "*a?" * 2389 + "b",
        "?" * 7168,
        "*" * 7168,
        "*" + "a" * 7166 + "b",
        "*" + "a?" * 3583 + "b",
    ],
    ids=lambda pattern: pattern[:4],
)
@pytest.mark.parametrize("text", ["a" * 1000, "a" * 1000 + "b", "ab" * 4000])
def test_no_pattern_takes_more_steps_than_its_length_and_the_texts(pattern, text) -> None:
    matches = like(pattern)
    assert steps(matches, text) < 10 * (len(pattern) + len(text))


def test_many_patterns_take_no_more_steps_than_one() -> None:
    patterns = [f"*a?{number}" for number in range(1000)]
    assert steps(like(*patterns), "ab" * 500) < 10 * 1000


def steps(function: Matcher, text: str) -> int:
    """Lines executed in a call."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(text)
    finally:
        sys.settrace(before)
    return count
