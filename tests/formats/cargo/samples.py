"""What the tests of Cargo share: recorded documents, crates made to order, and frames of them."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from mirror.formats.cargo import Cargo
from mirror.formats.changes import Part
from mirror.formats.intents import Submit
from mirror.model import Digests, Listing, Package

RECORDED = Path(__file__).parent / "recorded"
BASE = "http://host/cargo/main/"
CARGO = Cargo()
UPSTREAM = ("a", "ab", "bit", "dlib", "getrandom", "half", "itoa", "openssl-src")
SUBMIT = Submit("PublishPackageVersion", "publish")


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


CONFIG = recorded("upstream/config.json")


def package(name: str) -> Package:
    return CARGO.package("", name)


def listing_of(name: str) -> Listing:
    return CARGO.read(package(name), [CONFIG, recorded(f"upstream/{name}")])


def read(name: str, *lines: dict[str, Any] | bytes, config: bytes = CONFIG) -> Listing:
    """The listing that an index file of these lines gives."""
    written = (each if isinstance(each, bytes) else orjson.dumps(each) for each in lines)
    return CARGO.read(package(name), [config, b"".join(b"%b\n" % each for each in written)])


def line(name: str = "demo", vers: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """A line of the index."""
    return {
        "name": name,
        "vers": vers,
        "deps": [],
        "cksum": "ab" * 32,
        "features": {},
        "yanked": False,
    } | more


def digests_of(data: bytes) -> Digests:
    return Digests(
        len(data),
        *(hashlib.new(name, data).hexdigest() for name in ("sha256", "md5", "sha1", "sha512")),
    )


def part_of(data: bytes) -> Part:
    return Part(digests_of(data), lambda: io.BytesIO(data))


def tarball(members: dict[str, bytes | tarfile.TarInfo], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar.gz of the members; a `TarInfo` as value makes a link or other odd member."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1, format=form) as archive:
        for name, content in members.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo()
            info.name = name
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                archive.addfile(info)
    return packed.getvalue()


def cargo_toml(name: str = "demo", version: str = "1.0.0", more: str = "") -> bytes:
    return f'[package]\nname = "{name}"\nversion = "{version}"\n{more}'.encode()


def crate(
    name: str = "demo",
    version: str = "1.0.0",
    more: Mapping[str, bytes | tarfile.TarInfo] | None = None,
    toml: bytes | None = None,
) -> bytes:
    """A crate with a Cargo.toml, and `more` files below its folder."""
    folder = f"{name}-{version}"
    members: dict[str, bytes | tarfile.TarInfo] = {
        f"{folder}/Cargo.toml": cargo_toml(name, version) if toml is None else toml
    }
    return tarball(members | {f"{folder}/{path}": data for path, data in (more or {}).items()})


def document(name: str = "demo", vers: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """The JSON of a publication."""
    return {"name": name, "vers": vers, "deps": [], "features": {}} | more


def dependency(name: str = "itoa", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "version_req": "^1",
        "features": [],
        "optional": False,
        "default_features": True,
        "target": None,
        "kind": "normal",
    } | more


def frame(json: bytes, data: bytes) -> bytes:
    """The body of a publication."""
    return b"".join([len(json).to_bytes(4, "little"), json, len(data).to_bytes(4, "little"), data])


def receive(body: bytes, piece: int = 65536) -> tuple[bytes, dict[str, bytes]]:
    """Feed a body as a server does; returns the rest and the parts."""
    receiver = CARGO.receiver(SUBMIT)
    parts: dict[str, bytearray] = {}
    for data in [b"", *(body[at : at + piece] for at in range(0, len(body), piece))]:
        for name, bytes_ in receiver.feed(data):
            parts.setdefault(name, bytearray()).extend(bytes_)
    return receiver.close(), {name: bytes(data) for name, data in parts.items()}


def submit(body: bytes) -> Any:
    """Receive a body and return the change that it asks for."""
    rest, parts = receive(body)
    return CARGO.change(SUBMIT, rest, {name: part_of(data) for name, data in parts.items()})


def publish(json: dict[str, Any] | None = None, data: bytes | None = None) -> Any:
    return submit(frame(orjson.dumps(json or document()), crate() if data is None else data))
