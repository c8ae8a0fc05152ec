"""One key of a YAML file, such as yarn berry's `.yarnrc.yml`. Pure."""

from collections.abc import Callable
from typing import Any

import yaml

from mirror.errors import Invalid


def set_key(text: str, key: str, change: Callable[[Any], Any]) -> str:
    """Give a key of the top level what `change` makes of its value, which is None where it has none.

    Every other line stays as it is; within the value, comments are lost. Raises `Invalid` for a
    file whose top level is no `key: value` lines.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(f"it is not YAML: {error}") from error
    now = None if node is None else values.get(key) if isinstance(values, dict) else None
    wanted = change(now)
    if wanted == now:
        return text
    block = yaml.safe_dump({key: wanted}, default_flow_style=False, sort_keys=False, width=1000)
    if node is None:
        return _ended(text) + block
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise Invalid("it is not written as 'key: value' lines")
    for name, value in node.value:
        if name.value == key:
            start, end = name.start_mark.index, value.end_mark.index
            kept = _after_content(text[start:end])
            rest = text[start + kept :]
            return (
                text[:start] + block.rstrip("\n") + (rest if rest.startswith("\n") else f"\n{rest}")
            )
    return _ended(text) + block


def _after_content(written: str) -> int:
    """How much of a value's text is its own: comments and blank lines at its end are not."""
    lines = written.splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return len("".join(lines).rstrip())


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
