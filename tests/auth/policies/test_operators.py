"""Each condition operator: what of a request it matches, and what of a policy it refuses."""

import pytest

from mirror.auth.policies.documents import parse_policy
from mirror.auth.policies.refusals import PolicyInvalid
from tests.auth.policies.written import allow, ask, document, identity

USER = "arn:aws:iam::111122223333:user/dev/bob"


def holds(operator: str, policy: object, *request: str) -> bool:
    """Whether a condition holds for a request whose key has these values."""
    own = identity(allow(Condition={operator: {"x:Key": policy}}))
    return ask(own=own, context={"x:key": request} if request else {}).allowed


@pytest.mark.parametrize(
    ("operator", "policy", "matching", "different"),
    [
        ("StringEquals", "Ab", ["Ab"], ["ab", "Abc", ""]),
        ("StringEquals", ["1", "2"], ["1", "2"], ["3", "12"]),
        ("StringEquals", "a*", ["a*"], ["ab"]),
        ("StringEquals", "", [""], ["a"]),
        ("StringEquals", 43200, ["43200"], ["43200.0"]),
        ("StringEquals", True, ["true"], ["True", "1"]),
        ("StringEqualsIgnoreCase", "Äb", ["äB", "ÄB"], ["ab"]),
        ("StringLike", "a*", ["a", "ab"], ["A", "ba"]),
        ("StringLike", ["?", "x?z"], ["q", "xyz"], ["", "xz"]),
        ("StringLikeIgnoreCase", "A*c", ["abC", "AC"], ["ab"]),
        ("NumericEquals", 43200, ["43200", "43200.0", "4.32e4"], ["43201", "x", "", "nan"]),
        ("NumericEquals", ["1", "-2.5"], ["1", "-2.50"], ["2.5"]),
        ("NumericLessThan", 10, ["9.99", "-1"], ["10", "11", "1_0", " 9", "٣"]),
        ("NumericLessThanEquals", 3600, ["0", "900", "3600"], ["3601"]),
        ("NumericLessThanEquals", [1, 5], ["4"], ["6"]),
        ("NumericGreaterThan", "10", ["10.01"], ["10", "inf"]),
        ("NumericGreaterThanEquals", "10", ["10"], ["9"]),
        ("DateEquals", "2026-01-02T03:04:05Z", ["2026-01-02T04:04:05+01:00", "1767323045"], ["0"]),
        ("DateLessThan", "2026-01-02", ["2026-01-01T23:59:59.999Z"], ["2026-01-02T00:00:00Z"]),
        ("DateLessThanEquals", "2026", ["2026-01-01T00:00:00Z", "2025"], ["2026-01-02", "never"]),
        ("DateGreaterThan", 1767323045, ["2026-01-02T03:04:06Z"], ["2026-01-02T03:04:05Z"]),
        ("DateGreaterThanEquals", "2026-01", ["2026-01-01"], ["2025-12-31T23:59Z", "2026-13-01"]),
        ("Bool", "true", ["true", "TRUE"], ["false", "", "1"]),
        ("Bool", False, ["false"], ["true", "no"]),
        (
            "IpAddress",
            "203.0.113.0/24",
            ["203.0.113.9", "::ffff:203.0.113.9"],
            ["203.0.114.1", "x"],
        ),
        ("IpAddress", "203.0.113.7", ["203.0.113.7"], ["203.0.113.8", "2001:db8::1"]),
        ("IpAddress", ["10.1.2.3/8", "2001:DB8::/32"], ["10.9.9.9", "2001:db8::5"], ["11.0.0.1"]),
        ("ArnEquals", USER, [USER], [USER + "x", USER.replace("iam", "sts"), "bob", ""]),
        ("ArnLike", "arn:aws:iam::*:user/*", [USER], [USER.replace("user", "role")]),
        ("ArnEquals", "arn:aws:iam::*:user/*", [USER], ["arn:aws:iam:user/dev/bob"]),
        ("ArnLike", "arn:aws:iam::111122223333:user/???/bob", [USER], [USER.replace("dev", "d")]),
    ],
)
def test_a_value_of_the_request_matches_or_not(operator, policy, matching, different) -> None:
    assert {value: holds(operator, policy, value) for value in matching} == dict.fromkeys(
        matching, True
    )
    assert {value: holds(operator, policy, value) for value in different} == dict.fromkeys(
        different, False
    )


@pytest.mark.parametrize(
    ("operator", "negated", "policy", "request_"),
    [
        ("StringEquals", "StringNotEquals", ["a", "b"], ["a", "b", "c"]),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "a", ["A", "b"]),
        ("StringLike", "StringNotLike", "a*", ["ab", "b"]),
        ("StringLikeIgnoreCase", "StringNotLikeIgnoreCase", "a*", ["AB", "b"]),
        ("NumericEquals", "NumericNotEquals", 1, ["1.0", "2", "x"]),
        ("DateEquals", "DateNotEquals", "2026-01-02", ["2026-01-02T00:00Z", "2026"]),
        ("IpAddress", "NotIpAddress", "10.0.0.0/8", ["10.1.1.1", "11.1.1.1", "x"]),
        ("ArnEquals", "ArnNotEquals", USER, [USER, "x"]),
        ("ArnLike", "ArnNotLike", "arn:aws:*:*:*:*", [USER, "x"]),
    ],
)
def test_negated_operators_hold_where_the_others_do_not(
    operator, negated, policy, request_
) -> None:
    for value in request_:
        assert holds(negated, policy, value) is not holds(operator, policy, value), value


def test_a_wildcard_does_not_leave_its_field_of_an_arn() -> None:
    """The example of the IAM User Guide."""
    pattern = "arn:aws:someservice:*:111122223333:finance/*"
    arn = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
    assert holds("StringLike", pattern, arn)
    assert not holds("ArnLike", pattern, arn)
    assert not holds("ArnLike", "a:b?c:d:e:f:g", "a:b:c:d:e:f:g")
    assert holds("ArnLike", "a:b:c:d:e:f*g?h", "a:b:c:d:e:f:g:h")


@pytest.mark.parametrize(
    ("operator", "policy"),
    [
        ("NumericEquals", "many"),
        ("NumericEquals", "1_000"),
        ("NumericEquals", True),
        ("NumericEquals", "NaN"),
        ("NumericEquals", "1e999"),
        ("NumericLessThan", "${sts:DurationSeconds}"),
        ("DateLessThan", "yesterday"),
        ("DateLessThan", "2026-02-30"),
        ("DateLessThan", "2026-01-02T03:04:05"),
        ("DateLessThan", "2026-W01-1"),
        ("Bool", "yes"),
        ("Bool", 1),
        ("IpAddress", "10.0.0.0/33"),
        ("IpAddress", "10.0.0"),
        ("IpAddress", "office"),
        ("ArnLike", "*"),
        ("ArnEquals", "bob"),
    ],
)
def test_a_value_of_another_type_is_refused_when_it_is_written(operator, policy) -> None:
    with pytest.raises(PolicyInvalid, match=r" is not an? .*\(statement 1\)$"):
        parse_policy(document(allow(Condition={operator: {"x:key": policy}})), "identity")
