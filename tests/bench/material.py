"""What is served: two tarballs, a small packument, and that of `next`, the largest in daily use."""

import gzip
import hashlib
import json
import random
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

NEXT = "https://registry.npmjs.org/next"
ABBREVIATED = "application/vnd.npm.install-v1+json"
SMALL, LARGE = 34 << 10, 44 << 20


class Workload(NamedTuple):
    """One row of the table: `file` as nginx names it, `path` and `accept` as npm asks for it."""

    title: str
    file: str
    path: str
    accept: str = "*/*"
    gzip: bool = False
    held: bool = False
    connections: int = 64


def workloads() -> list[Workload]:
    small = "/npm/main/small"
    tarball = Workload("tarball, 34 KB", "small.tgz", f"{small}/-/small-1.0.0.tgz")
    packument = Workload("packument, small, gzip", "small.json", small, ABBREVIATED, gzip=True)
    large = "/npm/main/large/-/large-1.0.0.tgz"
    return [
        tarball,
        packument,
        tarball._replace(title="tarball, 304", held=True),
        packument._replace(title="packument, 304", held=True),
        Workload("tarball, 44 MB", "large.tgz", large, connections=8),
        Workload(
            "packument of next, abbreviated, gzip",
            "next.min.json",
            "/npm/main/next",
            ABBREVIATED,
            gzip=True,
        ),
        Workload("packument of next, full, gzip", "next.json", "/npm/main/next", gzip=True),
    ]


def gather(folder: Path) -> None:
    """Fill `folder` with the files of all workloads, and the `.gz` of those that want it."""
    chance = random.Random(1)
    (folder / "small.tgz").write_bytes(chance.randbytes(SMALL))
    (folder / "large.tgz").write_bytes(chance.randbytes(LARGE))
    write(folder, "small.json", synthetic("small", 60, chance))
    full = real_next(folder.parent) or synthetic("next", 3500, chance)
    write(folder, "next.json", full)
    write(folder, "next.min.json", abbreviated(full))


def write(folder: Path, name: str, document: object) -> None:
    content = json.dumps(document, separators=(",", ":")).encode()
    (folder / name).write_bytes(content)
    (folder / f"{name}.gz").write_bytes(gzip.compress(content, 6))


def real_next(cache: Path) -> dict | None:
    """The real packument, fetched once; None when there is no way out."""
    kept = cache / "next.registry.json"
    if not kept.exists():
        try:
            with urllib.request.urlopen(NEXT, timeout=60) as response:
                kept.write_bytes(response.read())
        except urllib.error.URLError:
            return None
    return json.loads(kept.read_bytes())


def synthetic(name: str, count: int, chance: random.Random) -> dict:
    """A packument of `count` versions, about as compressible as real ones."""
    versions = {}
    for number in range(count):
        version = f"1.0.{number}"
        versions[version] = {
            "name": name,
            "version": version,
            "dependencies": {f"dependency-{n}": f"^{n}.{number}.0" for n in range(8)},
            "dist": {
                "tarball": f"{{base}}/{name}/-/{name}-{version}.tgz",
                "shasum": chance.randbytes(20).hex(),
                "integrity": "sha512-" + b64encode(chance.randbytes(64)).decode(),
            },
            "scripts": {"test": "node test", "build": "tsc"},
        }
    return {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": versions, "time": {}}


def abbreviated(full: Mapping) -> dict:
    """What an installer asks for (npm's package-metadata.md)."""
    kept = ("name", "version", "dependencies", "optionalDependencies", "devDependencies")
    kept += ("bin", "dist", "engines", "peerDependencies", "deprecated", "cpu", "os")
    return {
        "name": full["name"],
        "dist-tags": full["dist-tags"],
        "versions": {
            version: {key: manifest[key] for key in kept if key in manifest}
            for version, manifest in full["versions"].items()
        },
    }


class Origin:
    """A registry of the gathered files, for a mirror to warm itself from."""

    def __init__(self, folder: Path) -> None:
        self._answers: dict[str, bytes] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer._answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        for name in ("small", "large"):
            document = json.loads((folder / "small.json").read_bytes())
            document["name"] = name
            for version, manifest in document["versions"].items():
                manifest["name"] = name
                manifest["dist"]["tarball"] = f"{self.url}{name}/-/{name}-{version}.tgz"
            content = (folder / f"{name}.tgz").read_bytes()
            document["versions"]["1.0.0"]["dist"] = {
                "tarball": f"{self.url}{name}/-/{name}-1.0.0.tgz",
                "shasum": hashlib.sha1(content).hexdigest(),
                "integrity": "sha512-" + b64encode(hashlib.sha512(content).digest()).decode(),
            }
            self._answers[f"/{name}"] = json.dumps(document).encode()
            self._answers[f"/{name}/-/{name}-1.0.0.tgz"] = content
        self._answers["/next"] = (folder / "next.json").read_bytes()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
