"""IAM's condition operators (§5.4): one value of a request against the values of a policy. Pure.

IAM User Guide, "IAM JSON policy elements: Condition operators". What cannot be read as the
operator's type is refused in a policy, and matches nothing in a request.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from math import isfinite
from typing import TypeVar

from mirror.auth.policies.patterns import Patterns
from mirror.auth.policies.refusals import PolicyInvalid
from mirror.auth.policies.variables import Keys
from mirror.auth.policies.wildcards import in_fields

Test = Callable[[str, Keys], bool]
"""Whether a value of the request matches any of the policy's."""

Build = Callable[[Sequence[str], bool], Test]
"""Makes a test of a policy's values; the flag says whether they may have variables.

Raises `PolicyInvalid` for a value that is none of the operator's type.
"""

_T = TypeVar("_T")

_ARN_COLONS = 5
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# The forms of https://www.w3.org/TR/NOTE-datetime: four digits are a year, not seconds.
_DATE = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)
_FIRST_DAY = "0001-01-01"


def _texts(*, wildcards: bool = False) -> Build:
    def build(values: Sequence[str], variables: bool) -> Test:
        patterns = Patterns(values, variables=variables, wildcards=wildcards)
        return lambda value, keys: patterns.match((value,), keys)

    return build


def _folded_texts(*, wildcards: bool = False) -> Build:
    def build(values: Sequence[str], variables: bool) -> Test:
        patterns = Patterns(
            [value.lower() for value in values], variables=variables, wildcards=wildcards
        )

        def test(value: str, keys: Keys) -> bool:
            return patterns.match((value.lower(),), lambda key: tuple(map(str.lower, keys(key))))

        return test

    return build


def _arns(values: Sequence[str], variables: bool) -> Test:
    """Each field of an ARN by itself: an asterisk ends at a colon."""
    for value in values:
        if value.count(":") < _ARN_COLONS:
            raise PolicyInvalid(f"{value[:100]!r} is not an ARN")
    patterns = Patterns(values, variables=variables, prepare=in_fields)
    return lambda value, keys: patterns.match((value,), keys)


def _compared(
    read: Callable[[str], float | None], kind: str, compare: Callable[[float, float], bool]
) -> Build:
    def build(values: Sequence[str], _variables: bool) -> Test:
        bounds = list(_all(read, values, kind))

        def test(value: str, _keys: Keys) -> bool:
            number = read(value)
            return number is not None and any(compare(number, bound) for bound in bounds)

        return test

    return build


def _number(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and isfinite(number) else None


def _moment(text: str) -> float | None:
    """Seconds since 1970, of an ISO 8601 time or of a number of seconds."""
    if not _DATE.fullmatch(text):
        return _number(text)
    try:
        moment = datetime.fromisoformat(text + _FIRST_DAY[len(text) :])
    except ValueError:  # month 13
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _booleans(values: Sequence[str], _variables: bool) -> Test:
    wanted = set(_all(_boolean, values, "boolean"))
    return lambda value, _keys: _boolean(value) in wanted


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _addresses(values: Sequence[str], _variables: bool) -> Test:
    networks: list[IPv4Network | IPv6Network] = list(_all(_network, values, "IP address or range"))

    def test(value: str, _keys: Keys) -> bool:
        address = _address(value)
        return address is not None and any(address in network for network in networks)

    return test


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket that listens for both shows an IPv4 client as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address


def _all(read: Callable[[str], _T | None], values: Sequence[str], kind: str) -> Iterator[_T]:
    for value in values:
        meant = read(value)
        if meant is None:
            raise PolicyInvalid(f"{value[:100]!r} is not a {kind}")
        yield meant


POSITIVE: dict[str, Build] = {
    "StringEquals": _texts(),
    "StringEqualsIgnoreCase": _folded_texts(),
    "StringLike": _texts(wildcards=True),
    "StringLikeIgnoreCase": _folded_texts(wildcards=True),
    "NumericEquals": _compared(_number, "number", operator.eq),
    "NumericLessThan": _compared(_number, "number", operator.lt),
    "NumericLessThanEquals": _compared(_number, "number", operator.le),
    "NumericGreaterThan": _compared(_number, "number", operator.gt),
    "NumericGreaterThanEquals": _compared(_number, "number", operator.ge),
    "DateEquals": _compared(_moment, "date", operator.eq),
    "DateLessThan": _compared(_moment, "date", operator.lt),
    "DateLessThanEquals": _compared(_moment, "date", operator.le),
    "DateGreaterThan": _compared(_moment, "date", operator.gt),
    "DateGreaterThanEquals": _compared(_moment, "date", operator.ge),
    "Bool": _booleans,
    "IpAddress": _addresses,
    "ArnEquals": _arns,
    "ArnLike": _arns,
}

NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "StringNotLikeIgnoreCase": "StringLikeIgnoreCase",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
"""Operators that hold where the other one does not."""
