"""Names of projects and files: PEP 503 normal forms, and what may stand in an address."""

import re
from urllib.parse import quote

from packaging.utils import InvalidName, canonicalize_name

from mirror.errors import Invalid
from mirror.model import Package

MAX_LENGTH = 200  # characters; a file name of 255 bytes must hold it, a version and tags
FILE_LENGTH = 255  # bytes, what file systems take
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


def package(namespace: str, name: str) -> Package:
    """Coordinates under the normalised name (PEP 503); raises `Invalid` naming the rule."""
    shown = ascii(name[: MAX_LENGTH + 1])
    if namespace:
        raise Invalid("Python packages have no namespace")
    if not name or len(name) > MAX_LENGTH:
        raise Invalid(f"a project name has 1 to {MAX_LENGTH} characters, this one {len(name)}")
    try:
        return Package("pypi", "", canonicalize_name(name, validate=True))
    except InvalidName:
        raise Invalid(
            f"{shown} is not a project name: it is made of ASCII letters, digits and .-_ and "
            "begins and ends with a letter or digit"
        ) from None


def normal(name: str) -> str:
    """The normalised name of whatever text (PEP 503)."""
    return canonicalize_name(name)


def is_file(name: str) -> bool:
    """Whether the text may name a file, on disk and in an address."""
    return (
        name != ""
        and not name.startswith(".")
        and _UNSAFE.search(name) is None
        and (len(name) <= FILE_LENGTH // 4 or len(name.encode()) <= FILE_LENGTH)
    )


def link(version: str, file: str) -> str:
    """Where a file is, seen from its project's page.

    Relative, so that it holds behind any host, TLS and prefix. `+` and `!` are escaped: some
    servers and proxies read a bare `+` as a blank.
    """
    plain = _UNRESERVED.fullmatch
    return (
        f"{version if plain(version) else quote(version, safe='')}/"
        f"{file if plain(file) else quote(file, safe='')}"
    )
