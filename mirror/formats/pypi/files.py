"""What a file's name says: which version it belongs to, and what kind of file it is.

The project is always known, so a name is never split at a guessed hyphen: `foo-bar-1.0-2.tar.gz` is
version `1.0-2` of `foo-bar` and nothing else.
"""

import re
from functools import lru_cache

from mirror.formats.pypi.names import is_file
from mirror.formats.pypi.versions import key, parsed
from mirror.model import Package

METADATA = ".metadata"
"""PEP 658: the METADATA of a wheel, beside it."""
SIGNATURE = ".asc"
PROVENANCE = ".provenance"
"""Ours: the PEP 740 object that the page's `provenance` links to."""
ATTESTATIONS = ".attestations"
"""Ours: what an uploader sent, as it came."""
COMPANIONS = (METADATA, SIGNATURE, PROVENANCE, ATTESTATIONS)

_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.z", ".tbz", ".tar")
_OTHERS = (".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg")
# What bdist_dumb, bdist_wininst, bdist_rpm and eggs write behind the version.
_PLATFORM = re.compile(
    r"(?:-py[0-9]\.[0-9]+(?:-.+)?|\.(?:linux|macosx|win|cygwin|darwin|freebsd)[-0-9].*"
    r"|-[0-9]+\.(?:noarch|src|i[3-6]86|x86_64))\Z",
    re.IGNORECASE,
)


def base_of(file: str) -> str:
    """The distribution file that a companion stands beside; the file itself for any other."""
    for suffix in COMPANIONS:
        if file.endswith(suffix):
            return file.removesuffix(suffix)
    return file


def is_wheel(file: str) -> bool:
    """Whether it is a wheel, by its name."""
    return file.lower().endswith(".whl")


def kind(file: str) -> str:
    """The `packagetype` of PyPI's JSON API."""
    lower = file.lower()
    for suffix, word in (
        (".whl", "bdist_wheel"),
        (".egg", "bdist_egg"),
        (".exe", "bdist_wininst"),
        (".msi", "bdist_msi"),
        (".rpm", "bdist_rpm"),
    ):
        if lower.endswith(suffix):
            return word
    return "bdist_dumb" if _PLATFORM.search(_stem(file) or "") else "sdist"


def python_tag(file: str) -> str:
    """The `python_version` of PyPI's JSON API: the wheel's tag, `source` for an sdist."""
    parts = file[: -len(".whl")].split("-") if is_wheel(file) else []
    if len(parts) >= 5:
        return parts[-3]
    return "source" if kind(file) == "sdist" else "any"


def version_of(package: Package, file: str) -> str | None:
    """The version that a distribution file belongs to; None where it is no file of the project."""
    if not is_file(file):
        return None
    stem = _stem(file)
    match = _named(package.name).match(stem) if stem is not None else None
    if stem is None or match is None:
        return None
    rest = stem[match.end() :]
    if is_wheel(file):
        # name-version(-build)?-python-abi-platform, PEP 427; in a version `_` stands for `-`.
        parts = rest.split("-")
        if len(parts) not in (4, 5):
            return None
        return key(parts[0] if parsed(parts[0]) else parts[0].replace("_", "-"))
    if parsed(rest) is None:
        shorter = _PLATFORM.sub("", rest)
        if parsed(shorter) is not None:
            rest = shorter
    return key(rest)


def _stem(file: str) -> str | None:
    lower = file.lower()
    for suffix in (".whl", *_SDISTS, *_OTHERS):
        if lower.endswith(suffix):
            return file[: -len(suffix)]
    return None


@lru_cache(4096)
def _named(name: str) -> re.Pattern[str]:
    """The project's name in any of its spellings, and the hyphen behind it."""
    return re.compile(r"[-_.]+".join(map(re.escape, name.split("-"))) + "-", re.IGNORECASE)
