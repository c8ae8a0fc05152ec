"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`. Pure.

IAM User Guide, "IAM policy elements: Variables and tags".
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mirror.auth.policies.refusals import PolicyInvalid
from mirror.auth.policies.wildcards import Piece, pieces

Keys = Callable[[str], tuple[str, ...]]
"""The values of a condition key, given in lower case; empty where the request has none."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_INSIDE = re.compile(r"\s*(?P<key>[\w-]+:[^,']+?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?")
_ESCAPED = ("*", "?", "$")


class Variable(NamedTuple):
    """A place that the request fills in; the key is in lower case."""

    key: str
    default: str | None


Template = tuple[Piece | Variable, ...]


def template(text: str, *, variables: bool, wildcards: bool) -> Template:
    """A text of a policy, taken apart; raises `PolicyInvalid` for a malformed variable.

    `variables` is false in documents older than 2012-10-17, where `${` stands for itself.
    """
    if not variables:
        return tuple(_plain(text, wildcards=wildcards))
    parts: list[Piece | Variable] = []
    for index, part in enumerate(_VARIABLE.split(text)):
        if index % 2:
            parts.append(part if part in _ESCAPED else _variable(part))
        elif "${" in part:
            raise PolicyInvalid(f"a policy variable is not closed in {text[:100]!r}")
        else:
            parts.extend(_plain(part, wildcards=wildcards))
    return tuple(parts)


def resolve(parts: Template, keys: Keys) -> Sequence[Piece] | None:
    """The pattern with its variables filled in; None where one has no value, or several.

    What has no value equals nothing and is like nothing, so that the pattern matches no text
    ("Policy variables with no value"). A value stands for itself, whatever characters it has.
    """
    filled: list[Piece] = []
    for part in parts:
        if not isinstance(part, Variable):
            filled.append(part)
            continue
        values = keys(part.key)
        value = values[0] if len(values) == 1 else part.default
        if value is None:
            return None
        filled.append(value)
    return filled


def _plain(text: str, *, wildcards: bool) -> list[Piece]:
    if wildcards:
        return pieces(text)
    return [text] if text else []


def _variable(inside: str) -> Variable:
    match = _INSIDE.fullmatch(inside)
    if match is None:
        raise PolicyInvalid(f"'${{{inside[:100]}}}' is not a policy variable")
    return Variable(match["key"].lower(), match["default"])
