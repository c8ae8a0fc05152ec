"""Which names are variations of one another (§10; User Guide, "Additional variations")."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.repositories.groups.weak import _prototypes, _skeleton, weak_key


@pytest.mark.parametrize(
    "variations",
    [
        ("AsyncStorage", "asyncStorage", "asyncstorage"),
        ("foo-bar", "foo.bar", "foo..bar", "foo_bar", "foo-._bar"),
        ("my-package", "my.package", "my_package", "my--package"),
        ("strasse", "STRASSE", "stra\N{LATIN SMALL LETTER SHARP S}e"),
        ("file", "\N{LATIN SMALL LIGATURE FI}le", "\N{FULLWIDTH LATIN SMALL LETTER F}ile"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("paypal", "p\N{CYRILLIC SMALL LETTER A}ypal", "PAY\N{CYRILLIC CAPITAL LETTER ER}AL"),
        ("acme", "\N{GREEK SMALL LETTER ALPHA}cme", "a\N{CYRILLIC SMALL LETTER ES}me"),
        ("modern", "modem"),  # two letters that look like one
        ("anycompany", "anyc0mpany", "ANYC0MPANY", "anyc\N{GREEK SMALL LETTER OMICRON}mpany"),
        ("level1", "levell", "leve1l"),
        ("my-package", "my\N{HYPHEN}package", "my\N{MINUS SIGN}package"),
        ("ab", "a\N{ZERO WIDTH SPACE}b", "a\N{SOFT HYPHEN}b", "ab\N{WORD JOINER}"),
        ("con", "\N{LISU LETTER CA}\N{LISU LETTER O}\N{LISU LETTER NA}"),  # capitals only
    ],
    ids=lambda each: each[0],
)
def test_variations(variations) -> None:
    assert len({weak_key(each) for each in variations}) == 1, [*map(weak_key, variations)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("foobar", "foo-bar"),
        ("mypackage", "my-package"),
        ("cafe", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("paypal", "paypai"),
        ("paypal", "paypaI"),  # case folds first: a capital I is an i
        ("com.act-on", "com.acton"),
        ("a@b", "a-b"),
    ],
)
def test_no_variations(one: str, other: str) -> None:
    assert weak_key(one) != weak_key(other)


def test_nothing_that_is_not_seen_counts() -> None:
    """Every character that Unicode calls a format character is ignorable, but for those that show
    around digits or letters of other scripts.
    """
    shown = {"ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN", "INTERLINEAR"}
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) != "Cf":
            continue
        name = unicodedata.name(character, "")
        if weak_key(f"a{character}b") != "ab":
            assert name.split()[0] in shown, name


def test_the_table_needs_one_pass() -> None:
    """What a character becomes is folded, and looks like nothing else."""
    table = _prototypes()
    assert len(table) > 6000
    assert {each for each in table.values() if _skeleton(each.casefold(), table) != each} == set()


@given(st.text(), st.text())
def test_a_key_begins_with_the_key_of_a_beginning(one: str, other: str) -> None:
    """As long as a separator lies between: that is what patterns rely on."""
    assert weak_key(f"{one}\x1f{other}").startswith(weak_key(f"{one}\x1f"))


@given(st.text())
def test_case_never_counts(text: str) -> None:
    assert weak_key(unicodedata.normalize("NFKC", text).casefold()) == weak_key(text)
