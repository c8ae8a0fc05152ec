"""Which repositories a request looks at, in which order (API contract §13, U1-U5). Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

SEARCHED_UPSTREAMS = 25
"""Upstream repositories searched for one request; later ones are ignored silently (U4)."""


class Node(Protocol):
    """What the walk needs to know of a repository."""

    @property
    def id(self) -> int: ...
    @property
    def upstreams(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One repository of the walk. `parent` is the index of the step that led here (-1: none)."""

    repository: int
    parent: int


def search_order(
    start: int,
    repositories: Mapping[int, Node],
    limit: int = SEARCHED_UPSTREAMS,
    barred: Collection[int] = (),
) -> tuple[Step, ...]:
    """Depth first, in priority order, each repository once; at most `limit` beside the first.

    An upstream that no longer exists is passed over. The search does not go beyond repositories
    that are `barred`: what it meets on another path only is met there.
    """
    steps: list[Step] = []
    seen: set[int] = set()
    pending = [Step(start, -1)]
    while pending and len(steps) <= limit:
        step = pending.pop()
        node = repositories.get(step.repository)
        if node is None or step.repository in seen:
            continue
        seen.add(step.repository)
        steps.append(step)
        here = len(steps) - 1
        if step.repository not in barred:
            pending.extend(Step(upstream, here) for upstream in reversed(node.upstreams))
    return tuple(steps)
