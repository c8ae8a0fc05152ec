"""Patterns: which texts are some, what they match, which contains which (§10; User Guide)."""

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Invalid
from mirror.repositories.groups.grammar import FORMATS
from mirror.repositories.groups.patterns import Association, Pattern
from tests.repositories.groups.trees import package

STRONG, WEAK = Association.STRONG, Association.WEAK


@pytest.mark.parametrize(
    "text",
    [
        # the guide's example of each combination
        "/*",
        "/npm/*",
        "/maven/com.anycompany~",
        "/npm/space/*",
        "/npm/space/anycompany-ui~",
        "/maven/org.apache.logging.log4j/log4j-core$",
        # a namespace may be left empty where packages have none
        "/npm//AsyncStorage$",
        "/npm//*",
        "/pypi//requests$",
        "/pypi//any-*",
        "/pypi//any~",
        "/nuget//newtonsoft.json$",
        "/cargo//Serde_json$",
        "/ruby//Rails~",
        # * after what belongs to no word
        "/npm/any-*",
        "/npm/space/any.*",
        "/generic/a/b_*",
        "/maven/com.any./x@*",
        "/swift/mona/linked-list$",
        # the operators are themselves characters of names
        "/npm//a~$",
        "/npm//a*$",
        "/npm//a$$",
        "/npm//a$*",
        # words of other scripts, with marks
        "/generic/n/caf\u00e9~",
        "/generic/n/cafe\u0301~",
        "/generic/n/-\u0301*",
        "/generic/n/\u0662~",
        f"/generic/{'n' * 254}/{'x' * 255}$",
        *(f"/{each}/*" for each in FORMATS),
    ],
)
def test_patterns(text: str) -> None:
    assert str(Pattern.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "2 to 520 characters"),
        ("/", "2 to 520 characters"),
        (f"/generic/n/{'x' * 509}$", "2 to 520 characters"),
        (f"/npm//{'x' * 256}$", "at most 255 characters"),
        ("npm/*", "begins with / and ends with"),
        ("/npm/space/name", "begins with / and ends with"),
        ("*", "2 to 520 characters"),
        ("//*", "stands a format"),
        ("/python//requests$", "stands a format: npm, pypi"),
        ("/NPM/*", "stands a format"),
        ("/npm*", "write /npm/\\*"),
        ("/npm$", "write /npm/\\*"),
        ("/npm/a/b/c$", "write /npm/\\*"),
        ("/npm/space$", "stands only after a name"),
        ("/npm/$", "stands only after a name"),
        ("/npm//$", "stands only after a name"),
        ("/npm/~", "after a letter or number only"),
        ("/npm//~", "after a letter or number only"),
        ("/npm/space/~", "after a letter or number only"),
        ("/npm/any-~", "after a letter or number only"),
        ("/npm//any.~", "after a letter or number only"),
        ("/npm//any_~", "after a letter or number only"),
        ("/npm//any@~", "after a letter or number only"),
        ("/generic/n/-\u0301~", "after a letter or number only"),
        ("/npm/any*", "write ~ there"),
        ("/npm//any*", "write ~ there"),
        ("/npm//any7*", "write ~ there"),
        ("/generic/n/cafe\u0301*", "write ~ there"),
        ("/pypi/space/name$", "pypi packages have no namespace"),
        ("/nuget/space~", "nuget packages have no namespace"),
        ("/cargo/a/*", "cargo packages have no namespace"),
        ("/ruby/a-*", "ruby packages have no namespace"),
        ("/maven//junit$", "maven packages always have a namespace"),
        ("/swift//list~", "swift packages always have a namespace"),
        ("/generic//*", "generic packages always have a namespace"),
        ("/npm/@types/node$", "without its @"),
        ("/npm/@types~", "without its @"),
        ("/pypi//Requests$", "write 'requests'"),
        ("/pypi//any_company~", "write 'any-company'"),
        ("/pypi//any..*", "write 'any-'"),
        ("/nuget//Newtonsoft.Json$", "write 'newtonsoft.json'"),
        ("/swift/Mona/list$", "write 'mona'"),
        ("/swift/mona/List$", "write 'list'"),
        ("/npm//a b$", "no white space"),
        ("/npm//a\u00a0b$", "no white space"),
        ("/npm//a#b$", "no #"),
        ("/npm//a\x00b$", "no control characters"),
        ("/npm//a\u200bb$", "no control characters"),
        ("/npm//a\nb$", "no control characters"),
        ("/npm//a\ud800$", "no control characters"),
    ],
)  # fmt: skip
def test_what_is_no_pattern(text: str, rule: str) -> None:
    with pytest.raises(Invalid, match=rule) as caught:
        Pattern.parse(text)
    assert "is not a package group pattern" in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text(alphabet="/npm.-~*$a\u0301\u200b \x00", max_size=12).map("/npm/".__add__))
def test_any_text_is_a_pattern_or_invalid(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert Pattern.parse(text).text == text


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        # §10 and the guide, row by row
        ("/*", "/npm//react", STRONG),
        ("/npm/*", "/npm//react", STRONG),
        ("/npm/*", "/npm/space/au.components", STRONG),
        ("/npm/space/*", "/npm/space/au.components", STRONG),
        ("/npm/space/*", "/npm/space/amplify-ui-core", STRONG),
        ("/npm/space/*", "/npm//react", None),
        ("/npm/space/foo~", "/npm/space/foo", STRONG),
        ("/npm/space/foo~", "/npm/space/foo-bar", STRONG),
        ("/npm/space/foo~", "/npm/space/food", None),
        ("/npm/space/foo~", "/npm/space/foot", None),
        ("/maven/com.anycompany~", "/maven/com.anycompany/any", STRONG),
        ("/maven/com.anycompany~", "/maven/com.anycompany.x/any", STRONG),
        ("/maven/com.anycompany~", "/maven/com.anycompanyx/any", None),
        ("/npm//anycompany-spicy-client$", "/npm//anycompany-spicy-client", STRONG),
        ("/npm//anycompany-spicy-client$", "/npm//AnyCompany-spicy-client", WEAK),
        ("/npm//my-package$", "/npm//my.package", WEAK),
        ("/npm//my-package$", "/npm//my_package", WEAK),
        ("/npm//my-package$", "/npm//my--package", WEAK),
        ("/npm//my-package$", "/npm//mypackage", None),
        ("/npm//AsyncStorage$", "/npm//asyncStorage", WEAK),
        ("/npm//AsyncStorage$", "/npm//asyncstorage", WEAK),
        ("/npm//foo-bar$", "/npm//foo..bar", WEAK),
        ("/maven/com.act-on/*", "/maven/com.act.on/x", WEAK),
        # where a word ends
        ("/npm//oneword~", "/npm//oneWord", WEAK),
        ("/npm//one~", "/npm//oneWord", None),
        ("/npm//one~", "/npm//one2", None),
        ("/npm//one~", "/npm//one_two", STRONG),
        ("/npm//one~", "/npm//one~", STRONG),
        ("/generic/n/cafe~", "/generic/n/cafe\u0301", None),  # a mark goes on with the word
        ("/generic/n/cafe\u0301~", "/generic/n/cafe\u0301-x", STRONG),
        ("/generic/n/caf\u00e9~", "/generic/n/cafe\u0301-x", WEAK),
        ("/generic/n/one~", "/generic/n/one\u0662", None),
        # prefixes that vary
        ("/npm/space/foo~", "/npm/Space/foo-bar", WEAK),
        ("/npm/space/foo~", "/npm/space/FOO-bar", WEAK),
        ("/npm/space/foo~", "/npm/space/FOOd", None),
        ("/npm/space/foo-*", "/npm/space/foo-bar", STRONG),
        ("/npm/space/foo-*", "/npm/space/foo.bar", WEAK),
        ("/npm/space/foo-*", "/npm/space/foo", None),
        ("/npm/foo-*", "/npm/foo-/x", STRONG),
        ("/npm/foo-*", "/npm/foo-bar/x", STRONG),
        ("/npm/foo-*", "/npm/Foo_bar/x", WEAK),
        # a full name is full
        ("/npm//foo$", "/npm//foo-bar", None),
        ("/npm//foo$", "/npm/foo/foo", None),
        ("/npm//foo$", "/pypi//foo", None),
        ("/npm//a~$", "/npm//a~", STRONG),
        ("/npm//a~$", "/npm//a-b", None),
        # without a namespace is not with any
        ("/npm//*", "/npm//react", STRONG),
        ("/npm//*", "/npm/space/react", None),
        ("/npm/space~", "/npm/space/react", STRONG),
        ("/npm/space~", "/npm/spaceship/react", None),
        # look-alikes
        ("/npm//anycompany~", "/npm//\N{CYRILLIC SMALL LETTER A}nycompany-ui", WEAK),
        ("/npm//anycompany~", "/npm//anyc0mpany-ui", WEAK),
        ("/npm//anycompany~", "/npm//any\N{ZERO WIDTH SPACE}company", WEAK),
        # what looks like a slash separates nothing
        ("/npm/a/b~", "/npm//a\N{FULLWIDTH SOLIDUS}b", None),
        ("/generic/a/*", "/generic/a\N{DIVISION SLASH}b/x", None),
    ],
)  # fmt: skip
def test_matching(pattern: str, path: str, expected: Association | None) -> None:
    assert Pattern.parse(pattern).matches(package(path)) is expected


@pytest.mark.parametrize(
    "chain",
    [
        ("/*", "/npm/*", "/npm/space/*", "/npm/space/foo~", "/npm/space/foo-*", "/npm/space/foo-a$"),
        ("/*", "/maven/*", "/maven/com~", "/maven/com.any~", "/maven/com.any/*", "/maven/com.any/x~"),
        ("/npm/*", "/npm//*", "/npm//foo~", "/npm//foo$"),
        ("/npm/space~", "/npm/space/*"),
        ("/npm/sp-*", "/npm/sp-a~", "/npm/sp-a/x$"),
        ("/pypi/*", "/pypi//*", "/pypi//any~"),
        # a variation lies where its packages would belong without it
        ("/npm//foo~", "/npm//Foo-bar$"),
        ("/npm//Foo~", "/npm//foo-bar~"),
    ],
)  # fmt: skip
def test_the_longer_lies_within_the_shorter(chain) -> None:
    patterns = [Pattern.parse(text) for text in chain]
    for place, outer in enumerate(patterns):
        for other, inner in enumerate(patterns):
            assert outer.contains(inner) is (place < other), f"{outer} {inner}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/npm/*", "/pypi/*"),
        ("/npm/space/*", "/npm//*"),
        ("/npm/space/foo~", "/npm/space/food~"),
        ("/npm/space/foo~", "/npm/space/foo2$"),
        ("/npm//AsyncStorage$", "/npm//asyncstorage$"),
        ("/npm//foo~", "/npm//FOO~"),
        ("/npm//foo-bar$", "/npm//foo.bar$"),
        ("/npm//foo$", "/npm//foo-bar$"),
        ("/maven/com.any/*", "/maven/com.any.x/*"),
        ("/maven/com.any/*", "/maven/com.anyone~"),
    ],
)
def test_neither_lies_within_the_other(one: str, other: str) -> None:
    first, second = Pattern.parse(one), Pattern.parse(other)
    assert not first.contains(second)
    assert not second.contains(first)


def test_names_of_marks_and_punctuation_only_match_themselves() -> None:
    pattern = Pattern.parse("/generic/n/-\u0301*")
    assert unicodedata.category("\u0301") == "Mn"
    assert pattern.matches(package("/generic/n/-\u0301x")) is STRONG
    assert pattern.matches(package("/generic/n/-x")) is None
