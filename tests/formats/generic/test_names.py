import unicodedata

import pytest

from mirror.errors import Invalid
from mirror.formats.generic import names
from mirror.model import Package


@pytest.mark.parametrize(
    "name",
    [
        "a b.txt",
        "naïve.bin",
        "文件.zip",
        "x~!@^&()-_+[]{};,.`y",
        "Ⅷ-٣.bin",
        "...",
        "-",
        "a" * 255,
        "\N{LATIN CAPITAL LETTER D WITH SMALL LETTER Z WITH CARON}",
    ],
)
def test_names_of_assets(name: str) -> None:
    """User Guide, "Generic package constraints"."""
    assert names.asset(name) == name


@pytest.mark.parametrize("character", "/\\%#=':$*\"<>|?\0\n\t\x7f\u00a0\u2003²½€🙂\u200b\ud800")
def test_characters_that_no_asset_has(character: str) -> None:
    with pytest.raises(Invalid, match=f"cannot contain U\\+{ord(character):04X} "):
        names.asset(f"a{character}b")


@pytest.mark.parametrize("name", [" a", "a ", "a  b", " "])
def test_spaces_stand_alone_and_inside(name: str) -> None:
    with pytest.raises(Invalid, match="no spaces at its ends, and no two in a row"):
        names.asset(name)


@pytest.mark.parametrize("name", [".", "..", "", "a" * 256])
def test_names_that_are_none(name: str) -> None:
    for check in (names.asset, names.version, lambda name: names.package("ns", name)):
        with pytest.raises(Invalid):
            check(name)


def test_a_decomposed_name_is_refused_and_told_of() -> None:
    """generic.md §1: not composed in silence."""
    with pytest.raises(Invalid) as caught:
        names.asset(unicodedata.normalize("NFD", "naïve.bin"))
    assert "U+0308 (COMBINING DIAERESIS)" in str(caught.value)
    assert "write it in Unicode's form NFC" in str(caught.value)


@pytest.mark.parametrize("name", ["Tool", "tool", "a=b:c%d", "文件", "v1.0+x", "a\\b"])
def test_coordinates_stay_as_they_are_written(name: str) -> None:
    assert names.package(name, name) == Package("generic", name, name)
    assert names.version(name) == name


def test_a_package_may_be_without_a_namespace() -> None:
    assert names.package("", "tool") == Package("generic", "", "tool")
    with pytest.raises(Invalid, match="in addresses that stands for none"):
        names.package("-", "tool")


@pytest.mark.parametrize("character", ["#", "/", " ", "\t", "\u2003", "\0", "\x7f", "\udc80"])
def test_characters_that_no_coordinate_has(character: str) -> None:
    """API contract §2."""
    name = f"a{character}b"
    for check in (
        names.version,
        lambda name: names.package("", name),
        lambda name: names.package(name, "tool"),
    ):
        with pytest.raises(Invalid, match=f"cannot contain U\\+{ord(character):04X} "):
            check(name)
