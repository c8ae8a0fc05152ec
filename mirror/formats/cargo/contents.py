"""What a crate's file holds: one folder of plain files, with a Cargo.toml in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from mirror.errors import Exceeded, Invalid
from mirror.formats.archives import Member, TarLimits, read_tar_gz
from mirror.formats.cargo.toml import LIMIT, parse_toml

README_LIMIT = 128 * 1024  # bytes
_READMES = 8  # files that are kept until Cargo.toml tells which one is meant
_MANIFEST = "Cargo.toml"

# What cargo itself unpacks at most: MAX_UNPACK_SIZE, MAX_COMPRESSION_RATIO.
_UNPACKED = 512 * 1024**2  # bytes
_RATIO = 20


@dataclass(frozen=True, slots=True)
class Contents:
    """The `[package]` table of the packed Cargo.toml, which cargo has made plain, and the readme."""

    package: Mapping[str, Any] = field(default_factory=dict)
    readme: str | None = None


def limits_of(size: int) -> TarLimits:
    """How much a crate of `size` bytes may unpack to."""
    return TarLimits(unpacked=max(_UNPACKED, _RATIO * size))


def inspect(file: BinaryIO, folder: str, limits: TarLimits) -> Contents:
    """Read a crate whose files are all in `folder`; raises `Invalid` or `Exceeded`.

    Links are refused wherever they lead, for unpackers were led astray by them, and so is all
    else that `cargo package` never writes (crates.io's rule), but for plain folders.
    """
    manifest: bytes | None = None
    readmes: dict[tuple[str, ...], bytes] = {}
    for member in read_tar_gz(file, limits):
        _check(member, folder)
        inside = member.path[1:]
        if member.is_folder:
            continue
        # On some file systems `cargo.toml` would replace the other one when it is unpacked.
        if len(inside) == 1 and inside[0].lower() == _MANIFEST.lower():
            if manifest is not None or inside[0] != _MANIFEST:
                raise Invalid(f"the crate has more than one {_MANIFEST}, or one in another case")
            if member.size > LIMIT:
                raise Exceeded(f"{_MANIFEST} in the crate is larger than {LIMIT} bytes")
            manifest = member.read(LIMIT)
        elif inside[-1].lower().startswith("readme") and len(readmes) < _READMES:
            readmes[inside] = member.read(README_LIMIT)
    if manifest is None:
        raise Invalid(f"the crate has no {_MANIFEST} in its folder {folder}")
    package = parse_toml(manifest).get("package")
    if not isinstance(package, dict):
        raise Invalid(f"{_MANIFEST} in the crate has no [package]")
    return Contents(package, _readme(package.get("readme"), readmes))


def _check(member: Member, folder: str) -> None:
    shown = ascii("/".join(member.path)[:200])
    if not (member.is_file or member.is_folder):
        raise Invalid(f"a crate holds files and folders only, no links or devices: {shown}")
    if member.path[:1] != (folder,) or (member.is_file and len(member.path) < 2):
        raise Invalid(f"the crate has a file outside its folder {folder}: {shown}")
    if member.resized:
        raise Invalid(f"the crate has a file whose size is said twice: {shown}")


def _readme(named: object, readmes: Mapping[tuple[str, ...], bytes]) -> str | None:
    """The file that Cargo.toml names; cargo has moved one from outside the package to its top."""
    if not isinstance(named, str):
        return None
    path = tuple(part for part in named.split("/") if part not in ("", ".", ".."))
    content = readmes.get(path)
    return None if content is None else content.decode("utf-8", "replace")
