"""One key of a TOML file, such as cargo's `config.toml`. Pure.

tomlkit would understand every spelling, but it puts a new key below the comment that belongs to
the next section; here a spelling that is not understood is left to people.
"""

import tomllib
from collections.abc import Sequence
from typing import Any

from mirror.errors import Invalid
from mirror.login.lines import option


def read(text: str) -> dict[str, Any]:
    """Everything in the file; raises `Invalid` for what is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"it is not TOML: {error}") from error


def set_key(text: str, section: Sequence[str], key: str, value: str) -> str:
    """Give a key of a section a text, which needs no escapes.

    Every other line stays as it is, and this one where it says that already. Raises `Invalid` for
    a file that writes the section otherwise than below `[its.name]`: in braces, or dotted.
    """
    name = ".".join(section)
    wanted = read(text)
    table: Any = wanted
    for part in section:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise Invalid(f"'{part}' has no keys below it: set {name}.{key} by hand")
    if table.get(key) == value:
        return text
    table[key] = value
    changed = option(text, name, key, f'"{value}"', continued=False)
    try:
        right = tomllib.loads(changed) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise Invalid(f"it is written in an unusual way: set {name}.{key} by hand")
    return changed
