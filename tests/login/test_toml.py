"""One key of a TOML file, and every other line as it was."""

import pytest

from mirror.errors import Invalid
from mirror.login.toml import set_key

SECTION = ("registries", "mirror")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[registries.mirror]\nindex = "new"\n'),
        ("# mine\n[t]\na = 1", '# mine\n[t]\na = 1\n\n[registries.mirror]\nindex = "new"\n'),
        (
            '[registries]\ncorp = { index = "x" } # why\n',
            '[registries]\ncorp = { index = "x" } # why\n\n[registries.mirror]\nindex = "new"\n',
        ),
        (
            '[registries.mirror]\nindex = "old"\n\n# about t\n[t]\nlist = [\n  [1],\n]\n',
            '[registries.mirror]\nindex = "new"\n\n# about t\n[t]\nlist = [\n  [1],\n]\n',
        ),
        (
            '[registries.mirror] # mine\ntoken = "x"\n[registries.corp]\nindex = "y"\n',
            '[registries.mirror] # mine\ntoken = "x"\nindex = "new"\n[registries.corp]\nindex = "y"\n',
        ),
    ],
)
def test_a_text(before: str, after: str) -> None:
    assert set_key(before, SECTION, "index", "new") == after
    assert set_key(after, SECTION, "index", "new") == after


@pytest.mark.parametrize(
    "text",
    [
        "[registries.mirror]\n  index='new' # why\n",
        '[registries]\nmirror = { index = "new" }\n',
        'registries.mirror.index = "new"',
        '[registries."mirror"]\nindex = "new"\n',
    ],
)
def test_what_is_said_already_stays_as_it_is_written(text: str) -> None:
    assert set_key(text, SECTION, "index", "new") == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[registries", "it is not TOML: "),
        ('[registries]\nmirror = { index = "old" }\n', "unusual way: set registries.mirror.index"),
        ('registries.mirror.index = "old"', "unusual way"),
        ('[registries."mirror"]\nindex = "old"\n', "unusual way"),
        ('[registries.mirror]\nindex = [\n  "old",\n]\n', "unusual way"),
        ('text = """\n[registries.mirror]\nindex = 1\n"""\n', "unusual way"),
        ("registries = 1\n", "'registries' has no keys below it: set registries.mirror.index"),
        ("[[registries]]\nmirror = 1\n", "'registries' has no keys below it"),
    ],
)
def test_what_is_left_to_people(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        set_key(text, SECTION, "index", "new")
