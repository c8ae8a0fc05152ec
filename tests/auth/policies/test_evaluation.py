"""Policies weighed against each other (§5.2), and what a decision tells."""

from collections.abc import Iterator, Mapping

import pytest

from mirror.auth.policies.actions import GET_BEARER_TOKEN, GET_TOKEN
from mirror.auth.policies.evaluation import Question, Where, decide
from mirror.auth.policies.principals import ANONYMOUS, Caller
from mirror.errors import Invalid
from tests.auth.policies.written import (
    BOB,
    CAROL,
    DOMAIN,
    GROUP,
    OTHER,
    OWNER,
    PACKAGE,
    PUBLISH,
    READ,
    REGION,
    REPOSITORY,
    ROOT,
    allow,
    ask,
    deny,
    identity,
    of_domain,
    of_repository,
)

CREATE = "codeartifact:CreateRepository"
FULL = identity(allow(), name="Full")


@pytest.mark.parametrize(
    ("caller", "administrator", "by_identity", "by_resource", "allowed"),
    [
        (BOB, OWNER, True, False, True),
        (BOB, OWNER, False, True, True),
        (BOB, OWNER, True, True, True),
        (BOB, OWNER, False, False, False),
        (BOB, OTHER, True, False, True),
        (BOB, OTHER, False, True, True),
        (CAROL, OTHER, True, False, True),
        (CAROL, OTHER, False, True, False),
        (CAROL, OTHER, True, True, True),
        (CAROL, OWNER, True, False, False),
        (CAROL, OWNER, False, True, False),
        (CAROL, OWNER, True, True, True),
        (CAROL, OWNER, False, False, False),
        (CAROL, None, True, False, False),
    ],
)
def test_whose_permission_is_needed(
    caller, administrator, by_identity, by_resource, allowed
) -> None:
    """Owner, administrator and strangers; either resource policy serves."""
    own = FULL if by_identity else None
    for kind, policy in (("domain", of_domain(allow())), ("repository", of_repository(allow()))):
        policies = {kind: policy} if by_resource else {}
        decision = ask(caller=caller, administrator=administrator, own=own, **policies)
        assert decision.allowed is allowed
        assert not decision.explicit


def test_an_administrator_has_no_rights_on_the_domain() -> None:
    for resource in (DOMAIN, GROUP, f"{REGION}:package-group/d/npm/a:package/x"):
        decision = ask(
            "codeartifact:TagResource", resource, caller=CAROL, administrator=OTHER, own=FULL
        )
        assert not decision.allowed


@pytest.mark.parametrize("resource", [REPOSITORY, PACKAGE, f"{REGION}:package/d/r/generic/n/a:b"])
def test_an_administrator_has_the_repository_and_its_packages(resource) -> None:
    assert ask(PUBLISH, resource, caller=CAROL, administrator=OTHER, own=FULL).allowed


def test_a_repository_is_not_ones_own_before_it_exists() -> None:
    """Domain policies, "Enable cross-account access to a domain"."""
    asked = {"caller": CAROL, "administrator": OTHER, "own": FULL}
    assert not ask(CREATE, **asked).allowed
    assert ask(CREATE, **asked, domain=of_domain(allow(CREATE))).allowed


@pytest.mark.parametrize("name", [REPOSITORY, DOMAIN, f"{REGION}:repository/d/*", "*"])
def test_creating_is_meant_by_the_repositorys_name_or_the_domains(name) -> None:
    assert ask(CREATE, own=identity(allow(CREATE, name))).allowed
    assert not ask(CREATE, own=FULL, domain=of_domain(deny(CREATE, name))).allowed
    excepted = of_domain(deny(CREATE, NotResource=name))
    assert ask(CREATE, own=FULL, domain=excepted).allowed


@pytest.mark.parametrize("name", [f"{REGION}:repository/d/r2", f"{REGION}:domain/d2", PACKAGE])
def test_creating_is_not_meant_by_other_names(name) -> None:
    assert not ask(CREATE, own=identity(allow(CREATE, name))).allowed
    assert not ask(CREATE, own=FULL, domain=of_domain(deny(CREATE, NotResource=name))).allowed


def test_other_accounts_never_put_a_domain_policy() -> None:
    put = "codeartifact:PutDomainPermissionsPolicy"
    decision = ask(put, DOMAIN, caller=CAROL, own=FULL, domain=of_domain(allow()))
    assert decision.reason == f" because no resource-based policy allows the {put} action"


def test_a_domain_policy_lets_other_accounts_put_a_repository_policy() -> None:
    put = "codeartifact:PutRepositoryPermissionsPolicy"
    asked = {"caller": CAROL, "own": FULL}
    assert ask(put, **asked, domain=of_domain(allow(put))).allowed
    assert not ask(put, **asked, repository=of_repository(allow(put))).allowed


@pytest.mark.parametrize(
    "action",
    ["codeartifact:CreateDomain", "codeartifact:ListDomains", "codeartifact:ListRepositories",
     GET_BEARER_TOKEN],
)  # fmt: skip
def test_in_ones_own_account_nobody_else_is_asked(action) -> None:
    closed = {"domain": of_domain(deny()), "repository": of_repository(deny())}
    assert ask(action, "*", caller=CAROL, own=FULL, **closed).allowed
    opened = {"domain": of_domain(allow()), "repository": of_repository(allow())}
    assert not ask(action, "*", caller=CAROL, **opened).allowed


@pytest.mark.parametrize("caller", [BOB, CAROL])
def test_a_denial_anywhere_wins(caller) -> None:
    open_ = {
        "own": FULL,
        "session": identity(allow()),
        "domain": of_domain(allow()),
        "repository": of_repository(allow()),
    }
    assert ask(caller=caller, **open_).allowed
    closed = {
        "own": identity(allow(), deny()),
        "session": identity(allow(), deny()),
        "domain": of_domain(allow(), deny()),
        "repository": of_repository(allow(), deny()),
    }
    for kind, policy in closed.items():
        decision = ask(caller=caller, **open_ | {kind: policy})
        assert (decision.allowed, decision.explicit) == (False, True), kind


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        (allow(NotAction="codeartifact:Delete*"), True),
        (allow(NotAction="codeartifact:read*"), False),
        (allow(NotResource=f"{REGION}:repository/d/secret"), True),
        (allow(NotResource=f"{REGION}:repository/*"), False),
        (allow("CodeArtifact:rEADfROM*"), True),
        (allow("codeartifact:ReadFromRepositor?"), True),
        (allow("codeartifact:ReadFromRepository?"), False),
        (allow("sts:*"), False),
        (allow("*:*"), True),
        (allow(READ, REPOSITORY.replace("/r", "/R")), False),
        (allow(READ, f"{REGION}:*"), True),
        (allow(READ, "arn:aws:codeartifact:*/r"), True),
        (allow(READ, f"{REPOSITORY}/*"), False),
        (allow(READ, DOMAIN), False),
    ],
)
def test_what_a_statement_means(written, allowed) -> None:
    assert ask(own=identity(written)).allowed is allowed


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (deny(NotPrincipal={"AWS": BOB.arn}), {"carol", "nobody"}),
        (deny(NotPrincipal={"AWS": OTHER}), {"bob", "nobody"}),
        (deny(NotPrincipal="*"), set()),
        (deny(Principal={"AWS": CAROL.arn}), {"carol"}),
        (deny(), {"bob", "carol", "nobody"}),
    ],
)
def test_whom_a_resource_policy_denies(written, names) -> None:
    callers = {"bob": BOB, "carol": CAROL, "nobody": ANONYMOUS}
    policy = of_repository(written)
    assert {
        name for name, caller in callers.items() if ask(caller=caller, repository=policy).explicit
    } == names


def test_nobody_in_particular_is_never_let_in() -> None:
    """Whether strangers may read is a setting; a policy can only forbid it."""
    open_ = {"domain": of_domain(allow()), "repository": of_repository(allow())}
    decision = ask(caller=ANONYMOUS, **open_)
    assert (decision.allowed, decision.explicit) == (False, False)


def test_a_root_user_needs_no_policy_of_its_own() -> None:
    assert ask(caller=ROOT).allowed
    assert ask(caller=ROOT).decided_by == ()
    assert not ask(caller=ROOT, repository=of_repository(deny())).allowed
    other = Caller(f"arn:aws:iam::{OTHER}:root", OTHER, root=True)
    assert not ask(caller=other).allowed
    assert ask(caller=other, repository=of_repository(allow())).allowed


def test_a_root_user_gets_no_token() -> None:
    """§3.1."""
    decision = ask(GET_TOKEN, DOMAIN, caller=ROOT, own=FULL, domain=of_domain(allow()))
    assert not decision.allowed
    assert decision.reason == " because a root user cannot have authorization tokens"


def test_a_session_policy_limits_what_others_allow() -> None:
    reading = identity(allow(READ), name="reading")
    assert ask(READ, own=FULL, session=reading).allowed
    for policies in ({"own": FULL}, {"repository": of_repository(allow())}):
        decision = ask(PUBLISH, PACKAGE, session=reading, **policies)
        assert not decision.allowed
        assert decision.reason == f" because no session policy allows the {PUBLISH} action"
    assert not ask(READ, session=identity(allow())).allowed


@pytest.mark.parametrize(
    "resource", [f"{REGION}:repository/d/r2", f"{REGION}:package/d/r2/npm//react",
                 f"{REGION}:package/d2/r/npm//react", DOMAIN,
                 PACKAGE.replace("us-east-1", "us-east-2"), PACKAGE.replace(OWNER, OTHER)],
)  # fmt: skip
def test_a_repository_policy_cannot_be_asked_about_anything_else(resource) -> None:
    with pytest.raises(Invalid, match="is no part of"):
        ask(PUBLISH, resource, own=FULL, repository=of_repository(allow()))


@pytest.mark.parametrize("resource", [f"{REGION}:domain/d2", f"{REGION}:repository/d2/r", "*"])
def test_a_domain_policy_cannot_be_asked_about_anything_else(resource) -> None:
    with pytest.raises(Invalid, match="is no part of"):
        ask("codeartifact:TagResource", resource, own=FULL, domain=of_domain(allow()))


@pytest.mark.parametrize("resource", [DOMAIN, REPOSITORY, PACKAGE, GROUP])
def test_a_domain_policy_is_about_everything_in_the_domain(resource) -> None:
    assert ask("codeartifact:TagResource", resource, domain=of_domain(allow())).allowed


def test_a_repository_policy_that_names_another_repository_never_matches() -> None:
    elsewhere = of_repository(allow(READ, f"{REGION}:repository/d/other"))
    assert not ask(repository=elsewhere).allowed


@pytest.mark.parametrize(
    ("caller", "policies", "reason"),
    [
        (BOB, {}, " because no identity-based policy allows the {} action"),
        (CAROL, {}, " because no identity-based policy allows the {} action"),
        (CAROL, {"own": FULL}, " because no resource-based policy allows the {} action"),
        (BOB, {"own": identity(deny())}, " with an explicit deny in an identity-based policy"),
        (BOB, {"session": identity(deny())}, " with an explicit deny in a session policy"),
        (BOB, {"domain": of_domain(deny())}, " with an explicit deny in a resource-based policy"),
        (BOB, {"repository": of_repository(deny())},
         " with an explicit deny in a resource-based policy"),
        (BOB, {"own": FULL}, ""),
    ],
)  # fmt: skip
def test_the_reason_completes_the_sentence_of_a_refusal(caller, policies, reason) -> None:
    """§2.5."""
    assert ask(caller=caller, **policies).reason == reason.format(READ)


def test_who_decided_is_told_for_denials_and_permissions() -> None:
    own = identity(allow(PUBLISH), allow(READ, Sid="Read"), name="Readers")
    shared = of_repository(deny(PUBLISH), allow(READ))
    read = ask(own=own, repository=shared)
    assert read.decided_by == (Where("identity", "Readers", "Read"),)
    assert str(read.decided_by[0]) == "statement Read of the identity policy Readers"
    both = ask(caller=CAROL, own=own, repository=shared)
    assert both.decided_by == (
        Where("identity", "Readers", "Read"),
        Where("repository", REPOSITORY, "#2"),
    )
    denied = ask(PUBLISH, PACKAGE, own=own, repository=shared)
    assert str(*denied.decided_by) == f"statement #1 of the repository policy {REPOSITORY}"
    assert ask(own=identity(allow(PUBLISH))).decided_by == ()


class Counted(Mapping[str, tuple[str, ...]]):
    """Values that are made when asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, key: str) -> tuple[str, ...]:
        self.asked.append(key)
        if key == "aws:sourceip":
            return ("192.0.2.1",)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("nobody needs all keys")

    def __len__(self) -> int:
        raise AssertionError("nobody needs all keys")


@pytest.mark.parametrize(
    ("written", "consulted", "asked"),
    [
        (allow(), [], []),
        (allow(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), ["aws:sourceip"],
         ["aws:sourceip"]),
        (allow("codeartifact:List*", Condition={"IpAddress": {"aws:SourceIp": "::/0"}}), [], []),
        (allow(Condition={"Null": {"aws:MultiFactorAuthAge": "true"}}),
         ["aws:multifactorauthage"], ["aws:multifactorauthage"]),
        (allow(Condition={"StringEquals": {"aws:username": "eve", "aws:SourceIp": "x"}}),
         ["aws:username"], []),
        (allow(resource="arn:aws:codeartifact:*:${aws:CurrentTime}"), ["aws:currenttime"],
         ["aws:currenttime"]),
        (allow(Condition={"StringLike": {"aws:username": "${aws:PrincipalTag/team}*"}}),
         ["aws:username", "aws:principaltag/team"], ["aws:principaltag/team"]),
    ],
)  # fmt: skip
def test_a_decision_tells_which_keys_it_depends_on(written, consulted, asked) -> None:
    context = Counted()
    question = Question(BOB, READ, REPOSITORY, context)
    decision = decide(question, owner=OWNER, administrator=OWNER, identity=(identity(written),))
    assert decision.consulted == set(consulted)
    assert context.asked == asked


def test_refusals_tell_their_keys_too() -> None:
    night = {"DateGreaterThan": {"aws:CurrentTime": "2026-01-02"}}
    context = {"aws:currenttime": ("2026-01-03",)}
    for own in (identity(deny(Condition=night)), identity(allow(PUBLISH, Condition=night))):
        decision = ask(PUBLISH, PACKAGE, own=own, context=context)
        assert decision.consulted == {"aws:currenttime"}
    unmet = ask(own=identity(allow(Condition=night)))
    assert (unmet.allowed, unmet.consulted) == (False, {"aws:currenttime"})


def test_an_action_that_does_not_exist() -> None:
    with pytest.raises(Invalid):
        ask("codeartifact:Read", own=FULL)
