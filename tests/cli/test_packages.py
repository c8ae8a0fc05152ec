"""Packages and versions: shown, and what becomes of them."""

import asyncio
import json
from pathlib import Path

import pytest

from mirror.app import assembled
from mirror.config import load
from mirror.model import Package
from tests.api.stock import stock
from tests.cli.conftest import Run, said
from tests.store.rows import version

UI = Package("npm", "acme", "ui")


@pytest.fixture
def stocked(folder: Path) -> None:
    """@acme/ui 1.0.0 and 2.0.0 in `main`."""

    async def fill() -> None:
        async with assembled(load(None, {"MIRROR_DATA_DIR": str(folder)})) as parts:
            await stock(parts, "main", version(), version("2.0.0", b"two"), package=UI)

    asyncio.run(fill())


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_packages_are_listed_and_shown(run: Run, stocked: None) -> None:
    assert rows(run("package", "list").output) == [
        ["FORMAT", "PACKAGE", "PUBLISH", "UPSTREAM"],
        ["npm", "acme/ui", "ALLOW", "BLOCK"],
    ]
    assert len(rows(run("package", "list", "--format", "pypi").output)) == 1
    for spelling in ("@acme/ui", "acme/ui"):
        shown = run("package", "show", "npm", spelling).output
        assert "package   acme/ui\n" in shown
    one = run("package", "show", "npm", "@acme/ui", "1.0.0").output
    assert "status     Published\norigin     INTERNAL main\n" in one
    assert rows(run("package", "versions", "npm", "@acme/ui").output)[0] == [
        "VERSION",
        "STATUS",
        "ORIGIN",
    ]
    answer = json.loads(run("package", "versions", "npm", "@acme/ui", "--json").output)
    assert {each["version"] for each in answer["versions"]} == {"1.0.0", "2.0.0"}


def test_versions_change_their_status_and_go(run: Run, stocked: None) -> None:
    of = ("npm", "@acme/ui")
    changed = run("package", "status", *of, "archived", "1.0.0", "2.0.0")
    assert rows(changed.output)[1:] == [["1.0.0", "Archived"], ["2.0.0", "Archived"]]
    listed = run("package", "versions", *of, "--status", "Archived").output
    assert len(rows(listed)) == 3
    failed = run("package", "status", *of, "Published", "1.0.0", "9.9.9")
    assert failed.exit_code == 1
    assert sorted(each[1] for each in rows(failed.output)[1:]) == ["NOT_FOUND", "SKIPPED"]

    assert run("package", "dispose", *of, "1.0.0", input="n\n").exit_code == 1
    disposed = run("package", "dispose", *of, "1.0.0", "--yes")
    assert rows(disposed.output)[1:] == [["1.0.0", "Disposed"]]
    deleted = run("package", "delete", *of, "1.0.0", "--yes")
    assert rows(deleted.output)[1:] == [["1.0.0", "Deleted"]]
    said(run("package", "delete", *of, "--yes"), "package '@acme/ui' deleted\n")
    assert "ResourceNotFoundException" in run("package", "show", *of).output


def test_versions_are_copied(run: Run, stocked: None) -> None:
    run("repo", "create", "stable")
    copy = ("package", "copy", "npm", "@acme/ui", "1.0.0", "--from", "main", "--to", "stable")
    assert rows(run(*copy).output)[1:] == [["1.0.0", "Published"]]
    said(run(*copy), "nothing to do: it is so already\n")
    assert len(rows(run("package", "list", "--repository", "stable").output)) == 2


def test_origin_controls(run: Run, stocked: None) -> None:
    origin = ("package", "origin", "npm", "@acme/ui")
    said(run(*origin), "publish   ALLOW\nupstream  BLOCK\n")
    said(run(*origin, "--publish", "block"), "publish   BLOCK\nupstream  BLOCK\n")
    new = ("package", "origin", "npm", "new", "--publish", "BLOCK", "--upstream", "BLOCK")
    said(run(*new), "publish   BLOCK\nupstream  BLOCK\n")
    assert "ResourceNotFoundException" in run("package", "origin", "npm", "none").output
