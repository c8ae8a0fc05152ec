"""Settings that are right alone and wrong together."""

from collections.abc import Iterator
from typing import NamedTuple

from mirror.config.declarations import Group, Repository
from mirror.config.places import Path
from mirror.config.registries import PUBLIC, Connection
from mirror.config.settings import Limits, Settings
from mirror.model import DEFAULT_DOMAIN, ROOT_GROUP


class Contradiction(NamedTuple):
    path: Path
    message: str


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """What the types cannot say, each with the key to look at and a sentence."""
    limits = settings.limits
    if limits.searched_upstreams < limits.direct_upstreams:
        yield Contradiction(
            ("limits", "searched_upstreams"),
            f"expected at least limits.direct_upstreams ({limits.direct_upstreams})",
        )
    for name, connection in settings.connections.items():
        yield from _of_connection(name, connection)
    known = {*PUBLIC, *settings.connections}
    default = settings.domains.get(DEFAULT_DOMAIN)
    if default is not None and (default.repositories or default.groups):
        yield Contradiction(
            ("domains", DEFAULT_DOMAIN),
            "its repositories and groups stand outside, under 'repositories' and 'groups'",
        )
    for each in settings.declared:
        for name, repository in each.domain.repositories.items():
            here = (*each.inside, "repositories", name)
            yield from _of_repository(here, repository, known, limits)
        for pattern, group in each.domain.groups.items():
            yield from _of_group((*each.inside, "groups", pattern), group)


def _of_connection(name: str, connection: Connection) -> Iterator[Contradiction]:
    here = ("connections", name)
    if name in PUBLIC:
        if connection.format not in {None, PUBLIC[name]}:
            yield Contradiction(
                (*here, "format"), f"'{name}' speaks {PUBLIC[name]}: leave 'format' out"
            )
    elif name.startswith("public:"):
        yield Contradiction(
            here, f"no public connection has this name: those known are {', '.join(PUBLIC)}"
        )
    else:
        if connection.format is None:
            yield Contradiction(here, "'format' is missing: say what the registry speaks")
        if connection.url is None:
            yield Contradiction(here, "'url' is missing: say where the registry is")


def _of_repository(
    here: Path, repository: Repository, connections: set[str], limits: Limits
) -> Iterator[Contradiction]:
    connection, upstreams = repository.connection, repository.upstreams
    if connection is not None and connection not in connections:
        yield Contradiction(
            (*here, "connection"),
            f"there is no connection '{connection}': declare it under 'connections'",
        )
    if connection is not None and upstreams:
        yield Contradiction(
            here, "a repository has a connection or upstreams, not both: put one in between"
        )
    if len(upstreams) > limits.direct_upstreams:
        yield Contradiction(
            (*here, "upstreams"),
            f"{len(upstreams)} are more than limits.direct_upstreams ({limits.direct_upstreams})",
        )
    if here[-1] in upstreams:
        yield Contradiction((*here, "upstreams"), "a repository cannot be its own upstream")


def _of_group(here: Path, group: Group) -> Iterator[Contradiction]:
    for way in ("publish", "external_upstream", "internal_upstream"):
        if here[-1] == ROOT_GROUP and getattr(group, way) == "INHERIT":
            yield Contradiction((*here, way), "the root group has no parent to inherit from")
