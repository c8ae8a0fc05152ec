"""Where versions may come from (API contract §12, U5, U10), and the reasons given."""

from typing import NamedTuple

import pytest

from mirror.model import OriginControls, OriginType, Restriction
from mirror.repositories.chain import search_order
from mirror.repositories.origins import GroupRights, barred, defaults, publish_refusal, sources

ALLOW, BLOCK = Restriction.ALLOW, Restriction.BLOCK
NAMES = {1: "main", 2: "team", 3: "store"}
BLOCKED = OriginControls(ALLOW, BLOCK)


class Node(NamedTuple):
    id: int
    upstreams: tuple[int, ...]


CHAIN = {1: (2,), 2: (3,), 3: ()}  # main -> team -> store -> npmjs


def struck(controls=None, rights=None, connections=None, upstreams=CHAIN) -> list[tuple[str, str]]:
    """Each place with the reason for which it may not answer, "" where it may."""
    nodes = {each: Node(each, above) for each, above in upstreams.items()}
    blocked = barred(controls or {})
    found = sources(
        search_order(1, nodes, barred=blocked),
        search_order(1, nodes),
        connections or {3: "npmjs"},
        blocked,
        NAMES,
        rights or {},
    )
    return [(each.connection or NAMES[each.repository], each.struck or "") for each in found]


def test_a_connection_is_asked_after_its_own_repository() -> None:
    """U5."""
    assert struck(connections={1: "vendor", 3: "npmjs"}) == [
        ("main", ""),
        ("vendor", ""),
        ("team", ""),
        ("store", ""),
        ("npmjs", ""),
    ]


@pytest.mark.parametrize(
    ("where", "reachable"),
    [(1, {"main"}), (2, {"main", "team"}), (3, {"main", "team", "store"})],
)
def test_a_blocked_package_stops_the_walk_below_that_repository(where, reachable) -> None:
    """U10: what the blocking repository itself holds stays readable."""
    found = struck({where: BLOCKED})
    assert {name for name, reason in found if not reason} == reachable
    expected = f"origin control upstream=BLOCK of the package in '{NAMES[where]}'"
    assert {reason for _, reason in found if reason} == {expected}


def test_a_block_says_nothing_about_siblings() -> None:
    upstreams = {1: (2, 3), 2: (), 3: ()}
    assert struck({2: BLOCKED}, upstreams=upstreams, connections={2: "vendor", 3: "npmjs"}) == [
        ("main", ""),
        ("team", ""),
        ("vendor", "origin control upstream=BLOCK of the package in 'team'"),
        ("store", ""),
        ("npmjs", ""),
    ]


def test_what_another_path_leads_to_is_not_struck() -> None:
    """The search is the one that there would be without the blocked path."""
    found = struck({2: BLOCKED}, upstreams={1: (2, 3), 2: (3,), 3: ()})
    assert found == [("main", ""), ("team", ""), ("store", ""), ("npmjs", "")]


def test_publish_block_does_not_stop_reading() -> None:
    assert not any(reason for _, reason in struck({1: OriginControls(BLOCK, ALLOW)}))


def test_groups() -> None:
    """§10: EXTERNAL is about the repository with the connection, INTERNAL about the one asked."""
    external = {3: GroupRights(external=False, pattern="/npm/acme~")}
    assert struck(rights=external) == [
        ("main", ""),
        ("team", ""),
        ("store", ""),
        ("npmjs", "package group /npm/acme~ blocks external versions in 'store'"),
    ]
    internal = {1: GroupRights(internal=False, pattern="/npm/acme~")}
    reason = "package group /npm/acme~ blocks versions from upstreams of 'main'"
    assert struck(rights=internal) == [
        ("main", ""),
        ("team", reason),
        ("store", reason),
        ("npmjs", reason),
    ]


def test_a_name_that_only_looks_alike_has_no_rights() -> None:
    weak = GroupRights(publish=False, pattern="/npm/acme~", weak=True)
    assert publish_refusal(None, weak, "main", "acme-x") == (
        "package group /npm/acme~ (its name looks alike) does not allow publishing acme-x to 'main'"
    )


def test_a_group_without_internal_rights_still_reads_its_own_connection() -> None:
    rights = {3: GroupRights(internal=False)}
    assert ("npmjs", "") in struck(rights=rights)


@pytest.mark.parametrize(
    ("rights", "arrival", "expected"),
    [
        (GroupRights(), OriginType.INTERNAL, OriginControls(ALLOW, BLOCK)),
        (GroupRights(), OriginType.EXTERNAL, OriginControls(BLOCK, ALLOW)),
        (GroupRights(), OriginType.UNKNOWN, OriginControls(BLOCK, ALLOW)),
        (
            GroupRights(publish=False, restricted=True),
            OriginType.INTERNAL,
            OriginControls(ALLOW, ALLOW),
        ),
        (
            GroupRights(external=False, restricted=True),
            OriginType.EXTERNAL,
            OriginControls(ALLOW, ALLOW),
        ),
        (
            GroupRights(internal=False, restricted=True),
            OriginType.EXTERNAL,
            OriginControls(ALLOW, ALLOW),
        ),
        (GroupRights(restricted=True), OriginType.INTERNAL, OriginControls(ALLOW, ALLOW)),
    ],
)
def test_the_first_version_decides_the_controls(rights, arrival, expected) -> None:
    """The table of §12."""
    assert defaults(arrival, rights) == expected


@pytest.mark.parametrize(
    ("controls", "rights", "expected"),
    [
        (None, GroupRights(), None),
        (OriginControls(ALLOW, BLOCK), GroupRights(), None),
        (OriginControls(ALLOW, ALLOW), GroupRights(), None),
        (
            OriginControls(BLOCK, ALLOW),
            GroupRights(),
            (
                "publishing left-pad to 'main' is blocked by its origin controls: its versions come"
                " from upstream (allow it with put-package-origin-configuration)"
            ),
        ),
        (
            None,
            GroupRights(publish=False, pattern="/npm/acme~"),
            "package group /npm/acme~ does not allow publishing left-pad to 'main'",
        ),
        (
            OriginControls(BLOCK, BLOCK),
            GroupRights(publish=False),
            "package group /* does not allow publishing left-pad to 'main'",
        ),
    ],
)
def test_who_may_publish(controls, rights, expected) -> None:
    assert publish_refusal(controls, rights, "main", "left-pad") == expected
