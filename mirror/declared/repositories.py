"""Steps for repositories: created, described, chained, connected. Pure."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from mirror.config.declarations import Declared
from mirror.config.declarations import Repository as Wanted
from mirror.config.places import Path
from mirror.declared.present import Repository
from mirror.declared.step import Mistake, Step, of_domain


def mistakes(declared: Declared, present: Mapping[str, Repository]) -> Iterator[Mistake]:
    """Upstreams that are not there, twice there or in a circle; a connection beside upstreams."""
    wanted = declared.domain.repositories
    after = _after(wanted, present)
    for name, repository in wanted.items():
        here = _path(declared, name, "upstreams")
        upstreams = after.get(name, ())
        connection = repository.connection or present.get(name, Repository()).connection
        if connection and upstreams:
            yield _both(declared, name, connection, upstreams)
        if not _says(repository, "upstreams"):
            continue
        for upstream in upstreams:
            if upstream not in present and upstream not in wanted:
                yield Mistake(here, f"there is no repository '{upstream}'")
        if len(set(upstreams)) < len(upstreams):
            yield Mistake(here, f"an upstream is named twice: {', '.join(upstreams)}")
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        circle = error.args[1]
        name = next(each for each in wanted if each in circle)
        told = " <- ".join(circle)
        yield Mistake(_path(declared, name, "upstreams"), f"upstreams go round in a circle: {told}")


def steps(declared: Declared, present: Mapping[str, Repository]) -> Iterator[Step]:
    """Upstreams come before what they are upstream of.

    In this order there is no circle on the way either: all that a repository reaches when its turn
    comes is as it will be.
    """
    wanted = declared.domain.repositories
    for name in TopologicalSorter(_after(wanted, present)).static_order():
        if name in wanted and name in present:
            yield from _update(declared, name, wanted[name], present[name])
        elif name in wanted:
            yield _create(declared, name, wanted[name])
    for name, repository in wanted.items():
        yield from _connection(declared, name, repository, present.get(name, Repository()))


def _create(declared: Declared, name: str, wanted: Wanted) -> Step:
    members: dict[str, Any] = {"domain": declared.name, "repository": name}
    if wanted.description:
        members["description"] = wanted.description
    if wanted.upstreams:
        members["upstreams"] = _named(wanted.upstreams)
    if wanted.tags:
        members["tags"] = [{"key": key, "value": value} for key, value in wanted.tags.items()]
    more = f" with upstreams {', '.join(wanted.upstreams)}" if wanted.upstreams else ""
    says = f"repository '{name}'{of_domain(declared.name)}{more}"
    return Step("+", says, "CreateRepository", members, _path(declared, name))


def _update(declared: Declared, name: str, wanted: Wanted, known: Repository) -> Iterator[Step]:
    members = {"domain": declared.name, "repository": name}
    whose = f"repository '{name}'{of_domain(declared.name)}"
    if _says(wanted, "description") and wanted.description != known.description:
        yield Step(
            "~",
            f"description of {whose}: {wanted.description or 'none'}",
            "UpdateRepository",
            {**members, "description": wanted.description},
            _path(declared, name, "description"),
        )
    if _says(wanted, "upstreams") and wanted.upstreams != known.upstreams:
        yield Step(
            "~",
            f"upstreams of {whose}: {', '.join(wanted.upstreams) or 'none'} "
            f"(now {', '.join(known.upstreams) or 'none'})",
            "UpdateRepository",
            {**members, "upstreams": _named(wanted.upstreams)},
            _path(declared, name, "upstreams"),
        )


def _connection(
    declared: Declared, name: str, wanted: Wanted, present: Repository
) -> Iterator[Step]:
    if wanted.connection in {None, present.connection}:
        return
    whose = f"repository '{name}'{of_domain(declared.name)}"
    here = _path(declared, name, "connection")
    members = {"domain": declared.name, "repository": name}
    if present.connection is not None:
        yield Step(
            "~",
            f"{whose} no longer reads through {present.connection}",
            "DisassociateExternalConnection",
            {**members, "externalConnection": present.connection},
            here,
        )
    yield Step(
        "~",
        f"{whose} reads through {wanted.connection}",
        "AssociateExternalConnection",
        {**members, "externalConnection": wanted.connection},
        here,
    )


def _both(declared: Declared, name: str, connection: str, upstreams: tuple[str, ...]) -> Mistake:
    if declared.domain.repositories[name].connection:
        return Mistake(
            _path(declared, name, "connection"),
            f"repository '{name}' has upstreams ({', '.join(upstreams)}), and cannot have a "
            "connection beside them: write 'upstreams: []' to take them away",
        )
    return Mistake(
        _path(declared, name, "upstreams"),
        f"repository '{name}' has the connection {connection}, and cannot have upstreams beside "
        f"it: 'mirror repo disconnect {name}' takes it away",
    )


def _after(
    wanted: Mapping[str, Wanted], present: Mapping[str, Repository]
) -> dict[str, tuple[str, ...]]:
    """The upstreams of every repository of the domain, once everything is as it is declared."""
    return {name: each.upstreams for name, each in present.items()} | {
        name: each.upstreams
        for name, each in wanted.items()
        if name not in present or _says(each, "upstreams")
    }


def _says(wanted: Wanted, field: str) -> bool:
    """`upstreams: []` takes them all away; not a word about them leaves them as they are."""
    return field in wanted.model_fields_set


def _named(upstreams: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"repositoryName": upstream} for upstream in upstreams]


def _path(declared: Declared, *inside: str) -> Path:
    return (*declared.inside, "repositories", *inside)
