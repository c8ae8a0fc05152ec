"""A crate's features: what they may be called, and how the index writes them down."""

from collections.abc import Mapping
from typing import Any

from mirror.errors import Exceeded, Invalid
from mirror.formats.cargo import names

FEATURES = 5_000  # crates.io allows 300, and has a handful of generated crates with some thousands
VALUES = 50_000  # all that they switch on together
_LENGTH = 256  # characters of one

Features = dict[str, list[str]]


def checked(found: Any) -> Features:
    """The features of a publication; raises `Invalid` or `Exceeded` (crates.io's rules)."""
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(map(_is_list, found.values())):
        raise Invalid("features is not a JSON object of lists of texts")
    if len(found) > FEATURES or sum(map(len, found.values())) > VALUES:
        raise Exceeded(
            f"a crate has at most {FEATURES} features, which name at most {VALUES} things together"
        )
    for name, values in found.items():
        if not is_feature(name):
            raise Invalid(f"{names.shown(name)} is not the name of a feature")
        for value in values:
            if not _is_value(value):
                raise Invalid(
                    f"the feature '{name}' names {names.shown(value)}, which is neither a feature "
                    "nor dep:name nor name/feature nor name?/feature"
                )
    return found


def is_feature(name: str) -> bool:
    """A letter, digit or `_`, then also `+`, `-` and `.`; letters are those of Unicode."""
    if not 0 < len(name) <= _LENGTH:
        return False
    rest = name[1:].replace("+", "").replace("-", "").replace(".", "")
    return (name[0].isidentifier() or name[0] in "0123456789") and f"_{rest}".isidentifier()


def split(features: Mapping[str, list[str]]) -> tuple[Features, Features]:
    """What goes to `features`, and what to `features2` of a line with `"v": 2`.

    As crates.io does it: cargo before 1.60 cannot read `dep:` and `?/`, nor a feature that names
    one that is not there, and passes over whole lines for it.
    """
    named_by: dict[str, list[str]] = {}
    for name, values in features.items():
        for value in values:
            named_by.setdefault(value, []).append(name)
    pending = [name for name, values in features.items() if any(map(_is_recent, values))]
    recent: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in recent:
            recent.add(name)
            pending.extend(named_by.get(name, ()))
    return (
        {name: values for name, values in features.items() if name not in recent},
        {name: values for name, values in features.items() if name in recent},
    )


def _is_list(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _is_value(value: str) -> bool:
    dependency, slash, feature = value.partition("/")
    if slash:
        return names.is_name(dependency.removesuffix("?")) and is_feature(feature)
    if value.startswith("dep:"):
        return names.is_name(value.removeprefix("dep:"))
    return is_feature(value)


def _is_recent(value: str) -> bool:
    return value.startswith("dep:") or "?/" in value
