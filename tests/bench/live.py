"""Real clients with real projects from the real registries, with empty client caches: wall time, and
the processor time of what stands between.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from tests.bench import installing
from tests.bench.material import Kind
from tests.bench.report import Table
from tests.bench.servers import Server, Setting
from tests.bench.suite import Suite, Value

NPM_PROJECT = Path(__file__).parents[1] / "clients/project/package.json"
UV = "uv==0.13.9"
ATTEMPTS = 3
"""A build that fails for its mirror is started again; the time of all attempts counts."""
REQUIREMENTS = (
    "aiohttp", "alembic", "black", "boto3", "celery", "cryptography", "django", "fastapi",
    "flask", "httpx", "jsonschema", "lxml", "numpy", "pandas", "paramiko", "pillow", "psutil",
    "pylint", "pytest", "pyyaml", "redis", "requests", "rich", "scikit-learn", "sphinx",
    "sqlalchemy", "tornado", "tox", "tqdm", "typer", "uvicorn",
)  # fmt: skip


class Direct(Server):
    """No mirror at all."""

    name = "direct"
    npm = simple = "/"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        return self

    def registry(self, kind: Kind) -> str:
        return self.setting.npm if kind == "npm" else self.setting.simple


def run(suite: Suite) -> Iterator[Table]:
    title = "Installs from the real registries, s"
    if not suite.wants(f"live: {title}"):
        return
    real = Setting(suite.setting.tools, suite.setting.python)
    projects: dict[Kind, Npm | Uv] = {"npm": Npm(real), "pypi": Uv(real)}
    kinds: tuple[type[Server], ...] = (Direct, *suite.peers)

    def fresh(kind: type[Server]) -> Server:
        return kind(real, suite.place())

    def measure(server: Server) -> Mapping[str, Value]:
        found: dict[str, Value] = {}
        direct = isinstance(server, Direct)
        for kind in server.kinds:
            project = projects[kind]
            # Without a mirror there is nothing to be warm. With ours, the first warm run still
            # renders what the cold one changed.
            for state in ("cold",) if direct else ("cold", "warm", "warm again"):
                desk = suite.place()
                began, spent = time.perf_counter(), 0.0 if direct else server.seconds()
                failures = _insist(project, server.registry(kind), desk)
                found[f"{project.title}, {state}"] = time.perf_counter() - began
                if failures:
                    found[f"{project.title}, {state}: failed first"] = failures
                if not direct:
                    server.rest()  # what it still makes of what it fetched is its work, too
                    found[f"{project.title}, {state}: processor"] = server.seconds() - spent
                # Left until the end: ext4 looks over what was deleted in the last minutes for each
                # file that it makes, and the next client would pay for it.
        return found

    yield suite.compare(title, {each.name: partial(fresh, each) for each in kinds}, measure)


def _insist(project: "Npm | Uv", registry: str, desk: Path) -> int:
    """Install, if need be again; how often it failed. Raises the last failure."""
    for attempt in range(ATTEMPTS):
        place = desk / f"{attempt}"
        place.mkdir(parents=True)
        try:
            project.install(registry, place)
            break
        except RuntimeError:
            if attempt + 1 == ATTEMPTS:
                raise
    return attempt


class Npm:
    """`npm ci`, without scripts, from a lockfile that names no registry."""

    def __init__(self, real: Setting) -> None:
        self._folder = real.tools / "live-npm"
        lockfile = self._folder / "package-lock.json"
        if not lockfile.exists():
            self._folder.mkdir(exist_ok=True)
            shutil.copy(NPM_PROJECT, self._folder)
            asked = ["--package-lock-only", "--omit-lockfile-registry-resolved"]
            installing.run(self._command("install", real.npm, self._folder) + asked, self._folder)
            shutil.rmtree(self._folder / "cache", ignore_errors=True)
        packages = json.loads(lockfile.read_text())["packages"]
        self.title = f"npm ci of {len(packages) - 1} packages"

    def install(self, registry: str, desk: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(self._folder / file, desk)
        installing.run(self._command("ci", registry, desk), desk)

    def _command(self, what: str, registry: str, folder: Path) -> list[str]:
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
        return ["npm", what, *quiet, "--registry", registry, "--cache", str(folder / "cache")]


class Uv:
    """`uv pip install` of pinned requirements into an empty environment."""

    def __init__(self, real: Setting) -> None:
        self._python = real.python
        self._uv = installing.python_with(real.python, real.tools / "uv", [UV]) / "uv"
        self._pinned = real.tools / "live-requirements.txt"
        if not self._pinned.exists():
            asked = "".join(f"{each}\n" for each in REQUIREMENTS)
            command = self._command("compile", real.simple, real.tools / "uv-cache", "-")
            self._pinned.write_text(_piped(command, asked))
            shutil.rmtree(real.tools / "uv-cache", ignore_errors=True)
        pinned = sum("==" in line for line in self._pinned.read_text().splitlines())
        self.title = f"uv pip install of {pinned} packages"

    def install(self, registry: str, desk: Path) -> None:
        environment = desk / "environment"
        installing.run([self._python, "-m", "venv", "--without-pip", str(environment)])
        command = self._command("install", registry, desk / "cache", "-r", str(self._pinned))
        installing.run([*command, "--no-deps", "--python", str(environment / "bin/python")], desk)

    def _command(self, what: str, index: str, cache: Path, *more: str) -> Sequence[str]:
        where = ["--default-index", index, "--cache-dir", str(cache), "--only-binary", ":all:"]
        return [str(self._uv), "pip", what, *where, "--no-config", *more]


def _piped(command: Sequence[str], text: str) -> str:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
