"""Trees and packages in few words, for the tests of package groups."""

from collections.abc import Collection

from mirror.model import Package, PackageGroup, RestrictionMode, RestrictionType
from mirror.repositories.groups.tree import Tree

PUBLISH = RestrictionType.PUBLISH
EXTERNAL = RestrictionType.EXTERNAL_UPSTREAM
INTERNAL = RestrictionType.INTERNAL_UPSTREAM
ALLOW = RestrictionMode.ALLOW
SPECIFIC = RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES
BLOCK = RestrictionMode.BLOCK
INHERIT = RestrictionMode.INHERIT

Setting = RestrictionMode | Collection[int]


def group(
    pattern: str,
    publish: Setting = INHERIT,
    external: Setting = INHERIT,
    internal: Setting = INHERIT,
) -> PackageGroup:
    """A group; a setting is a mode, or the ids of specific repositories."""
    settings = {PUBLISH: publish, EXTERNAL: external, INTERNAL: internal}
    lists = {way: each for way, each in settings.items() if not isinstance(each, RestrictionMode)}
    return PackageGroup(
        id=0,
        pattern=pattern,
        modes={way: SPECIFIC if way in lists else each for way, each in settings.items()},
        allowed={way: frozenset(each) for way, each in lists.items()},
    )


ROOT = group("/*", ALLOW, ALLOW, ALLOW)


def tree(*groups: PackageGroup | str, root: PackageGroup = ROOT) -> Tree:
    """A tree of a root group and these; by its pattern alone a group inherits everything."""
    return Tree([root, *(group(each) if isinstance(each, str) else each for each in groups)])


def package(path: str) -> Package:
    """A package by its path: `/npm//react`."""
    _, format_name, namespace, name = path.split("/")
    return Package(format_name, namespace, name)
