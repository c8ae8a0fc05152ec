"""Package groups and their packages as every answer shows them (API contract §4). Pure."""

from typing import Any

from mirror.api.views import present
from mirror.arns import Arns
from mirror.model import Package, PackageGroup, RestrictionMode, RestrictionType
from mirror.repositories.groups.patterns import Association
from mirror.repositories.groups.tree import Tree
from mirror.store.domains import Domain


def described(arns: Arns, domain: Domain, tree: Tree, group: PackageGroup) -> dict[str, Any]:
    """A group, what holds for it, and where that comes from."""

    def reference(other: PackageGroup) -> dict[str, str]:
        return {
            "arn": arns.group(domain.owner, domain.name, other.pattern),
            "pattern": other.pattern,
        }

    def restriction(way: RestrictionType) -> dict[str, Any]:
        mode, effective = group.modes[way], tree.effective(group, way)
        has_list = mode is RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES
        ancestor = effective.inherited_from
        return present(
            mode=mode.value,
            effectiveMode=effective.mode.value,
            inheritedFrom=reference(ancestor) if ancestor else None,
            repositoriesCount=len(effective.allowed) if has_list else None,
        )

    parent = tree.parent(group)
    return present(
        **reference(group),
        domainName=domain.name,
        domainOwner=domain.owner,
        createdTime=group.created_at,
        contactInfo=group.contact_info,
        description=group.description,
        originConfiguration={
            "restrictions": {way.value: restriction(way) for way in RestrictionType}
        },
        parent=reference(parent) if parent else None,
    )


def associated_package(package: Package, association: Association) -> dict[str, str]:
    """A package of a group."""
    return present(
        format=package.format,
        namespace=package.namespace or None,
        package=package.name,
        associationType=association.value,
    )
