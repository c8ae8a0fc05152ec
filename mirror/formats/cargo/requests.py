"""From a raw request to what it wants.

config.json                                  where everything is
it/oa/itoa                                   the index file of a crate, in lower case
dl/{crate}/{crate}-{version}.crate           a version's file
api/v1/crates…                               publish, yank, search, and what tools ask for
me                                           how to get a token
"""

from urllib.parse import unquote

from mirror.errors import Invalid, NotFound
from mirror.formats.cargo import names, services, views
from mirror.formats.cargo.versions import clean
from mirror.formats.changes import SetStatus
from mirror.formats.intents import Alter, Call, Intent, ReadAsset, ReadPackage, Submit
from mirror.model import Package, Status

_READS = ("GET", "HEAD")
_API = "api/v1/crates"
_SEGMENT_LENGTH = 1024  # bytes; a longest name or version with every character escaped is shorter


def parse(call: Call) -> Intent:
    """What a request wants; raises `Invalid`, `NotFound` (kind `endpoint`) or `Refused`."""
    reading = call.method in _READS
    if reading and (package := _indexed(call.path)) is not None:
        return ReadPackage(package, views.INDEX)
    if call.path == _API and reading:
        return services.search(call.query)
    if call.path.startswith(f"{_API}/"):
        return _api(call, call.path.removeprefix(f"{_API}/").split("/"))
    match call.path.split("/"):
        case ["config.json"] if reading:
            return services.CONFIG
        case ["dl", crate, file] if reading:
            return _file(_decoded(crate), _decoded(file))
        case ["me"] if reading:
            return services.TOKENS
    raise _nothing(call)


def _indexed(path: str) -> Package | None:
    """The crate whose index file is at exactly this place.

    It comes before all else: `dl/ib/dlib` begins as a download does. No other place is an
    error of the client's: it probes spellings (`-x` for `_x`), and wants to hear 404.
    """
    name = path.rpartition("/")[2]
    if not names.is_name(name):
        return None
    package = names.package("", name)
    return package if path == names.index_path(package) else None


def _api(call: Call, segments: list[str]) -> Intent:
    reading = call.method in _READS
    match [_decoded(each) for each in segments]:
        case ["new"] if call.method == "PUT":
            return Submit("PublishPackageVersion", "publish")
        case [crate] | [crate, "versions"] if reading:
            return ReadPackage(names.package("", crate), views.API)
        case [crate, "owners"]:
            names.package("", crate)
            if reading:
                return services.OWNERS
            raise services.refuse_owners()
        case [crate, version] if reading:
            return ReadPackage(names.package("", crate), views.API, clean(version))
        case [crate, version, "download"] if reading:
            return _file(crate, names.file_name(crate, version))
        case [crate, version, "yank"] if call.method == "DELETE":
            return _status(crate, version, Status.UNLISTED)
        case [crate, version, "unyank"] if call.method == "PUT":
            return _status(crate, version, Status.PUBLISHED)
    raise _nothing(call)


def _file(crate: str, file: str) -> ReadAsset:
    """A crate. Its type is the plainest there is, for a proxy that knows a better one may compress
    it on the way, and cargo would miss its checksum.
    """
    version = names.file_version(crate, file) if names.is_name(crate) else None
    if version is None:
        raise NotFound(
            "asset", file[:200], f"{names.shown(file)} is not the name of a crate's file"
        )
    return ReadAsset(names.package("", crate), file, version)


def _status(crate: str, version: str, status: Status) -> Alter:
    return Alter(SetStatus(names.package("", crate), (clean(version),), status))


def _decoded(segment: str) -> str:
    """The segment decoded once, `+` as itself; nothing here has a `%`, so a second one is refused."""
    if len(segment) > _SEGMENT_LENGTH:
        raise Invalid(f"a part of the address is longer than {_SEGMENT_LENGTH} bytes")
    text = unquote(segment)
    if "%" in text:
        raise Invalid("a part of the address is percent-encoded twice")
    return text


def _nothing(call: Call) -> NotFound:
    return NotFound(
        "endpoint",
        call.path[:200],
        f"a cargo registry has no {call.method} at this address: the index begins with "
        "config.json, and its files are in lower case",
    )
