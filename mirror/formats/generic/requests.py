"""From a raw request to what it wants (generic.md §4).

    {namespace}/{package}/{version}/{asset}    GET and HEAD read a file, PUT publishes one
    {namespace}/{package}/{version}/           GET lists the version's assets, DELETE removes it

`-` stands for no namespace. Names are percent-decoded once.
"""

from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote

from mirror.errors import Invalid, NotFound
from mirror.formats.changes import Remove
from mirror.formats.generic import names
from mirror.formats.generic.publish import declared, proposal
from mirror.formats.intents import Alter, Call, Intent, ReadAsset, ReadPackage
from mirror.model import Package

VIEW = "version"
_SEGMENT_LENGTH = 12 * names.MAX_LENGTH  # a character has up to 4 bytes, escaped to 3 each
_BOOLEANS = {"true": True, "false": False}


def parse(call: Call) -> Intent:
    """What a request wants; raises `Invalid` or `NotFound` (kind `endpoint`)."""
    match call.method, call.path.split("/"):
        case (("GET" | "HEAD"), [space, name, version] | [space, name, version, ""]):
            return ReadPackage(_package(space, name), VIEW, _version(version))
        case (("GET" | "HEAD"), [space, name, version, asset]):
            return _asset(_package(space, name), _version(version), names.asset(_decoded(asset)))
        case "PUT", [space, name, version, asset] if asset:
            if call.headers.get("content-range") is not None:  # RFC 9110 §14.5
                raise Invalid("an asset is sent whole: an upload cannot be resumed")
            return proposal(
                _package(space, name),
                _version(version),
                _decoded(asset),
                unfinished=_flag(call.query, "unfinished"),
                sha256=declared(call.headers),
            )
        case "DELETE", [space, name, version] | [space, name, version, ""]:
            return Alter(Remove(_package(space, name), (_version(version),), strict=True))
    raise NotFound(
        "endpoint",
        call.path[:200],
        f"there is no {call.method} at this address: files of generic packages are at "
        "{namespace}/{package}/{version}/{asset}, with - for no namespace",
    )


@lru_cache(4096)
def _asset(package: Package, version: str, asset: str) -> ReadAsset:
    """A file that its name does not fix for ever: a version may be deleted and published anew."""
    return ReadAsset(
        package,
        asset,
        version,
        headers=(
            ("Content-Disposition", _attachment(asset)),
            ("X-Content-Type-Options", "nosniff"),
        ),
        lasting=False,
    )


def _attachment(asset: str) -> str:
    """RFC 6266 with RFC 8187: the name itself, and for old clients its ASCII."""
    plain = asset.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(asset, safe='')}"


@lru_cache(4096)
def _package(space: str, name: str) -> Package:
    namespace = _decoded(space)
    return names.package("" if namespace == names.NO_NAMESPACE else namespace, _decoded(name))


@lru_cache(4096)
def _version(segment: str) -> str:
    return names.version(_decoded(segment))


def _decoded(segment: str) -> str:
    if len(segment) > _SEGMENT_LENGTH:
        raise Invalid(f"a part of the address is longer than {_SEGMENT_LENGTH} bytes")
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise Invalid("a part of the address is not UTF-8") from None


def _flag(query: str, name: str) -> bool:
    """A boolean of the query, in any case; false where it is absent (API contract §1)."""
    given = parse_qs(query, keep_blank_values=True).get(name, ["false"])
    value = _BOOLEANS.get(given[0].lower()) if len(given) == 1 else None
    if value is None:
        raise Invalid(f"'{name}' in the query is either true or false, and stands there once")
    return value
