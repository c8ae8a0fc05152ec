"""A policy as it is evaluated: statements, each of which applies to a question or not. Pure."""

from dataclasses import dataclass

from mirror.auth.policies.conditions import Condition
from mirror.auth.policies.patterns import Patterns
from mirror.auth.policies.principals import Caller, Principals
from mirror.auth.policies.variables import Keys


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """What it lists it means, or, where `other_…` is set, everything but that.

    `name` is its Sid, else its place in the document, as in #2. `principals` is None in
    identity policies, which mean whoever has them.
    """

    name: str
    allows: bool
    actions: Patterns
    other_actions: bool
    resources: Patterns
    other_resources: bool
    principals: Principals | None
    other_principals: bool
    conditions: tuple[Condition, ...]

    def applies(
        self, caller: Caller, action: tuple[str], resource: tuple[str, ...], keys: Keys
    ) -> bool:
        """Whether it says anything; `action` in lower case, `resource` by all of its names."""
        if self.actions.match(action, keys) is self.other_actions:
            return False
        if self.principals is not None and self.principals.match(caller) is self.other_principals:
            return False
        if self.resources.match(resource, keys) is self.other_resources:
            return False
        return not self.conditions or all(each.holds(keys) for each in self.conditions)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A document that was found valid.

    `principals` are the ARNs of all users, roles and sessions that it names: each must exist
    when the policy is put (§4).
    """

    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]
    principals: frozenset[str]
