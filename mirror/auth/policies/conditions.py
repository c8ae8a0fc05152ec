"""The Condition element: operators with their prefixes and suffix, over a request's keys. Pure.

All conditions of a statement must hold; the values of one condition are alternatives (§5.4).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mirror.auth.policies.operators import NEGATED, POSITIVE, Test
from mirror.auth.policies.refusals import PolicyInvalid
from mirror.auth.policies.variables import Keys

_OPERATOR = re.compile(r"((?P<set>ForAnyValue|ForAllValues):)?(?P<name>\w+?)(?P<lenient>IfExists)?")
_KEY = re.compile(r"[\w-]+:.+")
_BOOLEANS = {"true": True, "false": False}


class Condition(Protocol):
    """One key with what it is held against."""

    def holds(self, keys: Keys) -> bool:
        """Whether the request fulfils it."""
        ...


@dataclass(frozen=True, slots=True)
class Presence:
    """`Null`: whether the request has the key at all; `true` asks for its absence."""

    key: str
    absent: frozenset[bool]

    def holds(self, keys: Keys) -> bool:
        """See `Condition`."""
        return (not keys(self.key)) in self.absent


@dataclass(frozen=True, slots=True)
class Comparison:
    """A key of one value, or of several without a set operator: one match is enough.

    Negated, none may match, so that a key which the request lacks fulfils it.
    """

    key: str
    test: Test
    negated: bool
    if_exists: bool

    def holds(self, keys: Keys) -> bool:
        """See `Condition`."""
        values = keys(self.key)
        if not values and self.if_exists:
            return True
        return any(self.test(value, keys) for value in values) != self.negated


@dataclass(frozen=True, slots=True)
class AnyValue:
    """`ForAnyValue`: one of the request's values passes; a missing key has none that could."""

    key: str
    test: Test
    negated: bool
    if_exists: bool

    def holds(self, keys: Keys) -> bool:
        """See `Condition`."""
        values = keys(self.key)
        if not values:
            return self.if_exists
        return any(self.test(value, keys) != self.negated for value in values)


@dataclass(frozen=True, slots=True)
class AllValues:
    """`ForAllValues`: each of the request's values passes, as all of no values do."""

    key: str
    test: Test
    negated: bool

    def holds(self, keys: Keys) -> bool:
        """See `Condition`."""
        return all(self.test(value, keys) != self.negated for value in keys(self.key))


def parse_conditions(block: object, *, variables: bool) -> tuple[Condition, ...]:
    """A statement's conditions; raises `PolicyInvalid` with what is wrong."""
    conditions = []
    for operator, entries in _members(block, "Condition"):
        compared = _members(entries, operator)
        if not compared:
            raise PolicyInvalid(f"condition operator {operator[:100]!r} has no key")
        for key, written in compared:
            values = _values(written, key)
            conditions.append(_condition(operator, key, values, variables=variables))
    return tuple(conditions)


def _condition(operator: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    match = _OPERATOR.fullmatch(operator)
    if match is None:
        raise PolicyInvalid(f"invalid condition operator {operator[:100]!r}")
    if not _KEY.fullmatch(key):
        raise PolicyInvalid(f"condition key {key[:100]!r} has no prefix such as 'aws:'")
    key = key.lower()
    if operator == "Null":
        return Presence(key, frozenset(_presence(value) for value in values))
    name = match["name"]
    negated = name in NEGATED
    build = POSITIVE.get(NEGATED.get(name, name))
    if build is None:
        raise PolicyInvalid(f"invalid condition operator {operator[:100]!r}")
    test = build(values, variables)
    if_exists = match["lenient"] is not None
    if match["set"] == "ForAnyValue":
        return AnyValue(key, test, negated, if_exists)
    if match["set"] == "ForAllValues":
        return AllValues(key, test, negated)
    return Comparison(key, test, negated, if_exists)


def _members(block: object, name: str) -> Sequence[tuple[str, object]]:
    if not isinstance(block, Mapping):
        raise PolicyInvalid(f"{name[:100]!r} must be an object")
    return list(block.items())


def _presence(value: str) -> bool:
    if value not in _BOOLEANS:
        raise PolicyInvalid("Null takes 'true' or 'false'")
    return _BOOLEANS[value]


def _values(value: object, key: str) -> Sequence[str]:
    """Strings, numbers and booleans, each as the text that a request would have."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise PolicyInvalid(f"condition key {key[:100]!r} has no value")
    return [_text(each, key) for each in values]


def _text(value: object, key: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyInvalid(f"the value of condition key {key[:100]!r} must be a string")
