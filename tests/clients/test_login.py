"""`mirror login`, and then the client as its user would call it: it installs, and it publishes.

Nobody reads anonymously here, so that whatever a client manages to do it does with its token.
"""

import json
import os
import sys
import venv
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.clients.cargos import Workshop
from tests.clients.clients import INSTALLED, Ran, execute, package
from tests.clients.pythons import prepare
from tests.clients.registry import Registry
from tests.crates import Crates
from tests.distributions import sdist, wheel
from tests.index import Index
from tests.running import Running

pytestmark = pytest.mark.client

NODES = ("npm-6", "npm-11", "pnpm-10", "pnpm-11", "yarn-1", "yarn-4")


class Machine:
    """A user's machine with a HOME, and clients on it that have no other settings."""

    def __init__(self, root: Path, mirror: Running) -> None:
        self.home = root / "home"
        self.project = root / "project"
        self.home.mkdir()
        self.project.mkdir()
        self._mirror = mirror

    async def login(self, tool: str, *options: str, **environ: str) -> str:
        """Run `mirror login` there; over the data directory where no endpoint is an option."""
        here = ("--data-dir", str(self._mirror.data_dir), "--config", self._config())
        ran = await execute(
            Path(sys.executable),
            *("-m", "mirror", "login", "--tool", tool),
            *(options if "--endpoint" in options else (*options, *here)),
            cwd=Path(__file__).parents[2],
            environment=self._environment([]) | environ,
        )
        assert ran.status == 0, ran.text
        return ran.text

    async def run(self, command: Path, *arguments: str, cwd: Path | None = None) -> Ran:
        """A command that must succeed."""
        ran = await execute(
            command,
            *arguments,
            cwd=cwd or self.project,
            environment=self._environment(
                [command.parent, INSTALLED / "npm-10", INSTALLED / "node"]
            ),
        )
        assert ran.status == 0, f"{command} {' '.join(arguments)}:\n{ran.text[-4000:]}"
        return ran

    def _config(self) -> str:
        """The server's own, with its port, which it was given on its command line."""
        file = self.home.parent / "login.yaml"
        file.write_text(f"server: {{port: {self._mirror.port}}}\n")
        return str(file)

    def _environment(self, tools: list[Path]) -> Mapping[str, str]:
        own = Path(sys.base_prefix) / "bin"
        return {
            "HOME": str(self.home),
            "PATH": os.pathsep.join([*map(str, tools), str(own), "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "YARN_ENABLE_TELEMETRY": "0",
            "YARN_NPM_MINIMAL_AGE_GATE": "0",
            "YARN_NODE_LINKER": "node-modules",
            "UV_PYTHON_DOWNLOADS": "never",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Running]:
    async with Registry() as registry, Index() as index, Crates() as crates:
        registry.add("left", "1.0.0")
        index.add("alpha", "1.0")
        crates.add("beta", "1.0.0")
        crates.add("alpha", "1.0.0", deps={"beta": "^1"})
        config = {
            "auth": {"anonymous": "none"},
            "connections": {
                **registry.connection()["connections"],
                **index.connection()["connections"],
                **crates.connection()["connections"],
            },
        }
        async with Running(tmp_path / "mirror", config) as mirror:
            yield mirror


@pytest.fixture
def machine(mirror: Running, tmp_path: Path) -> Machine:
    return Machine(tmp_path, mirror)


def client(name: str) -> Path:
    """The command of an installed client; skips where there is none."""
    tool = name.partition("-")[0]
    for command in (INSTALLED / name / tool, INSTALLED / "python" / name / "bin" / tool):
        if command.exists():
            return command
    pytest.skip(f"{name} is not installed: run .ci/clients")


@pytest.mark.parametrize("name", NODES)
async def test_node(name: str, mirror: Running, machine: Machine, tmp_path: Path) -> None:
    command = client(name)
    tool = name.partition("-")[0]
    (machine.home / ".npmrc").write_text("; mine\nfund=false\n")
    said = await machine.login(tool)
    assert f"{tool} uses {mirror.registry()} until " in said
    described = {"name": "project", "version": "1.0.0", "private": True}
    (machine.project / "package.json").write_text(json.dumps(described))
    await machine.run(command, {"npm": "install"}.get(tool, "add"), "left")
    assert (machine.project / "node_modules" / "left" / "package.json").exists()

    made = package(tmp_path / "made", "@acme/made", "1.0.0")
    match name:
        case "yarn-4":
            (made / "yarn.lock").touch()
            await machine.run(command, "install", cwd=made)
            await machine.run(command, "npm", "publish", cwd=made)
        case "yarn-1":
            await machine.run(command, "publish", "--non-interactive", cwd=made)
        case _:
            more = ("--no-git-checks",) if tool == "pnpm" else ()
            await machine.run(command, "publish", *more, cwd=made)
    assert mirror.held("main", "made", "acme") == {"1.0.0": "Published"}
    kept = (machine.home / ".npmrc").read_text()
    assert kept.startswith("; mine\nfund=false\nregistry=")


@pytest.mark.parametrize("name", ["pip-23", "pip-26"])
async def test_pip(name: str, machine: Machine) -> None:
    command = client(name)
    await machine.login("pip")
    python = _python(machine)
    await machine.run(command, "--python", str(python), "install", "alpha")
    assert [*python.parents[1].glob("lib/*/site-packages/alpha-1.0.dist-info")]


async def test_uv(mirror: Running, machine: Machine, tmp_path: Path) -> None:
    command = client("uv")
    said = await machine.login("uv")
    python = _python(machine)
    await machine.run(command, "pip", "install", "--python", str(python), "alpha")
    assert [*python.parents[1].glob("lib/*/site-packages/alpha-1.0.dist-info")]

    assert "publish with: uv publish --index mirror\n" in said
    await machine.run(command, "publish", "--index", "mirror", cwd=_distribution(tmp_path))
    assert mirror.held("main", "made") == {"1.0": "Published"}


@pytest.mark.parametrize("name", ["twine-5", "twine-7"])
async def test_twine(name: str, mirror: Running, machine: Machine, tmp_path: Path) -> None:
    command = client(name)
    said = await machine.login("twine")
    assert "publish with: twine upload -r mirror dist/*\n" in said
    folder = _distribution(tmp_path)
    files = [str(each) for each in (folder / "dist").iterdir()]
    await machine.run(command, "upload", "-r", "mirror", *files)
    assert mirror.held("main", "made") == {"1.0": "Published"}


async def test_poetry(mirror: Running, machine: Machine, tmp_path: Path) -> None:
    command = client("poetry")
    said = await machine.login("poetry")
    once = said.partition("in each project, once: poetry ")[2].split()
    (machine.project / "pyproject.toml").write_text(
        '[project]\nname = "project"\nversion = "1.0"\nrequires-python = ">=3.11,<4"\n'
        "[tool.poetry]\npackage-mode = false\n"
    )
    await machine.run(command, *once)
    await machine.run(command, "add", "--lock", "alpha")
    assert "alpha" in (machine.project / "poetry.lock").read_text()

    folder = _distribution(tmp_path)
    await machine.run(command, "publish", "--no-interaction", "-r", "mirror", cwd=folder)
    assert mirror.held("main", "made") == {"1.0": "Published"}


@pytest.mark.parametrize("file", ["config.toml", "config"])
async def test_cargo(file: str, mirror: Running, machine: Machine) -> None:
    """Manifest and lockfile know nothing of us, but for what is ours alone."""
    shop = Workshop("cargo", machine.home.parent, mirror.registry(kind="cargo"))  # of the same HOME
    (shop.home / ".cargo" / "config.toml").unlink()
    settings = shop.home / ".cargo" / file
    settings.write_text("# mine\n[net]\nretry = 0\n")
    said = await machine.login("cargo")
    assert f"cargo uses {mirror.registry(kind='cargo')} until " in said
    assert settings.read_text().startswith("# mine\n[net]\nretry = 0\n\n[registries.mirror]\n")
    await shop.run("add", "alpha")
    await shop.run("build")
    assert mirror.held("main", "beta") == {"1.0.0": "Published"}
    for written in ("Cargo.toml", "Cargo.lock"):
        assert "mirror" not in (shop.project / written).read_text()

    shop.make("made", "1.0.0", {"alpha": "1"}, folder="made")
    publish = said.partition("publish with: cargo ")[2].partition(";")[0].split()
    await shop.run(*publish, "--allow-dirty", folder="made")
    assert mirror.held("main", "made") == {"1.0.0": "Published"}
    add = said.partition("depend on your own with: cargo ")[2].replace("NAME", "made").split()
    await shop.run(*add)
    await shop.run("build")
    assert shop.locked["made"] == "1.0.0"


async def test_with_an_access_key_over_http(mirror: Running, machine: Machine) -> None:
    """Twice, as its token lasts for hours only."""
    command = client("npm-11")
    exported = (await mirror.run("key", "create", "admin")).split()
    key = dict(each.split("=", 1) for each in exported if "=" in each)
    for _ in range(2):
        await machine.login("npm", "--endpoint", mirror.url, "--duration", "15m", **key)
    assert len((machine.home / ".npmrc").read_text().splitlines()) == 2
    (machine.project / "package.json").write_text("{}")
    await machine.run(command, "install", "left")


def _python(machine: Machine) -> Path:
    venv.create(machine.project / ".venv", symlinks=True)
    return machine.project / ".venv" / "bin" / "python"


def _distribution(root: Path) -> Path:
    made = dict((wheel("made", "1.0"), sdist("made", "1.0")))
    return prepare(root / "made", "made", "1.0", made)
