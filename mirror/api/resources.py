"""What each operation asks the right to: its resource (auth-and-policy §6).

Made from the names in the call alone: whether the thing exists is told only to who may know.
"""

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.arns import parse_arn
from mirror.auth.access import Target
from mirror.errors import Invalid


def anything(_services: Services, call: Call) -> Target:
    """`*`: operations on all that an account has."""
    return Target("*", owner=call.principal.account)


def domain(services: Services, call: Call) -> Target:
    """The domain."""
    return services.access.domain(call.owner, call.domain)


def repository(services: Services, call: Call) -> Target:
    """The repository."""
    return _repository(services, call, call.input["repository"])


def destination(services: Services, call: Call) -> Target:
    """The repository that versions are copied into."""
    return _repository(services, call, call.input["destinationRepository"])


def package(services: Services, call: Call) -> Target:
    """The package, under its normalised name."""
    held = _repository(services, call, call.input["repository"])
    arn = services.arns.package(call.owner, call.domain, call.input["repository"], call.package)
    return held.within(arn)


def group(services: Services, call: Call) -> Target:
    """The package group."""
    pattern: str = call.input["packageGroup"]
    arn = services.arns.group(call.owner, call.domain, pattern)
    return services.access.domain(call.owner, call.domain).within(arn)


def associated_group(services: Services, call: Call) -> Target:
    """The group that a package belongs to; the root group's where there is no such domain."""
    tree = services.search.groups(call.owner, call.domain)
    pattern = tree.associated(call.package)[0].pattern if tree is not None else "/*"
    arn = services.arns.group(call.owner, call.domain, pattern)
    return services.access.domain(call.owner, call.domain).within(arn)


def tagged(services: Services, call: Call) -> Target:
    """What the ARN names."""
    arn: str = call.input["resourceArn"]
    try:
        named = parse_arn(arn)
    except Invalid as error:
        raise Rejected(str(error), FIELD) from error
    if named.kind == "package":
        raise Rejected("packages have no tags: tag the domain, repository or package group", FIELD)
    target = services.access.domain(named.owner, named.domain)
    if named.kind == "repository":
        administrator = services.search.administrator(named.owner, named.domain, named.name)
        target = services.access.repository(named.owner, named.domain, named.name, administrator)
    elif named.kind == "package-group":
        target = target.within(services.arns.group(named.owner, named.domain, named.name))
    if target.arn != arn:  # of another region, or encoded in another way: no tags are under it
        raise Rejected(f"'{arn}' is not an ARN of this server: '{target.arn}' is", FIELD)
    return target


def _repository(services: Services, call: Call, name: str) -> Target:
    administrator = services.search.administrator(call.owner, call.domain, name)
    return services.access.repository(call.owner, call.domain, name, administrator)
