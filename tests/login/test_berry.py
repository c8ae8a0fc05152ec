"""One key of a YAML file, and every other line as it was."""

from typing import Any

import pytest

from mirror.errors import Invalid
from mirror.login.berry import set_key

FILE = """\
# top
nodeLinker: node-modules  # because

npmRegistries:
  # inner
  "https://r.example":
    npmAuthToken: a
# about the next
yarnPath: .yarn/x.cjs
"""


def added(now: Any) -> dict[str, Any]:
    return {**(now or {}), "//h:1/npm/main/": {"npmAuthToken": "t"}}


def test_a_mapping_gains_an_entry() -> None:
    changed = set_key(FILE, "npmRegistries", added)
    assert (
        changed
        == """\
# top
nodeLinker: node-modules  # because

npmRegistries:
  https://r.example:
    npmAuthToken: a
  //h:1/npm/main/:
    npmAuthToken: t
# about the next
yarnPath: .yarn/x.cjs
"""
    )
    assert set_key(changed, "npmRegistries", added) == changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "key: new\n"),
        ("# only this", "# only this\nkey: new\n"),
        ("a: 1", "a: 1\nkey: new\n"),
        ("key:\n", "key: new\n"),
        ("key: old # why\na: 1", "key: new # why\na: 1\n"),
        ('"key": "old"\n', "key: new\n"),
        ("---\nkey: |\n  old\n  text\n\nb: 2\n", "---\nkey: new\n\nb: 2\n"),
        ("key: {a: [1,\n 2]} # x\nb: 2\n", "key: new # x\nb: 2\n"),
    ],
)
def test_a_text(before: str, after: str) -> None:
    assert set_key(before, "key", lambda _: "new") == after
    assert set_key(after, "key", lambda _: "new") == after


def test_a_list_in_place_of_a_line_with_a_comment() -> None:
    changed = set_key("key: [a] # x\nb: 2\n", "key", lambda now: [*now, "c"])
    assert changed == "key:\n- a\n- c\nb: 2\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "it has no 'key: value' lines"),
        ("a: [\n", "it is not YAML: "),
        ("{a: 1, key: old}", "it is "),
        ("{a: 1}", "it is "),
        ("a: 1\n...\n", "it is "),
    ],
)
def test_what_is_left_to_people(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        set_key(text, "key", lambda _: ["x"])
