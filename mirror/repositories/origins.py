"""Where a package's versions may come from: package groups and origin controls. Pure.

Each verdict keeps its reason, because `mirror why`, the console and refusals show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirror.model import OriginControls, OriginType, Restriction
from mirror.repositories.chain import Step

ALLOWED = OriginControls()


@dataclass(frozen=True, slots=True)
class GroupRights:
    """What a package's group grants one repository, lists and inheritance resolved (§10)."""

    publish: bool = True
    external: bool = True
    internal: bool = True
    pattern: str = "/*"


@dataclass(frozen=True, slots=True)
class Source:
    """One place of the search: a repository's own store, or its external connection.

    `struck` is the reason why this place may not answer for the package, None where it may.
    """

    repository: int
    parent: int
    connection: str | None = None
    struck: str | None = None


def sources(
    steps: Sequence[Step],
    connections: Mapping[int, str],
    controls: Mapping[int, OriginControls],
    names: Mapping[int, str],
    rights: Mapping[int, GroupRights] | None = None,
) -> tuple[Source, ...]:
    """The walk for one package: each repository's store, then its connection (U5).

    A package that is blocked from upstream in a repository ends the walk below it (U10). Where
    the group lets a repository retain nothing, what lies above it is struck as well.
    `connections`, `controls`, `names` and `rights` are by repository id; `connections` holds
    only those of the package's format. `Source.parent` indexes the repository's step.
    """
    rights = rights or {}
    barred: list[str | None] = []  # per step: why nothing above it may be used
    found: list[Source] = []
    for index, step in enumerate(steps):
        inherited = barred[step.parent] if step.parent >= 0 else None
        name = names[step.repository]
        granted = rights.get(step.repository, GroupRights())
        above = inherited
        if above is None and _blocked(controls, step.repository):
            above = f"origin control upstream=BLOCK of the package in '{name}'"
        found.append(Source(step.repository, index, struck=inherited))
        if step.repository in connections:
            struck = above
            if struck is None and not granted.external:
                struck = f"group {granted.pattern} blocks external versions in '{name}'"
            found.append(
                Source(step.repository, index, connections[step.repository], struck=struck)
            )
        if above is None and not granted.internal:
            above = f"group {granted.pattern} blocks versions from upstreams of '{name}'"
        barred.append(above)
    return tuple(found)


def publish_refusal(
    controls: OriginControls | None, rights: GroupRights, repository: str, package: str
) -> str | None:
    """Why a direct publish is not allowed, or None where it is."""
    if not rights.publish:
        return f"package group {rights.pattern} does not allow publishing to '{repository}'"
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
    if not (rights.publish and rights.external and rights.internal):
        return OriginControls(Restriction.ALLOW, Restriction.ALLOW)
    if arrival is OriginType.INTERNAL:
        return OriginControls(publish=Restriction.ALLOW, upstream=Restriction.BLOCK)
    return OriginControls(publish=Restriction.BLOCK, upstream=Restriction.ALLOW)


def _blocked(controls: Mapping[int, OriginControls], repository: int) -> bool:
    return controls.get(repository, ALLOWED).upstream is Restriction.BLOCK
