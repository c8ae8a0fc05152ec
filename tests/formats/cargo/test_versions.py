import random

import pytest

from mirror.formats.cargo.requirements import is_requirement
from mirror.formats.cargo.versions import is_version
from tests.formats.cargo.samples import CARGO

# semver.org §11, then build metadata by the `semver` crate's order.
ASCENDING = [
    "not a version",
    "0.9.0",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0+1",
    "1.0.0+2",
    "1.0.0+10",
    "1.0.0+010",
    "1.0.0+a",
    "1.0.0+a.1",
    "1.0.1-a",
    "1.0.10",
    "1.10.0",
    "18446744073709551615.0.0",
]


def test_versions_are_ordered_by_precedence_and_then_by_build_metadata() -> None:
    shuffled = ASCENDING[:]
    random.Random(1).shuffle(shuffled)
    found = sorted(shuffled, key=CARGO.order)
    # `+10` and `+010` are the same number; only the text tells them apart.
    assert [v for v in found if v != "1.0.0+010"] == [v for v in ASCENDING if v != "1.0.0+010"]
    assert abs(found.index("1.0.0+010") - found.index("1.0.0+10")) == 1


def test_twins_are_two_versions_of_which_one_may_be_published() -> None:
    """Pitfall 16: crates.io has some from before the rule, and resolvers tell them apart."""
    assert CARGO.identity("1.0.7") != CARGO.identity("1.0.7+x")
    assert CARGO.uniqueness("1.0.7") == CARGO.uniqueness("1.0.7+x") == CARGO.uniqueness("1.0.7+y.1")
    assert CARGO.uniqueness("1.0.7-a+x") == "1.0.7-a"


@pytest.mark.parametrize("text", ["", "+", "1", "v1.0.0", "1.0.0.0", "9" * 10_000, "\x00", "é+é"])
def test_order_and_uniqueness_take_whatever_text(text: str) -> None:
    assert CARGO.order(text) < CARGO.order("0.0.0-0")
    assert isinstance(CARGO.uniqueness(text), str)


@pytest.mark.parametrize(
    "text",
    ["0.0.0", "1.2.3-a.b-c.0", "1.0.0+001.x", "1.0.0-0A", "1.0.0--", "110.0.0+1.1.0f"],
)
def test_versions(text: str) -> None:
    assert is_version(text)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0+", "1.0.0+a+b", "v1.0.0", " 1.0.0",
     "1.0.0\n", "1.0.0-a..b", "1.0.0/..", "\uff11.0.0", "18446744073709551616.0.0",
     "1.0.0-" + "a" * 130],
)  # fmt: skip
def test_no_versions(text: str) -> None:
    assert not is_version(text)


@pytest.mark.parametrize(
    "text",
    ["*", " x ", "1", "^1", "~1.2", "=1.2.3", ">= 1.2.3", ">=1.0.3, <2", "1.*", "1.X.x", "1.2.*",
     "^1.2.*", "1.2.3-rc.1", "=1.2.3+b", "0.0.0", " ^1 , <3 ", ",".join(["1"] * 32)],
)  # fmt: skip
def test_requirements(text: str) -> None:
    """As `VersionReq::parse` of Rust's semver 1.0 has it."""
    assert is_requirement(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "1,", ",1", "*, 1", "1, *", "^*", "1.*.2", "1.2-rc", "1.2+b", "01", "1.02", "==1",
     "=>1", "1 2", ">=1 <2", "1 || 2", "latest", "v1", "1.2.3.4", "1.2.3-", "1.2.3-01", "1\n",
     "18446744073709551616", ",".join(["1"] * 33), "1.0.0-" + "a" * 2000, "^ "],
)  # fmt: skip
def test_no_requirements(text: str) -> None:
    assert not is_requirement(text)
