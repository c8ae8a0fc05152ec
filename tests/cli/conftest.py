"""A data directory after the first start, and commands over it."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mirror.app import assembled
from mirror.cli import main
from mirror.config import load
from mirror.setup import first_start
from mirror.store import secrecy

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)
    for name in ("MIRROR_CONFIG", "MIRROR_DATA_DIR", "MIRROR_ENDPOINT", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("started") / "data"

    async def start() -> None:
        settings = load(None, {"MIRROR_DATA_DIR": str(folder)})
        async with assembled(settings) as parts:
            await first_start(parts.database, parts.users, settings, folder)

    asyncio.run(start())
    return folder


@pytest.fixture
def folder(started: Path, tmp_path: Path) -> Path:
    """A data directory after the first start."""
    folder = tmp_path / "data"
    shutil.copytree(started, folder)
    return folder


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*command: str, **more: object) -> Result:
        """A command over the data directory; its words, then its options."""
        return CliRunner().invoke(main, [*command, "--data-dir", str(folder)], **more)

    return run


def said(result: Result, text: str, status: int = 0) -> None:
    """The command printed that and nothing else."""
    assert result.output == text
    assert result.exit_code == status
