"""What the tests of generic packages share: requests, files, and what a store would answer."""

import hashlib
import io
from typing import Any

from mirror.formats.changes import Part, Publication
from mirror.formats.generic import Generic
from mirror.formats.intents import Call, ReadPackage
from mirror.model import Digests, Package

GENERIC = Generic()
PACKAGE = Package("generic", "ns", "tool")
VERSION = ReadPackage(PACKAGE, "version", "1.0.0")


def ask(method: str, path: str, query: str = "", **headers: str) -> Any:
    """The intent of a request; underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return GENERIC.parse(Call(method, path, query, named))


def part_of(data: bytes) -> Part:
    digests = (hashlib.new(name, data).hexdigest() for name in ("sha256", "md5", "sha1", "sha512"))
    return Part(Digests(len(data), *digests), lambda: io.BytesIO(data))


def sent(data: bytes, path: str = "ns/tool/1.0.0/a.bin", query: str = "", **headers: str) -> Any:
    """The publication of a body."""
    change = GENERIC.change(ask("PUT", path, query, **headers), b"", {"asset": part_of(data)})
    assert isinstance(change, Publication)
    return change
