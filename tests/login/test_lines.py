"""Files of lines: what is set, and that all else stays."""

import pytest

from mirror.login.lines import entry, npmrc, option, yarnrc


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "registry=new\n"),
        ("; mine\nfund = false", "; mine\nfund = false\nregistry=new\n"),
        ("registry = old\n# after\n", "registry=new\n# after\n"),
        ("registry=a\nx=1\n  registry=b\n", "registry=new\nx=1\n"),
        ("@acme:registry=other\n", "@acme:registry=other\nregistry=new\n"),
        ("x=1\n[section]\ny=2\n", "x=1\nregistry=new\n[section]\ny=2\n"),
    ],
)
def test_npmrc(before: str, after: str) -> None:
    assert npmrc(before, "registry", "new") == after
    assert npmrc(after, "registry", "new") == after


def test_npmrc_knows_keys_of_addresses() -> None:
    key = "//h:1/npm/main/:_authToken"
    text = "//h:1/npm/main/:_authToken=old\n//hx1/npm/main/:_authToken=other\n"
    assert npmrc(text, key, "new") == text.replace("old", "new")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'registry "new"\n'),
        ('# mine\nregistry "old"\nlast 1\n', '# mine\nregistry "new"\nlast 1\n'),
        ('"registry" old\n', 'registry "new"\n'),
        ("registries x\n", 'registries x\nregistry "new"\n'),
    ],
)
def test_yarnrc(before: str, after: str) -> None:
    assert yarnrc(before, "registry", "new") == after
    assert yarnrc(after, "registry", "new") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[s]\nkey = new\n"),
        ("[other]\nkey = 1", "[other]\nkey = 1\n\n[s]\nkey = new\n"),
        ("[s]\n\n# about t\n[t]\nkey = 1\n", "[s]\nkey = new\n\n# about t\n[t]\nkey = 1\n"),
        ("[ s ] # x\nkeys = 1\n", "[ s ] # x\nkeys = 1\nkey = new\n"),
        ("[s]\nkey: old\nx = 1\n", "[s]\nkey = new\nx = 1\n"),
        ("[s]\nkey =\n    a\n    b\n# c\nx = 1\n", "[s]\nkey = new\n# c\nx = 1\n"),
    ],
)
def test_options(before: str, after: str) -> None:
    assert option(before, "s", "key", "new") == after
    assert option(after, "s", "key", "new") == after


def test_toml_may_be_indented() -> None:
    text = '[s]\n  key = "old"\n  x = 1\n'
    assert option(text, "s", "key", '"new"', continued=False) == '[s]\nkey = "new"\n  x = 1\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[[index]]\nname = "m"\nurl = 2\n'),
        ("x = 1\n", 'x = 1\n\n[[index]]\nname = "m"\nurl = 2\n'),
        (
            '[[index]]\nname = "o"\n\n[[index]]\nurl = 1\nname = "m"\nold = 1\n\n# t\n[t]\n',
            '[[index]]\nname = "o"\n\n[[index]]\nname = "m"\nurl = 2\n\n# t\n[t]\n',
        ),
    ],
)
def test_entries(before: str, after: str) -> None:
    content = ['name = "m"', "url = 2"]
    assert entry(before, "index", content[0], content) == after
    assert entry(after, "index", content[0], content) == after
