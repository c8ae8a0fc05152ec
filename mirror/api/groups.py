"""Package groups: made, restricted, described, listed (API contract §10).

What holds for a group is told from the tree that requests of packages are decided by, so that the
two never disagree.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.group_views import associated_package, described
from mirror.api.services import Services
from mirror.api.tags import given_tags
from mirror.api.views import present
from mirror.errors import Invalid
from mirror.model import Package, PackageGroup, RestrictionMode, RestrictionType
from mirror.repositories.groups.patterns import Association, Pattern
from mirror.repositories.groups.tree import Tree
from mirror.store.domains import Domain
from mirror.store.groups import Listed, create_group, delete_group, restrict_group, update_group
from mirror.store.policies import forget_resource
from mirror.store.tags import put_tags
from mirror.store.transactions import Transaction

PIECE, PIECES = 500, 20
"""How many packages are looked at before others get their turn, and how often for one page: those
of a group may lie far apart among all of their format.
"""


async def create_package_group(services: Services, call: Call) -> Any:
    """Create a group that inherits everything; groups that lie within it become its children."""
    domain = services.search.domain(call.owner, call.domain)
    pattern = _pattern(call).text
    tags = given_tags(call)

    async def create(transaction: Transaction) -> None:
        await create_group(
            transaction,
            domain.id,
            pattern,
            contact_info=call.input.get("contactInfo"),
            description=call.input.get("description"),
        )
        await put_tags(transaction, services.arns.group(domain.owner, domain.name, pattern), tags)

    await services.database.write(create)
    return await _changed(services, call)


async def describe_package_group(services: Services, call: Call) -> Any:
    """A group with all that holds for it."""
    domain, tree = _domain(services, call)
    return {"packageGroup": described(services.arns, domain, tree, _group(tree, call))}


async def update_package_group(services: Services, call: Call) -> Any:
    """Change contact and description: an empty text clears, what is absent stays."""
    domain = services.search.domain(call.owner, call.domain)
    await services.database.write(
        lambda transaction: update_group(
            transaction,
            domain.id,
            call.input["packageGroup"],
            contact_info=call.input.get("contactInfo"),
            description=call.input.get("description"),
        )
    )
    return await _changed(services, call)


async def delete_package_group(services: Services, call: Call) -> Any:
    """Delete a group with its tags: its packages and its children go to its parent."""
    domain, tree = _domain(services, call)
    group = described(services.arns, domain, tree, _group(tree, call))

    async def delete(transaction: Transaction) -> None:
        await delete_group(transaction, domain.id, group["pattern"])
        await forget_resource(transaction, group["arn"])

    await services.database.write(delete)
    return {"packageGroup": group}


async def update_package_group_origin_configuration(services: Services, call: Call) -> Any:
    """Change modes, then add to the lists of allowed repositories, then remove from them."""
    domain = services.search.domain(call.owner, call.domain)
    restrictions = call.input.get("restrictions", {})
    modes = {RestrictionType(way): RestrictionMode(mode) for way, mode in restrictions.items()}
    updates = await services.database.write(
        lambda transaction: restrict_group(
            transaction,
            domain.id,
            call.input["packageGroup"],
            modes=modes,
            add=_listed(call.input.get("addAllowedRepositories", ())),
            remove=_listed(call.input.get("removeAllowedRepositories", ())),
        )
    )
    told = {
        way.value: present(ADDED=update.added or None, REMOVED=update.removed or None)
        for way, update in updates.items()
    }
    return {**await _changed(services, call), "allowedRepositoryUpdates": told}


async def list_package_groups(services: Services, call: Call) -> Any:
    """The groups whose patterns begin with a prefix, in order of their patterns."""
    domain, tree = _domain(services, call)
    prefix = call.input.get("prefix", "")
    groups = [each for each in tree.groups if each.pattern.startswith(prefix)]
    return _page(services, call, domain, tree, groups)


async def list_sub_package_groups(services: Services, call: Call) -> Any:
    """The direct children of a group."""
    domain, tree = _domain(services, call)
    return _page(services, call, domain, tree, tree.subgroups(_group(tree, call)))


async def list_allowed_repositories_for_group(services: Services, call: Call) -> Any:
    """The group's own list; where it inherits, its ancestor has one."""
    _, tree = _domain(services, call)
    group = _group(tree, call)
    way = RestrictionType(call.input["originRestrictionType"])
    after, limit = services.pager.start(call)
    names = await services.groups.allowed_repositories(
        group.id, way, after[0] if after else "", limit + 1
    )
    shown, more = services.pager.page(call, names, limit, key=lambda name: (name,))
    return {"allowedRepositories": shown, **more}


async def get_associated_package_group(services: Services, call: Call) -> Any:
    """The group that a package belongs to, whether there is such a package or not."""
    domain, tree = _domain(services, call)
    group, association = tree.associated(call.package)
    return {
        "packageGroup": described(services.arns, domain, tree, group),
        "associationType": association.value,
    }


async def list_associated_packages(services: Services, call: Call) -> Any:
    """The packages, in any repository, that belong to a group; with `preview`, that would."""
    domain, tree = _domain(services, call)
    if call.input.get("preview"):
        tree = _previewed(tree, _pattern(call))
    group = _group(tree, call)
    format_name = Pattern.parse(group.pattern).format
    key, limit = services.pager.start(call)
    last = Package(*key) if key else None
    found: list[tuple[Package, Association]] = []
    for _ in range(PIECES):
        packages = await services.groups.packages(
            domain.id, format_name=format_name, after=last, limit=PIECE
        )
        for package in packages:
            association = tree.association(group, package)
            if association is not None:
                found.append((package, association))
        if len(found) > limit or len(packages) < PIECE:
            shown, more = services.pager.page(call, found, limit, key=lambda each: each[0])
            return {"packages": [associated_package(*each) for each in shown], **more}
        last = packages[-1]
    # A short page, perhaps an empty one: who follows the token gets on (§7).
    token = services.pager.end(call, last or ())
    return {"packages": [associated_package(*each) for each in found], "nextToken": token}


def _domain(services: Services, call: Call) -> tuple[Domain, Tree]:
    domain = services.search.domain(call.owner, call.domain)
    return domain, services.search.tree(domain)


def _pattern(call: Call) -> Pattern:
    try:
        return Pattern.parse(call.input["packageGroup"])
    except Invalid as error:
        raise Rejected(str(error), FIELD) from error


def _group(tree: Tree, call: Call) -> PackageGroup:
    return tree.find(call.input["packageGroup"])


async def _changed(services: Services, call: Call) -> dict[str, Any]:
    """The group as it stands after a write."""
    await services.search.refresh()
    answer: dict[str, Any] = await describe_package_group(services, call)
    return answer


def _listed(given: Iterable[Mapping[str, str]]) -> list[Listed]:
    return [
        (RestrictionType(each["originRestrictionType"]), each["repositoryName"]) for each in given
    ]


def _page(
    services: Services, call: Call, domain: Domain, tree: Tree, groups: Sequence[PackageGroup]
) -> dict[str, Any]:
    after, limit = services.pager.start(call)
    if after is not None:
        groups = [each for each in groups if each.pattern > after[0]]
    shown, more = services.pager.page(call, groups, limit, key=lambda each: (each.pattern,))
    views = [described(services.arns, domain, tree, each) for each in shown]
    return {"packageGroups": views, **more}


def _previewed(tree: Tree, pattern: Pattern) -> Tree:
    """The tree as it would be with a group of that pattern."""
    if any(each.pattern == pattern.text for each in tree.groups):
        return tree
    modes = dict.fromkeys(RestrictionType, RestrictionMode.INHERIT)
    return Tree([*tree.groups, PackageGroup(0, pattern.text, modes)])
