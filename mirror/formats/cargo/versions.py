"""Versions and their order: Semantic Versioning 2.0.0 as Rust's `semver` crate has it."""

import re

from mirror.errors import Invalid

MAX_LENGTH = 128  # characters; beside the name it must fit into a file name of 255 bytes
MAX_NUMBER = 2**64 - 1  # what Rust's u64 holds

NUMBER = r"(?:0|[1-9][0-9]*)"
PRERELEASE = (
    rf"(?:{NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:{NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*"
)
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"

_VERSION = re.compile(
    rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({PRERELEASE}))?(?:\+({BUILD}))?", re.ASCII
)

Precedence = tuple[int, tuple[object, ...]]


def precedence(version: str) -> Precedence:
    """A sort key by SemVer §11; what is no version at all comes before all others.

    Where only build metadata differs, it decides as a prerelease would, none before any: so does
    the `semver` crate, for a total order.
    """
    match = _parsed(version)
    if match is None:
        return 0, (version,)
    numbers = (int(match[1]), int(match[2]), int(match[3]))
    return 1, (*numbers, match[4] is None, _identifiers(match[4]), _identifiers(match[5]))


def stable(version: str) -> bool:
    """Whether it is a release, not a prerelease."""
    match = _parsed(version)
    return match is not None and match[4] is None


def uniqueness(version: str) -> str:
    """The version without its build metadata: only one of the same is published (Cargo Book,
    "Publishing", version uniqueness).
    """
    return version.partition("+")[0]


def is_version(text: str) -> bool:
    """Whether it is Semantic Versioning 2.0.0, strictly."""
    return _parsed(text) is not None


def clean(version: object) -> str:
    """A version to be published, as it is; raises `Invalid`."""
    if not isinstance(version, str) or not is_version(version):
        said = f"version {version[:MAX_LENGTH]!a}" if isinstance(version, str) else "this"
        raise Invalid(
            f"{said} is not valid Semantic Versioning of at most {MAX_LENGTH} characters; write "
            "major.minor.patch, as in 1.2.3 or 1.2.3-beta.1"
        )
    return version


def _parsed(text: str) -> re.Match[str] | None:
    match = _VERSION.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None or any(int(match[part]) > MAX_NUMBER for part in (1, 2, 3)):
        return None
    return match


def _identifiers(text: str | None) -> tuple[tuple[int, int, str], ...]:
    """Numbers before words, numbers by value; in build metadata they may have leading zeros."""
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part)
        for part in (text.split(".") if text else ())
    )
