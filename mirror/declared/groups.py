"""Steps for package groups. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from mirror.config.declarations import Declared
from mirror.config.declarations import Group as Wanted
from mirror.config.places import Path
from mirror.declared.present import Group
from mirror.declared.step import Mistake, Step, of_domain
from mirror.errors import Invalid
from mirror.model import RestrictionMode, RestrictionType
from mirror.repositories.groups.patterns import Pattern

_SPECIFIC = RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES
_KEYS = {way: way.value.lower() for way in RestrictionType}


def mistakes(declared: Declared, repositories: frozenset[str]) -> Iterator[Mistake]:
    """Patterns that are none, and lists of what is no repository of the domain."""
    for pattern, group in declared.domain.groups.items():
        try:
            Pattern.parse(pattern)
        except Invalid as error:
            yield Mistake(_path(declared, pattern), str(error))
        for way, said in _said(group).items():
            missing = [] if isinstance(said, str) else [s for s in said if s not in repositories]
            for name in missing:
                yield Mistake(
                    _path(declared, pattern, _KEYS[way]), f"there is no repository '{name}'"
                )


def steps(declared: Declared, present: Mapping[str, Group]) -> Iterator[Step]:
    """Larger groups are not needed before smaller ones: the tree follows from the patterns."""
    for pattern, wanted in declared.domain.groups.items():
        known = present.get(pattern)
        if known is None:
            yield _create(declared, pattern, wanted)
        else:
            yield from _describe(declared, pattern, wanted, known)
        yield from _restrict(declared, pattern, wanted, known or Group())


def _create(declared: Declared, pattern: str, wanted: Wanted) -> Step:
    members = {"domain": declared.name, "packageGroup": pattern} | _prose(wanted)
    says = f"package group '{pattern}'{of_domain(declared.name)}"
    return Step("+", says, "CreatePackageGroup", members, _path(declared, pattern))


def _describe(declared: Declared, pattern: str, wanted: Wanted, known: Group) -> Iterator[Step]:
    now = {"description": known.description, "contactInfo": known.contact}
    changed = {key: text for key, text in _prose(wanted).items() if text != now[key]}
    if changed:
        yield Step(
            "~",
            f"{' and '.join(changed)} of package group '{pattern}'{of_domain(declared.name)}",
            "UpdatePackageGroup",
            {"domain": declared.name, "packageGroup": pattern} | changed,
            _path(declared, pattern),
        )


def _restrict(declared: Declared, pattern: str, wanted: Wanted, known: Group) -> Iterator[Step]:
    modes: dict[str, str] = {}
    add: list[dict[str, str]] = []
    remove: list[dict[str, str]] = []
    told: list[str] = []
    for way, said in _said(wanted).items():
        mode = RestrictionMode(said) if isinstance(said, str) else _SPECIFIC
        allowed = frozenset() if isinstance(said, str) else frozenset(said)
        listed = known.allowed.get(way, frozenset()) if mode is known.modes[way] else frozenset()
        if mode is known.modes[way] and allowed == listed:
            continue
        told.append(f"{way} {said if isinstance(said, str) else 'only by ' + ', '.join(said)}")
        if mode is not known.modes[way]:
            modes[way.value] = mode.value
        add += _entries(way, allowed - listed)
        remove += _entries(way, listed - allowed)
    if not told:
        return
    members: dict[str, Any] = {"domain": declared.name, "packageGroup": pattern}
    lists = {
        "restrictions": modes,
        "addAllowedRepositories": add,
        "removeAllowedRepositories": remove,
    }
    yield Step(
        "~",
        f"package group '{pattern}'{of_domain(declared.name)}: {'; '.join(told)}",
        "UpdatePackageGroupOriginConfiguration",
        members | {name: value for name, value in lists.items() if value},
        _path(declared, pattern),
    )


def _said(wanted: Wanted) -> dict[RestrictionType, str | tuple[str, ...]]:
    said = {way: getattr(wanted, key) for way, key in _KEYS.items()}
    return {way: value for way, value in said.items() if value is not None}


def _prose(wanted: Wanted) -> dict[str, Any]:
    said = wanted.model_fields_set
    prose = {"description": wanted.description} if "description" in said else {}
    return prose | ({"contactInfo": wanted.contact} if "contact" in said else {})


def _entries(way: RestrictionType, names: frozenset[str]) -> list[dict[str, str]]:
    return [{"repositoryName": name, "originRestrictionType": way.value} for name in sorted(names)]


def _path(declared: Declared, *inside: str) -> Path:
    return (*declared.inside, "groups", *inside)
