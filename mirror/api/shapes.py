"""What a member of a request may be, by its name in CodeArtifact's service model. Pure.

SDKs check next to nothing (API contract §1), so every limit that the model states is checked here,
in the words that AWS services use.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mirror.api.errors import FIELD, Rejected

FORMATS = ("npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo")
STATUSES = ("Published", "Unfinished", "Unlisted", "Archived", "Disposed", "Deleted")
RESTRICTIONS = ("EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM", "PUBLISH")
MODES = ("ALLOW", "ALLOW_SPECIFIC_REPOSITORIES", "BLOCK", "INHERIT")

LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset("0123456789")
ALPHANUMERIC = LOWER | {letter.upper() for letter in LOWER} | DIGITS


class Shape(Protocol):
    """Checks one value and gives it back as handlers want it.

    A query parameter arrives as text and a member of a JSON body as JSON has it; `name` is for the
    message of `Rejected`.
    """

    def check(self, name: str, value: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `least` to `most` characters, all of which `allowed` accepts; `first` and `last`
    are stricter sets for the ends.
    """

    least: int = 0
    most: int = 1000
    allowed: Callable[[str], bool] | frozenset[str] = str.isprintable
    first: frozenset[str] | None = None
    last: frozenset[str] | None = None
    rule: str = "a text without control characters"

    def check(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise _broken(name, value, "Member must be a string")
        if len(value) < self.least:
            raise _broken(
                name, value, f"Member must have length greater than or equal to {self.least}"
            )
        if len(value) > self.most:
            raise _broken(name, value, f"Member must have length less than or equal to {self.most}")
        fits = self.allowed.__contains__ if isinstance(self.allowed, frozenset) else self.allowed
        ends = (self.first is None or value[:1] in self.first) and (
            self.last is None or value[-1:] in self.last
        )
        if not ends or not all(map(fits, value)):
            raise _broken(name, value, f"Member must be {self.rule}")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def check(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise _broken(
                name, value, f"Member must satisfy enum value set: [{', '.join(self.words)}]"
            )
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two limits, both included."""

    least: int
    most: int

    def check(self, name: str, value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _broken(name, value, "Member must be a whole number")
        if not self.least <= value <= self.most:
            raise _broken(name, value, f"Member must be between {self.least} and {self.most}")
        return value


class Flag:
    """true or false, in any case."""

    def check(self, name: str, value: Any) -> bool:
        word = value.lower() if isinstance(value, str) else value
        if word in ("true", True):
            return True
        if word in ("false", False):
            return False
        raise _broken(name, value, "Member must be true or false")


@dataclass(frozen=True, slots=True)
class Items:
    """A list of at most `most` of one shape."""

    item: Shape
    most: int = 1000
    least: int = 0

    def check(self, name: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _broken(name, value, "Member must be a list")
        if not self.least <= len(value) <= self.most:
            raise Rejected(
                f"1 validation error detected: Value at '{name}' failed to satisfy constraint: "
                f"Member must have {self.least} to {self.most} elements, not {len(value)}",
                FIELD,
            )
        return [
            self.item.check(f"{name}.{place}.member", each) for place, each in enumerate(value, 1)
        ]


@dataclass(frozen=True, slots=True)
class Entries:
    """A map from texts of one shape to values of another."""

    key: Shape
    value: Shape
    most: int = 100

    def check(self, name: str, value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict) or len(value) > self.most:
            raise _broken(name, value, f"Member must be a map of at most {self.most} entries")
        return {
            self.key.check(f"{name}.key", key): self.value.check(f"{name}.{key}"[:300], each)
            for key, each in value.items()
        }


class Record:
    """A structure whose members are all required; unknown ones are ignored, as AWS does."""

    def __init__(self, **members: Shape) -> None:
        self.members = members

    def check(self, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _broken(name, value, "Member must be a structure")
        for member in self.members:
            if value.get(member) is None:
                raise _broken(f"{name}.{member}", None, "Member must not be null")
        return {
            key: shape.check(f"{name}.{key}", value[key]) for key, shape in self.members.items()
        }


def _no_space(character: str) -> bool:
    return not character.isspace()


def _coordinate(character: str) -> bool:
    return character not in "#/" and not character.isspace()


def _no_control(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")


def _pattern(character: str) -> bool:
    return _no_control(character) and not character.isspace()


def _document(character: str) -> bool:
    return _no_control(character) or character.isspace()


# `_` is ours: the guide's own examples are called my_domain (§2).
DOMAIN = Text(
    2, 50, LOWER | DIGITS | {"-", "_"}, LOWER, LOWER | DIGITS,
    "a name of a-z, 0-9 and -, which begins with a letter and ends with a letter or digit",
)  # fmt: skip
REPOSITORY = Text(
    2, 100, ALPHANUMERIC | {".", "_", "-"}, ALPHANUMERIC, None,
    "a name of letters, digits, '.', '_' and '-', which begins with a letter or digit",
)  # fmt: skip
CONNECTION = Text(
    2, 100, ALPHANUMERIC | {".", "_", "-", ":"}, ALPHANUMERIC, None,
    "a name of letters, digits, '.', '_', '-' and ':', which begins with a letter or digit",
)  # fmt: skip
ACCOUNT = Text(12, 12, DIGITS, rule="an account of 12 digits")
FORMAT = Choice(FORMATS)
COORDINATE = Text(1, 255, _coordinate, rule="a text without '#', '/' and white space")
REVISION = Text(1, 50, _no_space, rule="a text without white space")
VERSIONS = Items(COORDINATE, 100, 1)
REVISIONS = Entries(COORDINATE, REVISION)
STATUS = Choice(STATUSES)
PROSE = Text(0, 1000, _no_control)
ASSET = Text(1, 255, _no_control)
GROUP = Text(2, 520, _pattern, rule="a pattern without white space and control characters")
ARN = Text(1, 1011, _no_space, rule="an ARN without white space")
CONTROL = Choice(("ALLOW", "BLOCK"))
TAG_KEY = Text(1, 128, _no_control)
FLAG = Flag()
ALLOWED_REPOSITORIES = Items(
    Record(repositoryName=REPOSITORY, originRestrictionType=Choice(RESTRICTIONS))
)

SHAPES: Mapping[str, Shape] = {
    "addAllowedRepositories": ALLOWED_REPOSITORIES,
    "administratorAccount": ACCOUNT,
    "allowOverwrite": FLAG,
    "asset": ASSET,
    "assetName": ASSET,
    "assetSHA256": Text(64, 64, DIGITS | frozenset("abcdef"), rule="a SHA-256 in lower-case hex"),
    "contactInfo": PROSE,
    "description": PROSE,
    "destinationRepository": REPOSITORY,
    "domain": DOMAIN,
    "domainOwner": ACCOUNT,
    "durationSeconds": Whole(0, 43200),
    "encryptionKey": ARN,
    "endpointType": Choice(("dualstack", "ipv4")),
    "expectedStatus": STATUS,
    "externalConnection": CONNECTION,
    "format": FORMAT,
    "groupRestrictions": Entries(Choice(RESTRICTIONS), Choice(MODES)),
    "includeFromUpstream": FLAG,
    "maxResults": Whole(1, 1000),
    "namespace": COORDINATE,
    "nextToken": Text(1, 2000, _no_space, rule="a token without white space"),
    "originRestrictionType": Choice(RESTRICTIONS),
    "originType": Choice(("INTERNAL", "EXTERNAL", "UNKNOWN")),
    "package": COORDINATE,
    "packageGroup": GROUP,
    "packagePrefix": COORDINATE,
    "packageVersion": COORDINATE,
    "packageVersionRevision": REVISION,
    "policyDocument": Text(1, 7168, _document),
    "policyRevision": Text(1, 100, _no_space, rule="a text without white space"),
    "prefix": Text(0, 520, _no_control),
    "preview": FLAG,
    "publish": CONTROL,
    "removeAllowedRepositories": ALLOWED_REPOSITORIES,
    "repository": REPOSITORY,
    "repositoryPrefix": REPOSITORY,
    "resourceArn": ARN,
    "restrictions": Record(publish=CONTROL, upstream=CONTROL),
    "sortBy": Choice(("PUBLISHED_TIME",)),
    "sourceRepository": REPOSITORY,
    "status": STATUS,
    "tagKeys": Items(TAG_KEY, 200),
    "tags": Items(Record(key=TAG_KEY, value=Text(0, 256, _no_control)), 200),
    "targetStatus": STATUS,
    "unfinished": FLAG,
    "upstream": CONTROL,
    "upstreams": Items(Record(repositoryName=REPOSITORY)),
    "versionRevisions": REVISIONS,
    "versions": VERSIONS,
}


def _broken(name: str, value: Any, rule: str) -> Rejected:
    shown = "" if value is None else f" '{str(value)[:200]}'"
    return Rejected(
        f"1 validation error detected: Value{shown} at '{name}' failed to satisfy constraint: {rule}",
        FIELD,
    )
