"""From a received frame to a checked publication (cargo.md §3), and what a fetched crate tells."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from mirror.errors import Invalid, MirrorError
from mirror.formats.archives import TarLimits
from mirror.formats.cargo import names
from mirror.formats.cargo.contents import Contents, inspect, limits_of
from mirror.formats.cargo.frame import PART
from mirror.formats.cargo.submission import document_of, index_line
from mirror.formats.cargo.summary import ABOUT, about, dependencies, summary
from mirror.formats.changes import Part, Publication, PublishedAsset
from mirror.formats.format import Findings
from mirror.model import ListedVersion, Status

# Somebody waits for the end of the file meanwhile: larger crates are not looked into.
_FETCHED = TarLimits(unpacked=64 * 1024**2)


def publication(body: bytes, parts: Mapping[str, Part]) -> Publication:
    """A new version, checked against its own file.

    Raises `Invalid` with one sentence per rule, `Exceeded` for a crate over a limit.
    """
    document = document_of(body)
    name, version = document["name"], document["vers"]
    part = parts.get(PART)
    if part is None:
        raise Invalid("the body has no crate: its length is zero")
    with part.open() as file:
        contents = inspect(file, f"{name}-{version}", limits_of(part.digests.size))
    _check_contents(name, version, contents)
    line = index_line(document, contents.package, part.digests.sha256)
    fields = about(contents.package)
    return Publication(
        package=names.package("", name),
        version=version,
        manifest={**line, ABOUT: fields},
        assets=(PublishedAsset(names.file_name(name, version), PART),),
        dependencies=dependencies(line),
        summary=summary(name, fields, document.get("readme") or contents.readme),
        repeats=frozenset({Status.PUBLISHED, Status.UNLISTED}),
    )


def extended(publication: Publication, at: float) -> dict[str, Any]:
    """The manifest with the time of publishing (epoch seconds), as cargo reads it: whole seconds."""
    moment = datetime.fromtimestamp(at, UTC)
    return {**publication.manifest, "pubtime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


def examine(version: ListedVersion, asset: str, file: BinaryIO) -> Findings:
    """What a fetched crate says of its version; the dependencies are those of its index line.

    One that cannot be read, or is not of this version, says nothing: cargo reads it itself.
    """
    line = version.manifest
    contents = Contents()
    try:
        contents = inspect(file, asset.removesuffix(".crate"), _FETCHED)
        _check_contents(line.get("name"), line.get("vers"), contents)
    except MirrorError:
        contents = Contents()
    fields = about(contents.package)
    return Findings(
        manifest={**line, ABOUT: fields} if fields else line,
        dependencies=dependencies(line),
        summary=summary(str(line.get("name")), fields, contents.readme),
    )


def _check_contents(name: object, version: object, contents: Contents) -> None:
    """The file decides what is built, the index line what is resolved: they must agree."""
    for field, expected in (("name", name), ("version", version)):
        if contents.package.get(field) != expected:
            raise Invalid(f"Cargo.toml in the crate has another {field} than {expected}")
