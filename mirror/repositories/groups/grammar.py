"""Which texts are package group patterns (§10; User Guide, "Package group definition syntax")."""

import unicodedata
from collections.abc import Callable, Mapping

from packaging.utils import canonicalize_name

from mirror.errors import Invalid
from mirror.model import ROOT_GROUP

SHORTEST, LONGEST, PART = 2, 520, 255
"""Characters of a pattern, and of the namespace or name in it."""

FORMATS = ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo")
_WITHOUT_NAMESPACE = frozenset({"pypi", "nuget", "cargo", "ruby"})
_WITH_NAMESPACE = frozenset({"maven", "swift", "generic"})

# These are stored normalised, so that any other spelling would silently never match (§17).
_NORMAL: Mapping[str, Callable[[str], str]] = {
    "pypi": canonicalize_name,
    "nuget": str.lower,
    "swift": str.lower,
}


def check(pattern: str) -> None:
    """Raise `Invalid`, naming the rule, for a text that is no pattern."""
    try:
        _check(pattern)
    except Invalid as error:
        raise Invalid(f"{pattern[:LONGEST]!r} is not a package group pattern: {error}") from None


def _check(pattern: str) -> None:
    if pattern == ROOT_GROUP:
        return
    if not SHORTEST <= len(pattern) <= LONGEST:
        raise Invalid(f"a pattern has {SHORTEST} to {LONGEST} characters")
    if pattern[0] != "/" or pattern[-1] not in "$~*":
        raise Invalid("a pattern begins with / and ends with $, ~ or *")
    operator = pattern[-1]
    format_name, *parts = pattern[1:-1].split("/")
    if format_name not in FORMATS:
        raise Invalid(f"after the first / stands a format: {', '.join(FORMATS)}")
    if len(parts) not in (1, 2):
        raise Invalid(f"write /{format_name}/* or /{format_name}/namespace/name$")
    for part in filter(None, parts):
        _check_part(format_name, part)
    namespace, *name = parts
    if name or namespace:
        _check_namespace(format_name, namespace)
    if operator == "$" and not (name and name[0]):
        raise Invalid("$ stands only after a name, where the namespace is whole as well")
    _check_end(parts[-1], operator)


def _check_part(format_name: str, part: str) -> None:
    if len(part) > PART:
        raise Invalid(f"a namespace or name has at most {PART} characters")
    if not part.isprintable() or " " in part or "#" in part:
        raise Invalid("names contain no white space, no control characters and no #")
    normal = _NORMAL.get(format_name, str)(part)
    if part != normal:
        raise Invalid(f"{format_name} packages are stored under normalised names: write {normal!r}")


def _check_namespace(format_name: str, namespace: str) -> None:
    if namespace and format_name in _WITHOUT_NAMESPACE:
        raise Invalid(f"{format_name} packages have no namespace: write /{format_name}//name$")
    if not namespace and format_name in _WITH_NAMESPACE:
        raise Invalid(f"{format_name} packages always have a namespace")
    if namespace.startswith("@") and format_name == "npm":
        raise Invalid("a scope is written without its @")


def _check_end(part: str, operator: str) -> None:
    if operator == "~" and not ends_in_word(part):
        raise Invalid("~ stands after a letter or number only; after other characters write *")
    if operator == "*" and ends_in_word(part):
        raise Invalid("* does not stand after a letter or number: write ~ there")


def ends_in_word(text: str) -> bool:
    r"""Whether the text ends within a word, which is `[\p{L}\p{N}][\p{L}\p{N}\p{M}]*`."""
    for character in reversed(text):
        kind = unicodedata.category(character)[0]
        if kind != "M":
            return kind in "LN"
    return False
