"""cargo at a workshop of its own: a HOME, a CARGO_HOME, and one project.

    shop = Workshop("cargo", tmp_path / "shop", mirror.registry(kind="cargo"), token)
    await shop.run("add", "alpha")
    shop.freshen()                    # nothing cached, nothing built
    await shop.run("build", "--locked")

Nothing of the machine's own settings is seen but where its toolchain is. With `instead`, the
mirror stands in the place of crates.io; without, it is the registry named `mirror`.
"""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.clients.clients import INSTALLED, Ran, execute
from tests.crates import manifest, source

INSTEAD = """
[source.crates-io]
replace-with = "stand-in"

[source.stand-in]
registry = "sparse+{url}"
"""
NAMED = """
[registry]
{default}
global-credential-providers = ["cargo:token"]

[registries.mirror]
index = "sparse+{url}"
{provider}
"""


CARGOS = ("cargo-1.74.1", "cargo-1.84.1", "cargo")
"""The first one for which our kind of index was stable, one in between, and the machine's own."""


class Workshop:
    """One cargo with its own HOME and project. Skips the test where it is not installed."""

    def __init__(
        self,
        client: str,
        root: Path,
        repository: str,
        token: str | None = None,
        *,
        instead: bool = False,
        provider: str = "",
    ) -> None:
        self.home = root / "home"
        self.project = root / "project"
        self.token = token
        self._cargo = _installed(client)
        default = "" if instead else 'default = "mirror"'
        settings = NAMED.format(url=repository, provider=provider, default=default)
        self._settings = settings + (INSTEAD.format(url=repository) if instead else "")
        self.make("bench", "0.1.0", {})
        self._furnish()

    def make(
        self, name: str, version: str, deps: Mapping[str, str], more: str = "", folder: str = ""
    ) -> Path:
        """Write a crate, the project itself if no `folder` is named; `more` ends its manifest."""
        root = self.project / folder
        (root / "src").mkdir(parents=True, exist_ok=True)
        (root / "Cargo.toml").write_text(f"{manifest(name, version, deps)}\n{more}")
        (root / "src/lib.rs").write_text(source(version, deps))
        return root

    def freshen(self) -> None:
        """A new machine with the same checkout: the project's own files stay."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.project / "target", ignore_errors=True)
        self._furnish()

    @property
    def locked(self) -> dict[str, str]:
        """Versions by name, as Cargo.lock has them."""
        found = tomllib.loads((self.project / "Cargo.lock").read_text())
        return {each["name"]: each["version"] for each in found["package"]}

    async def run(self, *arguments: str, fails: bool = False, folder: str = "") -> Ran:
        """Run cargo; `fails` says that it must."""
        ran = await execute(
            self._cargo,
            *arguments,
            cwd=self.project / folder,
            environment=self._environment(),
        )
        assert bool(ran.status) is fails, ran.text
        return ran

    def _furnish(self) -> None:
        (self.home / ".cargo").mkdir(parents=True)
        (self.home / ".cargo/config.toml").write_text(self._settings)

    def _environment(self) -> dict[str, str]:
        tools = Path(_sysroot(self._cargo)) / "bin"
        said = {} if self.token is None else {"CARGO_REGISTRIES_MIRROR_TOKEN": self.token}
        return {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "CARGO_HOME": str(self.home / ".cargo"),
            "CARGO_TERM_COLOR": "never",
            "CARGO_NET_RETRY": "0",  # it waits for seconds, and what failed once is to be seen
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            **said,
        }


def _installed(client: str) -> Path:
    _, _, version = client.partition("-")
    if version:
        for cargo in (INSTALLED / "rustup/toolchains").glob(f"{version}-*/bin/cargo"):
            return cargo
        pytest.skip(f"{client} is not installed: run .ci/clients")
    found = shutil.which(client)
    if found is None:
        pytest.skip(f"{client} is not installed")
    return Path(found)


@cache
def _sysroot(cargo: Path) -> str:
    """Where the toolchain is: rustup's own commands look below a HOME that is not ours."""
    rustc = cargo.with_name("rustc")
    return subprocess.run(
        [str(rustc), "--print", "sysroot"], capture_output=True, text=True, check=True
    ).stdout.strip()
