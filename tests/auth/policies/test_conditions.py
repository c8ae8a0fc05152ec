"""Prefixes, suffixes, missing keys and several of everything (§5.4)."""

import pytest

from mirror.auth.policies.documents import parse_policy
from mirror.auth.policies.refusals import PolicyInvalid
from tests.auth.policies.test_operators import holds
from tests.auth.policies.written import BOB, allow, ask, document, identity

AB = ["a", "b"]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("NumericLessThan", False),
        ("Bool", False),
        ("IpAddress", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("NotIpAddress", True),
        ("StringEqualsIfExists", True),
        ("BoolIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAllValues:StringEqualsIfExists", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_a_missing_key(operator, expected) -> None:
    value = {"NumericLessThan": 1, "Bool": True, "BoolIfExists": True}.get(
        operator, "10.0.0.1" if "IpAddress" in operator else "a"
    )
    assert holds(operator, value) is expected


@pytest.mark.parametrize(
    ("operator", "request_", "expected"),
    [
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c", "d"], False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "d"], False),
        ("ForAllValues:StringLikeIfExists", ["c"], False),
        ("StringEquals", ["c", "a"], True),
        ("StringNotEquals", ["c", "a"], False),
        ("StringNotEquals", ["c", "d"], True),
        ("StringEqualsIfExists", ["c"], False),
        ("StringNotEqualsIfExists", ["a"], False),
    ],
)
def test_several_values_against_a_and_b(operator, request_, expected) -> None:
    assert holds(operator, AB, *request_) is expected


@pytest.mark.parametrize("value", ["true", True])
def test_null_asks_for_absence(value) -> None:
    assert holds("Null", value)
    assert not holds("Null", value, "a")


@pytest.mark.parametrize("value", ["false", False])
def test_null_asks_for_presence(value) -> None:
    assert not holds("Null", value)
    assert holds("Null", value, "")


def test_null_of_both_always_holds() -> None:
    assert holds("Null", ["true", "false"])
    assert holds("Null", ["true", "false"], "a")


def test_all_keys_and_all_operators_must_hold() -> None:
    condition = {
        "StringEquals": {"x:one": "1", "x:two": "2"},
        "NumericGreaterThan": {"x:three": 2},
    }
    own = identity(allow(Condition=condition))
    request = {"x:one": ("1",), "x:two": ("2",), "x:three": ("3",)}
    assert ask(own=own, context=request).allowed
    for key in request:
        assert not ask(own=own, context=request | {key: ("0",)}).allowed
    assert ask(own=identity(allow(Condition={}))).allowed


def test_keys_have_no_case() -> None:
    own = identity(allow(Condition={"StringEquals": {"AWS:ResourceTag/KEY1": "Value1"}}))
    assert ask(own=own, context={"aws:resourcetag/key1": ("Value1",)}).allowed


def test_what_tells_who_asks_is_the_callers_own() -> None:
    condition = {
        "StringEquals": {
            "aws:username": "bob",
            "aws:userid": BOB.id,
            "aws:PrincipalAccount": BOB.account,
            "aws:PrincipalArn": BOB.arn,
        }
    }
    own = identity(allow(Condition=condition))
    assert ask(own=own).allowed
    lie = {"aws:username": ("alice",), "aws:userid": ("x",)}
    assert ask(own=own, context=lie).allowed


@pytest.mark.parametrize(
    "condition",
    [
        None,
        [],
        "x",
        {"StringEquals": {}},
        {"StringEquals": "x"},
        {"StringEquals": []},
        {"StringEquals": {"x:key": []}},
        {"StringEquals": {"x:key": None}},
        {"StringEquals": {"x:key": {"a": "b"}}},
        {"StringEquals": {"x:key": [["a"]]}},
        {"StringEquals": {"key": "a"}},
        {"StringEquals": {"": "a"}},
        {"StringEquals": {":key": "a"}},
        {"stringequals": {"x:key": "a"}},
        {"StringMatches": {"x:key": "a"}},
        {"Condition": {}},
        {"": {"x:key": "a"}},
        {"IfExists": {"x:key": "a"}},
        {"StringEqualsIfExistsIfExists": {"x:key": "a"}},
        {"ForAnyValue:": {"x:key": "a"}},
        {"ForSomeValues:StringEquals": {"x:key": "a"}},
        {"ForAnyValue:ForAllValues:StringEquals": {"x:key": "a"}},
        {"Null": {"x:key": "maybe"}},
        {"Null": {"x:key": 1}},
        {"NullIfExists": {"x:key": "true"}},
        {"ForAnyValue:Null": {"x:key": "true"}},
    ],
)
def test_a_condition_that_says_nothing_certain_is_refused(condition) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(document(allow(Condition=condition)), "identity")
    assert caught.value.reason == "FIELD_VALIDATION_FAILED"
