"""Setting up what is measured beside us, in a folder that is kept from run to run."""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bench.servers import ROOT

INSTALLING = 900.0  # seconds


def python_with(python: str, folder: Path, requirements: Sequence[str]) -> Path:
    """An environment of `python` with these packages; the folder of its commands.

    It is made anew when it was made for something else.
    """
    stamp, wanted = folder / "stamp", "\n".join((python, *requirements))
    if not stamp.exists() or stamp.read_text() != wanted:
        run([python, "-m", "venv", "--clear", str(folder)])
        run([f"{folder}/bin/python", "-m", "pip", "install", "--quiet", *requirements])
        stamp.write_text(wanted)
    return folder / "bin"


def node_with(folder: Path, manifest: str) -> Path:
    """A folder in which npm installed what a package.json asks for: its node_modules."""
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != manifest:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(manifest)
        run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], folder)
        stamp.write_text(manifest)
    return folder / "node_modules"


def node_package() -> str:
    """The npm package with a node for this machine: what is on PATH may be too old."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    return f"node-linux-{machine}"


def runs(command: Sequence[str]) -> bool:
    """Whether a command succeeds, with this source tree among its libraries."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return not subprocess.run(command, env=environment, capture_output=True).returncode


def run(command: Sequence[str], folder: Path | None = None) -> None:
    """Run a command to its end; raises with the last that it said where it fails."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALLING, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-600:]
        raise RuntimeError(f"{' '.join(command[:5])} failed:\n{said}")
