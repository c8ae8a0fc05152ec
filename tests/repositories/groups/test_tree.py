"""Whose a package is, the hierarchy, and what is inherited (§10; User Guide)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import NotFound
from mirror.model import Package
from mirror.repositories.groups.patterns import Association, Pattern
from mirror.repositories.groups.tree import Effective, Tree
from mirror.repositories.origins import GroupRights
from tests.repositories.groups.trees import (
    ALLOW,
    BLOCK,
    EXTERNAL,
    INHERIT,
    INTERNAL,
    PUBLISH,
    SPECIFIC,
    group,
    package,
    tree,
)

STRONG, WEAK = Association.STRONG, Association.WEAK


def whose(tree: Tree, path: str) -> tuple[str, Association]:
    found, association = tree.associated(package(path))
    return found.pattern, association


def parents(tree: Tree) -> dict[str, str]:
    found = {each.pattern: tree.parent(each) for each in tree.groups}
    return {pattern: above.pattern for pattern, above in found.items() if above is not None}


@pytest.mark.parametrize(
    ("groups", "path", "expected"),
    [
        # the guide's example
        (["/npm/*", "/npm/space/*"], "/npm//react", ("/npm/*", STRONG)),
        (["/npm/*", "/npm/space/*"], "/npm/space/au.components", ("/npm/space/*", STRONG)),
        (["/npm/*", "/npm/space/*"], "/pypi//requests", ("/*", STRONG)),
        # the most specific one
        (["/npm//foo~", "/npm//foo$"], "/npm//foo", ("/npm//foo$", STRONG)),
        (["/npm//foo~", "/npm//foo$"], "/npm//foo-bar", ("/npm//foo~", STRONG)),
        (["/npm//foo~", "/npm//foo-*"], "/npm//foo-bar", ("/npm//foo-*", STRONG)),
        (["/maven/com.any~", "/maven/com.any.x~"], "/maven/com.any.x/y", ("/maven/com.any.x~", STRONG)),
        (["/maven/com.any~", "/maven/com.any/*"], "/maven/com.any/y", ("/maven/com.any/*", STRONG)),
        (["/maven/com.any/*", "/maven/com.any/x~"], "/maven/com.any/x", ("/maven/com.any/x~", STRONG)),
        # a weak match of a more specific group wins over a strong one of a general group
        (["/npm/*", "/npm//any-client$"], "/npm//Any-client", ("/npm//any-client$", WEAK)),
        (["/npm//foo~", "/npm//foo-bar$"], "/npm//foo.bar", ("/npm//foo-bar$", WEAK)),
        # but not over an equally specific one
        (["/npm//AsyncStorage$"], "/npm//asyncstorage", ("/npm//AsyncStorage$", WEAK)),
        (
            ["/npm//AsyncStorage$", "/npm//asyncstorage$"],
            "/npm//asyncstorage",
            ("/npm//asyncstorage$", STRONG),
        ),
        (
            ["/npm//AsyncStorage$", "/npm//asyncStorage$", "/npm//asyncstorage$"],
            "/npm//AsyncStorage",
            ("/npm//AsyncStorage$", STRONG),
        ),
        # of several weak ones the first in order
        (
            ["/npm//asyncstorage$", "/npm//AsyncStorage$"],
            "/npm//asyncStorage",
            ("/npm//AsyncStorage$", WEAK),
        ),
        # characters that are no letters here but look like some: strong all the same
        (["/generic/n/foo~"], "/generic/n/foo|bar", ("/generic/n/foo~", STRONG)),
        (["/generic/n/foo~", "/generic/n/foolbar$"], "/generic/n/foo|bar", ("/generic/n/foolbar$", WEAK)),
    ],
)  # fmt: skip
def test_one_group_for_a_package(groups, path, expected) -> None:
    assert whose(tree(*groups), path) == expected
    assert whose(tree(*reversed(groups)), path) == expected


PATTERNS = st.sampled_from(
    [
        *("/npm/*", "/npm//*", "/npm/a~", "/npm/a/*", "/npm/a/b~", "/npm/A/b$", "/npm/a-b/*"),
        *("/npm//a~", "/npm//a-*", "/npm//A-b$", "/npm//a-b$", "/npm//a.b$", "/npm//a-b~"),
        *("/npm//rn~", "/npm//m~", "/npm//a1$", "/npm//al$", "/npm//a-m$", "/npm//a-rn-*"),
    ]
)
NAMES = st.text(alphabet="aAb.-m1lrn|\u0301\u200b", min_size=1, max_size=5)


@given(st.sets(PATTERNS), st.sampled_from(["", "a", "A", "a-b", "a.b"]), NAMES)
def test_looking_up_is_looking_at_each(patterns, namespace, name) -> None:
    """The index against the definition."""
    asked = Package("npm", namespace, name)
    matching = [
        (each.specificity, association is STRONG, each.text, association)
        for each in map(Pattern.parse, patterns | {"/*"})
        if (association := each.matches(asked)) is not None
    ]
    best = max(each[:2] for each in matching)
    _, _, text, association = min(
        (each for each in matching if each[:2] == best), key=lambda each: each[2]
    )
    assert whose(tree(*patterns), f"/npm/{namespace}/{name}") == (text, association)


@given(st.sets(PATTERNS))
def test_a_parent_is_the_most_specific_that_contains(patterns) -> None:
    found = parents(tree(*patterns))
    assert found.keys() == patterns
    for text, above in found.items():
        pattern = Pattern.parse(text)
        containing = [
            each for each in map(Pattern.parse, patterns | {"/*"}) if each.contains(pattern)
        ]
        assert Pattern.parse(above) in containing
        assert Pattern.parse(above).specificity == max(each.specificity for each in containing)


def test_the_hierarchy() -> None:
    """The guide's example, and a longer one."""
    found = tree(
        *("/npm/*", "/npm/space/*", "/npm/space/foo~", "/npm/space/foo-bar$", "/npm//*"),
        *("/maven/com.any~", "/maven/com.any.x/*", "/maven/com.any/*"),
    )
    assert parents(found) == {
        "/npm/*": "/*",
        "/npm/space/*": "/npm/*",
        "/npm/space/foo~": "/npm/space/*",
        "/npm/space/foo-bar$": "/npm/space/foo~",
        "/npm//*": "/npm/*",
        "/maven/com.any~": "/*",
        "/maven/com.any/*": "/maven/com.any~",
        "/maven/com.any.x/*": "/maven/com.any~",
    }
    npm = found.find("/npm/*")
    assert [each.pattern for each in found.subgroups(npm)] == ["/npm//*", "/npm/space/*"]
    assert found.subgroups(found.find("/npm//*")) == []
    assert found.parent(found.find("/*")) is None


def test_variations_are_siblings() -> None:
    assert parents(tree("/npm/*", "/npm//AsyncStorage$", "/npm//asyncstorage$")) == {
        "/npm/*": "/*",
        "/npm//AsyncStorage$": "/npm/*",
        "/npm//asyncstorage$": "/npm/*",
    }


def test_of_varying_parents_the_one_as_it_is_written() -> None:
    assert parents(tree("/npm//Foo~", "/npm//foo~", "/npm//foo-bar$"))["/npm//foo-bar$"] == (
        "/npm//foo~"
    )
    assert parents(tree("/npm//Foo~", "/npm//fOO~", "/npm//foo-bar$"))["/npm//foo-bar$"] == (
        "/npm//Foo~"
    )


def test_creating_and_deleting_moves_the_children() -> None:
    """Both change the tree around them: what comes between, and who inherits from the grandparent."""
    outer = group("/npm/*", BLOCK, BLOCK, BLOCK)
    middle = group("/npm/space/*", ALLOW, ALLOW, ALLOW)
    inner = group("/npm/space/foo~")
    assert parents(tree(outer, inner))["/npm/space/foo~"] == "/npm/*"
    assert parents(tree(outer, middle, inner))["/npm/space/foo~"] == "/npm/space/*"
    asked = package("/npm/space/foo")
    assert not tree(outer, inner).rights(asked, 1).publish
    assert tree(outer, middle, inner).rights(asked, 1).publish


def test_inheriting_through_three_generations() -> None:
    first = group("/npm/*", publish=BLOCK, external={7}, internal=ALLOW)
    second = group("/npm/space/*", external=INHERIT)
    third = group("/npm/space/foo~", internal=BLOCK)
    fourth = group("/npm/space/foo-bar$", publish={7, 8})
    found = tree(first, second, third, fourth)
    nobody: frozenset[int] = frozenset()
    assert {way: found.effective(fourth, way) for way in (PUBLISH, EXTERNAL, INTERNAL)} == {
        PUBLISH: Effective(SPECIFIC, None, frozenset({7, 8})),
        EXTERNAL: Effective(SPECIFIC, first, frozenset({7})),
        INTERNAL: Effective(BLOCK, third, nobody),
    }
    assert found.effective(third, PUBLISH) == Effective(BLOCK, first, nobody)
    assert found.effective(second, INTERNAL) == Effective(ALLOW, first, nobody)
    top = found.find("/*")
    assert found.effective(top, PUBLISH) == Effective(ALLOW, None, nobody)
    assert tree("/npm/*").effective(group("/npm/*"), PUBLISH).inherited_from == top


def test_rights() -> None:
    found = tree(group("/npm/*", publish={1}, external=BLOCK))
    react = package("/npm//react")
    assert found.rights(react, 1) == GroupRights(
        publish=True, external=False, internal=True, pattern="/npm/*", restricted=True
    )
    assert found.rights(react, 2) == GroupRights(
        publish=False, external=False, internal=True, pattern="/npm/*", restricted=True
    )
    assert found.rights(package("/pypi//requests"), 2) == GroupRights()


def test_a_repository_of_the_list_does_not_make_a_group_unrestricted() -> None:
    """§12: what decides a new package's controls is the group's modes, not this repository's luck."""
    rights = tree(group("/npm/*", publish={1})).rights(package("/npm//react"), 1)
    assert rights == GroupRights(pattern="/npm/*", restricted=True)


def test_a_group_that_allows_everything_is_no_restriction() -> None:
    found = tree(group("/npm/*", ALLOW, INHERIT, ALLOW))
    assert found.rights(package("/npm//react"), 1) == GroupRights(pattern="/npm/*")


def test_a_list_left_over_lets_nobody_in() -> None:
    stale = group("/npm/*", publish={1})
    stale = type(stale)(
        0, "/npm/*", {PUBLISH: BLOCK, EXTERNAL: BLOCK, INTERNAL: BLOCK}, stale.allowed
    )
    assert not tree(stale).rights(package("/npm//react"), 1).publish


def test_the_root_group_alone() -> None:
    assert tree().rights(package("/npm//react"), 1) == GroupRights()
    blocked = tree(root=group("/*", publish={1}, external=BLOCK, internal=ALLOW))
    assert blocked.rights(package("/npm//react"), 2) == GroupRights(
        publish=False, external=False, internal=True, pattern="/*", restricted=True
    )


@pytest.mark.parametrize("name", ["AnyCompany-spicy-client", "anycompany.spicy.client"])
def test_a_variation_has_no_rights_whatever_the_group_allows(name: str) -> None:
    """The guide's illustration of weak matches."""
    pattern = "/npm//anycompany-spicy-client$"
    found = tree(group("/npm/*", publish=BLOCK), group(pattern, {1}, ALLOW, ALLOW))
    assert found.rights(Package("npm", "", "anycompany-spicy-client"), 1).publish
    assert found.rights(Package("npm", "", name), 1) == GroupRights(
        publish=False, external=False, internal=False, pattern=pattern, weak=True, restricted=True
    )
    assert found.rights(Package("npm", "", "react"), 1).external


def test_a_group_of_its_own_frees_a_variation() -> None:
    """The guide's note: another behaviour for one variation."""
    found = tree(group("/npm//my-package$"), group("/npm//my.package$", external=BLOCK))
    rights = found.rights(package("/npm//my.package"), 1)
    assert (rights.weak, rights.publish, rights.external) == (False, True, False)


def test_what_is_not_there() -> None:
    with pytest.raises(NotFound, match="no package group '/npm/\\*'") as caught:
        tree().find("/npm/*")
    assert (caught.value.kind, caught.value.name) == ("package-group", "/npm/*")
