"""Who asks, and whom a policy names (auth-and-policy §4). Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mirror.auth.policies.refusals import PolicyInvalid

_ACCOUNT = re.compile(r"(?P<id>[0-9]{12})|arn:aws:iam::(?P<of_root>[0-9]{12}):root")
_NAMED = re.compile(
    r"arn:aws:iam::[0-9]{12}:user/[!-)+->@-~]+"
    r"|arn:aws:iam::(?P<account>[0-9]{12}):role/([!-)+->@-~]*/)?(?P<role>[\w+=,.@-]+)"
    r"|arn:aws:sts::[0-9]{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+",
    re.ASCII,
)
_KEYS = {
    "aws:principalarn": "arn",
    "aws:principalaccount": "account",
    "aws:username": "name",
    "aws:userid": "id",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a request: a user, an account's root, or a role's session.

    `name` is a user's without its path, empty for others; `id` is unique for ever.
    """

    arn: str
    account: str
    root: bool = False
    name: str = ""
    id: str = ""

    def keys(self, key: str) -> tuple[str, ...] | None:
        """The values of a condition key that tells who asks; None for every other key."""
        attribute = _KEYS.get(key)
        if attribute is None:
            return None
        value: str = getattr(self, attribute)
        return (value,) if value else ()


ANONYMOUS = Caller(arn="", account="")
"""Nobody in particular: met by `*` alone, so that a policy can deny what is open to everyone."""


@dataclass(frozen=True, slots=True)
class Principals:
    """Whom a statement names.

    `named` are users, roles and sessions; `sessions` are the ARNs of all sessions of the named
    roles, without the session's own name.
    """

    everyone: bool
    accounts: frozenset[str]
    named: frozenset[str]
    sessions: frozenset[str]

    def match(self, caller: Caller) -> bool:
        """Whether the caller is meant, by its own name, its role's, its account's, or all."""
        return (
            self.everyone
            or caller.account in self.accounts
            or caller.arn in self.named
            or caller.arn.rpartition("/")[0] in self.sessions
        )


def parse_principals(element: object) -> Principals:
    """A Principal or NotPrincipal element; raises `PolicyInvalid` with what is wrong."""
    if element == "*":
        return _principals(["*"])
    if not isinstance(element, Mapping) or not element:
        raise PolicyInvalid('Principal must be "*" or an object such as {"AWS": "123456789012"}')
    for kind in element:
        if kind != "AWS":
            raise PolicyInvalid(f"principals of type {kind[:100]!r} do not exist here: use 'AWS'")
    names = element["AWS"]
    return _principals(names if isinstance(names, list) else [names])


def _principals(names: Iterable[object]) -> Principals:
    accounts, named, sessions = set(), set(), set()
    everyone = False
    for name in names:
        if not isinstance(name, str):
            raise PolicyInvalid("a principal must be a string")
        if name == "*":
            everyone = True
        elif match := _ACCOUNT.fullmatch(name):
            accounts.add(match["id"] or match["of_root"])
        elif match := _NAMED.fullmatch(name):
            named.add(name)
            if match["role"]:
                sessions.add(f"arn:aws:sts::{match['account']}:assumed-role/{match['role']}")
        else:
            raise PolicyInvalid(f"invalid principal {name[:100]!r}")
    if not (everyone or accounts or named):
        raise PolicyInvalid("Principal names nobody")
    return Principals(everyone, frozenset(accounts), frozenset(named), frozenset(sessions))
