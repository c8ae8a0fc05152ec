import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Invalid, Refused
from mirror.formats.npm import names
from mirror.model import Package


@pytest.mark.parametrize(
    ("namespace", "name"),
    [("", "JSONStream"), ("", "jsonstream"), ("", "-"), ("", "left-pad"), ("Types", "node"),
     ("", "b~'!()*"), ("", "a" * 214), ("", "jquery.x"), ("s", "a" * 211)],
)  # fmt: skip
def test_old_names_may_be_mirrored_as_they_are(namespace: str, name: str) -> None:
    """lessons #19"""
    assert names.package(namespace, name) == Package("npm", namespace, name)


HOSTILE = [
    ("", ""), ("", "."), ("", ".."), ("", "..."), ("", ".hidden"), ("", "_private"), ("", "a/b"),
    ("", "a\\b"), ("", "a%2fb"), ("", "a%00"), ("", "a\0"), ("", "a\n"), ("", " a"), ("", "a b"),
    ("", "a\u2215b"), ("", "a\uff0fb"), ("", "\u0430pple"), ("", "caf\u00e9"), ("", "a" * 215),
    ("", "a" * 300), ("s", "a" * 212), ("", "node_modules"), ("", "favicon.ico"), ("@s", "n"),
    ("s/t", "n"), ("..", "n"), ("s", ""), ("s", ".."), ("", "@s/n"), ("", "a?b"), ("", "a#b"),
    ("", "a\u202eb"), ("", "a\ud800"),
]  # fmt: skip


@pytest.mark.parametrize(("namespace", "name"), HOSTILE)
def test_names_that_could_lead_elsewhere_are_refused(namespace: str, name: str) -> None:
    """lessons #19"""
    with pytest.raises(Invalid) as caught:
        names.package(namespace, name)
    assert str(caught.value).isascii()


@given(st.text(), st.text())
def test_a_name_is_refused_or_safe_in_an_address(namespace: str, name: str) -> None:
    try:
        package = names.package(namespace, name)
    except Invalid:
        return
    assert names.split(names.address(package)) == package
    assert not set(names.escaped(package).removeprefix("@").replace("%2f", "")) & set("/\\%@?# \0")


@pytest.mark.parametrize("name", ["Upper", "a~b", "a!", "-a", "a'b", "fs", "http", "(a)"])
def test_new_names_are_stricter(name: str) -> None:
    with pytest.raises(Invalid, match="cannot be published"):
        names.check_new(names.package("", name))


def test_a_scope_follows_the_same_rules_and_frees_core_names() -> None:
    names.check_new(names.package("me", "fs"))
    with pytest.raises(Invalid):
        names.check_new(names.package("Me", "pubby"))


@pytest.mark.parametrize(
    "tag", ["", "1.x", "v2", "*", "a" * 65, "a/b", "a b", "..", "\u03b2", "a%20"]
)
def test_tags_that_break_a_rule(tag: str) -> None:
    with pytest.raises(Invalid):
        names.check_tag(tag)


def test_latest_stays() -> None:
    with pytest.raises(Refused, match="latest"):
        names.check_removable("latest")
    names.check_removable("next")


@pytest.mark.parametrize(
    ("name", "file", "version"),
    [("a", "a-1.0.0-beta-2.tgz", "1.0.0-beta-2"), ("a-b", "a-b-1.0.0.tgz", "1.0.0"),
     ("a-1.0.0", "a-1.0.0-2.0.0.tgz", "2.0.0"), ("-", "--0.0.1.tgz", "0.0.1"),
     ("a", "a-.tgz", None), ("a", "b-1.0.0.tgz", None), ("a", "a-1.0.0.tar", None),
     ("a", "a-..tgz", None), ("a", "a-../x.tgz", None)],
)  # fmt: skip
def test_the_version_in_a_file_name_begins_after_the_whole_name(
    name: str, file: str, version: str | None
) -> None:
    assert names.file_version(names.package("", name), file) == version
