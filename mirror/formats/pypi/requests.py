"""From a raw request to what it wants.

    simple/                                       all projects
    simple/{project}/                             a project's page
    simple/{project}/{version}/{file}             a file; with .metadata or .asc what is beside it
    integrity/{project}/{version}/{file}/provenance
    pypi/{project}/json, pypi/{project}/{version}/json
    POST to the repository                        the legacy upload

Files have CodeArtifact's own address, which lock files remember. The project's name and the file's
together decide the version, so a cold request needs no index; the version in the address must be the
same one, in whichever spelling.
"""

from functools import lru_cache
from urllib.parse import quote, unquote

from mirror.errors import Invalid, NotFound
from mirror.formats.intents import (
    Answer,
    Call,
    Intent,
    ReadAsset,
    ReadIndex,
    ReadPackage,
    Reply,
    Submit,
)
from mirror.formats.multipart import boundary_of
from mirror.formats.pypi import names
from mirror.formats.pypi.accept import view
from mirror.formats.pypi.files import METADATA, PROVENANCE, SIGNATURE, base_of, version_of
from mirror.formats.pypi.versions import identity, key
from mirror.model import Package

_READS = ("GET", "HEAD")
_PAGES = ("simple", "+simple", "%2Bsimple", "%2bsimple")  # hatch asks below `+simple`
_UPLOADS = ("", "legacy", "legacy/", "simple", "simple/")
_SEGMENT_LENGTH = 1024  # bytes
_TYPES = {
    METADATA: "text/plain; charset=utf-8",
    SIGNATURE: "application/pgp-signature",
    PROVENANCE: "application/vnd.pypi.integrity.v1+json",
}


def parse(call: Call) -> Intent:
    """What a request wants; raises `Invalid` or `NotFound` (kind `endpoint`)."""
    if call.method in _READS:
        return _read(call)
    if call.method == "POST" and call.path in _UPLOADS:
        return Submit(
            "PublishPackageVersion",
            "upload",
            argument=boundary_of(call.headers.get("content-type")),
        )
    raise _nothing(call)


def _read(call: Call) -> Intent:
    match call.path.split("/"):
        case [root] if root in _PAGES:
            return _moved(f"{root}/", call.query)
        case [root, ""] if root in _PAGES:
            return ReadIndex(view(call.headers.get("accept"), call.query))
        case [root, project] if root in _PAGES:
            return _moved(f"{_package(project).name}/", call.query)
        case [root, project, ""] if root in _PAGES:
            package = _package(project)
            if project != package.name:
                return _moved(f"../{package.name}/", call.query)
            return ReadPackage(package, view(call.headers.get("accept"), call.query))
        case [root, project, version, file] if root in _PAGES:
            name = _decoded(file)
            if base_of(name) in (name, name.removesuffix(METADATA), name.removesuffix(SIGNATURE)):
                return _asset(_package(project), version, name)
        case ["integrity", project, version, file, "provenance"]:
            return _asset(_package(project), version, _decoded(file) + PROVENANCE)
        case ["pypi", project, "json"]:
            return ReadPackage(_package(project), "api")
        case ["pypi", project, version, "json"]:
            package = _package(project)
            wanted = key(_decoded(version))
            if wanted is None:
                raise Invalid("what follows the project's name is no version")
            return ReadPackage(package, "api", wanted)
    raise _nothing(call)


def _asset(package: Package, segment: str, asset: str) -> ReadAsset:
    file = base_of(asset)
    version, written = version_of(package, file), key(_decoded(segment))
    if version is None or written is None or identity(written) != identity(version):
        shown = ascii(asset[: names.FILE_LENGTH])
        raise NotFound("asset", asset, f"{shown} is not the name of a file of {package.name} there")
    content_type = _TYPES.get(asset.removeprefix(file), "application/octet-stream")
    return ReadAsset(package, asset, version, content_type, file if asset != file else None)


def _moved(place: str, query: str) -> Answer:
    """Relative, so that it holds behind any prefix (pypi.md §12.24)."""
    location = f"{quote(place, safe='/%')}?{query}" if query else quote(place, safe="/%")
    return Answer(Reply(301, b"", {"Location": location, "Content-Type": "text/plain"}))


def _decoded(segment: str) -> str:
    """The segment decoded once; `%` cannot be in what it names, so a second one is refused."""
    if len(segment) > _SEGMENT_LENGTH:
        raise Invalid(f"a part of the address is longer than {_SEGMENT_LENGTH} bytes")
    text = unquote(segment)
    if "%" in text:
        raise Invalid("a part of the address is percent-encoded twice")
    return text


@lru_cache(8192)
def _package(segment: str) -> Package:
    return names.package("", _decoded(segment))


def _nothing(call: Call) -> NotFound:
    return NotFound(
        "endpoint",
        call.path[:200],
        f"the Python package index has no {call.method} at this address: pages are below simple/, "
        "uploads go to the repository itself",
    )
