"""From the JSON of `cargo publish` to a line of the index (cargo.md §3).

What is not checked here cargo finds later, in everybody's build: it passes over a line that it
cannot read in silence. Unknown keys are accepted, and dropped.
"""

import re
from collections.abc import Mapping
from typing import Any

from mirror.errors import Exceeded, Invalid
from mirror.formats.cargo import features, names
from mirror.formats.cargo.requirements import is_requirement
from mirror.formats.cargo.versions import clean
from mirror.formats.json_text import parse_json

DEPENDENCIES = 2_000  # crates.io allows 500
_KINDS = ("normal", "dev", "build")
_REGISTRY = re.compile(r"[a-z][a-z0-9+.-]*:[\x21-\x7e]{1,2000}")
_TARGET_LENGTH = 4096  # characters
_RUST_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.(?:0|[1-9][0-9]{0,9})){0,2}")


def document_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a publication, its name and version checked; raises `Invalid`."""
    try:
        document = parse_json(body)
    except ValueError as error:
        raise Invalid(f"the JSON in front of the crate cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise Invalid("the JSON in front of the crate is not an object")
    name = document.get("name")
    if not isinstance(name, str):
        raise Invalid("the JSON in front of the crate has no name")
    names.check_new(name)
    clean(document.get("vers"))
    return document


def index_line(
    document: Mapping[str, Any], packed: Mapping[str, Any], sha256: str
) -> dict[str, Any]:
    """The line of a version; `packed` is the `[package]` table of its own Cargo.toml.

    Raises `Invalid` with one sentence per rule, `Exceeded` for more than a crate may have.
    """
    plain, recent = features.split(features.checked(document.get("features")))
    line: dict[str, Any] = {
        "name": document["name"],
        "vers": document["vers"],
        "deps": [_dependency(each) for each in _dependencies(document)],
        "cksum": sha256,
        "features": plain,
        "yanked": False,
        "links": _text(packed.get("links", document.get("links")), "links"),
        "rust_version": _rust_version(packed.get("rust-version", document.get("rust_version"))),
    }
    if recent:
        line |= {"features2": recent, "v": 2}
    return line


def _dependencies(document: Mapping[str, Any]) -> list[Any]:
    found = document.get("deps") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Invalid("deps is not a JSON array of objects")
    if len(found) > DEPENDENCIES:
        raise Exceeded(f"a crate has at most {DEPENDENCIES} dependencies, this one {len(found)}")
    return found


def _dependency(found: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of `deps`. What the author calls it is its name there, the crate its `package`."""
    crate = found.get("name")
    if not isinstance(crate, str) or not names.is_name(crate):
        raise Invalid(f"a dependency has no name that a crate can have: {_shown(crate)}")
    called = found.get("explicit_name_in_toml") or crate
    if not isinstance(called, str) or not names.is_name(called):
        raise Invalid(f"the dependency '{crate}' is renamed to what is no name: {_shown(called)}")
    requirement = found.get("version_req")
    if not isinstance(requirement, str) or not is_requirement(requirement):
        raise Invalid(
            f"the dependency '{crate}' has no requirement that cargo can read: "
            f"{_shown(requirement)}"
        )
    kind = found.get("kind") or "normal"
    if kind not in _KINDS:
        raise Invalid(f"the dependency '{crate}' is of no kind: {', '.join(_KINDS)}")
    return {
        "name": called,
        "req": requirement,
        "features": _switched(crate, found.get("features")),
        "optional": _flag(crate, found, "optional", default=False),
        "default_features": _flag(crate, found, "default_features", default=True),
        "target": _text(found.get("target"), f"the target of '{crate}'"),
        "kind": kind,
        "registry": _registry(crate, found.get("registry")),
        **({"package": crate} if called != crate else {}),
        **_artifact(crate, found),
    }


def _flag(crate: str, found: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = found.get(key)
    if value is not None and not isinstance(value, bool):
        raise Invalid(f"'{key}' of the dependency '{crate}' is neither true nor false")
    return default if value is None else value


def _switched(crate: str, found: Any) -> list[str]:
    """The features of a dependency that are switched on; `a/b` reaches through it to another."""
    switched = found or []
    if not isinstance(switched, list) or not all(
        isinstance(each, str) and all(map(features.is_feature, each.split("/", 1)))
        for each in switched
    ):
        raise Invalid(f"the features of the dependency '{crate}' are no list of features")
    return switched


def _registry(crate: str, found: Any) -> str | None:
    """Where the dependency is from; None means the registry that this line is served by."""
    if found is None:
        return None
    if not isinstance(found, str) or not _REGISTRY.fullmatch(found):
        raise Invalid(f"the registry of the dependency '{crate}' is not a URL")
    return found


def _artifact(crate: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of an artifact dependency (cargo's `-Z bindeps`), copied where they are given."""
    kinds = {"artifact": list, "bindep_target": str, "lib": bool}
    given = {key: found[key] for key in kinds if found.get(key) is not None}
    if any(type(value) is not kinds[key] for key, value in given.items()) or not all(
        isinstance(each, str) for each in given.get("artifact", ())
    ):
        raise Invalid(f"the artifact dependency '{crate}' is not what cargo writes")
    return given


def _rust_version(found: Any) -> str | None:
    if found is None:
        return None
    if not isinstance(found, str) or not _RUST_VERSION.fullmatch(found):
        raise Invalid(f"rust-version is one to three numbers, as in 1.70, not {_shown(found)}")
    return found


def _text(found: Any, what: str) -> str | None:
    if found is not None and (not isinstance(found, str) or len(found) > _TARGET_LENGTH):
        raise Invalid(f"{what} is not a text of at most {_TARGET_LENGTH} characters")
    return found


def _shown(found: Any) -> str:
    return names.shown(found) if isinstance(found, str) else "nothing, or no text"
