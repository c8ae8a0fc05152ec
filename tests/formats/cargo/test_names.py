import pytest

from mirror.errors import Invalid
from mirror.formats.cargo import names
from mirror.model import Package
from tests.formats.cargo.samples import CARGO


def test_coordinates_are_in_lower_case_and_keep_hyphen_and_underscore_apart() -> None:
    assert CARGO.package("", "Inflector") == Package("cargo", "", "inflector")
    assert CARGO.package("", "a-b") != CARGO.package("", "a_b")
    assert CARGO.address(CARGO.package("", "A-b_C")) == "a-b_c"


@pytest.mark.parametrize(
    ("name", "path"),
    [("a", "1/a"), ("ab", "2/ab"), ("ABC", "3/a/abc"), ("itoa", "it/oa/itoa"),
     ("cargo-util", "ca/rg/cargo-util"), ("_a-B", "_a/-b/_a-b")],
)  # fmt: skip
def test_index_paths(name: str, path: str) -> None:
    assert names.index_path(CARGO.package("", name)) == path


@pytest.mark.parametrize(
    "name",
    ["", "-a", "a.b", "a/b", "..", "a b", "a\n", "a\x00", "é", "\u0430", "a" * 65, "a%2fb", "a+b",
     "\u212a", "\ud800"],
)  # fmt: skip
def test_what_is_no_name(name: str) -> None:
    """Letters that only look like ASCII, or become it in lower case (Kelvin), are none."""
    with pytest.raises(Invalid) as caught:
        CARGO.package("", name)
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 800


def test_there_are_no_namespaces() -> None:
    with pytest.raises(Invalid, match="no namespace"):
        CARGO.package("me", "demo")


@pytest.mark.parametrize("name", ["a", "A-b_1", "a" * 64, "com", "lpt10", "testing", "nul1"])
def test_new_names(name: str) -> None:
    names.check_new(name)


@pytest.mark.parametrize(
    "name", ["_a", "1a", "std", "Core", "proc-macro", "proc_macro", "NUL", "com1", "LPT9", "test"]
)
def test_names_that_may_be_mirrored_but_not_published(name: str) -> None:
    names.package("", name)
    with pytest.raises(Invalid, match="cannot be published"):
        names.check_new(name)


def test_a_file_tells_its_version_by_the_length_of_the_name() -> None:
    assert names.file_version("a-1", "a-1-1.0.0-rc-1+b.crate") == "1.0.0-rc-1+b"
    for file in (
        "a-1.0.0.crate",
        "a-1-1.0.0.tgz",
        "A-1-1.0.0.crate",
        "a-1-.crate",
        "a-1-1.0.crate",
    ):
        assert names.file_version("a-1", file) is None
