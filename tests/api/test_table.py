"""The table of operations against the published service model."""

import re

import pytest

from mirror.api.errors import Rejected
from mirror.api.shapes import Choice, Entries, Flag, Items, Record, Text, Whole
from mirror.api.table import BY_NAME, BY_ROUTE, TABLE
from tests.api.contract import model

# §2: `_` in domain names, and generic lists that the model leaves open; and, of DeletePackageGroup,
# a pattern that the model does not limit.
WIDER = {("DeletePackageGroup", "packageGroup")}


def test_every_operation_of_the_model_is_there_and_no_other() -> None:
    assert sorted(each.name for each in TABLE) == sorted(model().operation_names)
    assert len(TABLE) == len(BY_NAME) == len(BY_ROUTE) == 48


@pytest.mark.parametrize("name", sorted(model().operation_names))
def test_an_operation_has_the_models_route_and_members(name: str) -> None:
    ours, theirs = BY_NAME[name], model().operation_model(name)
    assert (ours.method, ours.path) == (theirs.http["method"], theirs.http["requestUri"])
    payload = theirs.input_shape.serialization.get("payload")
    expected = {
        member: (
            {"querystring": "query", "header": "header", None: "body"}[
                shape.serialization.get("location")
            ],
            shape.serialization.get("name", member),
            member in theirs.input_shape.required_members,
        )
        for member, shape in theirs.input_shape.members.items()
        if member != payload
    }
    assert {
        each.name: (each.location, each.key, each.required) for each in ours.members
    } == expected


def test_an_owner_without_a_name_is_none() -> None:
    """Terraform's provider says so with `skip_requesting_account_id`."""
    parse = BY_NAME["DescribeDomain"].parse
    assert parse("domain-owner=&domain=acme", {}, b"") == {"domain": "acme"}


@pytest.mark.parametrize(
    ("name", "member"), [(each.name, member.name) for each in TABLE for member in each.members]
)
def test_a_member_is_held_to_the_models_limits(name: str, member: str) -> None:
    ours = next(each.shape for each in BY_NAME[name].members if each.name == member)
    if (name, member) not in WIDER:
        alike(ours, model().operation_model(name).input_shape.members[member])


def alike(ours, theirs) -> None:
    limits = theirs.metadata
    match ours:
        case Text():
            assert theirs.type_name == "string"
            assert ours.least == limits.get("min", 0)
            assert ours.most == limits["max"]
            for text in SAMPLES:
                if ours.least <= len(text) <= ours.most:
                    assert accepts(ours, text) >= matches(limits["pattern"], text), text
        case Choice():
            assert sorted(ours.words) == sorted(theirs.enum)
        case Whole():
            assert (ours.least, ours.most) == (limits["min"], limits["max"])
        case Flag():
            assert theirs.type_name == "boolean"
        case Items():
            assert theirs.type_name == "list"
            assert ours.most <= limits.get("max", 1000)
            alike(ours.item, theirs.member)
        case Entries():
            assert theirs.type_name == "map"
            alike(ours.key, theirs.key)
            alike(ours.value, theirs.value)
        case Record():
            assert ours.members.keys() == theirs.members.keys()
            for key, shape in ours.members.items():
                alike(shape, theirs.members[key])


SAMPLES = [
    "ab", "a", "a-b", "A.b_c", "a b", "a#b", "a/b", "ä-", "\n", "a\tb", "", "a\x00b", "9a", "-a", "a-",
    "0" * 12, "f" * 64, "arn:aws:x", "/npm/*", "{ }", "\u200b", "a" * 300,
]  # fmt: skip


def accepts(shape, text: str) -> bool:
    try:
        shape.check("x", text)
    except Rejected:
        return False
    return True


def matches(pattern: str, text: str) -> bool:
    """Java's pattern, as far as the model uses it, in Python's words."""
    control = "\x00-\x1f\x7f-\x9f\u200b"
    translated = (
        pattern.replace(r"[\P{C}\s]", rf"[^{control}]")
        .replace(r"\P{C}", rf"[^{control}]")
        .replace(r"[^\p{C}\p{IsWhitespace}]", rf"[^{control}\s]")
    )
    return re.fullmatch(translated, text) is not None
