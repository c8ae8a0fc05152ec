"""One key of a YAML file, such as yarn berry's `.yarnrc.yml`. Pure."""

from collections.abc import Callable
from typing import Any

import yaml

from mirror.errors import Invalid


def set_key(text: str, key: str, change: Callable[[Any], Any]) -> str:
    """Give a key of the top level what `change` makes of its value, which is None where it has none.

    Every other line stays as it is; within the value, comments are lost. Raises `Invalid` for a
    file of another shape than `key: value` lines.
    """
    values = _read(text)
    now = values.get(key)
    wanted = change(now)
    if wanted == now:
        return text
    block = yaml.safe_dump({key: wanted}, default_flow_style=False, sort_keys=False, width=1000)
    start, end = _span(text, key)
    before, after = text[:start], text[end:]
    if before and not before.endswith("\n"):
        before += "\n"
    if block.count("\n") > 1:
        after = after[after.find("\n") :] if "\n" in after else ""
    changed = f"{before}{block.rstrip()}{after}"
    changed = changed if changed.endswith("\n") else f"{changed}\n"
    if _read(changed) != {**values, key: wanted}:
        raise Invalid(f"it is written in an unusual way: set {key} by hand")
    return changed


def _read(text: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise Invalid(f"it is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise Invalid("it has no 'key: value' lines")
    return values


def _span(text: str, key: str) -> tuple[int, int]:
    """Where the key and its value stand; the end of the text where they do not."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value == key:
            start = name.start_mark.index
            return start, start + _own(text[start : value.end_mark.index])
    return len(text), len(text)


def _own(written: str) -> int:
    """How much of a value's text is its own: blank lines and comments at its end are not."""
    lines = written.splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return len("".join(lines).rstrip())
