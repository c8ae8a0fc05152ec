import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Invalid
from mirror.formats.pypi import names
from tests.formats.pypi.samples import PYPI


@pytest.mark.parametrize("spelling", ["My.Pkg", "my_pkg", "MY--pkg", "my-._pkg"])
def test_every_spelling_is_one_package(spelling: str) -> None:
    """Lessons #19; bandersnatch#52."""
    assert PYPI.package("", spelling) == ("pypi", "", "my-pkg")


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a/b", "..", "ä", "a\n", "a" * 201])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(Invalid):
        PYPI.package("", name)


def test_no_namespace() -> None:
    with pytest.raises(Invalid, match="no namespace"):
        PYPI.package("scope", "a")


@given(st.text(max_size=30))
def test_a_package_is_its_own_normal_form(text: str) -> None:
    try:
        found = names.package("", text)
    except Invalid:
        return
    assert names.package("", found.name) == found
    assert found.name == found.name.lower()


def test_links_escape_what_proxies_change() -> None:
    assert names.link("1!1.0+cpu", "a-1!1.0+cpu.whl") == "1%211.0%2Bcpu/a-1%211.0%2Bcpu.whl"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\x00", "\ud800", "a" * 256])
def test_what_is_no_file_name(name: str) -> None:
    assert not names.is_file(name)
