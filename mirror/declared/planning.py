"""From what the file declares and what there is to the steps between them. Pure."""

from collections.abc import Iterator

from mirror.arns import Arns
from mirror.config import ConfigError, Settings
from mirror.config.declarations import Declared
from mirror.config.places import Problem
from mirror.declared import groups, repositories, rights
from mirror.declared.present import NEW_DOMAIN, Present
from mirror.declared.step import Mistake, Step


def plan(settings: Settings, present: Present) -> list[Step]:
    """The steps, in the order in which they can be made; none where everything is so already.

    Raises `ConfigError` with every mistake that can be seen beforehand, and its line.
    """
    found = [
        Problem(settings.places.at(path), f"{'.'.join(map(str, path))}: {message}")
        for path, message in _mistakes(settings, present)
    ]
    if found:
        raise ConfigError(found)
    return list(_steps(settings, present))


def _mistakes(settings: Settings, present: Present) -> Iterator[Mistake]:
    for name, user in settings.users.items():
        yield from rights.user_mistakes(name, user)
    for declared in settings.declared:
        known = present.domains.get(declared.name, NEW_DOMAIN)
        names = frozenset(known.repositories) | frozenset(declared.domain.repositories)
        yield from repositories.mistakes(declared, known.repositories)
        yield from groups.mistakes(declared, names)
        yield from rights.policy_mistakes(declared)


def _steps(settings: Settings, present: Present) -> Iterator[Step]:
    # Users first: policies may name them, and must not name anybody who is not there.
    for name, user in settings.users.items():
        yield from rights.user_steps(name, user, present.users.get(name))
    arns = Arns(settings.region)
    for declared in settings.declared:
        known = present.domains.get(declared.name)
        if known is None:
            yield _create(declared)
        now = known or NEW_DOMAIN
        yield from repositories.steps(declared, now.repositories)
        yield from groups.steps(declared, now.groups)
        yield from rights.domain_steps(declared, now, known is None, settings.account, arns)


def _create(declared: Declared) -> Step:
    tags = [{"key": key, "value": value} for key, value in declared.domain.tags.items()]
    members = {"domain": declared.name} | ({"tags": tags} if tags else {})
    return Step("+", f"domain '{declared.name}'", "CreateDomain", members, declared.here)
