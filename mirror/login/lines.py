"""Settings in files of lines: npm's, yarn 1's, and those with sections (INI, TOML). Pure.

Whatever else is in a file stays as it is: comments, order, other settings. Clients' own
`config set` commands do not promise that (npm's, pnpm's and berry's drop comments), and every user
of a machine can read a token on a command line.
"""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*\[")
_NOTHING = re.compile(r"\s*([#;].*)?")


def npmrc(text: str, key: str, value: str) -> str:
    """Set `key=value` in an npmrc, before any section."""
    return _line(text, re.compile(rf"\s*{re.escape(key)}\s*=.*"), f"{key}={value}")


def yarnrc(text: str, key: str, value: str) -> str:
    """Set `key "value"` in yarn 1's own file."""
    return _line(text, re.compile(rf'"?{re.escape(key)}"?\s.*'), f'{key} "{value}"')


def option(text: str, section: str, name: str, value: str, *, continued: bool = True) -> str:
    """Set `name = value` below `[section]`, which is added at the end where there is none.

    `value` is as it stands in the file. `continued` is whether indented lines belong to the
    option above them, as they do in INI files and not in TOML.
    """
    lines = text.splitlines()
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*([#;].*)?")
    start = _first(lines, header)
    if start == len(lines):
        return _text([*_and_a_gap(lines), f"[{section}]", f"{name} = {value}"])
    end = _end(lines, start + 1)
    at = start + 1 + _first(lines[start + 1 : end], re.compile(rf"\s*{re.escape(name)}\s*[=:]"))
    after = min(at + 1, end)
    while continued and after < end and re.match(r"\s+\S", lines[after]):
        after += 1
    return _text([*lines[:at], f"{name} = {value}", *lines[after:]])


def entry(text: str, header: str, mark: str, content: Sequence[str]) -> str:
    """Put lines below `[[header]]`: in place of the entry that has the line `mark`, or at the end."""
    lines = text.splitlines()
    opening = re.compile(rf"\s*\[\[\s*{re.escape(header)}\s*\]\]\s*(#.*)?")
    for start in (n + 1 for n, line in enumerate(lines) if opening.fullmatch(line)):
        end = _end(lines, start)
        if mark in (line.strip() for line in lines[start:end]):
            return _text([*lines[:start], *content, *lines[end:]])
    return _text([*_and_a_gap(lines), f"[[{header}]]", *content])


def _line(text: str, pattern: re.Pattern[str], wanted: str) -> str:
    """Put the line in place of the first one that matches, and drop others that do."""
    lines = text.splitlines()
    at = _first(lines, pattern)
    if at == len(lines):
        at = _first(lines, _HEADER)
        return _text([*lines[:at], wanted, *lines[at:]])
    after = [line for line in lines[at + 1 :] if not pattern.match(line)]
    return _text([*lines[:at], wanted, *after])


def _first(lines: Sequence[str], pattern: re.Pattern[str]) -> int:
    return next((n for n, line in enumerate(lines) if pattern.match(line)), len(lines))


def _end(lines: Sequence[str], start: int) -> int:
    """Where a section ends: what is blank or said before the next one belongs to that."""
    end = start + _first(lines[start:], _HEADER)
    while end > start and _NOTHING.fullmatch(lines[end - 1]):
        end -= 1
    return end


def _and_a_gap(lines: list[str]) -> list[str]:
    return [*lines, ""] if lines and lines[-1].strip() else lines


def _text(lines: Sequence[str]) -> str:
    return "\n".join([*lines, ""])
