"""The package groups of one domain: whose a package is, and what that lets into repositories.

Pure, and a snapshot: a change of any group makes a new tree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mirror.errors import NotFound
from mirror.model import ROOT_GROUP, Package, PackageGroup, RestrictionMode, RestrictionType
from mirror.repositories.groups.patterns import Association, Pattern, path_key, path_of
from mirror.repositories.groups.prefixes import Prefixes
from mirror.repositories.origins import ALL_RIGHTS, GroupRights

REMEMBERED = 16_384
"""Packages whose group is remembered, a domain: more than any build asks for in one go."""


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for a group on one way into repositories.

    `inherited_from` is the ancestor whose word it is, None where it is the group's own. `allowed`
    are the repositories of ALLOW_SPECIFIC_REPOSITORIES, by id.
    """

    mode: RestrictionMode
    inherited_from: PackageGroup | None
    allowed: frozenset[int]

    def lets_into(self, repository: int) -> bool:
        """Whether versions may enter a repository on this way."""
        if self.mode is RestrictionMode.ALLOW_SPECIFIC_REPOSITORIES:
            return repository in self.allowed
        return self.mode is RestrictionMode.ALLOW


class Tree:
    """A domain's groups, among them the root group, which every package matches.

    What takes time is made when it is first asked for: a root group alone needs none of it.
    """

    def __init__(self, groups: Iterable[PackageGroup]) -> None:
        self.groups: Sequence[PackageGroup] = sorted(groups, key=lambda each: each.pattern)
        """In order of their patterns."""
        self._groups = {each.pattern: each for each in self.groups}
        self._remembered = lru_cache(REMEMBERED)(self._associate)
        self._granted = lru_cache(REMEMBERED)(self._grant)
        modes = self._groups[ROOT_GROUP].modes.values()
        self._open = len(self._groups) == 1 and set(modes) == {RestrictionMode.ALLOW}

    def find(self, pattern: str) -> PackageGroup:
        """The group of that pattern; raises `NotFound`."""
        group = self._groups.get(pattern)
        if group is None:
            raise NotFound("package-group", pattern, f"the domain has no package group '{pattern}'")
        return group

    def associated(self, package: Package) -> tuple[PackageGroup, Association]:
        """The one group that a package belongs to: the most specific of those that match it.

        Of equally specific ones a strong match wins, then the lexicographically smallest pattern.
        """
        return self._remembered(package)

    def association(self, group: PackageGroup, package: Package) -> Association | None:
        """How a package belongs to a group, None where it belongs to another one.

        Made for going through many packages: nothing of it is remembered.
        """
        if self._patterns[group.pattern].matches(package) is None:
            return None
        found, association = self._associate(package)
        return association if found is group else None

    def parent(self, group: PackageGroup) -> PackageGroup | None:
        """The most specific group that contains this one; None for the root group."""
        return self._parents.get(group.pattern)

    def subgroups(self, group: PackageGroup) -> Sequence[PackageGroup]:
        """The groups whose parent this one is, in order of their patterns."""
        return [each for each in self.groups if self.parent(each) is group]

    def effective(self, group: PackageGroup, way: RestrictionType) -> Effective:
        """The group's own mode, or that of the first ancestor which does not inherit its own."""
        for holder in self._lineage(group):
            mode = holder.modes[way]
            if mode is not RestrictionMode.INHERIT:
                ancestor = None if holder is group else holder
                return Effective(mode, ancestor, holder.allowed.get(way, frozenset()))
        raise ValueError("the root group inherits from nobody")

    def rights(self, package: Package, repository: int) -> GroupRights:
        """What the package's group grants a repository, by its id.

        A weak match has no rights at all, whatever the group's settings and lists say.
        """
        if self._open:
            return ALL_RIGHTS
        group, association = self.associated(package)
        return self._granted(group.pattern, association, repository)

    @cached_property
    def _patterns(self) -> Mapping[str, Pattern]:
        return {text: Pattern.parse(text) for text in self._groups}

    @cached_property
    def _stems(self) -> Prefixes:
        return Prefixes((each.stem, each) for each in self._patterns.values())

    @cached_property
    def _keys(self) -> Prefixes:
        return Prefixes((each.key, each) for each in self._patterns.values())

    def _associate(self, package: Package) -> tuple[PackageGroup, Association]:
        path = path_of(package)
        strong = next(self._stems.of(path))  # the root group matches everything
        weak = next(self._keys.of(path_key(path)))
        if weak.specificity > strong.specificity:
            return self._groups[weak.text], Association.WEAK
        return self._groups[strong.text], Association.STRONG

    def _grant(self, pattern: str, association: Association, repository: int) -> GroupRights:
        if association is Association.WEAK:
            return GroupRights(False, False, False, pattern, weak=True, restricted=True)
        group = self.find(pattern)
        ways = {way: self.effective(group, way) for way in RestrictionType}
        return GroupRights(
            publish=ways[RestrictionType.PUBLISH].lets_into(repository),
            external=ways[RestrictionType.EXTERNAL_UPSTREAM].lets_into(repository),
            internal=ways[RestrictionType.INTERNAL_UPSTREAM].lets_into(repository),
            pattern=pattern,
            restricted=any(each.mode is not RestrictionMode.ALLOW for each in ways.values()),
        )

    def _lineage(self, group: PackageGroup) -> Iterator[PackageGroup]:
        """The group, its parent, and so on up to the root group."""
        above: PackageGroup | None = group
        while above is not None:
            yield above
            above = self.parent(above)

    @cached_property
    def _parents(self) -> Mapping[str, PackageGroup]:
        return {
            text: self._groups[self._above(pattern).text]
            for text, pattern in self._patterns.items()
            if text != ROOT_GROUP
        }

    def _above(self, pattern: Pattern) -> Pattern:
        """The pattern's parent; of several variations the one that contains it as it is written."""
        containing = [each for each in self._keys.of(pattern.key) if each.contains(pattern)]
        nearest = [each for each in containing if each.specificity == containing[0].specificity]
        return next((each for each in nearest if pattern.stem.startswith(each.stem)), nearest[0])
