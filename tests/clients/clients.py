"""The package managers, each at a desk of its own: a HOME, caches, settings, and one project.

    desk = Desk("npm-11", tmp_path / "desk", mirror.registry(), token)
    await desk.add("left")            # one more dependency, resolved anew
    desk.freshen()                    # no node_modules, and nothing cached
    await desk.frozen()               # exactly what the lockfile says

Nothing of the machine's own settings is seen. `run` calls the client with other arguments.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from yarl import URL

ROOT = Path(__file__).parents[2]
INSTALLED = Path(os.environ.get("MIRROR_TEST_CLIENTS", ROOT / ".clients"))
PATIENCE = 300.0  # seconds

ALL = (
    "npm-6", "npm-8", "npm-10", "npm-11", "pnpm-8", "pnpm-9", "pnpm-10", "pnpm-11", "yarn-1",
    "yarn-4", "bun",
)  # fmt: skip

LOCKFILES = {
    "npm": "package-lock.json",
    "pnpm": "pnpm-lock.yaml",
    "yarn": "yarn.lock",
    "bun": "bun.lock",
}
QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--no-progress")
NO_AGE = "--config.minimum-release-age=0"  # what was published just now may be installed


class Ran(NamedTuple):
    """A command that ended: its exit status, and all that it printed."""

    status: int
    text: str


class Desk:
    """One client with its own HOME and project. Skips the test where the client is not installed."""

    def __init__(self, client: str, root: Path, registry: str, token: str | None = None) -> None:
        self.client = client
        self.tool, _, version = client.partition("-")
        self.version = int(version or 0)
        self.registry = registry
        self.token = token
        self.home = root / "home"
        self.project = root / "project"
        self._tools = _tools(client)
        self.project.mkdir(parents=True)
        self.describe()
        self._furnish()

    # -- the desk

    @property
    def lockfile(self) -> Path:
        return self.project / LOCKFILES[self.tool]

    def describe(self, **manifest: Any) -> None:
        """Write the project's package.json."""
        described = {"name": "desk", "version": "1.0.0", "private": True, **manifest}
        (self.project / "package.json").write_text(json.dumps(described, indent=2))

    def freshen(self) -> None:
        """A new machine with the same checkout: lockfile and package.json stay."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.project / "node_modules", ignore_errors=True)
        self._furnish()

    def leave(self) -> None:
        """Delete everything that was installed and cached."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.project)

    def installed(self, name: str) -> dict[str, Any]:
        """The package.json of an installed package."""
        path = self.project / "node_modules" / name / "package.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def lock(self) -> str:
        return self.lockfile.read_text()

    def addresses(self) -> set[str]:
        """Where the lockfile says that tarballs are; our own repository's as one."""
        places = [
            line
            for line in self.lock().splitlines()
            if self.tool == "bun" or re.search("resol|tarball|__archiveUrl", line)
        ]
        found = re.findall(r"https?:[^\s\"',)}]+", "\n".join(places))
        return {self.registry if each.startswith(self.registry) else each for each in found}

    # -- what every client can do

    async def add(self, *specs: str) -> Ran:
        match self.tool:
            case "npm":
                return await self.run("install", *QUIET, *specs)
            case "pnpm":
                return await self.run("add", NO_AGE, *specs)
            case _:
                return await self.run("add", *specs)

    async def install(self, *options: str) -> Ran:
        """What package.json asks for, written to the lockfile."""
        match self.tool, self.version:
            case "npm", _:
                return await self.run("install", *QUIET, *options)
            case "pnpm", _:
                return await self.run("install", "--no-frozen-lockfile", NO_AGE, *options)
            case _:
                return await self.run("install", *options)

    async def frozen(self, *options: str) -> Ran:
        """What the lockfile says and nothing else."""
        match self.tool, self.version:
            case "npm", _:
                return await self.run("ci", *QUIET, *options)
            case "yarn", 4:
                return await self.run("install", "--immutable", *options)
            case "pnpm", _:
                return await self.run("install", "--frozen-lockfile", NO_AGE, *options)
            case _:
                return await self.run("install", "--frozen-lockfile", *options)

    async def publish(self, package: Path, *, tag: str | None = None, check: bool = True) -> Ran:
        """Publish a directory, made by `package`."""
        tagged = ("--tag", tag) if tag else ()
        match self.tool, self.version:
            case "npm", _:
                arguments = ("publish", "--no-update-notifier", *tagged)
            case "pnpm", _:
                arguments = ("publish", "--no-git-checks", *tagged)
            case "yarn", 1:
                arguments = ("publish", "--non-interactive", *tagged)
            case "yarn", _:
                # Berry publishes workspaces only, so it wants a project of its own.
                (package / "yarn.lock").touch()
                await self.run("install", cwd=package)
                arguments = ("npm", "publish", *tagged)
            case _:
                arguments = ("publish", *tagged)
        return await self.run(*arguments, cwd=package, check=check)

    async def run(
        self,
        *arguments: str,
        cwd: Path | None = None,
        check: bool = True,
        answers: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run the client; `answers` are typed when it prints what they answer."""
        ran = await execute(
            self._tools[0] / self.tool,
            *arguments,
            cwd=cwd or self.project,
            environment=self._environment(),
            answers=answers,
        )
        if check:
            command = " ".join((self.client, *arguments))
            assert ran.status == 0, f"{command} ended with {ran.status}:\n{ran.text[-4000:]}"
        return ran

    # -- its furniture

    def _environment(self) -> dict[str, str]:
        home = str(self.home)
        return {
            "HOME": home,
            "PATH": os.pathsep.join([*map(str, self._tools), "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "NPM_CONFIG_USERCONFIG": f"{home}/.npmrc",
            "NPM_CONFIG_GLOBALCONFIG": f"{home}/global.npmrc",
            "NPM_CONFIG_CACHE": f"{home}/.npm",
            "XDG_CACHE_HOME": f"{home}/.cache",
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_DATA_HOME": f"{home}/.local/share",
            "XDG_STATE_HOME": f"{home}/.local/state",
            "BUN_INSTALL_CACHE_DIR": f"{home}/.bun",
            "COREPACK_ENABLE_STRICT": "0",
        }

    def _furnish(self) -> None:
        self.home.mkdir(parents=True)
        address = URL(self.registry)
        place = f"//{address.authority}{address.path}"
        lines = [f"registry={self.registry}"]
        if self.token is not None:
            lines.append(f"{place}:_authToken={self.token}")
        if self.client in {"npm-6", "yarn-1"}:
            lines.append("always-auth=true")
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")
        if self.client == "yarn-1":
            (self.home / ".yarnrc").write_text(f'registry "{self.registry}"\n')
        if self.client == "yarn-4":
            (self.home / ".yarnrc.yml").write_text(self._berry())

    def _berry(self) -> str:
        settings: Mapping[str, Any] = {
            "npmRegistryServer": self.registry,
            "unsafeHttpWhitelist": ["127.0.0.1"],
            "nodeLinker": "node-modules",
            "enableTelemetry": False,
            "npmMinimalAgeGate": 0,
        }
        if self.token is not None:
            settings = {**settings, "npmAuthToken": self.token, "npmAlwaysAuth": True}
        return json.dumps(settings)


def package(directory: Path, name: str, version: str, **manifest: Any) -> Path:
    """Write a package to publish: `files` by name beside its package.json."""
    files = manifest.pop("files", {"index.js": f"module.exports = {version!r}\n"})
    directory.mkdir(parents=True, exist_ok=True)
    described = {"name": name, "version": version, "license": "MIT", **manifest}
    (directory / "package.json").write_text(json.dumps(described, indent=2))
    (directory / "README.md").write_text(f"# {name}\n")
    for file, text in files.items():
        (directory / file).write_text(text)
    return directory


async def execute(
    command: Path,
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str],
    answers: Mapping[str, str] | None = None,
) -> Ran:
    """Run a command to its end, in that environment and no other."""
    process = await asyncio.create_subprocess_exec(
        command,
        *arguments,
        cwd=cwd,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said = await _talk(process, answers or {})
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    return Ran(process.returncode or 0, (said + printed).decode(errors="replace"))


async def _talk(process: asyncio.subprocess.Process, answers: Mapping[str, str]) -> bytes:
    """Answer the questions in their order; everything printed until the last one."""
    assert process.stdin is not None
    assert process.stdout is not None
    said = b""
    for question, answer in answers.items():
        while question.encode() not in said:
            piece = await process.stdout.read(4096)
            if not piece:
                return said
            said += piece
        process.stdin.write(f"{answer}\n".encode())
    return said


def _tools(client: str) -> list[Path]:
    """The directories to have on PATH: the client's, and its helpers'. Skips where there is none."""
    tool = client.partition("-")[0]
    own = INSTALLED / client
    if not (own / tool).exists():
        found = shutil.which(tool) if client in {"npm-11", "bun"} else None
        if found is None:
            pytest.skip(f"{client} is not installed: .ci/clients installs it")
        own = Path(found).parent
    # pnpm hands some of its work to npm.
    helpers = [INSTALLED / "npm-10"] if tool == "pnpm" else []
    return [own, *helpers, INSTALLED / "node"]
