"""Looking into rights: may somebody do something, and who says so."""

from collections.abc import Iterator

from mirror.app import Parts
from mirror.arns import Named, parse_arn
from mirror.auth.access import Target
from mirror.auth.conditions import lasting
from mirror.auth.policies.evaluation import Decision
from mirror.errors import Invalid
from mirror.formats import FORMATS
from mirror.store.users import Principal


async def explain_right(
    parts: Parts, user: str, action: str, resource: str, domain: str
) -> list[str]:
    """Whether a user may do that, as lines for people.

    `resource` is an ARN, `*`, or `REPOSITORY[/FORMAT/PACKAGE]` of a domain of our own account.
    Raises `NotFound` for the user, `Invalid` for an action or a resource that there cannot be.
    """
    principal, active = await parts.users.named(user)
    await parts.access.refresh()
    await parts.search.refresh()
    action = action.removeprefix("codeartifact:")
    target = _target(parts, resource, domain)
    decision = parts.access.decide(principal, action, target, {})
    return list(_told(principal, active, action, target, decision))


def _told(
    principal: Principal, active: bool, action: str, target: Target, decision: Decision
) -> Iterator[str]:
    may = "may" if decision.allowed else "may not"
    yield f"{principal.arn} {may} {action} on {target.arn}{decision.reason}"
    for where in decision.decided_by:
        yield f"  {where}"
    if not active:
        yield "  but the user is inactive: nothing that it presents is accepted"
    asked = sorted(key for key in decision.consulted if not lasting(frozenset({key})))
    if asked:
        yield f"  as far as that can be told without a request: policies ask for {', '.join(asked)}"


def _target(parts: Parts, resource: str, domain: str) -> Target:
    account = parts.settings.account
    if resource == "*":
        return Target("*", owner=account)
    if resource.startswith("arn:"):
        return _named(parts, resource, parse_arn(resource))
    repository, slash, package = resource.partition("/")
    target = _repository(parts, account, domain, repository)
    if not slash:
        return target
    format_name, _, address = package.partition("/")
    form = FORMATS.get(format_name)
    if form is None or not address:
        raise Invalid(
            f"'{resource}' is not REPOSITORY/FORMAT/PACKAGE, where the format is one of "
            f"{', '.join(FORMATS)}"
        )
    namespace, _, name = address.rpartition("/")
    found = form.package(namespace.removeprefix("@"), name)
    return target.within(parts.arns.package(account, domain, repository, found))


def _named(parts: Parts, arn: str, named: Named) -> Target:
    if named.kind in {"domain", "package-group"}:
        return parts.access.domain(named.owner, named.domain).within(arn)
    repository = named.name.partition("/")[0]
    return _repository(parts, named.owner, named.domain, repository).within(arn)


def _repository(parts: Parts, owner: str, domain: str, name: str) -> Target:
    administrator = parts.search.administrator(owner, domain, name)
    return parts.access.repository(owner, domain, name, administrator)
