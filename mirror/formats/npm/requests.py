"""From a raw request to what it wants. This runs on every request, so the hot ways come first.

A path segment is decoded exactly once; what still holds a `%` after that is refused, so that no
second decoder further in can see a slash that this one did not.
"""

from functools import lru_cache
from urllib.parse import unquote

from mirror.errors import Invalid, NotFound
from mirror.formats.changes import Remove
from mirror.formats.intents import Alter, Call, Intent, ReadAsset, ReadPackage, Submit
from mirror.formats.npm import names, services
from mirror.formats.npm.accept import wants_abbreviated
from mirror.formats.npm.revisions import revision_number
from mirror.model import Package

_READS = ("GET", "HEAD")
_SEGMENT_LENGTH = 1024  # bytes; a longest name with every character escaped is shorter
_MEMO = 8192  # names; a few MB at worst


def parse(call: Call) -> Intent:
    """What a request wants; raises `Invalid` or `NotFound` (kind `endpoint`)."""
    path = call.path
    # The package called `-` exists: its tarballs are at `-/-/`, and only they.
    if path.startswith("-/") and not path.startswith("-/-/"):
        return services.parse(call)
    segment, slash, rest = path.partition("/")
    if slash and segment.startswith(("@", "%40")) and "%2f" not in segment.lower():
        # `@scope/name`, `%40scope/name`: the slash belongs to the name.
        name, slash, rest = rest.partition("/")
        segment = f"{segment}/{name}"
    package = _package(segment)
    if call.method in _READS:
        if not rest:
            return _packument(call, package)
        if rest.startswith("-/"):
            return _file(call, package, rest[2:])
        if "/" not in rest:
            return _manifest(package, rest)
    return _rare(call, package, rest)


def _packument(call: Call, package: Package) -> ReadPackage:
    if call.query and "write=true" in call.query.split("&"):
        return ReadPackage(package, "full", fresh=True)
    if wants_abbreviated(call.headers.get("accept")):
        return ReadPackage(package, "abbreviated")
    return ReadPackage(package, "full")


def _file(call: Call, package: Package, segment: str) -> Intent:
    if "/" in segment:
        return _rare(call, package, f"-/{segment}")
    file = unquote(segment) if "%" in segment else segment
    version = names.file_version(package, file)
    if version is None and not names.is_version(file):
        raise Invalid("the file name is not that of an npm tarball: name-version.tgz")
    return ReadAsset(package, file, version)


def _manifest(package: Package, segment: str) -> ReadPackage:
    wanted = unquote(segment)
    if not names.is_version(wanted):
        raise Invalid(f"what follows '{names.address(package)}/' is no version and no tag")
    return ReadPackage(package, "manifest", wanted)


def _rare(call: Call, package: Package, rest: str) -> Intent:
    """Writes, and the attestations that some npm asks for under a doubled address."""
    parts = rest.split("/") if rest else []
    match call.method, parts:
        case "PUT", []:
            return Submit("PublishPackageVersion", "packument", package)
        case "PUT", ["-rev", revision]:
            return Submit("DeletePackageVersions", "revision", package, revision_number(revision))
        case "DELETE", ["-rev", revision]:
            return Alter(Remove(package, revision=revision_number(revision)))
        case "DELETE", ["-", file, "-rev", revision]:
            version = names.file_version(package, unquote(file))
            if version is None:
                raise NotFound("asset", file, "there is no file of this name to unpublish")
            return Alter(Remove(package, (version,), revision=revision_number(revision)))
        case "DELETE", [*_, scope, name, "-", file, "-rev", _]:
            # npm 6 appends the path of the tarball to our address once more when it unpublishes.
            name = f"{scope}/{name}" if scope.startswith("@") else name
            return _rare(call, _package(name), "/".join(parts[-4:]))
        case (("GET" | "HEAD"), [*_, "-", "npm", "v1", "attestations", _]):
            # npm <= 10 appends the path of our address to our address once more (npm.md §8).
            return services.attestations(parts[-1])
        case (("GET" | "HEAD"), [*_, "-", "npm", "v1", "attestations", scope, name]):
            return services.attestations(f"{scope}/{name}")
    raise NotFound(
        "endpoint",
        call.path[:200],
        f"the npm registry protocol has no {call.method} at this address below a package",
    )


@lru_cache(_MEMO)
def _package(segment: str) -> Package:
    if len(segment) > _SEGMENT_LENGTH:
        raise Invalid(f"a package name has at most {names.MAX_LENGTH} characters")
    return names.split(unquote(segment))


def package_named(segment: str) -> Package:
    """The package that a raw path segment (or `@scope/name`) means; raises `Invalid`."""
    return _package(segment)
