"""The fourteen worked cases of auth-and-policy §5.5, by number."""

import pytest

from mirror.auth.policies.actions import ACTIONS, GET_TOKEN
from tests.auth.policies.written import (
    BOB,
    CAROL,
    DOMAIN,
    PACKAGE,
    PUBLISH,
    READ,
    REGION,
    REPOSITORY,
    allow,
    ask,
    deny,
    identity,
    of_domain,
    of_repository,
)

PUT_DOMAIN_POLICY = "codeartifact:PutDomainPermissionsPolicy"
PUT_REPOSITORY_POLICY = "codeartifact:PutRepositoryPermissionsPolicy"
PUT_METADATA = "codeartifact:PutPackageMetadata"
CREATE = "codeartifact:CreateRepository"
DESCRIBE = "codeartifact:DescribeRepository"

FULL = identity(allow("codeartifact:*"))
READER = identity(allow(READ))


@pytest.mark.parametrize("action", [each for each in ACTIONS if each.startswith("codeartifact:")])
def test_1_a_single_account_needs_no_resource_policy(action) -> None:
    assert ask(action, own=FULL).allowed


def test_2_a_repository_policy_is_enough_in_the_owners_account() -> None:
    named = of_repository(allow(READ, Principal={"AWS": BOB.arn}))
    assert ask(caller=BOB, repository=named).allowed


def test_3_it_is_not_enough_for_another_account() -> None:
    decision = ask(caller=CAROL, repository=of_repository(allow(READ)))
    assert (decision.allowed, decision.explicit) == (False, False)


def test_4_one_resource_policy_is_enough() -> None:
    silent = of_repository(allow("codeartifact:ListPackages"))
    assert ask(caller=CAROL, own=READER, domain=of_domain(allow(READ)), repository=silent).allowed


def test_5_a_denial_in_the_other_wins() -> None:
    decision = ask(
        caller=CAROL,
        own=READER,
        domain=of_domain(allow(READ)),
        repository=of_repository(deny(READ)),
    )
    assert (decision.allowed, decision.explicit) == (False, True)


def test_6_an_owner_recovers_a_repository_that_is_locked() -> None:
    locked = of_repository(deny())
    assert ask(PUT_REPOSITORY_POLICY, own=FULL, repository=locked).allowed
    assert not ask(
        "codeartifact:GetRepositoryPermissionsPolicy", own=FULL, repository=locked
    ).allowed


def test_7_an_owner_recovers_a_domain_that_is_locked() -> None:
    locked = of_domain(deny())
    assert ask(PUT_DOMAIN_POLICY, DOMAIN, own=FULL, domain=locked).allowed
    assert not ask(PUT_REPOSITORY_POLICY, own=FULL, domain=locked).allowed


def test_8_publishing_within_a_namespace() -> None:
    own = identity(allow(PUBLISH, f"{REGION}:package/d/r/npm/parity/*"))
    assert ask(PUBLISH, f"{REGION}:package/d/r/npm/parity/ui", own=own).allowed
    assert not ask(PUBLISH, f"{REGION}:package/d/r/npm//react", own=own).allowed


def test_9_a_nuget_push_needs_reading_too() -> None:
    package = f"{REGION}:package/d/r/nuget//Serilog"
    publish = allow(PUBLISH, package)
    assert ask(PUBLISH, package, own=identity(publish)).allowed
    assert not ask(READ, REPOSITORY, own=identity(publish)).allowed
    assert ask(READ, REPOSITORY, own=identity(publish, allow(READ, REPOSITORY))).allowed


def test_10_maven_metadata_is_a_right_of_its_own() -> None:
    package = f"{REGION}:package/d/r/maven/org.example/lib"
    own = identity(allow(PUBLISH, package))
    assert ask(PUBLISH, package, own=own).allowed
    assert not ask(PUT_METADATA, package, own=own).allowed


@pytest.mark.parametrize(
    ("tags", "allowed"), [(None, False), ("1", True), ("2", True), ("3", False)]
)
def test_11_a_tag_is_required_of_what_is_created(tags, allowed) -> None:
    """User Guide, "Limit actions based on tags in the request"."""
    own = identity(
        allow("codeartifact:*"),
        deny(CREATE, Condition={"Null": {"aws:RequestTag/costcenter": "true"}}),
        deny(
            CREATE,
            Condition={"ForAnyValue:StringNotEquals": {"aws:RequestTag/costcenter": ["1", "2"]}},
        ),
    )
    context = {} if tags is None else {"aws:requesttag/costcenter": (tags,)}
    decision = ask(CREATE, own=own, context=context)
    assert (decision.allowed, decision.explicit) == (allowed, not allowed)


@pytest.mark.parametrize(("tag", "allowed"), [("Value1", True), ("value1", False), (None, False)])
def test_12_a_tag_opens_what_carries_it(tag, allowed) -> None:
    own = identity(allow(DESCRIBE, Condition={"StringEquals": {"aws:ResourceTag/Key1": "Value1"}}))
    context = {} if tag is None else {"aws:resourcetag/key1": (tag,)}
    assert ask(DESCRIBE, own=own, context=context).allowed is allowed


def test_13_reading_without_the_right_to_new_tokens() -> None:
    assert not ask(GET_TOKEN, DOMAIN, own=READER).allowed
    assert ask(READ, own=READER).allowed


def test_14_names_of_packages_have_case() -> None:
    own = identity(allow(PUBLISH, f"{REGION}:package/d/r/npm/Parity/UI"))
    assert not ask(PUBLISH, PACKAGE, own=own).allowed


@pytest.mark.parametrize(
    ("most", "seconds", "allowed"),
    [
        ({"NumericEquals": {"sts:DurationSeconds": 43200}}, "43200", True),
        ({"NumericEquals": {"sts:DurationSeconds": 43200}}, "3600", False),
        ({"NumericLessThanEquals": {"sts:DurationSeconds": 3600}}, "900", True),
        ({"NumericLessThanEquals": {"sts:DurationSeconds": 3600}}, "0", True),
        ({"NumericLessThanEquals": {"sts:DurationSeconds": 3600}}, "43200", False),
    ],
)
def test_the_duration_of_tokens_is_limited(most, seconds, allowed) -> None:
    """User Guide, "Limit authorization token duration"."""
    service = {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}
    own = identity(allow("sts:GetServiceBearerToken", Condition=most | service))
    context = {
        "sts:durationseconds": (seconds,),
        "sts:awsservicename": ("codeartifact.amazonaws.com",),
    }
    assert ask("sts:GetServiceBearerToken", "*", own=own, context=context).allowed is allowed


def test_tokens_from_before_a_moment_are_revoked() -> None:
    """§3.3, §10.7."""
    old = deny(Condition={"DateLessThan": {"aws:TokenIssueTime": "2026-01-02T03:04:05Z"}})
    own = identity(allow(), old)
    for issued, allowed in (("2026-01-02T03:04:04Z", False), ("2026-01-02T03:04:05Z", True)):
        assert ask(own=own, context={"aws:tokenissuetime": (issued,)}).allowed is allowed


def test_a_protected_repository_is_freed_by_an_exception() -> None:
    """User Guide, "Protect repositories from being deleted"."""
    delete = "codeartifact:DeleteRepository"
    assert not ask(delete, own=FULL, domain=of_domain(deny(delete))).allowed
    excepted = of_domain(deny(delete, NotResource=REPOSITORY))
    assert ask(delete, own=FULL, domain=excepted).allowed
    assert not ask(delete, f"{REGION}:repository/d/other", own=FULL, domain=excepted).allowed


def test_accounts_of_an_organization() -> None:
    """User Guide, "Domain policy example with AWS Organizations"."""
    members = of_domain(allow(Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}))
    for organization, allowed in (("o-1", True), ("o-2", False)):
        context = {"aws:principalorgid": (organization,)}
        assert ask(caller=CAROL, own=READER, domain=members, context=context).allowed is allowed
