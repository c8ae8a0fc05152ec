"""What is asked for: files of both ecosystems, and the documents that list them. Pure."""

import hashlib
import random
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from tests import distributions
from tests.faults import packages

Kind = Literal["npm", "pypi"]

ABBREVIATED = "application/vnd.npm.install-v1+json"
SIMPLE = "application/vnd.pypi.simple.v1+json"
ACCEPTED: Mapping[Kind, str] = {"npm": ABBREVIATED, "pypi": SIMPLE}
"""What an installer says it takes as the document of a package."""

LONG_AGO = "2020-02-03T04:05:06.789000Z"


class Artifact(NamedTuple):
    """A file as both ecosystems know one: real enough for who looks inside."""

    kind: Kind
    package: str
    file: str
    content: bytes

    @property
    def path(self) -> str:
        """Where the synthetic registry has it."""
        if self.kind == "npm":
            return f"/npm/{self.package}/-/{self.file}"
        return f"/packages/{self.file}"

    @property
    def document(self) -> str:
        """Where the synthetic registry has the document that lists it."""
        return f"/npm/{self.package}" if self.kind == "npm" else f"/simple/{self.package}/"


def artifact(kind: Kind, package: str, size: int) -> Artifact:
    """Version 1.0.0 of a package, of about `size` bytes that no compression makes smaller."""
    filling = random.Random(package).randbytes(size)
    if kind == "npm":
        content = packages.tarball(package, filling=filling)
        return Artifact(kind, package, f"{package}-1.0.0.tgz", content)
    return Artifact(
        kind, package, *distributions.wheel(package, "1.0.0", files={"filling": filling})
    )


def packument(base: str, of: Artifact, versions: int, dependencies: int) -> dict[str, Any]:
    """npm's full document: `of` and as many other versions, each with its dependencies.

    It compresses about as well as real ones: digests and signatures are what does not.
    """
    chance = random.Random(of.package)
    described = {}
    for number in range(versions):
        version = f"1.0.{number}"
        digests = chance.randbytes(20).hex(), chance.randbytes(64)
        if not number:
            digests = hashlib.sha1(of.content).hexdigest(), hashlib.sha512(of.content).digest()
        described[version] = {
            "name": of.package,
            "version": version,
            "description": "Made for a measurement",
            "license": "MIT",
            "dependencies": {f"dependency-{each}": f"^{each}.{number}.0" for each in range(8)},
            "devDependencies": {
                f"@scope/development-{each}": f"{each}.0.1" for each in range(dependencies)
            },
            "scripts": {"test": "node test", "build": "tsc --build", "lint": "eslint ."},
            "dist": {
                "tarball": f"{base}npm/{of.package}/-/{of.package}-{version}.tgz",
                "shasum": digests[0],
                "integrity": f"sha512-{b64encode(digests[1]).decode()}",
                "fileCount": 7,
                "unpackedSize": 123_456,
                "signatures": [
                    {"keyid": "SHA256:made", "sig": b64encode(chance.randbytes(71)).decode()}
                ],
            },
            "_npmUser": {"name": "somebody", "email": "somebody@example.com"},
        }
    return {
        "name": of.package,
        "dist-tags": {"latest": "1.0.0"},
        "versions": described,
        "time": {"created": LONG_AGO, "modified": LONG_AGO, **dict.fromkeys(described, LONG_AGO)},
        "readme": "# Made for a measurement\n" * 20,
    }


def abbreviated(full: Mapping[str, Any]) -> dict[str, Any]:
    """What an installer asks for (npm's package-metadata.md)."""
    kept = ("name", "version", "dependencies", "devDependencies", "dist")
    return {
        "name": full["name"],
        "modified": full["time"]["modified"],
        "dist-tags": full["dist-tags"],
        "versions": {
            version: {key: manifest[key] for key in kept}
            for version, manifest in full["versions"].items()
        },
    }


def page(base: str, of: Artifact, files: int) -> dict[str, Any]:
    """A project's page (PEP 691): `of` and as many other files."""
    chance = random.Random(of.package)
    tags = [f"cp3{minor}-cp3{minor}-manylinux_2_28_x86_64" for minor in range(9, 15)]
    names = [
        f"{of.package}-0.{number // 6}.{number % 6}-{tags[number % 6]}.whl"
        for number in range(1, files)
    ]
    entries: list[dict[str, Any]] = [
        {
            "filename": name,
            "url": f"{base}packages/{name}",
            "hashes": {"sha256": chance.randbytes(32).hex()},
            "core-metadata": {"sha256": chance.randbytes(32).hex()},
            "requires-python": ">=3.9",
            "size": chance.randrange(50_000, 20_000_000),
            "upload-time": LONG_AGO,
            "yanked": False,
        }
        for name in names
    ]
    first: dict[str, Any] = {
        "filename": of.file,
        "url": f"{base}packages/{of.file}",
        "hashes": {"sha256": hashlib.sha256(of.content).hexdigest()},
        "requires-python": ">=3.9",
        "size": len(of.content),
        "upload-time": LONG_AGO,
        "yanked": False,
    }
    return {
        "meta": {"api-version": "1.1"},
        "name": of.package,
        "versions": sorted({each["filename"].split("-")[1] for each in (first, *entries)}),
        "files": [first, *entries],
    }
