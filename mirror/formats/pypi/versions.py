"""Versions and their order: PEP 440, and whatever was uploaded before it."""

import re
from functools import lru_cache

from packaging.utils import canonicalize_version
from packaging.version import Version

from mirror.errors import Invalid

MAX_LENGTH = 256  # characters
_SAFE = re.compile(r"(?!\.+$)[^/\\\x00-\x20\x7f]+")

Precedence = tuple[int, "Version | str"]


@lru_cache(16_384)
def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        return None


def parsed(text: str) -> Version | None:
    """The version, or None for what PEP 440 does not allow."""
    return _parsed(text) if len(text) <= MAX_LENGTH else None


def key(text: str) -> str | None:
    """The spelling under which a version is kept: PEP 440's normal form, or a legacy one as it is.

    None for what may be no version at all. The file's name alone decides it, so that an address
    needs no look at any index. `1.0` and `1.0.0` stay two spellings: see `identity`.
    """
    return _key(text) if len(text) <= MAX_LENGTH else None


@lru_cache(16_384)
def _key(text: str) -> str | None:
    version = _parsed(text)
    if version is not None:
        return str(version)
    return text if _SAFE.fullmatch(text) else None


def identity(text: str) -> str:
    """What installers compare: equal for `1.0` and `1.0.0` (PEP 440, zero padding).

    The one place that says which versions are the same; a version is shown as it was first spelt.
    """
    return _identity(text) if len(text) <= MAX_LENGTH else text


@lru_cache(16_384)
def _identity(text: str) -> str:
    version = _parsed(text)
    return text if version is None else canonicalize_version(version)


def precedence(text: str) -> Precedence:
    """A sort key by PEP 440; what is no such version comes before all others."""
    version = parsed(text)
    return (0, text) if version is None else (1, version)


def stable(text: str) -> bool:
    """Whether it is a release, neither a prerelease nor a development release."""
    version = parsed(text)
    return version is not None and not version.is_prerelease


def clean(text: str) -> str:
    """The normal form of a version to be published; raises `Invalid`."""
    version = parsed(text)
    if version is None:
        raise Invalid(
            f"version {text[:MAX_LENGTH]!a} is not valid under PEP 440: write 1.2.3, 1.2.3rc1, "
            "1.2.3.post1 or the like"
        )
    return str(version)
