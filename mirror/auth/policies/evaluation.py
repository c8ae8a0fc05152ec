"""May this caller do that? Statements weighed against each other (auth-and-policy §5.2). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mirror.auth.policies.actions import CREATE_REPOSITORY, GET_TOKEN, OF_THE_ACCOUNT, looked_at
from mirror.auth.policies.principals import Caller
from mirror.auth.policies.statements import Policy
from mirror.errors import Invalid

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case; a key that the request lacks is absent.

A value is asked for only when a statement needs it, so a mapping may compute what it gives. Keys
that tell who asks come from the caller and are not looked for here.
"""

Kind = Literal["identity", "session", "domain", "repository"]

_TYPES: dict[Kind, str] = {
    "identity": "an identity-based",
    "session": "a session",
    "domain": "a resource-based",
    "repository": "a resource-based",
}
_CONTAINED = {
    "domain": ("domain", "repository", "package-group", "package"),
    "repository": ("repository", "package"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `caller` may do `action` ("codeartifact:ReadFromRepository") to `resource`, an ARN.

    The resource is "*" for actions that have none.
    """

    caller: Caller
    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Attached:
    """A policy where it counts: `to` is an identity policy's own name, or the resource's ARN.

    It has a say over ARNs that begin with any of `within`.
    """

    policy: Policy
    to: str
    within: tuple[str, ...] = ("",)


_Source = tuple[Kind, Attached]


def attach(policy: Policy, arn: str) -> Attached:
    """The policy of a domain or of a repository: its "*" is that, with all that it contains."""
    before, path = _split(arn)
    kind, _, name = path.partition("/")
    # A slash closes the name: "r" must not be taken for the beginning of "r2".
    return Attached(policy, arn, tuple(f"{before}:{each}/{name}/" for each in _CONTAINED[kind]))


class Where(NamedTuple):
    """A statement that decided, and the policy in which it stands."""

    kind: Kind
    policy: str
    statement: str

    def __str__(self) -> str:
        """For people: where to look when a decision surprises."""
        return f"statement {self.statement} of the {self.kind} policy {self.policy}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer.

    `reason` completes "User: … is not authorized to perform: … on resource: …" (§2.5); it is
    empty where the answer is yes. `decided_by` are the statements that deny, or that allow: none
    where nothing allows, and none where an account's root needs no policy.

    The same question has the same answer as long as no policy changes and the condition keys in
    `consulted` keep their values; all others have no influence.
    """

    allowed: bool
    reason: str = ""
    explicit: bool = False
    decided_by: tuple[Where, ...] = ()
    consulted: frozenset[str] = frozenset()


def decide(
    question: Question,
    *,
    owner: str,
    administrator: str | None,
    identity: Iterable[Attached],
    session: Attached | None = None,
    domain: Attached | None = None,
    repository: Attached | None = None,
) -> Decision:
    """Weigh all policies that have a say.

    `owner` is the account of the resource's domain, `administrator` that of its repository, where
    it lies in one. `session` limits what all others allow. Resource policies that have no say
    (§5.1) may be given: they are ignored.

    Raises `Invalid` for an action that does not exist, and for a resource that is no part of what
    a policy is attached to: to pass over that policy would be to pass over what it denies.
    """
    caller = question.caller
    granting: list[_Source] = [("identity", each) for each in identity]
    limiting: list[_Source] = [("session", session)] if session else []
    sharing = _sharing(question, domain, repository)
    weighing = _Weighing(question)
    if caller.root and question.action == GET_TOKEN:
        return weighing.no(" because a root user cannot have authorization tokens")
    if denial := weighing.first((*granting, *limiting, *sharing), allowing=False):
        return weighing.denied(denial)
    limited = weighing.first(limiting, allowing=True)
    if limiting and not limited:
        return weighing.unallowed("session")
    granted = weighing.first(granting, allowing=True)
    by_identity = caller.root or granted is not None
    own = caller.account == owner or question.action in OF_THE_ACCOUNT
    if by_identity and (own or _administers(question, administrator)):
        return weighing.allowed(granted, limited)
    if not by_identity and not own:
        return weighing.unallowed("identity")
    shared = weighing.first(sharing, allowing=True)
    if not shared:
        return weighing.unallowed("domain" if by_identity else "identity")
    return weighing.allowed(granted, shared, limited)


class _Weighing:
    """One question as it is put to statements, and the condition keys that they needed."""

    __slots__ = ("_action", "_consulted", "_question", "_resource")

    def __init__(self, question: Question) -> None:
        self._question = question
        self._action = (question.action.lower(),)
        self._resource = _names(question)
        self._consulted: set[str] = set()

    def first(self, sources: Iterable[_Source], *, allowing: bool) -> Where | None:
        """The first statement of that effect that applies."""
        caller, action, resource = self._question.caller, self._action, self._resource
        for kind, attached in sources:
            policy = attached.policy
            for statement in policy.allows if allowing else policy.denies:
                if statement.applies(caller, action, resource, self._keys):
                    return Where(kind, attached.to, statement.name)
        return None

    def allowed(self, *by: Where | None) -> Decision:
        statements = tuple(each for each in by if each is not None)
        return Decision(True, decided_by=statements, consulted=frozenset(self._consulted))

    def denied(self, by: Where) -> Decision:
        reason = f" with an explicit deny in {_TYPES[by.kind]} policy"
        return Decision(False, reason, True, (by,), frozenset(self._consulted))

    def unallowed(self, kind: Kind) -> Decision:
        """Silence, of the kind of policy that would have to speak."""
        _, _, name = _TYPES[kind].partition(" ")
        return self.no(f" because no {name} policy allows the {self._question.action} action")

    def no(self, reason: str) -> Decision:
        return Decision(False, reason, consulted=frozenset(self._consulted))

    def _keys(self, key: str) -> tuple[str, ...]:
        self._consulted.add(key)
        values = self._question.caller.keys(key)
        return self._question.context.get(key, ()) if values is None else values


def _sharing(
    question: Question, domain: Attached | None, repository: Attached | None
) -> list[_Source]:
    """The resource policies that have a say in the action."""
    has_say = looked_at(question.action)
    sources: list[_Source] = []
    if domain and has_say.domain:
        sources.append(("domain", domain))
    if repository and has_say.repository:
        sources.append(("repository", repository))
    for _, attached in sources:
        if not f"{question.resource}/".startswith(attached.within):
            raise Invalid(f"{question.resource[:200]!r} is no part of {attached.to!r}")
    return sources


def _names(question: Question) -> tuple[str, ...]:
    """A repository to be created may be meant by its domain's name as well (§5.1)."""
    if question.action != CREATE_REPOSITORY:
        return (question.resource,)
    before, path = _split(question.resource)
    _, _, names = path.partition("/")
    return question.resource, f"{before}:domain/{names.partition('/')[0]}"


def _administers(question: Question, administrator: str | None) -> bool:
    """Whether the caller's account has the repository: not the domain, nor what is yet to be."""
    if question.caller.account != administrator or question.action == CREATE_REPOSITORY:
        return False
    _, path = _split(question.resource)
    return path.startswith(("repository/", "package/"))


def _split(arn: str) -> tuple[str, str]:
    """An ARN's five fields of where and whose, and its path, which may have colons of its own."""
    *before, path = arn.split(":", 5)
    return ":".join(before), path
