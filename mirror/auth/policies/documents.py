"""From a policy document to a `Policy` (auth-and-policy §5.3). Pure.

IAM User Guide, "Grammar of the IAM JSON policy language". Strict: what is misspelt, doubled or of
another type is refused when it is written, because a rule that silently means something else is
found when it is too late.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mirror.auth.policies.conditions import parse_conditions
from mirror.auth.policies.patterns import Patterns
from mirror.auth.policies.principals import Principals, parse_principals
from mirror.auth.policies.refusals import PolicyInvalid
from mirror.auth.policies.statements import Policy, Statement

LONGEST = 7168
"""Characters of a document, white space included (API contract §2)."""

Kind = Literal["identity", "resource"]

_WITH_VARIABLES = "2012-10-17"
_WITHOUT_VARIABLES = "2008-10-17"
_POLICY_FIELDS = {"Version", "Id", "Statement"}
_STATEMENT_FIELDS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
    "NotResource", "Condition",
}  # fmt: skip
_ACTION = re.compile(r"\*|(\*|[A-Za-z0-9-]+):[A-Za-z0-9*?]+")


def parse_policy(text: str, kind: Kind) -> Policy:
    """The policy that a document says; raises `PolicyInvalid`.

    Resource policies must tell whom they mean; identity policies must not.
    """
    if len(text) > LONGEST:
        raise PolicyInvalid(f"the policy has {len(text)} characters: {LONGEST} are allowed")
    return _policy(_read(text), kind)


def _read(text: str) -> object:
    try:
        document = json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        raise PolicyInvalid("the policy is nested too deep", "CANNOT_PARSE") from None
    except UnicodeEncodeError:
        raise PolicyInvalid("the policy has half a surrogate pair", "CANNOT_PARSE") from None
    except ValueError as error:
        raise PolicyInvalid(f"the policy is not valid JSON: {error}", "CANNOT_PARSE") from None
    return document


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Readers disagree about which of two equal names counts: a policy must not depend on it."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:100]!r} is there twice")
    return members


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _policy(document: object, kind: Kind) -> Policy:
    fields = _fields(document, _POLICY_FIELDS, "a policy")
    version = fields.get("Version", _WITHOUT_VARIABLES)
    if version not in (_WITH_VARIABLES, _WITHOUT_VARIABLES):
        raise PolicyInvalid("Version must be 2012-10-17 (or 2008-10-17, without variables)")
    if not isinstance(fields.get("Id", ""), str):
        raise PolicyInvalid("Id must be a string")
    written = fields.get("Statement")
    listed = written if isinstance(written, list) else [written]
    if not listed or written is None:
        raise PolicyInvalid("missing required field Statement")
    variables = version == _WITH_VARIABLES
    statements = [
        _statement(each, place, kind, variables=variables)
        for place, each in enumerate(listed, start=1)
    ]
    names = [each.name for each in statements]
    if len(set(names)) < len(names):
        raise PolicyInvalid("statement ids (Sid) in a single policy must be unique")
    principals = [each.principals.named for each in statements if each.principals]
    return Policy(
        denies=tuple(each for each in statements if not each.allows),
        allows=tuple(each for each in statements if each.allows),
        principals=frozenset[str]().union(*principals),
    )


def _statement(written: object, place: int, kind: Kind, *, variables: bool) -> Statement:
    try:
        fields = _fields(written, _STATEMENT_FIELDS, "a statement")
        return Statement(
            name=_sid(fields) or f"#{place}",
            allows=_allows(fields),
            actions=Patterns(_actions(fields)),
            other_actions="NotAction" in fields,
            resources=Patterns(_resources(fields), variables=variables),
            other_resources="NotResource" in fields,
            principals=_principals(fields, kind),
            other_principals="NotPrincipal" in fields,
            conditions=parse_conditions(fields.get("Condition", {}), variables=variables),
        )
    except PolicyInvalid as error:
        raise PolicyInvalid(f"{error} (statement {place})") from None


def _fields(written: object, known: set[str], what: str) -> Mapping[str, object]:
    if not isinstance(written, Mapping):
        raise PolicyInvalid(f"{what} must be a JSON object")
    for name in written:
        if name not in known:
            raise PolicyInvalid(f"unknown field {name[:100]!r}")
    return written


def _sid(fields: Mapping[str, object]) -> str:
    """Terraform writes an empty one where none was given."""
    sid = fields.get("Sid", "")
    if not isinstance(sid, str) or not sid.isprintable():
        raise PolicyInvalid("Sid must be a printable string")
    return sid


def _allows(fields: Mapping[str, object]) -> bool:
    if "Effect" not in fields:
        raise PolicyInvalid("missing required field Effect")
    if fields["Effect"] not in ("Allow", "Deny"):
        raise PolicyInvalid("Effect must be Allow or Deny")
    return fields["Effect"] == "Allow"


def _actions(fields: Mapping[str, object]) -> list[str]:
    """In lower case: actions have none (§5.3). Unknown ones are accepted."""
    actions = _strings(fields, "Action")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise PolicyInvalid(f"invalid action {action[:100]!r}: it must be like service:Action")
    return [action.lower() for action in actions]


def _resources(fields: Mapping[str, object]) -> list[str]:
    resources = _strings(fields, "Resource")
    for resource in resources:
        if resource != "*" and not resource.startswith("arn:"):
            raise PolicyInvalid(f'resource {resource[:100]!r} must be an ARN or "*"')
    return resources


def _principals(fields: Mapping[str, object], kind: Kind) -> Principals | None:
    if kind == "resource":
        return parse_principals(_element(fields, "Principal"))
    if "Principal" in fields or "NotPrincipal" in fields:
        raise PolicyInvalid("Principal has no place in an identity policy")
    return None


def _strings(fields: Mapping[str, object], name: str) -> list[str]:
    value = _element(fields, name)
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values if isinstance(each, str)]
    if not texts or len(texts) < len(values):
        raise PolicyInvalid(f"{name} must be a string or a list of strings")
    return texts


def _element(fields: Mapping[str, object], name: str) -> object:
    """The value of an element or of its opposite, of which there must be exactly one."""
    opposite = f"Not{name}"
    if name in fields and opposite in fields:
        raise PolicyInvalid(f"{name} and {opposite} exclude each other")
    if name not in fields and opposite not in fields:
        raise PolicyInvalid(f"missing required field {name}")
    return fields[name] if name in fields else fields[opposite]
