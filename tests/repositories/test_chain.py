"""The search order (API contract §13, U1, U2, U4)."""

from dataclasses import dataclass

import pytest

from mirror.repositories.chain import Step, search_order


@dataclass
class Node:
    id: int
    upstreams: tuple[int, ...]


def order(start: str, limit: int = 25, **upstreams: str) -> str:
    """Names of one letter: `order("m", m="abc")` is the walk of m, which has upstreams a, b, c."""
    letters = {letter for name, above in upstreams.items() for letter in name + above}
    nodes = {
        ord(each): Node(ord(each), tuple(map(ord, upstreams.get(each, "")))) for each in letters
    }
    return "".join(chr(step.repository) for step in search_order(ord(start), nodes, limit))


@pytest.mark.parametrize(
    ("upstreams", "expected"),
    [
        ({"m": "123"}, "m123"),  # the guide's first example
        ({"m": "AB", "A": "CD", "D": "E"}, "mACDEB"),  # the guide's second one
        ({"m": ""}, "m"),
        ({"m": "AB", "A": "C", "B": "C"}, "mACB"),  # a diamond is visited once
        ({"m": "A", "A": "m"}, "mA"),  # a cycle ends
        ({"m": "m"}, "m"),
        ({"m": "AA"}, "mA"),
    ],
)
def test_depth_first_in_priority_order(upstreams: dict[str, str], expected: str) -> None:
    """U1, U2, U4."""
    assert order("m", **upstreams) == expected


@pytest.mark.parametrize(("upstreams", "searched"), [(24, 24), (25, 25), (27, 25)])
@pytest.mark.parametrize("shape", ["chain", "star"])
def test_the_26th_upstream_is_ignored_silently(upstreams: int, searched: int, shape: str) -> None:
    """U4: the requested repository is not counted."""
    if shape == "chain":
        nodes = {n: Node(n, (n + 1,) if n < upstreams else ()) for n in range(upstreams + 1)}
    else:
        nodes = {n: Node(n, ()) for n in range(1, upstreams + 1)}
        nodes[0] = Node(0, tuple(range(1, upstreams + 1)))
    assert [step.repository for step in search_order(0, nodes)] == list(range(searched + 1))


def test_what_is_missing_is_passed_over() -> None:
    nodes = {1: Node(1, (2, 3)), 3: Node(3, ())}
    assert search_order(1, nodes) == (Step(1, -1), Step(3, 0))
    assert search_order(9, nodes) == ()


def test_each_step_names_the_one_that_led_to_it() -> None:
    nodes = {1: Node(1, (2, 3)), 2: Node(2, (4,)), 3: Node(3, (4,)), 4: Node(4, ())}
    assert search_order(1, nodes) == (Step(1, -1), Step(2, 0), Step(4, 1), Step(3, 0))
