"""May this principal do that? The one place that every request passes.

Reading may be anonymous; everything else is for principals with a policy that allows it, and no
policy that denies it (auth-and-policy §5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from mirror.arns import Arns
from mirror.auth.conditions import CLOCK, Conditions, Values, lasting
from mirror.auth.policies.evaluation import Decision, Question, decide
from mirror.auth.policies.principals import ANONYMOUS, Caller
from mirror.auth.rights import Rights
from mirror.errors import NotFound, Refused, Unauthenticated
from mirror.model import Package
from mirror.store.domains import Repository
from mirror.store.users import Principal

READ = "ReadFromRepository"
PUBLISH = "PublishPackageVersion"
PUT_METADATA = "PutPackageMetadata"
DELETE = "DeletePackageVersions"
UPDATE_STATUS = "UpdatePackageVersionsStatus"

Facts = Mapping[str, Values]
"""The request's own condition values: source address, transport, the tags that it gives."""

REMEMBERED = 16384
"""Decisions that are remembered: a farm of builders asks few principals' rights to a few thousand
packages."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a right is asked for: its ARN, and whose policies have a say.

    `domain` and `repository` are the ARNs that hold those policies, empty where none can;
    `administrator` is the repository's account, empty where there is no such repository.
    """

    arn: str
    owner: str
    administrator: str = ""
    domain: str = ""
    repository: str = ""

    def within(self, arn: str) -> "Target":
        """Something inside: a package of the repository, a group of the domain."""
        return replace(self, arn=arn)


class Access:
    """Decides by action and target; everything that it needs is in memory."""

    def __init__(
        self, rights: Rights, arns: Arns, region: str, anonymous: Literal["read", "none"]
    ) -> None:
        self._rights = rights
        self._arns = arns
        self._region = region
        self._anonymous_read = anonymous == "read"
        self._decided: dict[tuple[Principal | None, str, str], Decision] = {}
        self._decided_at = -1

    async def refresh(self) -> None:
        """Read policies again if any changed. Once a request, before anything is asked."""
        await self._rights.refresh()

    def enter(self, principal: Principal | None) -> None:
        """Raise `Unauthenticated` where strangers may not even learn which repositories exist."""
        if principal is None and not self._anonymous_read:
            raise Unauthenticated("this server needs a token", presented=False)

    def domain(self, owner: str, domain: str) -> Target:
        """A domain, whether it exists or not."""
        arn = self._arns.domain(owner, domain)
        return Target(arn, owner, domain=arn)

    def repository(self, owner: str, domain: str, name: str, administrator: str) -> Target:
        """A repository, whether it exists or not."""
        arn = self._arns.repository(owner, domain, name)
        return Target(arn, owner, administrator, self._arns.domain(owner, domain), arn)

    def held(self, repository: Repository, package: Package | None = None) -> Target:
        """A repository that exists, or a package in it."""
        owner, domain, name = repository.owner, repository.domain, repository.name
        target = self.repository(owner, domain, name, repository.administrator)
        if package is None:
            return target
        return target.within(self._arns.package(owner, domain, name, package))

    def may_be_remembered(
        self, principal: Principal | None, action: str, target: Target, facts: Facts
    ) -> bool:
        """As `check`, for the same request once more: whether its answer is still good then.

        False where a policy looked at the time, or where the index must be asked first.
        """
        if not self._rights.current:
            return False
        return not self.check(principal, action, target, facts).consulted & CLOCK

    def check(
        self, principal: Principal | None, action: str, target: Target, facts: Facts
    ) -> Decision:
        """Raise `Unauthenticated` or `Refused`, with the reason, unless it is allowed."""
        if principal is None and not (action == READ and self._anonymous_read):
            raise _nobody(action, target)
        if principal is not None:
            self.check_credential(principal, action, target)
        decision = self.decide(principal, action, target, facts)
        if decision.allowed:
            return decision
        if principal is None:
            raise _nobody(action, target)
        raise Refused(
            f"User: {principal.arn} is not authorized to perform: {_qualified(action)} "
            f"on resource: {target.arn}{decision.reason}"
        )

    def is_open(self, target: Target, facts: Facts) -> bool:
        """Whether strangers may read it."""
        return self._anonymous_read and self.decide(None, READ, target, facts).allowed

    def check_credential(self, principal: Principal | None, action: str, target: Target) -> None:
        """As `check`, as far as that goes before the package is known: by the credential alone."""
        if principal is None:
            raise _nobody(action, target)
        if principal.read_only and action != READ:
            raise Refused(
                f"User: {principal.arn} is not authorized to perform: {_qualified(action)} "
                f"on resource: {target.arn} because its token is read-only"
            )
        if principal.domain is not None and self._arns.domain(*principal.domain) != target.domain:
            raise NotFound("domain", target.domain, "the token is for another domain")

    def decide(
        self, principal: Principal | None, action: str, target: Target, facts: Facts
    ) -> Decision:
        """The policies' verdict, and which statements gave it."""
        if self._decided_at != self._rights.version:
            self._decided.clear()
            self._decided_at = self._rights.version
        key = (principal, action, target.arn)
        known = self._decided.get(key)
        if known is not None:
            return known
        decision = self._decide(principal, action, target, facts)
        if lasting(decision.consulted):
            if len(self._decided) >= REMEMBERED:
                self._decided.clear()
            self._decided[key] = decision
        return decision

    def _decide(
        self, principal: Principal | None, action: str, target: Target, facts: Facts
    ) -> Decision:
        tags = self._rights.tags(target.arn)
        issued_at = principal.issued_at if principal is not None else None
        conditions = Conditions(facts, tags, self._region, issued_at)
        decision = decide(
            Question(_caller(principal), _qualified(action), target.arn, conditions),
            owner=target.owner,
            administrator=target.administrator or None,
            identity=self._rights.identity(principal.id) if principal is not None else (),
            domain=self._rights.resource(target.domain),
            repository=self._rights.resource(target.repository),
        )
        if principal is None and not decision.explicit:
            return replace(decision, allowed=True)  # open by configuration, unless a policy denies
        return decision


def _caller(principal: Principal | None) -> Caller:
    if principal is None:
        return ANONYMOUS
    return Caller(
        arn=principal.arn,
        account=principal.account,
        root=principal.root,
        name="" if principal.root else principal.name,
        id=str(principal.id),
    )


def _qualified(action: str) -> str:
    return action if ":" in action else f"codeartifact:{action}"


def _nobody(action: str, target: Target) -> Unauthenticated:
    name = target.arn.rpartition("/")[2] or target.arn
    return Unauthenticated(
        f"{action} on '{name}' needs a token; make one with 'mirror token create'",
        presented=False,
    )
