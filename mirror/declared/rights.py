"""Steps for policies and tags of domains and repositories, and for users. Pure."""

import json
from collections.abc import Iterator, Mapping

from mirror.arns import Arns
from mirror.auth.policies.documents import Kind, parse_policy
from mirror.auth.policies.managed import DOCUMENTS, managed
from mirror.auth.policies.refusals import PolicyInvalid
from mirror.config.declarations import Declared
from mirror.config.declarations import User as Wanted
from mirror.config.places import Path
from mirror.config.values import Document
from mirror.declared.present import Domain, Repository, User
from mirror.declared.step import Mistake, Step, of_domain

PUBLISHER = "MirrorPublisherAccess"
"""What a user may do of whom nothing is said."""


def policy_mistakes(declared: Declared) -> Iterator[Mistake]:
    """Documents of the domain and its repositories that break the policy language."""
    said = {(*declared.here, "policy"): declared.domain.policy} | {
        (*declared.inside, "repositories", name, "policy"): each.policy
        for name, each in declared.domain.repositories.items()
    }
    for path, document in said.items():
        if document is not None:
            yield from _invalid(path, document, "resource")


def user_mistakes(name: str, wanted: Wanted) -> Iterator[Mistake]:
    """Policies that there are not, that break the language, or that share a name."""
    names = [_name(place, each) for place, each in enumerate(wanted.policies, start=1)]
    for place, policy in enumerate(wanted.policies):
        here = ("users", name, "policies", place)
        if names.index(names[place]) != place:
            yield Mistake(here, f"two policies are called '{names[place]}': give each its own Id")
        if isinstance(policy, Document):
            yield from _invalid(here, policy, "identity")
        elif managed(policy) is None:
            yield Mistake(
                here, f"there is no managed policy '{policy}': use {', '.join(DOCUMENTS)}"
            )


def domain_steps(
    declared: Declared, present: Domain, new: bool, account: str, arns: Arns
) -> Iterator[Step]:
    """Tags and policies of a domain and of its repositories; those that are `new` have tags."""
    name = declared.name
    for repository, wanted in declared.domain.repositories.items():
        known = present.repositories.get(repository)
        here = (*declared.inside, "repositories", repository)
        whose = f"repository '{repository}'{of_domain(name)}"
        members = {"domain": name, "repository": repository}
        if known is not None:
            arn = arns.repository(account, name, repository)
            yield from _tags(arn, whose, wanted.tags, known.tags, here)
        put = ("PutRepositoryPermissionsPolicy", members)
        yield from _policy(put, whose, wanted.policy, (known or Repository()).policy, here)
    whose = f"domain '{name}'"
    if not new:
        arn = arns.domain(account, name)
        yield from _tags(arn, whose, declared.domain.tags, present.tags, declared.here)
    put = ("PutDomainPermissionsPolicy", {"domain": name})
    yield from _policy(put, whose, declared.domain.policy, present.policy, declared.here)


def user_steps(name: str, wanted: Wanted, known: User | None) -> Iterator[Step]:
    """The password is no member: it is taken from the settings when the step is made."""
    policies: dict[str, str | None] = {
        _name(place, each): each.text if isinstance(each, Document) else None
        for place, each in enumerate(wanted.policies, start=1)
    }
    if known is None:
        if "policies" not in wanted.model_fields_set:
            policies = {PUBLISHER: None}
        says = f"user '{name}': {', '.join(policies) or 'no policies'}"
        members = {"userName": name, "policies": policies}
        yield Step("+", says, "CreateUser", members, ("users", name))
        return
    if "policies" in wanted.model_fields_set and not _alike(policies, known.policies):
        yield Step(
            "~",
            f"policies of user '{name}': {', '.join(policies) or 'none'}"
            f" (now {', '.join(known.policies) or 'none'})",
            "PutUserPolicies",
            {"userName": name, "policies": policies},
            ("users", name, "policies"),
        )
    if wanted.password is not None and not known.password_as_declared:
        yield Step(
            "~",
            f"password of user '{name}'",
            "UpdateLoginProfile",
            {"userName": name},
            ("users", name, "password"),
        )


def _tags(
    arn: str, whose: str, wanted: Mapping[str, str], known: Mapping[str, str], here: Path
) -> Iterator[Step]:
    changed = {key: value for key, value in wanted.items() if known.get(key) != value}
    if changed:
        told = ", ".join(f"{key}={value}" for key, value in changed.items())
        tags = [{"key": key, "value": value} for key, value in changed.items()]
        members = {"resourceArn": arn, "tags": tags}
        yield Step("~", f"tags of {whose}: {told}", "TagResource", members, (*here, "tags"))


def _policy(
    put: tuple[str, dict[str, str]],
    whose: str,
    wanted: Document | None,
    known: str | None,
    here: Path,
) -> Iterator[Step]:
    if wanted is None or _same(wanted.text, known):
        return
    operation, members = put
    yield Step(
        "+" if known is None else "~",
        f"policy of {whose}",
        operation,
        {**members, "policyDocument": wanted.text},
        (*here, "policy"),
    )


def _invalid(path: Path, document: Document, kind: Kind) -> Iterator[Mistake]:
    try:
        parse_policy(document.text, kind)
    except PolicyInvalid as error:
        yield Mistake(path, str(error))


def _name(place: int, policy: str | Document) -> str:
    """What a user's policy is called; of documents, their Id."""
    if isinstance(policy, str):
        return policy
    named = json.loads(policy.text).get("Id")
    return named if isinstance(named, str) and named else f"declared-{place}"


def _alike(wanted: Mapping[str, str | None], known: Mapping[str, str | None]) -> bool:
    return wanted.keys() == known.keys() and all(
        _same(document, known[name]) for name, document in wanted.items()
    )


def _same(document: str | None, known: str | None) -> bool:
    """Whether two documents say the same, however they are laid out."""
    if document is None or known is None:
        return document is known
    found: bool = json.loads(document) == json.loads(known)
    return found
