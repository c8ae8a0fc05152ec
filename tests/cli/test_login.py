"""`mirror login`: which address and which token; what becomes of files is told in tests/login."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from mirror.app import assembled
from mirror.cli import main
from mirror.config import load
from tests.cli.conftest import Run
from tests.endpoints.wire import listening


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "NPM_CONFIG_USERCONFIG", "POETRY_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    return home


def test_here_a_named_token_is_made(run: Run, home: Path) -> None:
    result = run("login", "--tool", "npm", "--duration", "30d")
    assert result.output.startswith(
        f"{home}/.npmrc written\nnpm uses http://127.0.0.1:8080/npm/main/ until "
    )
    token = (home / ".npmrc").read_text().partition(":_authToken=")[2].strip()
    assert token not in result.output
    (row,) = run("token", "list").output.splitlines()
    assert "admin" in row
    assert "mirror login --tool npm" in row


def test_a_dry_run_makes_no_token(run: Run, home: Path) -> None:
    run("domain", "create", "acme")
    run("repo", "create", "base", "--domain", "acme")
    result = run("login", "--tool", "pip", "--repository", "base", "--domain", "acme", "--dry-run")
    assert result.output == (
        f"{home}/.config/pip/pip.conf:\n"
        "  [global]\n"
        "  index-url = http://aws:******@127.0.0.1:8080/d/acme/pypi/base/simple/\n"
    )
    assert run("token", "list").output == ""
    assert [*home.iterdir()] == []


def test_anonymously_only_the_address_is_set(run: Run, home: Path) -> None:
    result = run("login", "--tool", "npm", "--anonymous")
    assert result.output.endswith("npm uses http://127.0.0.1:8080/npm/main/\n")
    assert (home / ".npmrc").read_text() == "registry=http://127.0.0.1:8080/npm/main/\n"
    assert run("token", "list").output == ""


def test_anonymously_elsewhere_nobody_is_asked(home: Path) -> None:
    elsewhere = ("--endpoint", "https://mirror.lan/x/", "--repository", "r1", "--domain", "acme")
    command = ("login", "--tool", "npm", "--anonymous", *elsewhere)
    assert CliRunner().invoke(main, command).exit_code == 0
    assert (home / ".npmrc").read_text() == "registry=https://mirror.lan/x/d/acme/npm/r1/\n"


async def test_elsewhere_an_authorization_token_is_got(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with assembled(load(None, {"MIRROR_DATA_DIR": str(folder)})) as parts:
        key, secret = await parts.keys.create("admin")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        async with listening(parts.handler) as door:
            there = ("--endpoint", f"http://127.0.0.1:{door.port}", "--duration", "15m")
            result = await asyncio.to_thread(
                CliRunner().invoke, main, ["login", "--tool", "npm", *there]
            )
        assert result.exit_code == 0, result.output
        (row,) = await parts.tokens.all()
    assert row.user == "admin"
    assert row.expires_at is not None
    assert row.expires_at - row.created_at == pytest.approx(900, abs=1)
    text = (home / ".npmrc").read_text()
    assert text.startswith(f"registry=http://127.0.0.1:{door.port}/npm/main/\n//127.0.0.1:")


def test_no_token_is_made_for_a_file_that_cannot_be_changed(run: Run, home: Path) -> None:
    (home / ".pypirc").write_text("no section = here")
    result = run("login", "--tool", "twine")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {home}/.pypirc cannot be changed: it cannot be read: ")
    assert run("token", "list").output == ""


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (("--tool", "cpan"), 2, "'cpan' is not one of 'npm'"),
        (("--tool", "npm", "--duration", "soon"), 2, "expected a duration such as"),
        (("--tool", "npm", "--endpoint", "mirror:8080"), 2, "expected an address such as https://"),
        (("--tool", "npm", "--endpoint", "http://[", "--anonymous"), 2, "expected an address"),
        (("--tool", "npm", "--repository", "nobody"), 1, "ResourceNotFoundException"),
        (("--tool", "npm", "--user", "nobody"), 1, "there is no user 'nobody'"),
    ],
)
def test_mistakes_write_nothing(
    run: Run, home: Path, options: tuple[str, ...], status: int, sentence: str
) -> None:
    result = run("login", *options)
    assert result.exit_code == status
    assert sentence in result.output
    assert [*home.iterdir()] == []
