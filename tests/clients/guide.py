"""The User Guide's examples: what is named in them, and how an answer is held to a printed one."""

import re
from typing import Any

from tests.clients.aws import ACCOUNT

DOMAIN = f"--domain my_domain --domain-owner {ACCOUNT}"
REPOSITORY = f"{DOMAIN} --repository my_repo"
ARN = f"arn:aws:codeartifact:us-west-2:{ACCOUNT}"


class Like:
    """Equals every text that a pattern matches whole, and every number."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | float):
            other = str(other)
        return isinstance(other, str) and re.fullmatch(self._pattern, other) is not None

    def __hash__(self) -> int:
        return hash(self._pattern)

    def __repr__(self) -> str:
        return f"<like {self._pattern}>"


REVISION = Like(r"[A-Za-z0-9+/=]{1,50}")
TIME = Like(r"1[0-9]{9}(\.[0-9]+)?")
TOKEN = Like(r"\S{1,2000}")

NEWER = frozenset({"createdTime", "origin", "originConfiguration", "defaultDisplayVersion"})
"""Members that the service has had only since most of the Guide's answers were printed."""


def shows(answer: Any, expected: Any, place: str = "answer") -> None:
    """Hold an answer to the Guide's: what is printed there must be here."""
    if isinstance(expected, dict):
        assert isinstance(answer, dict), place
        missing = expected.keys() - answer.keys()
        assert not missing, f"{place} lacks {missing}: {answer}"
        more = answer.keys() - expected.keys() - NEWER
        assert not more, f"{place} has {more} as well"
        for name, value in expected.items():
            shows(answer[name], value, f"{place}.{name}")
    elif isinstance(expected, list):
        assert isinstance(answer, list), place
        assert len(answer) == len(expected), f"{place}: {answer}"
        for number, (one, other) in enumerate(zip(answer, expected, strict=True)):
            shows(one, other, f"{place}[{number}]")
    else:
        assert answer == expected, f"{place}: {answer!r} is not {expected!r}"


NPMJS = {"externalConnectionName": "public:npmjs", "packageFormat": "npm", "status": "Available"}
PUBLISHED = {"publish": "ALLOW", "upstream": "BLOCK"}
INGESTED = {"publish": "BLOCK", "upstream": "ALLOW"}
EXTERNAL = {
    "domainEntryPoint": {"externalConnectionName": "public:npmjs"},
    "originType": "EXTERNAL",
}
INTERNAL = {"domainEntryPoint": {"repositoryName": "my_repo"}, "originType": "INTERNAL"}


def repository(name: str, domain: str = "my_domain", **members: Any) -> dict[str, Any]:
    """A repository as answers describe it."""
    return {
        "repository": {
            "name": name,
            "administratorAccount": ACCOUNT,
            "domainName": domain,
            "domainOwner": ACCOUNT,
            "arn": f"{ARN}:repository/{domain}/{name}",
            "upstreams": [],
            "externalConnections": [],
            **members,
        }
    }


def upstreams(*names: str) -> list[dict[str, str]]:
    """Upstreams as a repository's description shows them."""
    return [{"repositoryName": name} for name in names]


def listed(
    name: str,
    namespace: str = "",
    kind: str = "npm",
    restrictions: dict[str, str] = PUBLISHED,
) -> dict[str, Any]:
    """A package as lists show it."""
    configuration = {"originConfiguration": {"restrictions": restrictions}}
    members = {"format": kind, "package": name, **configuration}
    return members | ({"namespace": namespace} if namespace else {})


def version(number: str, status: str = "Published", **members: Any) -> dict[str, Any]:
    """A version as lists show it."""
    return {"version": number, "revision": REVISION, "status": status, **members}


def success(*versions: str, status: str = "Published") -> dict[str, Any]:
    """The answer of a batch of versions of which none failed."""
    done = {each: {"revision": REVISION, "status": status} for each in versions}
    return {"successfulVersions": done, "failedVersions": {}}


def failure(versions: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """The answer of a batch that failed: codes and messages by versions."""
    failed = {
        number: {"errorCode": code, "errorMessage": message}
        for number, (code, message) in versions.items()
    }
    return {"successfulVersions": {}, "failedVersions": failed}
