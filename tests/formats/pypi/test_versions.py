import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Invalid
from mirror.formats.pypi import versions
from tests.formats.pypi.samples import PYPI

ORDERED = [
    "not-a-version",
    "1.0.dev1",
    "1.0a1.dev1",
    "1.0a1",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0+abc",
    "1.0+5",
    "1.0.post1",
    "1.1.dev1",
    "1!0.1",
]


def test_order() -> None:
    assert sorted(set(ORDERED), key=PYPI.order) == ORDERED


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("v1.0", "1.0"),
        ("1.0-1", "1.0.post1"),
        ("1.0-alpha.1", "1.0a1"),
        ("1.0c1", "1.0rc1"),
        ("1.0+Ubuntu_1", "1.0+ubuntu.1"),
        ("01.2", "1.2"),
        ("1.0.0", "1.0.0"),
        ("2004d-beta?", "2004d-beta?"),
    ],
)
def test_keys(text: str, normal: str) -> None:
    assert versions.key(text) == normal


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a\\b", "a b", "a\n", "9" * 5000])
def test_what_may_be_no_version(text: str) -> None:
    assert versions.key(text) is None


def test_zero_padding_is_one_version() -> None:
    assert PYPI.identity("1.0") == PYPI.identity("1.0.0") == PYPI.identity("v1")
    assert PYPI.identity("1.0") != PYPI.identity("1.0+a")


@given(st.text(max_size=40))
def test_keys_are_stable_and_sortable(text: str) -> None:
    found = versions.key(text)
    if found is not None:
        assert versions.key(found) == found
    assert sorted(["1.0", text, "1.0.dev1"], key=versions.precedence)


@pytest.mark.parametrize("text", ["1.0-foo", "", "9" * 300])
def test_only_pep_440_is_published(text: str) -> None:
    with pytest.raises(Invalid, match="PEP 440"):
        versions.clean(text)
