"""Names of packages, versions and assets: case-sensitive, kept as they are written (generic.md §1)."""

import unicodedata

from mirror.errors import Invalid
from mirror.model import Package

MAX_LENGTH = 255  # characters
NO_NAMESPACE = "-"
"""What stands in an address for a package without a namespace."""

_FORBIDDEN = frozenset("#/")
_UNSPEAKABLE = ("Cc", "Cs")  # control characters, and halves of characters
_LETTERS = ("Ll", "Lm", "Lo", "Lt", "Lu", "Nl", "Nd")
_SPECIAL = frozenset("~!@^&()-`_+[]{};,. ")
_DOTS = (".", "..")  # which clients take out of an address before they send it


def package(namespace: str, name: str) -> Package:
    """Coordinates; raises `Invalid` naming the rule that they break."""
    if namespace == NO_NAMESPACE:
        raise Invalid("a namespace cannot be '-': in addresses that stands for none")
    if namespace:
        _check("namespace", namespace)
    _check("package name", name)
    return Package("generic", namespace, name)


def version(text: str) -> str:
    """The version, if it may be one; raises `Invalid`."""
    _check("version", text)
    return text


def asset(text: str) -> str:
    """The asset's name, if it may be one (User Guide, "Generic package constraints").

    A decomposed name is refused, not composed: what was signed is the name that was sent.
    """
    _check_length("asset name", text)
    for character in text:
        if unicodedata.category(character) not in _LETTERS and character not in _SPECIAL:
            raise Invalid(
                f"an asset name cannot contain {_described(character)}: it is made of letters, "
                f"digits, single spaces and ~!@^&()-`_+[]{{}};,.{_hint(text)}"
            )
    if text.strip(" ") != text or "  " in text:
        raise Invalid("an asset name has no spaces at its ends, and no two in a row")
    return text


def _check(what: str, text: str) -> None:
    """The rule of namespace, package and version: no `#`, `/` or blank (API contract §2), and
    nothing that cannot be shown.
    """
    _check_length(what, text)
    for character in text:
        if (
            character in _FORBIDDEN
            or character.isspace()
            or unicodedata.category(character) in _UNSPEAKABLE
        ):
            raise Invalid(f"a {what} cannot contain {_described(character)}")


def _check_length(what: str, text: str) -> None:
    if not 1 <= len(text) <= MAX_LENGTH:
        raise Invalid(f"the {what} has {len(text)} characters; 1 to {MAX_LENGTH} are allowed")
    if text in _DOTS:
        raise Invalid(f"the {what} cannot be '{text}'")


def _described(character: str) -> str:
    name = unicodedata.name(character, "a character without a name")
    return f"U+{ord(character):04X} ({name})"


def _hint(text: str) -> str:
    """Names from a Mac often come in pieces, letter and accent apart."""
    if unicodedata.is_normalized("NFC", text):
        return ""
    return " (the name is decomposed: write it in Unicode's form NFC)"
