"""What a crate says of itself in its packed Cargo.toml, and what the API shows of a version."""

from collections.abc import Mapping
from typing import Any

from mirror.model import Dependency, Summary

ABOUT = "_about"
"""The field of a manifest that keeps what the crate says of itself; it is in no line of the index,
which says nothing of that.
"""

_TEXTS = ("description", "homepage", "documentation", "repository", "license", "license-file")
_LISTS = ("keywords", "categories")
_TEXT_LIMIT = 2_000  # characters; the manifests of all versions are read for every index file
_LIST_LIMIT = 20
_README_LIMIT = 128 * 1024  # characters
_TYPES = ("normal", "dev", "build")


def about(table: Mapping[str, Any]) -> dict[str, Any]:
    """The descriptive fields of a `[package]` table, as far as they are what they should be."""
    texts = {
        key: table[key][:_TEXT_LIMIT]
        for key in _TEXTS
        if isinstance(table.get(key), str) and table[key]
    }
    lists = {
        key: [each[:_TEXT_LIMIT] for each in table[key][:_LIST_LIMIT] if isinstance(each, str)]
        for key in _LISTS
        if isinstance(table.get(key), list) and table[key]
    }
    return texts | lists


def about_of(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a manifest keeps of that; empty for a version whose file nobody asked for yet."""
    found = manifest.get(ABOUT)
    return found if isinstance(found, dict) else {}


def summary(name: str, fields: Mapping[str, Any], readme: object = None) -> Summary:
    """The descriptive fields; `fields` is what `about` returns."""
    license_ = fields.get("license") or fields.get("license-file")
    text = readme if isinstance(readme, str) and readme.strip() else None
    return Summary(
        summary=fields.get("description"),
        home_page=fields.get("homepage"),
        source_repository=fields.get("repository"),
        licenses=(license_,) if license_ else (),
        readme=None if text is None else text[:_README_LIMIT],
        display_name=name,
    )


def dependencies(line: Mapping[str, Any]) -> tuple[Dependency, ...]:
    """The dependencies in a line of the index, under their crates' own names."""
    found = line.get("deps")
    return tuple(
        each
        for dependency in (found if isinstance(found, list) else [])
        if isinstance(dependency, dict) and (each := _dependency(dependency)) is not None
    )


def _dependency(found: Mapping[str, Any]) -> Dependency | None:
    name, requirement = found.get("package") or found.get("name"), found.get("req")
    if not isinstance(name, str) or not isinstance(requirement, str):
        return None
    kind = found.get("kind")
    return Dependency("", name.lower(), kind if kind in _TYPES else "normal", requirement)
