"""Versions and their precedence: Semantic Versioning 2.0.0, and what npm tolerated before it."""

import re

from mirror.errors import Invalid

MAX_LENGTH = 256  # node-semver's own bound
_MAX_NUMBER = 2**53 - 1  # what a JavaScript number holds exactly

_STRICT = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
# node-semver's LOOSE: leading zeros, `v` or `=` in front, no hyphen before the prerelease.
_LOOSE = re.compile(
    r"[v=\s]*([0-9]+)\.([0-9]+)\.([0-9]+)"
    r"(?:-?([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*",
    re.ASCII,
)
_PART = r"(?:[0-9]+|[xX*])"
# What node-semver's validRange accepts of the texts that a tag may be (no blank, `|`, `<`, `^`).
_RANGE = re.compile(
    rf"[~v]*{_PART}(?:\.{_PART}(?:\.{_PART}(?:-?[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
    r"(?:\+[0-9A-Za-z.-]+)?)?)?",
    re.ASCII,
)

Precedence = tuple[int, tuple[object, ...]]


def precedence(version: str) -> Precedence:
    """A sort key by SemVer §11, read loosely; what is no version at all comes before all others.

    Build metadata does not count, so two versions that differ only there compare equal.
    """
    match = _LOOSE.fullmatch(version) if len(version) <= MAX_LENGTH else None
    if match is None:
        return 0, (version,)
    numbers = (int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return 1, (*numbers, 1)
    identifiers = tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in match[4].split(".")
    )
    return 1, (*numbers, 0, identifiers)


def stable(version: str) -> bool:
    """Whether it is a release, not a prerelease."""
    match = _LOOSE.fullmatch(version) if len(version) <= MAX_LENGTH else None
    return match is not None and match[4] is None


def clean(version: object) -> str:
    """The version as npm publishes it: no `v` or `=` in front, no build metadata.

    So versions that differ only in build metadata are one version, as on npmjs. Raises `Invalid`
    for what is not Semantic Versioning 2.0.0.
    """
    if not isinstance(version, str) or len(version) > MAX_LENGTH:
        raise Invalid(f"a version is a text of at most {MAX_LENGTH} characters")
    match = _STRICT.fullmatch(version.strip().lstrip("v="))
    if match is None:
        raise Invalid(
            f"version '{version}' is not valid Semantic Versioning; write major.minor.patch, "
            "as in 1.2.3 or 1.2.3-beta.1"
        )
    if any(int(match[part]) > _MAX_NUMBER for part in (1, 2, 3)):
        raise Invalid(f"version '{version}' has a number above {_MAX_NUMBER}")
    core = f"{match[1]}.{match[2]}.{match[3]}"
    return core if match[4] is None else f"{core}-{match[4]}"


def is_range(text: str) -> bool:
    """Whether npm would read the text as a range of versions, so that it cannot be a tag."""
    return text == "" or _RANGE.fullmatch(text) is not None
