"""What start-up makes so: domains with their repositories and package groups, and users.

A list is the whole list; of a mapping, what is not named is left alone.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, PlainValidator

from mirror.config.places import Path
from mirror.config.registries import Section
from mirror.config.values import Document, Names, Policy, Variable, document, spelled

Prose = Annotated[str, spelled(r"[^\x00-\x1f\x7f]{0,1000}", "one line of up to 1000 characters")]


def _way(written: Any) -> str | tuple[str, ...]:
    if isinstance(written, list) and all(isinstance(each, str) for each in written):
        return tuple(written)
    if written in ("ALLOW", "BLOCK", "INHERIT"):
        return str(written)
    raise ValueError("expected ALLOW, BLOCK, INHERIT or a list of repositories")


Way = Annotated[str | tuple[str, ...], PlainValidator(_way)]
"""What a package group says of one way into repositories."""


def _user_policy(written: Any) -> str | Document:
    """A managed policy's name, or a document, which begins with a brace where it is a text."""
    if isinstance(written, str) and not written.lstrip().startswith("{"):
        return written
    return document(written)


def _listed(written: Any) -> Any:
    return [written] if isinstance(written, str | dict) else written


UserPolicy = Annotated[str | Document, PlainValidator(_user_policy)]


class Repository(Section):
    """A repository that start-up creates, or brings up to date."""

    description: Prose = ""
    """What people see beside its name; at most 1000 characters (API contract §2)."""

    upstreams: Names = ()
    """Repositories to search after this one, in order."""

    connection: str | None = None
    """The external connection that it reads through; a repository has that or upstreams."""

    policy: Policy | None = None
    """Its permissions policy, as IAM writes it: JSON is YAML as well."""

    tags: Mapping[str, str] = Field(default_factory=dict)
    """Its tags, by key; those of other keys stay."""


class Group(Section):
    """A package group, by its pattern; a way into repositories that is not said stays as it is."""

    description: Prose = ""
    """What it is for."""

    contact: Prose = ""
    """Whom to ask about it."""

    publish: Way | None = None
    """Who may publish its packages: ALLOW, BLOCK, INHERIT, or a list of repositories."""

    external_upstream: Way | None = None
    """Which repositories may take them from their external connections; the same words."""

    internal_upstream: Way | None = None
    """Which repositories may keep what they read from their upstreams; the same words."""


Repositories = Mapping[
    Annotated[
        str,
        spelled(
            r"[A-Za-z0-9][A-Za-z0-9._-]{1,99}",
            "a name of 2 to 100 letters, digits and . _ - that begins with a letter or digit",
        ),
    ],
    Repository,
]
Groups = Mapping[
    Annotated[
        str, spelled(r"/\S{1,519}", "a pattern such as /npm/@acme/*, with a slash at its beginning")
    ],
    Group,
]


class Domain(Section):
    """A domain that start-up creates, or brings up to date."""

    policy: Policy | None = None
    """Its permissions policy, which holds for everything in it."""

    tags: Mapping[str, str] = Field(default_factory=dict)
    """Its tags, by key; those of other keys stay."""

    repositories: Repositories = Field(default_factory=dict)
    """Its repositories, by name; those of the default domain stand outside of it."""

    groups: Groups = Field(default_factory=dict)
    """Its package groups, by pattern; those of the default domain stand outside of it."""


class Declared(NamedTuple):
    """A domain as the file has it: what is said of itself below `here`, and of its repositories and
    groups below `inside`.
    """

    name: str
    domain: Domain
    here: Path
    inside: Path


class User(Section):
    """Somebody who may publish, administer, or read what is not open to everyone."""

    policies: Annotated[tuple[UserPolicy, ...], BeforeValidator(_listed)] = ()
    """All that it may do: names of managed policies, and policies of its own."""

    password: Variable | None = None
    """For `npm login`, from the environment; without one it has tokens and access keys only."""
