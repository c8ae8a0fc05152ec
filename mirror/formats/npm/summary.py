"""What the API shows of a version: its dependencies and the fields of its description."""

from collections.abc import Mapping
from typing import Any

from mirror.model import Dependency, Summary

README_MISSING = "ERROR: No README data found!"  # what npm writes where there is none
README_LIMIT = 128 * 1024  # characters

# Later ones win: registries repeat every optional dependency among the regular ones.
_TYPES = (
    ("dependencies", "regular"),
    ("devDependencies", "dev"),
    ("peerDependencies", "peer"),
    ("optionalDependencies", "optional"),
)


def dependencies(manifest: Mapping[str, Any]) -> tuple[Dependency, ...]:
    """The declared dependencies (API contract §5: regular, dev, peer, optional)."""
    optional = manifest.get("optionalDependencies")
    repeated = set(optional) if isinstance(optional, dict) else set()
    return tuple(
        Dependency(*_split(name), kind, requirement)
        for field, kind in _TYPES
        for name, requirement in _pairs(manifest.get(field))
        if kind != "regular" or name not in repeated
    )


def summary(manifest: Mapping[str, Any], readme: str | None = None) -> Summary:
    """The descriptive fields, from whatever spelling the author chose."""
    return Summary(
        summary=_text(manifest.get("description")),
        home_page=_text(_of(manifest.get("homepage"), "url")),
        source_repository=_text(_of(manifest.get("repository"), "url")),
        licenses=_licenses(manifest),
        readme=readme or readme_text(manifest.get("readme")),
    )


def readme_text(value: object) -> str | None:
    """A readme worth keeping, bounded; None for none and for npm's sentence that says so."""
    if not isinstance(value, str) or not value.strip() or value == README_MISSING:
        return None
    return value[:README_LIMIT]


def _pairs(value: object) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return []
    return [(name, text) for name, text in value.items() if isinstance(text, str)]


def _split(name: str) -> tuple[str, str]:
    scope, slash, rest = name.partition("/")
    return (scope[1:], rest) if slash and name.startswith("@") else ("", name)


def _licenses(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """`license` as text, or the older object, or the still older list `licenses`."""
    found = manifest.get("license") or manifest.get("licenses")
    choices = found if isinstance(found, list) else [found]
    names = (_of(choice, "type") or _of(choice, "name") for choice in choices)
    return tuple(name for name in names if isinstance(name, str) and name)


def _of(value: object, field: str) -> object:
    return value.get(field) if isinstance(value, dict) else value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
