"""Which documents are policies (§5.3), and in which words all others are refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.auth.policies.documents import LONGEST, parse_policy
from mirror.auth.policies.refusals import PolicyInvalid
from mirror.errors import Invalid
from tests.auth.policies.written import OWNER, allow, deny, document, statement


def refusal(text: str, kind: Any = "identity") -> tuple[str, str]:
    """Reason and sentence."""
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(text, kind)
    assert isinstance(caught.value, Invalid)
    return caught.value.reason, str(caught.value)


def test_a_policy_of_the_user_guide() -> None:
    """ "Domain policy example with AWS Organizations": one statement, no list."""
    text = """
    {
      "Version": "2012-10-17",
      "Statement": {
        "Sid": "DomainPolicyForOrganization",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["codeartifact:GetDomainPermissionsPolicy", "codeartifact:CreateRepository"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-xxxxxxxxxxx"]}}
      }
    }
    """
    policy = parse_policy(text, "resource")
    assert [each.name for each in policy.allows] == ["DomainPolicyForOrganization"]
    assert policy.denies == ()


@pytest.mark.parametrize(
    "written",
    [
        allow("*"),
        allow("*:*"),
        allow("codeArtifact:Read*"),
        allow(["codeartifact:G?t*", "sts:GetServiceBearerToken", "iam:List*"]),
        allow("codeartifact:ThereIsNoSuchAction"),
        allow(resource=["*", "arn:aws:codeartifact:*", "arn:aws:s3:::bucket"]),
        allow(NotAction="codeartifact:Delete*", NotResource="arn:aws:codeartifact:*"),
        allow(Sid="Läsen 1"),
    ],
)
def test_it_is_a_policy(written) -> None:
    parse_policy(document(written), "identity")


def test_versions() -> None:
    for version in ("2012-10-17", "2008-10-17"):
        parse_policy(document(allow(), version=version), "identity")
    parse_policy(json.dumps({"Id": "mine", "Statement": allow()}), "identity")


def test_statements_are_named_by_sid_or_place() -> None:
    """Terraform writes empty ones."""
    text = document(allow(Sid=""), deny(), allow(Sid="Read"), allow(Sid=""))
    policy = parse_policy(text, "identity")
    assert [each.name for each in policy.allows] == ["#1", "Read", "#4"]
    assert [each.name for each in policy.denies] == ["#2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not valid JSON"),
        ("policy", "not valid JSON"),
        ('{"Statement": [}', "not valid JSON"),
        ("\ufeff" + document(allow()), "not valid JSON"),
        (document(allow()) + "x", "not valid JSON"),
        ("{'Statement': []}", "not valid JSON"),
        ('{"Statement": NaN}', "NaN is not a number"),
        ('{"Statement": -Infinity}', "-Infinity is not a number"),
        ('{"Statement": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"Version": "2012-10-17", "Version": "2012-10-17"}', "'Version' is there twice"),
        ('{"Statement": {"Effect": "Allow", "Effect": "Deny"}}', "'Effect' is there twice"),
        ("[" * LONGEST, "nested too deep"),
        ('{"a":' * 1000 + "1" + "}" * 1000, "nested too deep"),
        (document(allow()).replace("Allow", "\\ud800"), "half a surrogate pair"),
        (document(allow()).replace("Allow", "\ud800"), "half a surrogate pair"),
    ],
)
def test_it_cannot_be_parsed(text, expected) -> None:
    reason, sentence = refusal(text)
    assert reason == "CANNOT_PARSE"
    assert expected in sentence


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], "a policy must be a JSON object"),
        ("*", "a policy must be a JSON object"),
        (None, "a policy must be a JSON object"),
        ({}, "missing required field Statement"),
        ({"Statement": []}, "missing required field Statement"),
        ({"Statement": None}, "missing required field Statement"),
        ({"Statement": "x"}, "a statement must be a JSON object (statement 1)"),
        ({"Statement": [allow(), []]}, "a statement must be a JSON object (statement 2)"),
        ({"Statement": [[allow()]]}, "a statement must be a JSON object (statement 1)"),
        ({"statement": [allow()]}, "unknown field 'statement'"),
        ({"Statement": allow(), "Id": 1}, "Id must be a string"),
        ({"Statement": allow(), "Version": "2012-10-18"}, "Version must be 2012-10-17"),
        ({"Statement": allow(), "Version": 20121017}, "Version must be 2012-10-17"),
        ({"Statement": allow(), "Version": ["2012-10-17"]}, "Version must be 2012-10-17"),
        ({"Statement": [allow(Sid="A"), deny(Sid="A")]}, "must be unique"),
    ],
)
def test_it_is_no_policy(written, expected) -> None:
    reason, sentence = refusal(json.dumps(written))
    assert reason == "FIELD_VALIDATION_FAILED"
    assert expected in sentence


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Effect": None}, "missing required field Effect"),
        ({"Effect": "allow"}, "Effect must be Allow or Deny"),
        ({"Effect": True}, "Effect must be Allow or Deny"),
        ({"Effect": ["Allow"]}, "Effect must be Allow or Deny"),
        ({"Action": None}, "missing required field Action"),
        ({"Action": []}, "Action must be a string or a list of strings"),
        ({"Action": 5}, "Action must be a string or a list of strings"),
        ({"Action": ["*", 5]}, "Action must be a string or a list of strings"),
        ({"Action": {"a": "b"}}, "Action must be a string or a list of strings"),
        ({"Action": [["*"]]}, "Action must be a string or a list of strings"),
        ({"Action": ""}, "invalid action ''"),
        ({"Action": "ReadFromRepository"}, "invalid action 'ReadFromRepository'"),
        ({"Action": "codeartifact"}, "invalid action"),
        ({"Action": "code*:Read*"}, "invalid action"),
        ({"Action": "codeartifact:Read:Write"}, "invalid action"),
        ({"Action": "codeartifact:${*}"}, "invalid action"),
        ({"Action": "codeartifact:Läsen"}, "invalid action"),
        ({"Action": "*\n"}, "invalid action"),
        ({"NotAction": "*"}, "Action and NotAction exclude each other"),
        ({"Resource": None}, "missing required field Resource"),
        ({"Resource": ""}, "resource '' must be an ARN"),
        ({"Resource": "my_repo"}, "resource 'my_repo' must be an ARN"),
        ({"Resource": 1}, "Resource must be a string or a list of strings"),
        ({"NotResource": "*"}, "Resource and NotResource exclude each other"),
        ({"Principal": "*"}, "Principal has no place in an identity policy"),
        ({"NotPrincipal": "*"}, "Principal has no place in an identity policy"),
        ({"Conditions": {}}, "unknown field 'Conditions'"),
        ({"sid": "x"}, "unknown field 'sid'"),
        ({"Sid": 1}, "Sid must be a printable string"),
        ({"Sid": "\x1b[2J"}, "Sid must be a printable string"),
    ],
)
def test_a_statement_is_refused_with_its_place(change, expected) -> None:
    wrong = {key: value for key, value in (allow() | change).items() if value is not None}
    reason, sentence = refusal(document(allow(), wrong))
    assert reason == "FIELD_VALIDATION_FAILED"
    assert expected in sentence
    assert sentence.endswith("(statement 2)")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (allow(), "missing required field Principal"),
        (allow(Principal="*", NotPrincipal="*"), "Principal and NotPrincipal exclude each other"),
        (allow(Principal={"AWS": f"arn:aws:iam::{OWNER}:user/*"}), "invalid principal"),
    ],
)
def test_resource_policies_must_tell_whom_they_mean(written, expected) -> None:
    reason, sentence = refusal(document(written), "resource")
    assert reason == "FIELD_VALIDATION_FAILED"
    assert expected in sentence


def test_the_longest_policy_is_counted_in_characters() -> None:
    text = document(allow(Sid="é"))
    padded = text + " " * (LONGEST - len(text))
    parse_policy(padded, "identity")
    reason, sentence = refusal(padded + " ")
    assert reason == "FIELD_VALIDATION_FAILED"
    assert sentence == "the policy has 7169 characters: 7168 are allowed"


def test_a_long_mistake_is_not_repeated_at_length() -> None:
    for wrong in (allow("x" * 5000), allow(resource="x" * 5000), allow(Sid="A") | {"x" * 5000: 1}):
        assert len(refusal(document(wrong))[1]) < 300


def test_huge_lists() -> None:
    names = [f"a:{number:x}" for number in range(700)]
    parse_policy(document(allow(names)), "identity")
    accounts = [f"{number:012}" for number in range(400)]
    parse_policy(document(statement("Allow", "*", "*", Principal={"AWS": accounts})), "resource")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("*"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["Version", "Statement", "Effect", "Action", "Resource", "Principal", "Condition",
             "StringEquals", "AWS", "aws:x"]
        )
        | st.text(max_size=4),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["identity", "resource"]))
def test_whatever_is_written_is_a_policy_or_refused(written, kind) -> None:
    for text in (json.dumps(written), json.dumps({"Statement": [written]})):
        with suppress(PolicyInvalid):
            parse_policy(text, kind)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text) -> None:
    refusal(text)
