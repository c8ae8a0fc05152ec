"""The guide's two worked examples ("Package group origin control configuration examples"), from
the groups' settings to the places that are asked.
"""

from mirror.model import OriginType
from mirror.repositories.chain import Step
from mirror.repositories.groups.tree import Tree
from mirror.repositories.origins import defaults, publish_refusal, sources
from tests.repositories.groups.trees import ALLOW, BLOCK, group, package, tree

REPO_A, REPO_B, REPO_C = 1, 2, 3
NAMES = {REPO_A: "repoA", REPO_B: "repoB", REPO_C: "repoC"}


def asked(groups: Tree, path: str, start: int) -> list[str]:
    """The places that may answer for a package, through a repository whose upstream is repoB, which
    is connected to npmjs.
    """
    steps = [Step(start, -1)] + ([Step(REPO_B, 0)] if start != REPO_B else [])
    rights = {each: groups.rights(package(path), each) for each in NAMES}
    found = sources(steps, steps, {REPO_B: "npmjs"}, frozenset(), NAMES, rights)
    return [each.connection or NAMES[each.repository] for each in found if each.struck is None]


def may_publish(groups: Tree, path: str, repository: int) -> bool:
    rights = groups.rights(package(path), repository)
    return publish_refusal(None, rights, NAMES[repository], path) is None


def test_private_names_are_published_but_never_ingested() -> None:
    groups = tree(
        group("/npm/space/anycompany~", publish=ALLOW, external=BLOCK, internal=ALLOW),
        root=group("/*", publish=BLOCK, external=ALLOW, internal=ALLOW),
    )
    for path in ("/npm/space/anycompany", "/npm/space/anycompany-ui"):
        assert all(may_publish(groups, path, each) for each in NAMES)
        assert asked(groups, path, REPO_A) == ["repoA", "repoB"]
        assert asked(groups, path, REPO_B) == ["repoB"]
    for path in ("/npm//react", "/npm/space/anycompanyui"):
        assert not any(may_publish(groups, path, each) for each in NAMES)
        assert asked(groups, path, REPO_A) == ["repoA", "repoB", "npmjs"]
    look_alike = "/npm/space/AnyCompany-ui"
    assert not any(may_publish(groups, look_alike, each) for each in NAMES)
    assert asked(groups, look_alike, REPO_A) == ["repoA"]
    assert asked(groups, look_alike, REPO_B) == ["repoB"]


def test_ingestion_through_one_repository() -> None:
    """repoA --> repoB --> npmjs; repoC has repoB upstream as well."""
    groups = tree(group("/npm/*", publish=BLOCK, external={REPO_B}, internal={REPO_A}))
    react = "/npm//react"
    assert asked(groups, react, REPO_A) == ["repoA", "repoB", "npmjs"]
    assert asked(groups, react, REPO_B) == ["repoB", "npmjs"]
    assert asked(groups, react, REPO_C) == ["repoC"]
    assert not any(may_publish(groups, react, each) for each in NAMES)


def test_what_comes_in_through_a_restricted_group_gets_open_controls() -> None:
    """Default package origin control settings: the group's settings are what counts."""
    groups = tree(group("/npm/*", external={REPO_B}))
    rights = groups.rights(package("/npm//react"), REPO_B)
    assert defaults(OriginType.EXTERNAL, rights).publish == "ALLOW"
    assert defaults(OriginType.EXTERNAL, rights).upstream == "ALLOW"
