"""Python's installers and uploaders, each at a bench of its own: a HOME, caches, and one project.

    bench = Bench("uv", tmp_path / "bench", mirror.registry(kind="pypi"), token)
    await bench.add("alpha")          # one more dependency, resolved anew
    bench.freshen()                   # nothing installed, and nothing cached
    await bench.frozen()              # exactly what the lock file says
    await bench.publish(folder)       # what is in folder/dist

Nothing of the machine's own settings is seen. `run` calls the client with other arguments.
"""

import os
import shutil
import sys
import venv
from importlib.metadata import distributions
from pathlib import Path

import pytest
from yarl import URL

from tests.clients.clients import INSTALLED, Ran, execute
from tests.distributions import PYPROJECT

INSTALLERS = ("pip-23", "pip-26", "uv", "poetry", "pdm")
KINDS = ("pip-26", "uv")
"""Where one of each kind will do: what caches by our headers, and what has its own ideas."""
UPLOADERS = ("twine-5", "twine-7", "uv", "hatch", "flit", "poetry", "pdm")
USER = "aws"

PROJECT = """\
[project]
name = "bench"
version = "1.0"
description = ""
requires-python = ">=3.11,<4"
dependencies = []

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "mirror"
url = "{plain}"
priority = "primary"

[tool.pdm]
distribution = false

[[tool.pdm.source]]
name = "pypi"
url = "{known}"
verify_ssl = false

[[tool.uv.index]]
url = "{known}"
default = true
"""


class Bench:
    """One client with its own HOME and project. Skips the test where the client is not installed.

    `repository` is the address of a repository, with a final slash; that of its index is below.
    """

    def __init__(self, client: str, root: Path, repository: str, token: str | None = None) -> None:
        self.client = client
        self.tool = client.partition("-")[0]
        self.repository = repository
        self.token = token
        self.home = root / "home"
        self.project = root / "project"
        name = {"build": "pyproject-build"}.get(self.tool, self.tool)
        self._command = INSTALLED / "python" / client / "bin" / name
        if not self._command.exists():
            pytest.skip(f"{client} is not installed: run .ci/clients")
        self.project.mkdir(parents=True)
        text = PROJECT.format(plain=self.index, known=self._known(self.index))
        (self.project / "pyproject.toml").write_text(text)
        self._furnish()

    # -- the bench

    @property
    def index(self) -> str:
        return f"{self.repository}simple/"

    @property
    def python(self) -> Path:
        """The interpreter that things are installed for."""
        return self.project / ".venv/bin/python"

    @property
    def temporary(self) -> Path:
        """Where the client puts what it is not finished with."""
        return self.home / "tmp"

    @property
    def lockfile(self) -> Path:
        return self.project / ("requirements.txt" if self.tool == "pip" else f"{self.tool}.lock")

    def freshen(self) -> None:
        """A new machine with the same checkout: the project's own files stay."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.project / ".venv")
        self._furnish()

    def leave(self) -> None:
        """Delete everything that was installed and cached."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.project)

    def installed(self) -> dict[str, str]:
        """What is installed: versions by name as its metadata has it."""
        places = list(self.project.glob(".venv/lib/*/site-packages"))
        found = distributions(path=[str(place) for place in places])
        return {each.metadata["Name"]: each.version for each in found}

    # -- what every installer can do

    async def add(self, *specs: str) -> Ran:
        match self.tool:
            case "pip":
                ran = await self.run("install", *specs)
                self.lockfile.write_text(
                    "".join(f"{name}=={each}\n" for name, each in self.installed().items())
                )
                return ran
            case "pdm":
                return await self.run("add", "--no-self", *specs)
            case _:
                return await self.run("add", *specs)

    async def frozen(self) -> Ran:
        """What the lock file says and nothing else."""
        match self.tool:
            case "pip":
                return await self.run("install", "--no-deps", "-r", str(self.lockfile))
            case "uv":
                return await self.run("sync", "--frozen")
            case "pdm":
                return await self.run("sync", "--no-self")
            case _:
                return await self.run("install", "--no-root")

    # -- and every uploader

    async def publish(self, folder: Path, *options: str, check: bool = True) -> Ran:
        """Upload what `prepare` made of a folder."""
        files = sorted(map(str, (folder / "dist").iterdir())) if self.tool != "flit" else []
        arguments: tuple[str, ...] = ("publish",)
        match self.tool:
            case "twine":
                arguments = ("upload", "--non-interactive", "--verbose", "-r", "mirror")
            case "flit":
                arguments = ("publish", "--repository", "mirror")
            case "hatch":
                arguments = ("publish", "--no-prompt")
            case "poetry":
                arguments, files = ("publish", "--no-interaction", "-r", "mirror"), []
            case "pdm":
                arguments, files = ("publish", "--no-build"), []
        return await self.run(*arguments, *options, *files, cwd=folder, check=check)

    async def run(self, *arguments: str, cwd: Path | None = None, check: bool = True) -> Ran:
        if self.tool == "pip":
            arguments = ("--python", str(self.python), *arguments)
        ran = await execute(
            self._command, *arguments, cwd=cwd or self.project, environment=self._environment()
        )
        if check:
            command = " ".join((self.client, *arguments))
            assert ran.status == 0, f"{command} ended with {ran.status}:\n{ran.text[-4000:]}"
        return ran

    # -- its furniture

    def _known(self, address: str) -> str:
        """The address as people write it into settings: with their credentials."""
        if self.token is None:
            return address
        return str(URL(address).with_user(USER).with_password(self.token))

    def _environment(self) -> dict[str, str]:
        home, token = str(self.home), self.token or ""
        own = f"{Path(sys.base_prefix) / 'bin'}"
        return {
            "HOME": home,
            "TMPDIR": str(self.temporary),
            "PATH": os.pathsep.join([own, "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "COLUMNS": "300",
            "XDG_CACHE_HOME": f"{home}/.cache",
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_DATA_HOME": f"{home}/.local/share",
            "XDG_STATE_HOME": f"{home}/.local/state",
            "SOURCE_DATE_EPOCH": "1600000000",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self._known(self.index),
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_PUBLISH_URL": self.repository,
            "UV_PUBLISH_USERNAME": USER,
            "UV_PUBLISH_PASSWORD": token,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            "UV_HTTP_RETRIES": "1",
            "POETRY_REPOSITORIES_MIRROR_URL": self.repository,
            "PDM_CHECK_UPDATE": "0",
            "PDM_PUBLISH_REPO": self.repository,
            "PDM_PUBLISH_USERNAME": USER,
            "PDM_PUBLISH_PASSWORD": token,
            "HATCH_INDEX_REPO": self.repository,
            "HATCH_INDEX_USER": USER,
            "HATCH_INDEX_AUTH": token,
        } | (
            {"POETRY_HTTP_BASIC_MIRROR_USERNAME": USER, "POETRY_HTTP_BASIC_MIRROR_PASSWORD": token}
            if token
            else {}
        )

    def _furnish(self) -> None:
        self.temporary.mkdir(parents=True)
        venv.create(self.project / ".venv", symlinks=True)
        (self.home / ".pypirc").write_text(
            "[distutils]\nindex-servers = mirror\n\n"
            f"[mirror]\nrepository = {self.repository}\n"
            f"username = {USER}\npassword = {self.token or 'none'}\n"
        )


def prepare(folder: Path, name: str, version: str, files: dict[str, bytes]) -> Path:
    """A project that every uploader can upload: finished files in dist/, and a source for flit."""
    module = name.lower().replace("-", "_").replace(".", "_")
    (folder / "dist").mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        (folder / "dist" / file).write_bytes(data)
    text = PYPROJECT.format(name=name, version=version) + 'description = "Made for a test"\n'
    text = text.replace('requires = ["tiny-backend"]', 'requires = ["flit_core"]')
    text = text.replace('"tiny_backend"', '"flit_core.buildapi"')
    text += f'\n[tool.flit.module]\nname = "{module}"\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / f"{module}.py").write_text(f"VERSION = {version!r}\n")
    return folder
