import pytest

from mirror.errors import Invalid
from mirror.formats.npm.versions import clean, is_range, precedence, stable

# semver.org §11, the order that it gives itself, and npm.md §6
_ORDER = (
    "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 "
    "1.0.0 1.0.1 1.2.0 1.10.0 2.0.0-0 2.0.0"
)
ASCENDING = _ORDER.split()


def test_precedence_is_that_of_the_specification() -> None:
    descending = ASCENDING[::-1]  # equal keys would stay in this order and be noticed
    assert sorted(descending, key=precedence) == ASCENDING


@pytest.mark.parametrize(
    ("loose", "strict"),
    [("1.2.3beta", "1.2.3-beta"), ("01.02.03", "1.2.3"), ("v1.2.3", "1.2.3"), ("= 1.2.3", "1.2.3")],
)
def test_old_spellings_sort_where_node_semver_puts_them(loose: str, strict: str) -> None:
    assert precedence(loose) == precedence(strict)


def test_build_metadata_does_not_count() -> None:
    assert precedence("1.0.0+one") == precedence("1.0.0+two") == precedence("1.0.0")


def test_what_is_no_version_sorts_first_and_never_fails() -> None:
    odd = [
        "",
        "latest",
        "1.2",
        "1.2.3.4",
        "9" * 5000,
        "1." + "9" * 300 + ".0",
        "\0",
        "1.2.3-\u0661",
    ]
    assert max([*odd, "0.0.0-0"], key=precedence) == "0.0.0-0"
    assert not any(stable(text) for text in odd)


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("v1.2.3", "1.2.3"),
        ("=1.2.3", "1.2.3"),
        ("1.2.3+b.1", "1.2.3"),
        (" 1.2.3-a.1 ", "1.2.3-a.1"),
    ],
)
def test_publishing_cleans_as_npm_does(written: str, cleaned: str) -> None:
    assert clean(written) == cleaned


@pytest.mark.parametrize(
    "version",
    ["1.2", "01.2.3", "1.2.3beta", "1.2.3-01", "1.2.3-", "", "x", "1.2.3\n4", None, 1, [],
     "1.2.3-" + "a" * 300, "9007199254740992.0.0", "1.2.3/../..", "\u0661.0.0"],
)  # fmt: skip
def test_publishing_refuses_what_is_not_semver(version: object) -> None:
    with pytest.raises(Invalid):
        clean(version)


@pytest.mark.parametrize(
    "text", ["1", "v1", "1.x", "1.2", "x", "X", "*", "~1", "1.2.3", "1.2.3-a", ""]
)
def test_ranges_are_recognised(text: str) -> None:
    assert is_range(text)


@pytest.mark.parametrize("text", ["latest", "next", "v1-lts", "beta.1", "xx", "release-1.2"])
def test_tags_are_no_ranges(text: str) -> None:
    assert not is_range(text)
