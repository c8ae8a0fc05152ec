"""Packages for the tests: what an upstream has, and what a client publishes."""

import base64
import functools
import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Mapping
from typing import Any

from tests.origin import Origin

TIME = "2020-02-03T04:05:06.789Z"
ABBREVIATED = "application/vnd.npm.install-v1+json"


@functools.cache
def noise(size: int, seed: int | str = 1) -> bytes:
    """Bytes that no compression makes smaller; another seed, or they are in the store already."""
    return random.Random(seed).randbytes(size)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def path(name: str, version: str = "1.0.0", repository: str = "main") -> str:
    """Where a mirror has a version's tarball."""
    return f"/npm/{repository}{upstream_path(name, version)}"


def upstream_path(name: str, version: str = "1.0.0") -> str:
    return f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def packument(base: str, name: str, files: Mapping[str, bytes], **more: Any) -> dict[str, Any]:
    """An upstream's document; `more` goes to its root."""
    versions = {
        version: {
            "name": name,
            "version": version,
            "dist": {
                "tarball": f"{base}{upstream_path(name, version).removeprefix('/')}",
                "integrity": integrity(content),
                "shasum": hashlib.sha1(content).hexdigest(),
            },
        }
        for version, content in files.items()
    }
    newest = list(files)[-1]
    times = {"created": TIME, "modified": TIME, **dict.fromkeys(files, TIME)}
    document = {"name": name, "dist-tags": {"latest": newest}, "versions": versions, "time": times}
    return {**document, **more}


def huge(base: str, name: str, size: int) -> bytes:
    """A packument of so many bytes, in versions of 20 KB full of small things."""
    one = packument(base, name, {"1.0.0": b"x"})
    manifest = one["versions"]["1.0.0"]
    manifest["dependencies"] = {f"dependency-{number}": "^1.0.0" for number in range(700)}
    text = json.dumps({**manifest, "version": "@"})
    lines = [f'"2.0.{n}": {text.replace("@", f"2.0.{n}")}' for n in range(size // len(text) + 1)]
    head, _, tail = json.dumps(one).partition('"versions": {')
    return f'{head}"versions": {{{", ".join(lines)}, {tail}'.encode()


def stock(
    origin: Origin, name: str, *contents: bytes, etag: str | None = '"1"', **behaviour: Any
) -> None:
    """Let the upstream have a package with versions 1.0.0, 2.0.0 and so on.

    `behaviour` is that of the tarballs (see `Origin.serve`).
    """
    files = {f"{number}.0.0": content for number, content in enumerate(contents, start=1)}
    origin.serve_json(f"/{name}", packument(str(origin.url), name, files), etag=etag)
    for version, content in files.items():
        origin.serve(upstream_path(name, version), content, **behaviour)


def tarball(name: str, version: str = "1.0.0", *, filling: bytes = b"", **members: bytes) -> bytes:
    """What `npm pack` makes; `filling` is one more file, `members` are raw paths and contents."""
    manifest = json.dumps({"name": name, "version": version}).encode()
    files = {"package/package.json": manifest, "package/filling": filling, **members}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, content in files.items():
            header = tarfile.TarInfo(member)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)


def publication(
    name: str,
    version: str = "1.0.0",
    content: bytes | None = None,
    *,
    attachment: Mapping[str, Any] | None = None,
    dist: Mapping[str, Any] | None = None,
    tag: str = "latest",
) -> bytes:
    """The body of `npm publish`; `attachment` and `dist` replace what is true."""
    content = tarball(name, version) if content is None else content
    file = f"{name}-{version}.tgz"
    said = {"integrity": integrity(content), "shasum": hashlib.sha1(content).hexdigest()}
    document = {
        "_id": name,
        "name": name,
        "dist-tags": {tag: version},
        "versions": {
            version: {
                "name": name,
                "version": version,
                "_id": f"{name}@{version}",
                "dist": {"tarball": f"http://localhost/{name}/-/{file}", **said, **(dist or {})},
            }
        },
        "_attachments": {
            file: {
                "content_type": "application/octet-stream",
                "data": base64.b64encode(content).decode(),
                "length": len(content),
                **(attachment or {}),
            }
        },
    }
    return json.dumps(document).encode()
