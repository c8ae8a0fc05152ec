"""One step of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from mirror.config.places import Path
from mirror.model import DEFAULT_DOMAIN


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of the API with its members, or one of the three for users.

    `sign` is `+` for what comes into being and `~` for what changes; `says` is for people, and
    `path` is the key of the file that asks for it.
    """

    sign: Literal["+", "~"]
    says: str
    operation: str
    members: Mapping[str, Any]
    path: Path


class Mistake(NamedTuple):
    """What the file declares and cannot be made so, beside what there is."""

    path: Path
    message: str


def of_domain(domain: str) -> str:
    """The end of a sentence about something in a domain."""
    return "" if domain == DEFAULT_DOMAIN else f" of domain '{domain}'"
