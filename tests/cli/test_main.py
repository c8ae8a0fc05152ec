"""What all commands share: help, mistakes, where the data is."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mirror.cli import main


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(main, ["-h"])
    assert result.exit_code == 0
    for command in ("serve", "plan", "login", "repo", "token", "user", "verify", "why-denied"):
        assert re.search(rf"^  {command} ", result.output, re.MULTILINE)


def test_help_loads_nothing_that_a_command_would_need() -> None:
    """So that it is instant: neither settings nor server."""
    script = "import sys, mirror.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout
    assert "mirror.cli" in loaded.split()
    assert not {"aiohttp", "pydantic", "yaml", "mirror.app"} & set(loaded.split())


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("user", "create", "admin", "--password", "x"), "user 'admin' exists already"),
        (("user", "create", "a b", "--password", "x"), "user name 'a b': use 1 to 64 letters,"),
        (
            ("user", "password", "bob", "--password", "x"),
            "there is no user 'bob': see 'mirror user",
        ),
        (("user", "disable", "bob"), "there is no user 'bob'"),
        (("user", "delete", "bob"), "there is no user 'bob'"),
        (("token", "create", "bob"), "there is no user 'bob'"),
        (("token", "revoke", "7"), "there is no token number 7: see 'mirror token list'"),
        (("why", "gopher", "x"), "there is no format 'gopher': use one of "),
        (("why", "npm", "x y"), "'x y' is not a package name"),
        (("why", "npm", "x", "--repository", "nobody"), "domain 'default' has no repository"),
        (
            ("why", "npm", "x", "--domain", "acme"),
            "Domain not found. Domain 'acme' owned by account",
        ),
    ],
)
def test_mistakes_are_one_sentence(run, command, sentence) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {sentence}")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [("token", "create", "--days", "0"), ("token", "revoke", "9" * 30), ("token", "revoke", "x")],
)
def test_what_no_number_may_be(run, command) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert result.output.startswith("Usage: ")


def test_a_data_directory_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["user", "list", "--data-dir", str(tmp_path / "file" / "x")])
    assert result.exit_code == 1
    assert result.output.startswith("Error: the data directory ")


def test_a_newer_index(run, folder) -> None:
    connection = sqlite3.connect(folder / "index.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    result = run("user", "list")
    assert result.exit_code == 1
    assert result.output.startswith("Error: the index is of schema 99, this mirror knows ")


def test_a_mistake_in_the_file(run, tmp_path: Path) -> None:
    file = tmp_path / "mirror.yaml"
    file.write_text("sever: {port: 1}")
    result = run("user", "list", "--config", str(file))
    assert result.exit_code == 1
    assert "sever: no such setting; did you mean server?" in result.output
