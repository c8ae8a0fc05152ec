import pytest

from mirror.errors import Exceeded, Invalid
from mirror.formats.cargo.features import is_feature, split
from tests.formats.cargo.samples import document, publish


def test_new_syntax_and_all_that_names_it_goes_to_features2() -> None:
    """Pitfall 7: as crates.io splits them."""
    plain, recent = split(
        {
            "default": ["std"],
            "std": [],
            "a": ["dep:x"],
            "b": ["y?/std"],
            "c": ["a"],
            "d": ["std", "c"],
            "e": ["y/std"],
        }
    )
    assert list(plain) == ["default", "std", "e"]
    assert list(recent) == ["a", "b", "c", "d"]
    assert split({}) == ({}, {})


def test_a_circle_of_features_is_split_once() -> None:
    assert split({"a": ["b"], "b": ["a", "dep:x"]})[0] == {}
    assert split({"a": ["b"], "b": ["a"]})[1] == {}


def test_a_chain_of_thousands_is_followed_to_its_end() -> None:
    chain = {f"f{n}": [f"f{n + 1}"] for n in range(4_998)} | {"f4998": ["dep:x"]}
    assert publish(document(features=chain)).manifest["features"] == {}


@pytest.mark.parametrize("name", ["a", "c++20", "0.5", "_x", "é", "a-b.c", "default", "中"])
def test_names_of_features(name: str) -> None:
    assert is_feature(name)


@pytest.mark.parametrize(
    "name", ["", "+a", "-a", ".a", "a/b", "dep:a", "a b", "a\n", "a\x00", "a?", "\u00b2", "a" * 257]
)
def test_no_names_of_features(name: str) -> None:
    assert not is_feature(name)
    with pytest.raises(Invalid):
        publish(document(features={name: []}))


@pytest.mark.parametrize("value", ["a", "dep:serde", "serde/std", "serde?/std", "a-b/c++20"])
def test_what_features_may_name(value: str) -> None:
    publish(document(features={"f": [value]}))


@pytest.mark.parametrize(
    "value", ["", "dep:", "dep:a/b", "dep:a b", "/a", "a/", "a??/b", "a/b/c", "?/a", "a?", "a\nb"]
)
def test_what_features_may_not_name(value: str) -> None:
    with pytest.raises(Invalid, match="'f'"):
        publish(document(features={"f": [value]}))


@pytest.mark.parametrize(
    "features", [["a"], [], "a", {"a": "b"}, {"a": None}, {"a": [1]}, {"a": {}}]
)
def test_features_that_are_no_lists_of_texts(features: object) -> None:
    with pytest.raises(Invalid, match="features"):
        publish(document(features=features))


def test_more_features_than_anybody_has() -> None:
    with pytest.raises(Exceeded, match="5000 features"):
        publish(document(features={f"f{n}": [] for n in range(50_000)}))
    with pytest.raises(Exceeded, match="50000 things"):
        publish(document(features={"f": ["a"] * 50_001}))
