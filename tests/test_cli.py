"""The command line: each command's way, and one mistake each."""

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mirror.app import assembled
from mirror.cli import main
from mirror.config import load
from mirror.setup import first_start
from mirror.store import secrecy


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)
    for name in ("MIRROR_CONFIG", "MIRROR_DATA_DIR", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory after the first start."""
    folder = tmp_path / "data"

    async def start() -> None:
        settings = load(None, {"MIRROR_DATA_DIR": str(folder)})
        async with assembled(settings) as parts:
            await first_start(parts.database, parts.users, settings, folder)

    asyncio.run(start())
    return folder


@pytest.fixture
def run(folder: Path):
    def run(*command: str, **more) -> Result:
        """A command over the data directory; its words, then its options."""
        return CliRunner().invoke(main, [*command, "--data-dir", str(folder)], **more)

    return run


def said(result: Result, text: str, status: int = 0) -> None:
    assert result.output == text
    assert result.exit_code == status


def test_help_is_instant_and_names_every_command() -> None:
    result = CliRunner().invoke(main, ["-h"])
    assert result.exit_code == 0
    for command in ("serve", "token", "user", "verify", "why"):
        assert re.search(rf"^  {command} ", result.output, re.MULTILINE)


def test_users(run) -> None:
    said(
        run("user", "create", "ci", "--password", "one"),
        "user 'ci' created; a token for it: mirror token create ci\n",
    )
    said(run("user", "list"), "admin\nci\n")
    said(run("user", "password", "ci", "--password", "two"), "password of 'ci' replaced\n")
    said(run("user", "disable", "ci"), "user 'ci' is inactive\n")
    said(run("user", "list"), "admin\nci  (inactive)\n")
    said(run("user", "disable", "ci", "--enable"), "user 'ci' is active\n")
    said(run("user", "delete", "ci"), "user 'ci' deleted\n")
    said(run("user", "list"), "admin\n")


def test_a_password_is_asked_for_twice_and_never_shown(run) -> None:
    result = run("user", "create", "ci", input="hunter2\nhunter2\n")
    assert result.exit_code == 0
    assert "hunter2" not in result.output
    assert run("user", "create", "bob", input="hunter2\nhunter3\n").exit_code == 1
    result = run("user", "password", "ci", input="hunter4\nhunter4\n")
    assert result.exit_code == 0
    assert "hunter4" not in result.output


def test_tokens(run) -> None:
    first = run("token", "create").output
    assert re.fullmatch(r"mirror_[\w-]{43}\n", first)
    run("token", "create", "admin", "--name", "ci", "--read-only", "--days", "1")
    lines = run("token", "list").output
    assert first.strip() not in lines
    assert re.sub(r"\d{4}-\d\d-\d\d", "DAY", lines) == (
        "    1  admin                                     named, does not expire\n"
        "    2  admin            ci                       named, read-only, until DAY\n"
    )
    said(run("token", "revoke", "1"), "token 1 revoked\n")
    assert run("token", "list").output.startswith("    2  ")


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
        (("why", "gopher", "x"), "there is no format 'gopher': use one of npm"),
        (("why", "npm", "x y"), "'x y' is not a package name"),
        (("why", "npm", "x", "--repository", "nobody"), "domain 'default' has no repository"),
        (("why", "npm", "x", "--domain", "acme"), "domain 'acme' does not exist"),
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


def test_verify(run, folder) -> None:
    said(run("verify"), "every stored file is right\n")
    sha256 = "ab" * 32
    stray = folder / "blobs" / "ab" / "ab" / sha256
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"stray")
    result = run("verify")
    assert result.exit_code == 1
    assert re.search(rf"^orphaned +{sha256}", result.output)
    assert result.output.endswith("1 problems\n")
    assert run("verify", "--repair").exit_code == 0
    assert not stray.exists()
    said(run("verify"), "every stored file is right\n")


def test_why_in_a_fresh_installation(run, folder) -> None:
    result = run(
        "why", "npm", "left-pad@1.0.0", "--repository", "npm-store", "--config", _alone(folder)
    )
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[:2] == [
        "left-pad@1.0.0 through 'npm-store' is NOT listed",
        "  npm-store: does not have this version",
    ]
    assert lines[2].startswith("  npm-store -> public:npmjs: unavailable (")


def _alone(folder: Path) -> str:
    """A configuration in which nobody answers for the public registry."""
    file = folder / "alone.yaml"
    file.write_text("connections: {'public:npmjs': {url: 'http://127.0.0.1:9'}}")
    return str(file)


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
