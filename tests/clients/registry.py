"""A public registry on loopback, with packages made by the test; built on `tests.origin`.

    registry.add("left", "1.0.0", dependencies={"right": "^1.0.0"})

Each `add` makes a real tarball and serves the packument anew. `cut` is the outage.
"""

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.origin import Origin

LONG_AGO = "2020-02-0{}T00:00:00.000Z"
Manifest = dict[str, Any]


class Registry:
    """What npmjs is to the mirror: packuments, tarballs, keys. `origin` takes faults as well."""

    def __init__(self) -> None:
        self.origin = Origin()
        self._open = AsyncExitStack()
        self._packuments: dict[str, Manifest] = {}
        self._key = ec.generate_private_key(ec.SECP256R1())
        spki = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._key_id = "SHA256:" + base64.b64encode(hashlib.sha256(spki).digest()).decode()
        self.keys = {
            "keys": [
                {
                    "keyid": self._key_id,
                    "keytype": "ecdsa-sha2-nistp256",
                    "scheme": "ecdsa-sha2-nistp256",
                    "key": base64.b64encode(spki).decode(),
                    "expires": None,
                }
            ]
        }

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.origin)
        self.origin.serve_json("/-/npm/v1/keys", self.keys)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Nobody answers at its address any more."""
        await self._open.aclose()

    @property
    def url(self) -> str:
        return str(self.origin.url)

    def connection(self) -> dict[str, Any]:
        """The mirror's configuration that puts this registry in the place of npmjs."""
        return {"connections": {"public:npmjs": {"url": self.url}}}

    def add(
        self,
        name: str,
        version: str,
        *,
        tag: str | None = "latest",
        place: str | None = None,
        files: Mapping[str, bytes] | None = None,
        **manifest: Any,
    ) -> Manifest:
        """Publish a version; its manifest. `place` is an unusual path for the tarball."""
        described = {"name": name, "version": version, "license": "MIT", **manifest}
        inside = {"index.js": f"module.exports = {version!r}\n".encode(), **(files or {})}
        data = tarball(described, inside)
        path = place or f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.origin.serve(path, data)
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        signature = self._key.sign(
            f"{name}@{version}:{integrity}".encode(), ec.ECDSA(hashes.SHA256())
        )
        described["_id"] = f"{name}@{version}"
        described["dist"] = {
            "tarball": self.url.rstrip("/") + path,
            "shasum": hashlib.sha1(data).hexdigest(),
            "integrity": integrity,
            "fileCount": len(inside) + 1,
            "signatures": [{"keyid": self._key_id, "sig": base64.b64encode(signature).decode()}],
        }
        if {"preinstall", "install", "postinstall"} & set(manifest.get("scripts", {})):
            described["hasInstallScript"] = True
        packument = self._packuments.setdefault(name, _packument(name))
        packument["versions"][version] = described
        packument["time"][version] = LONG_AGO.format(len(packument["versions"]) % 9 + 1)
        packument["time"]["modified"] = packument["time"][version]
        if tag is not None:
            packument["dist-tags"][tag] = version
        self._serve(name)
        return described

    def change(self, name: str, version: str, **fields: Any) -> None:
        """Edit a published manifest, as `npm deprecate` does."""
        self._packuments[name]["versions"][version].update(fields)
        self._serve(name)

    def remove(self, name: str, version: str) -> None:
        """Unpublish a version, tarball and all."""
        packument = self._packuments[name]
        gone = packument["versions"].pop(version)
        tags = packument["dist-tags"]
        packument["dist-tags"] = {tag: held for tag, held in tags.items() if held != version}
        del self.origin.resources["/" + gone["dist"]["tarball"].removeprefix(self.url)]
        self._serve(name)

    def downloads(self) -> dict[str, int]:
        """How often each tarball was sent."""
        return {
            path: count for path, count in self.origin.transfers.items() if path.endswith(".tgz")
        }

    def _serve(self, name: str) -> None:
        packument = self._packuments[name]
        etag = f'"{hashlib.sha256(json.dumps(packument).encode()).hexdigest()[:16]}"'
        self.origin.serve_json(f"/{name}", packument, etag=etag)


def _packument(name: str) -> Manifest:
    return {
        "_id": name,
        "_rev": "1-0",
        "name": name,
        "dist-tags": {},
        "versions": {},
        "time": {"created": LONG_AGO.format(1)},
    }


def tarball(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """A package as `npm pack` makes it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        everything = {"package.json": json.dumps(manifest).encode(), **files}
        for name, data in everything.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), compresslevel=1, mtime=0)


def universe(registry: Registry) -> None:
    """A few packages of the kinds that make installs go wrong."""
    registry.add("left", "1.0.0", deprecated="left 1 is old: use left 2")
    registry.add("left", "2.0.0", dependencies={"right": "^1.0.0"})
    registry.add("left", "2.1.0", dependencies={"right": "^1.0.0", "@tools/deep": "~1.0.0"})
    registry.add("left", "3.0.0-beta.1", tag="next")
    registry.add("right", "1.0.0")
    registry.add("right", "1.0.1", dependencies={"odd.place": "*"})
    registry.add("odd.place", "0.1.0", place="/files/old_0.1.0.tar.gz.tgz")
    registry.add("@tools/deep", "1.0.0")
    registry.add("@tools/deep", "1.0.1", dependencies={"JSONStream": "^1.0.0"})
    registry.add("@tools/deep", "1.1.0")
    registry.add("JSONStream", "1.0.3")
    registry.add("jsonstream", "1.0.2")
