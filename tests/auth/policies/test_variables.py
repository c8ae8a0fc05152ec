"""Policy variables in resources and conditions."""

import pytest

from mirror.auth.policies.documents import parse_policy
from mirror.auth.policies.refusals import PolicyInvalid
from tests.auth.policies.written import (
    BOB,
    CAROL,
    READ,
    REGION,
    allow,
    ask,
    deny,
    document,
    identity,
)

OWN = f"{REGION}:repository/d/${{aws:username}}"


def readable(resource: str, name: str = "bob", **context: tuple[str, ...]) -> bool:
    """Whether a policy for `resource` lets Bob read the repository of that name."""
    keys = {key.replace("__", ":"): values for key, values in context.items()}
    own = identity(allow(READ, resource))
    return ask(READ, f"{REGION}:repository/d/{name}", own=own, context=keys).allowed


def test_a_user_has_a_repository_of_his_name() -> None:
    assert readable(OWN)
    assert readable(OWN.replace("aws:username", "AWS:UserName"))
    assert not readable(OWN, "carol")
    assert not readable(OWN, "bobby")


def test_a_variable_stands_beside_wildcards() -> None:
    assert readable(OWN + "-*", "bob-tools")
    assert readable(OWN + "?", "bob1")
    assert not readable(OWN + "-*", "carol-tools")


def test_a_value_is_never_a_pattern() -> None:
    tagged = f"{REGION}:repository/d/${{x:y}}"
    assert not readable(tagged, x__y=("*",))
    assert not readable(tagged, x__y=("b?b",))
    assert readable(tagged, "*", x__y=("*",))
    assert not readable(tagged, x__y=("${aws:username}",))


def test_a_variable_without_a_value_or_with_several_matches_nothing() -> None:
    pattern = f"{REGION}:repository/d/*${{x:y}}"
    assert not readable(pattern)
    assert not readable(pattern, x__y=("b", "bob"))
    assert readable(pattern, x__y=("b",))


def test_what_has_no_value_is_not_equal_and_not_excepted() -> None:
    """IAM User Guide, "Policy variables with no value"."""
    unlike = deny(Condition={"StringNotEquals": {"aws:username": "${x:y}"}})
    assert not ask(own=identity(allow(), unlike)).allowed
    like = deny(Condition={"StringEquals": {"aws:username": "${x:y}"}})
    assert ask(own=identity(allow(), like)).allowed
    excepted = deny(NotResource="arn:${x:y}")
    assert not ask(own=identity(allow(), excepted)).allowed


@pytest.mark.parametrize("name", ["nobody", "bob"])
def test_a_default_is_used_where_there_is_no_value(name) -> None:
    pattern = f"{REGION}:repository/d/${{x:y, 'nobody'}}"
    assert readable(pattern, name) is (name == "nobody")
    assert readable(pattern, name, x__y=("bob",)) is (name == "bob")


def test_characters_that_would_be_wild() -> None:
    assert readable(f"{REGION}:repository/d/${{*}}", "*")
    assert not readable(f"{REGION}:repository/d/${{*}}", "x")
    assert readable(f"{REGION}:repository/d/a${{?}}*", "a?b")
    assert not readable(f"{REGION}:repository/d/a${{?}}*", "abb")
    assert readable(f"{REGION}:repository/d/${{$}}{{aws:username}}", "${aws:username}")


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ArnLike", "ArnEquals"])
def test_conditions_have_variables_too(operator) -> None:
    condition = {operator: {"x:y": "arn:aws:iam::111122223333:user/${aws:username}"}}
    own = identity(allow(Condition=condition))
    for caller in (BOB, CAROL):
        allowed = ask(own=own, caller=BOB, context={"x:y": (caller.arn,)}).allowed
        assert allowed is (caller.name == "bob" and caller.account == BOB.account)


def test_case_of_a_value_can_be_ignored() -> None:
    condition = {"StringLikeIgnoreCase": {"x:y": "Team-${x:z}*"}}
    own = identity(allow(Condition=condition))
    assert ask(own=own, context={"x:y": ("tEAM-boB1",), "x:z": ("Bob",)}).allowed
    assert not ask(own=own, context={"x:y": ("tEAM-bo",), "x:z": ("Bob",)}).allowed


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_old_documents_have_no_variables(version) -> None:
    text = document(allow(READ, OWN), version=version or "")
    text = text if version else text.replace('"Version": "", ', "")
    old = parse_policy(text, "identity")
    assert not old.allows[0].resources.match((f"{REGION}:repository/d/bob",), BOB.keys)
    assert old.allows[0].resources.match((OWN,), BOB.keys)


@pytest.mark.parametrize(
    "variable",
    [
        "${aws:username",
        "${",
        "${}",
        "${username}",
        "${a:b, c}",
        "${a:b 'c'}",
        "${a:b, 'c}",
        "${a${*}}",
    ],
)
def test_a_malformed_variable_is_refused(variable) -> None:
    with pytest.raises(PolicyInvalid, match="variable"):
        parse_policy(document(allow(READ, f"arn:{variable}")), "identity")
    with pytest.raises(PolicyInvalid, match="variable"):
        parse_policy(document(allow(Condition={"StringLike": {"a:b": variable}})), "identity")
    parse_policy(document(allow(READ, f"arn:{variable}"), version="2008-10-17"), "identity")
