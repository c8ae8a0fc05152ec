"""A public crates registry on loopback, with crates made by the test; built on `tests.origin`.

    crates.add("alpha", "1.0.0", deps={"beta": "^1"})

Each `add` packs a real `.crate` and serves the index file anew. Index and files are on origins of
their own, as those of crates.io are. `cut` is the outage.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

from tests.origin import Origin

Line = dict[str, Any]


class Crates:
    """What crates.io is to the mirror. `origin` has the index, `files` what it lists."""

    def __init__(self) -> None:
        self.origin = Origin()
        self.files = Origin()
        self._open = AsyncExitStack()
        self._lines: dict[str, dict[str, Line]] = {}

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.origin)
        await self._open.enter_async_context(self.files)
        self.origin.serve_json(
            "/config.json", {"dl": f"{self.files.url}crates", "api": str(self.files.url)}
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Nobody answers at its addresses any more."""
        await self._open.aclose()

    def connection(self) -> dict[str, Any]:
        """The mirror's configuration that puts this registry in the place of crates.io."""
        hosts = [str(self.files.url.authority)]
        return {"connections": {"public:crates-io": {"url": str(self.origin.url), "hosts": hosts}}}

    def add(
        self, name: str, version: str, *, deps: Mapping[str, str] | None = None, **line: Any
    ) -> bytes:
        """Publish a version; its `.crate`. `line` is what else its line in the index says."""
        data = packed(name, version, deps or {})
        self.files.serve(self.path(name, version), data)
        self._lines.setdefault(name, {})[version] = {
            "name": name,
            "vers": version,
            "deps": [dependency(each, req) for each, req in (deps or {}).items()],
            "cksum": hashlib.sha256(data).hexdigest(),
            "features": {},
            "yanked": False,
            **line,
        }
        self._serve(name)
        return data

    def change(self, name: str, version: str, **line: Any) -> None:
        """Edit a line, as yanking does."""
        self._lines[name][version].update(line)
        self._serve(name)

    @staticmethod
    def path(name: str, version: str) -> str:
        """Where a file is at `files`."""
        return f"/crates/{name}/{version}/download"

    def downloads(self) -> dict[str, int]:
        """How often each file was sent."""
        return dict(self.files.transfers)

    def _serve(self, name: str) -> None:
        body = "".join(f"{json.dumps(line)}\n" for line in self._lines[name].values()).encode()
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        self.origin.serve(
            f"/{place(name)}", body, headers={"Content-Type": "text/plain"}, etag=etag
        )


def place(name: str) -> str:
    """Where a crate's lines are in an index (Cargo Book, "Index files")."""
    name = name.lower()
    if len(name) < 3:
        return f"{len(name)}/{name}"
    return f"3/{name[0]}/{name}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}/{name}"


def dependency(name: str, requirement: str, **more: Any) -> Line:
    """One of a line's `deps`."""
    return {
        "name": name,
        "req": requirement,
        "features": [],
        "optional": False,
        "default_features": True,
        "target": None,
        "kind": "normal",
        **more,
    }


def manifest(name: str, version: str, deps: Mapping[str, str]) -> str:
    """A Cargo.toml; a requirement in braces is written as it is."""
    lines = [
        f"{each} = {req}" if req.startswith("{") else f'{each} = "{req}"'
        for each, req in deps.items()
    ]
    return "\n".join(
        [
            "[package]",
            f'name = "{name}"',
            f'version = "{version}"',
            'edition = "2021"',
            f'description = "Says {name}"',
            'license = "MIT"',
            "",
            "[dependencies]",
            *lines,
            "",
        ]
    )


def source(version: str, deps: Mapping[str, str]) -> str:
    """A src/lib.rs that uses what it depends on."""
    uses = "".join(f"pub use {each.replace('-', '_')};\n" for each in deps)
    return f'{uses}pub fn version() -> &\'static str {{ "{version}" }}\n'


def packed(name: str, version: str, deps: Mapping[str, str]) -> bytes:
    """A `.crate`."""
    inside = {"Cargo.toml": manifest(name, version, deps), "src/lib.rs": source(version, deps)}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, text in inside.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(archive.getvalue(), mtime=0)
