"""What a tarball says about itself: its package.json, its size, its readme."""

from dataclasses import dataclass
from typing import Any, BinaryIO

from mirror.errors import Exceeded, Invalid
from mirror.formats.archives import TarLimits, read_tar_gz
from mirror.formats.json_text import parse_json

MANIFEST_LIMIT = 4 * 1024**2  # bytes of package.json
README_LIMIT = 128 * 1024  # bytes; npmjs keeps 64 KiB


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a tarball; sizes in bytes."""

    manifest: dict[str, Any]
    file_count: int
    unpacked_size: int
    readme: str | None = None
    readme_name: str | None = None
    has_gyp: bool = False
    has_shrinkwrap: bool = False


def inspect(file: BinaryIO, limits: TarLimits | None = None) -> Contents:
    """Read a tarball's metadata; raises `Invalid` or `Exceeded`.

    The first folder may have any name, for clients strip it (npm.md §4). So two package.json
    would land on each other, and which one wins depends on the client: refused.
    """
    manifest: dict[str, Any] | None = None
    count = size = 0
    root: set[str] = set()
    readmes: dict[str, bytes] = {}
    for member in read_tar_gz(file, limits):
        if not member.is_file:
            continue  # clients unpack neither links nor devices
        count += 1
        size += member.size
        if len(member.path) != 2:
            continue
        name = member.path[1]
        if name.lower() == "package.json":
            if manifest is not None:
                raise Invalid("the tarball has more than one package.json")
            if member.size > MANIFEST_LIMIT:
                raise Exceeded(f"package.json is larger than {MANIFEST_LIMIT} bytes")
            manifest = _manifest(member.read(MANIFEST_LIMIT))
        elif name.lower().startswith("readme") and len(readmes) < 8:
            readmes[name] = member.read(README_LIMIT)
        root.add(name)
    if manifest is None:
        raise Invalid("the tarball has no package.json in its first folder")
    readme = _choose(readmes)
    return Contents(
        manifest=manifest,
        file_count=count,
        unpacked_size=size,
        readme=None if readme is None else readmes[readme].decode("utf-8", "replace"),
        readme_name=readme,
        has_gyp="binding.gyp" in root,
        has_shrinkwrap="npm-shrinkwrap.json" in root,
    )


def _manifest(text: bytes) -> dict[str, Any]:
    try:
        manifest = parse_json(text)
    except ValueError as error:
        raise Invalid(f"package.json in the tarball cannot be read: {error}") from None
    if not isinstance(manifest, dict):
        raise Invalid("package.json in the tarball is not a JSON object")
    return manifest


def _choose(readmes: dict[str, bytes]) -> str | None:
    """Markdown before anything else, then the shortest name: README before README.de."""
    return min(
        readmes,
        key=lambda name: (not name.lower().endswith((".md", ".markdown")), len(name), name),
        default=None,
    )
