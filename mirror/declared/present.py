"""What there is already, as far as a file can declare it; names, not ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mirror.model import ROOT_GROUP, RestrictionMode, RestrictionType


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository; `policy` is a document of JSON."""

    description: str = ""
    upstreams: tuple[str, ...] = ()
    connection: str | None = None
    policy: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A package group; without more it inherits everything, as a new one does."""

    description: str = ""
    contact: str = ""
    modes: Mapping[RestrictionType, RestrictionMode] = field(
        default_factory=lambda: dict.fromkeys(RestrictionType, RestrictionMode.INHERIT)
    )
    allowed: Mapping[RestrictionType, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain with what is in it."""

    policy: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    repositories: Mapping[str, Repository] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)


NEW_DOMAIN = Domain(
    groups={ROOT_GROUP: Group(modes=dict.fromkeys(RestrictionType, RestrictionMode.ALLOW))}
)
"""A domain that was created just now."""


@dataclass(frozen=True, slots=True)
class User:
    """A user; `policies` are documents by name, None for managed ones.

    `password_as_declared` is whether the file's password lets it in, where the file has one.
    """

    policies: Mapping[str, str | None] = field(default_factory=dict)
    password_as_declared: bool = True


@dataclass(frozen=True, slots=True)
class Present:
    """Everything of the installation's own account, by name."""

    domains: Mapping[str, Domain] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
