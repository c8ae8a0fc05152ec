"""Where a package's versions may come from: package groups and origin controls. Pure.

Each verdict keeps its reason, because `mirror why`, the console and refusals show it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mirror.model import OriginControls, OriginType, Restriction
from mirror.repositories.chain import Step


@dataclass(frozen=True, slots=True)
class GroupRights:
    """What a package's group grants one repository, lists and inheritance resolved (§10).

    A package that is of a group only because its name looks alike has no rights (`weak`).
    `restricted` tells that the group does not simply allow everything to every repository.
    """

    publish: bool = True
    external: bool = True
    internal: bool = True
    pattern: str = "/*"
    weak: bool = False
    restricted: bool = False

    def __str__(self) -> str:
        """The group, as refusals name it."""
        return f"package group {self.pattern}" + (" (its name looks alike)" if self.weak else "")


ALL_RIGHTS = GroupRights()


@dataclass(frozen=True, slots=True)
class Source:
    """One place of the search: a repository's own store, or its external connection.

    `step` is the index of the repository's step in its plan, -1 where the search never gets to it.
    `struck` is the reason why this place may not answer for the package, None where it may.
    """

    repository: int
    step: int
    connection: str | None = None
    struck: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The search for one package: the order of repositories, and each place in it."""

    steps: tuple[Step, ...]
    sources: tuple[Source, ...]


def barred(controls: Mapping[int, OriginControls]) -> frozenset[int]:
    """The repositories beyond which the search for a package does not go (U10)."""
    return frozenset(
        repository for repository, each in controls.items() if each.upstream is Restriction.BLOCK
    )


def sources(
    steps: Sequence[Step],
    every: Sequence[Step],
    connections: Mapping[int, str],
    blocked: frozenset[int],
    names: Mapping[int, str],
    rights: Mapping[int, GroupRights],
) -> tuple[Source, ...]:
    """The places of a search: each repository's store, then its connection (U5).

    `steps` is the order for this package, which ends at repositories that have `blocked` it;
    `every` is the order without regard to that, for what is struck. A group's EXTERNAL_UPSTREAM
    is asked of the repository with the connection, its INTERNAL_UPSTREAM of the one that would
    retain: the first. `connections` (those of the package's format), `names` and `rights` are by
    repository id.
    """
    found: list[Source] = []
    first = rights.get(steps[0].repository, ALL_RIGHTS)
    for index, step in enumerate(steps):
        name = names[step.repository]
        struck = None
        if index > 0 and not first.internal:
            struck = f"{first} blocks versions from upstreams of '{names[steps[0].repository]}'"
        found.append(Source(step.repository, index, struck=struck))
        if step.repository not in connections:
            continue
        granted = rights.get(step.repository, ALL_RIGHTS)
        if struck is None and step.repository in blocked:
            struck = _upstream_blocked(name)
        if struck is None and not granted.external:
            struck = f"{granted} blocks external versions in '{name}'"
        found.append(Source(step.repository, index, connections[step.repository], struck))
    if len(steps) < len(every):
        found.extend(_beyond(steps, every, connections, blocked, names))
    return tuple(found)


def _beyond(
    steps: Sequence[Step],
    every: Sequence[Step],
    connections: Mapping[int, str],
    blocked: frozenset[int],
    names: Mapping[int, str],
) -> Iterator[Source]:
    """What the search does not get to, because a nearer repository has blocked the package."""
    reached = {step.repository for step in steps}
    for step in every:
        if step.repository in reached:
            continue
        blocker = step
        while blocker.parent >= 0 and blocker.repository not in blocked - {step.repository}:
            blocker = every[blocker.parent]
        struck = _upstream_blocked(names[blocker.repository])
        yield Source(step.repository, -1, struck=struck)
        if step.repository in connections:
            yield Source(step.repository, -1, connections[step.repository], struck)


def publish_refusal(
    controls: OriginControls | None, rights: GroupRights, repository: str, package: str
) -> str | None:
    """Why a direct publish is not allowed, or None where it is."""
    if not rights.publish:
        return f"{rights} does not allow publishing {package} to '{repository}'"
    if controls is not None and controls.publish is Restriction.BLOCK:
        return (
            f"publishing {package} to '{repository}' is blocked by its origin controls: its "
            "versions come from upstream (allow it with put-package-origin-configuration)"
        )
    return None


def defaults(arrival: OriginType, rights: GroupRights) -> OriginControls:
    """The origin configuration that a package gets with its first version (§12).

    A package that was published here is never filled from outside, and one from outside is never
    published here: that is what stops dependency confusion.
    """
    if rights.restricted:
        return OriginControls(Restriction.ALLOW, Restriction.ALLOW)
    if arrival is OriginType.INTERNAL:
        return OriginControls(publish=Restriction.ALLOW, upstream=Restriction.BLOCK)
    return OriginControls(publish=Restriction.BLOCK, upstream=Restriction.ALLOW)


def _upstream_blocked(repository: str) -> str:
    return f"origin control upstream=BLOCK of the package in '{repository}'"
