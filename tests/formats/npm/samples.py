"""What the tests of npm share: recorded documents, tarballs made to order, and parts of them."""

import base64
import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import orjson

from mirror.formats.changes import Part
from mirror.formats.intents import Call, Submit
from mirror.formats.npm import Npm
from mirror.model import Digests, Listing, Package

RECORDED = Path(__file__).parent / "recorded"
BASE = "http://host/npm/main/"
NPM = Npm()
UPSTREAM = sorted(path.name for path in (RECORDED / "upstream").iterdir())


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def package_of(file: str) -> Package:
    return NPM.parse(Call("GET", file.removesuffix(".json"), "", {})).package


def listing_of(file: str) -> Listing:
    return NPM.read(package_of(file), [recorded(f"upstream/{file}")])


def digests_of(data: bytes) -> Digests:
    return Digests(
        len(data),
        *(hashlib.new(name, data).hexdigest() for name in ("sha256", "md5", "sha1", "sha512")),
    )


def part_of(data: bytes) -> Part:
    return Part(digests_of(data), lambda: io.BytesIO(data))


def tarball(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    """A tar.gz of the members; a `TarInfo` as value makes a link or other odd member."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zeros(name: str, size: int) -> bytes:
    """A small tar.gz with one member of `size` zero bytes, made without holding them."""
    info = tarfile.TarInfo(name)
    info.size = size
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(info.tobuf())
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    return packed.getvalue()


def manifest(name: str = "pubby", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, **more}


def packed(name: str = "pubby", version: str = "1.0.0", **files: bytes) -> bytes:
    """A tarball with a package.json and more files in `package/`."""
    members = {"package/package.json": orjson.dumps(manifest(name, version))}
    return tarball(members | {f"package/{file}": data for file, data in files.items()})


def body_of(
    data: bytes, name: str = "pubby", version: str = "1.0.0", **more: Any
) -> dict[str, Any]:
    """A publish document as npm writes it."""
    digests = digests_of(data)
    integrity = base64.b64encode(bytes.fromhex(digests.sha512)).decode()
    dist = {"integrity": f"sha512-{integrity}", "shasum": digests.sha1}
    attachment = {
        "content_type": "application/octet-stream",
        "data": base64.b64encode(data).decode(),
        "length": len(data),
    }
    return {
        "_id": name,
        "name": name,
        "dist-tags": {"latest": version},
        "versions": {version: manifest(name, version, _id=f"{name}@{version}", dist=dist)},
        "_attachments": {f"{name}-{version}.tgz": attachment},
    } | more


def submit(body: bytes, name: str = "pubby", kind: str = "packument", argument: str = "") -> Any:
    """Receive a body and return the change that it asks for."""
    scope, _, rest = name.removeprefix("@").rpartition("/")
    intent = Submit("PublishPackageVersion", kind, NPM.package(scope, rest), argument)
    receiver = NPM.receiver(intent)
    parts: dict[str, bytearray] = {}
    for part, data in receiver.feed(body):
        parts.setdefault(part, bytearray()).extend(data)
    rest_of_body = receiver.close()
    received = {part: part_of(bytes(data)) for part, data in parts.items()}
    return NPM.change(intent, rest_of_body, received)


def publish(document: dict[str, Any], name: str = "pubby") -> Any:
    return submit(orjson.dumps(document), name)
