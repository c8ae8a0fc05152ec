"""Policies as tests write them: statements by keyword, documents of one or several."""

import json
from typing import Any

from mirror.auth.policies.documents import parse_policy
from mirror.auth.policies.evaluation import Attached, Decision, Question, attach, decide
from mirror.auth.policies.principals import Caller
from mirror.auth.policies.statements import Policy

OWNER, OTHER = "111122223333", "444455556666"
REGION = f"arn:aws:codeartifact:us-east-1:{OWNER}"
DOMAIN = f"{REGION}:domain/d"
REPOSITORY = f"{REGION}:repository/d/r"
PACKAGE = f"{REGION}:package/d/r/npm/parity/ui"
GROUP = f"{REGION}:package-group/d/npm/%2a"
READ = "codeartifact:ReadFromRepository"
PUBLISH = "codeartifact:PublishPackageVersion"

BOB = Caller(f"arn:aws:iam::{OWNER}:user/bob", OWNER, name="bob", id="AIDABOB")
CAROL = Caller(f"arn:aws:iam::{OTHER}:user/carol", OTHER, name="carol", id="AIDACAROL")
ROOT = Caller(f"arn:aws:iam::{OWNER}:root", OWNER, root=True, id=OWNER)


def allow(action: Any = "*", resource: Any = "*", **others: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, **others)


def deny(action: Any = "*", resource: Any = "*", **others: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, **others)


def statement(effect: str, action: Any, resource: Any, **others: Any) -> dict[str, Any]:
    written = {"Effect": effect, "Action": action, "Resource": resource, **others}
    if "NotAction" in others:
        del written["Action"]
    if "NotResource" in others:
        del written["Resource"]
    return written


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def identity(*statements: dict[str, Any], name: str = "own", **options: str) -> Attached:
    return Attached(parse_policy(document(*statements, **options), "identity"), name)


def resource_policy(*statements: dict[str, Any], **options: str) -> Policy:
    """A statement that names nobody means everybody."""
    meant = [each if "NotPrincipal" in each else {"Principal": "*"} | each for each in statements]
    return parse_policy(document(*meant, **options), "resource")


def of_domain(*statements: dict[str, Any], arn: str = DOMAIN) -> Attached:
    return attach(resource_policy(*statements), arn)


def of_repository(*statements: dict[str, Any], arn: str = REPOSITORY) -> Attached:
    return attach(resource_policy(*statements), arn)


def ask(
    action: str = READ,
    resource: str = REPOSITORY,
    *,
    caller: Caller = BOB,
    context: dict[str, tuple[str, ...]] | None = None,
    administrator: str | None = OWNER,
    own: Attached | None = None,
    **policies: Attached,
) -> Decision:
    """The decision; `own` is the caller's identity policy."""
    return decide(
        Question(caller, action, resource, context or {}),
        owner=OWNER,
        administrator=administrator,
        identity=() if own is None else (own,),
        **policies,
    )
