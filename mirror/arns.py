"""Amazon Resource Names: how policies, tags and the API name things (API contract §6). Pure.

`arn:aws:codeartifact:REGION:ACCOUNT:…`, where the account is the domain's owner. Case counts, and
`:` and `/` are never interchangeable.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from mirror.errors import Invalid
from mirror.model import Package

Kind = Literal["domain", "repository", "package-group", "package"]

_ARN = re.compile(
    r"arn:aws:codeartifact:(?P<region>[a-z0-9-]+):(?P<owner>[0-9]{12}):"
    r"(?P<kind>domain|repository|package-group|package)/(?P<domain>[^/]+)(?:/(?P<rest>.+))?"
)
_ENCODED = {"%": "%25", "*": "%2a", "$": "%24"}


@dataclass(frozen=True, slots=True)
class Named:
    """What an ARN names. `name` is the repository, the group's pattern, or the package's path."""

    kind: Kind
    owner: str
    domain: str
    name: str = ""


class Arns:
    """Makes the ARNs of one installation, whose region is a setting."""

    def __init__(self, region: str) -> None:
        self._before = f"arn:aws:codeartifact:{region}:"

    def domain(self, owner: str, domain: str) -> str:
        """A domain's ARN."""
        return f"{self._before}{owner}:domain/{domain}"

    def repository(self, owner: str, domain: str, repository: str) -> str:
        """A repository's ARN."""
        return f"{self._before}{owner}:repository/{domain}/{repository}"

    def package(self, owner: str, domain: str, repository: str, package: Package) -> str:
        """A package's ARN; without a namespace two slashes stand side by side."""
        return f"{self._before}{owner}:package/{domain}/{repository}/{'/'.join(package)}"

    def group(self, owner: str, domain: str, pattern: str) -> str:
        """A package group's ARN: only `%`, `*` and `$` of its pattern are encoded."""
        encoded = "".join(_ENCODED.get(character, character) for character in pattern)
        return f"{self._before}{owner}:package-group/{domain}{encoded}"


def parse_arn(arn: str) -> Named:
    """What an ARN names; raises `Invalid` for one that is malformed or of another service."""
    match = _ARN.fullmatch(arn)
    if match is None:
        raise Invalid(f"'{arn[:200]}' is not an ARN of a domain, repository or package group")
    kind, rest = match["kind"], match["rest"] or ""
    name = rest
    if kind == "package-group":
        name = "/" + rest.replace("%2a", "*").replace("%24", "$").replace("%25", "%")
    well_formed = {"domain": not rest, "repository": "/" not in rest and bool(rest)}
    if not well_formed.get(kind, bool(rest)):
        raise Invalid(f"'{arn[:200]}' does not name a {kind}")
    return Named(cast("Kind", kind), match["owner"], match["domain"], name)
