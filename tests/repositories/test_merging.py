"""What a package looks like through a chain of repositories (U3, U8, U9; npm.md §11)."""

from dataclasses import replace

import orjson
import pytest

from mirror.formats import FORMATS
from mirror.model import ListedVersion, Listing, Origin, OriginType, Package, Promise, Status
from mirror.repositories.chain import Step
from mirror.repositories.merging import Holding, Merged, StoredVersion, merge
from mirror.repositories.origins import Source

PACKAGE = Package("npm", "", "web-helper")
R, U, V = 1, 2, 3
DOWN_UP = (Step(R, -1), Step(U, 0))


def held(*versions: str, status: Status = Status.PUBLISHED, by: str = "", **more) -> Holding:
    return Holding(
        versions={
            version: StoredVersion(
                version=version,
                manifest=orjson.dumps({"version": version, "by": by}).decode(),
                assets=((f"web-helper-{version}.tgz", Promise()),),
                published_at=1.0,
                status=status,
                origin=Origin(OriginType.INTERNAL, "r"),
                revision="r1",
            )
            for version in versions
        },
        **more,
    )


def listed(*versions: str, by: str = "upstream", **more) -> Listing:
    return Listing(
        PACKAGE, {v: ListedVersion(v, {"version": v, "by": by}) for v in versions}, **more
    )


def joined(holdings, upstreams=None, steps=DOWN_UP, connections=None, struck=None) -> Merged:
    """`connections` and `struck` are by repository; a struck one is struck with its connection."""
    found = []
    for index, step in enumerate(steps):
        reason = (struck or {}).get(step.repository)
        found.append(Source(step.repository, index, struck=reason))
        if name := (connections or {}).get(step.repository):
            found.append(Source(step.repository, index, name, reason))
    return merge(FORMATS[PACKAGE.format], PACKAGE, steps, found, holdings, upstreams or {})


def shown(merged: Merged) -> dict[str, str]:
    """Version to who told of it."""
    return {name: each.manifest["by"] for name, each in merged.listing.versions.items()}


def test_the_union_of_versions_and_the_nearest_decides() -> None:
    """U3; lessons #21."""
    merged = joined({R: held("1.0.0", by="r"), U: held("1.0.0", "1.0.1", by="u")})
    assert shown(merged) == {"1.0.0": "r", "1.0.1": "u"}


def test_a_connection_comes_after_its_repository_and_before_the_next() -> None:
    """U5, and U8: what is retained does not follow its source."""
    merged = joined(
        {R: held("1.0.0", by="r"), U: held("3.0.0", by="u")},
        {"npmjs": listed("1.0.0", "2.0.0", "3.0.0")},
        connections={R: "npmjs"},
    )
    assert shown(merged) == {"1.0.0": "r", "2.0.0": "upstream", "3.0.0": "upstream"}


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.PUBLISHED])
def test_what_the_nearest_hides_stays_hidden(status: Status) -> None:
    """U9: later sources are not asked; a tag on it is none."""
    merged = joined(
        {R: held("1.0.0", status=status, tags={"beta": "1.0.0"}), U: held("1.0.0", "1.1.0", by="u")}
    )
    assert shown(merged) == {"1.1.0": "u"}
    assert merged.listing.tags == {}


@pytest.mark.parametrize(
    ("r", "u", "expected"),
    [
        # the four tables of the User Guide, "npm tags and upstream repositories"
        ({"latest": "1.0.0"}, {"alpha": "1.0.1"}, {"latest": "1.0.0", "alpha": "1.0.1"}),
        ({"latest": "1.0.0"}, {"latest": "1.0.1"}, {"latest": "1.0.1"}),
        ({"latest": "1.0.1"}, {"latest": "1.0.1"}, {"latest": "1.0.1"}),
        ({"latest": "1.0.2"}, {"latest": "1.0.1"}, {"latest": "1.0.1"}),
        # and a tag on a version that nobody shows
        ({"latest": "1.0.0"}, {"latest": "9.9.9"}, {"latest": "1.0.0"}),
        ({}, {}, {}),
    ],
)
@pytest.mark.parametrize("above", ["a repository", "a connection"])
def test_the_upstreams_tag_wins(r, u, expected, above) -> None:
    """npm.md §11."""
    own = held("1.0.0", "1.0.2", by="r", tags=r)
    if above == "a repository":
        merged = joined({R: own, U: held("1.0.0", "1.0.1", by="u", tags=u)})
    else:
        merged = joined(
            {R: own}, {"npmjs": listed("1.0.0", "1.0.1", tags=u)}, (Step(R, -1),), {R: "npmjs"}
        )
    assert merged.listing.tags == expected


def test_of_two_upstreams_the_first_ones_tag_wins() -> None:
    steps = (Step(R, -1), Step(U, 0), Step(V, 0))
    merged = joined(
        {
            R: held("1.0.0", tags={"latest": "1.0.0"}),
            U: held("2.0.0", tags={"latest": "2.0.0"}),
            V: held("3.0.0", tags={"latest": "3.0.0", "v": "3.0.0"}),
        },
        steps=steps,
    )
    assert merged.listing.tags == {"latest": "2.0.0", "v": "3.0.0"}


def test_an_upstreams_upstream_wins_over_it() -> None:
    steps = (Step(R, -1), Step(U, 0), Step(V, 1))
    merged = joined(
        {
            U: held("2.0.0", tags={"latest": "2.0.0"}),
            V: held("3.0.0", tags={"latest": "3.0.0"}),
        },
        steps=steps,
    )
    assert merged.listing.tags == {"latest": "3.0.0"}


@pytest.mark.parametrize(("struck", "expected"), [(None, {}), ("origin control", {"1.0.0": "r"})])
def test_what_came_from_where_it_was_withdrawn(struck, expected) -> None:
    """PEP 792: kept, and no longer offered; as with yanked flags, not where upstream is blocked."""
    outside = Origin(OriginType.EXTERNAL, connection="npmjs")
    there = held("1.0.0", by="r")
    there = replace(
        there, versions={k: replace(v, origin=outside) for k, v in there.versions.items()}
    )
    merged = joined(
        {R: there, U: held("2.0.0", by="ours")},
        {"npmjs": listed(withdrawn=True, about={"status": "quarantined"})},
        connections={U: "npmjs"},
        struck={U: struck} if struck else None,
    )
    ours = {} if struck else {"2.0.0": "ours"}
    assert shown(merged) == expected | ours
    assert merged.listing.withdrawn is (struck is None)
    assert merged.listing.about == ({} if struck else {"status": "quarantined"})
    assert struck or merged.verdicts[0].reason == "npmjs no longer offers the package"


def test_a_struck_source_says_nothing() -> None:
    """lessons #12; U10."""
    merged = joined(
        {
            R: held("1.0.0", by="r"),
            U: held("9.0.0", by="u", tags={"latest": "9.0.0"}, about={"description": "evil"}),
        },
        struck={U: "origin control"},
    )
    assert shown(merged) == {"1.0.0": "r"}
    assert merged.listing.tags == {}
    assert merged.listing.about == {}


def test_the_nearest_ones_fields_win_and_the_others_fill_up() -> None:
    merged = joined(
        {R: held("1.0.0", about={"description": "ours"}, revision=7)},
        {"npmjs": listed("1.0.0", about={"description": "theirs", "readme": "text"})},
        connections={U: "npmjs"},
    )
    assert merged.listing.about == {"description": "ours", "readme": "text"}
    assert merged.listing.revision == 7


def test_the_revision_is_that_of_the_repository_asked() -> None:
    assert joined({U: held("1.0.0", revision=7)}).listing.revision == 0


def test_every_version_of_every_source_gets_a_verdict_with_its_reason() -> None:
    steps = (Step(R, -1), Step(U, 0), Step(V, 0))
    merged = joined(
        {
            R: held("1.0.0"),
            U: held("1.0.0", "2.0.0", status=Status.ARCHIVED),
            V: held("2.0.0", "3.0.0"),
        },
        {"npmjs": listed("1.0.0", "4.0.0")},
        steps,
        {V: "npmjs"},
        {V: "group /npm/* blocks it"},
    )
    assert [
        (each.repository, each.connection, each.version, each.shown, each.reason)
        for each in merged.verdicts
    ] == [
        (R, None, "1.0.0", True, "shown"),
        (U, None, "1.0.0", False, "a nearer source has it"),
        (U, None, "2.0.0", False, "status Archived"),
        (V, None, "2.0.0", False, "group /npm/* blocks it"),
        (V, None, "3.0.0", False, "group /npm/* blocks it"),
        (V, "npmjs", "1.0.0", False, "group /npm/* blocks it"),
        (V, "npmjs", "4.0.0", False, "group /npm/* blocks it"),
    ]


def test_nothing_at_all() -> None:
    assert joined({}).listing == Listing(PACKAGE)
