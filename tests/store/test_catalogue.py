"""The lists and descriptions of what one repository holds: order, filters, pages, and plans."""

from pathlib import Path

import pytest

from mirror.model import (
    Dependency,
    Origin,
    OriginControls,
    OriginType,
    Package,
    Restriction,
    Status,
    StoredAsset,
    Summary,
)
from mirror.store.catalogue import Catalogue, Sought
from mirror.store.database import Database
from mirror.store.statuses import put_controls, standings
from mirror.store.versions import add_version, delete_versions, put_package, put_tags
from tests.store.rows import PACKAGE, digests_of, opened, version, with_repositories

EXTERNAL = Origin(OriginType.EXTERNAL, connection="public:npmjs")
OPEN = OriginControls()
EVERYTHING = Sought()


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        await with_repositories(database, "main", "other")
        yield database


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    return Catalogue(database)


async def known(database: Database, *packages: Package, repository: int = 1, **controls) -> None:
    async def work(transaction):
        for package in packages:
            await put_controls(transaction, repository, package, OriginControls(**controls))

    await database.write(work)


async def stored(database: Database, *new, **tags: str) -> int:
    """Versions into @acme/ui of the first repository; the package's id."""

    async def work(transaction):
        package = await put_package(transaction, 1, PACKAGE, OPEN, advance=True)
        for each in new:
            await add_version(transaction, package, each)
        await put_tags(transaction, package, tags)
        return package

    return await database.write(work)


def npm(name: str, namespace: str = "") -> Package:
    return Package("npm", namespace, name)


SOME = (
    Package("generic", "files", "a"),
    npm("left-pad"),
    npm("react"),
    npm("react-dom"),
    npm("a", "babel"),
    npm("core", "babel"),
    npm("z", "babel-plugins"),
    npm("react", "types"),
    Package("pypi", "", "react"),
    Package("pypi", "", "requests"),
)


async def names(catalogue: Catalogue, sought: Sought = EVERYTHING, after=None, limit=100):
    return [each.package for each in await catalogue.packages(1, sought, after, limit)]


# ---------------------------------------------------------------- packages


async def test_packages_come_by_format_namespace_and_name(database, catalogue) -> None:
    await known(database, *reversed(SOME))
    await known(database, npm("elsewhere"), repository=2)
    assert await names(catalogue) == list(SOME)


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        (Sought(format="npm"), SOME[1:8]),
        (Sought(format="pypi"), SOME[8:]),
        (Sought(format="npm", namespace="babel"), SOME[4:7]),
        (Sought(format="npm", namespace="babel-"), SOME[6:7]),
        (Sought(format="npm", namespace="c"), ()),
        (Sought(name="react"), (SOME[2], SOME[3], SOME[7], SOME[8])),
        (Sought(format="npm", name="react-"), (SOME[3],)),
        (Sought(format="npm", namespace="types", name="r"), (SOME[7],)),
        (Sought(name="%"), ()),
        (Sought(name="Left"), ()),
    ],
)
async def test_names_are_sought_by_their_beginning(database, catalogue, sought, expected) -> None:
    await known(database, *SOME)
    assert await names(catalogue, sought) == list(expected)
    by_one = []
    while page := await names(catalogue, sought, by_one[-1] if by_one else None, 1):
        by_one += page
    assert by_one == list(expected)


async def test_packages_are_sifted_by_their_own_controls(database, catalogue) -> None:
    allow, block = Restriction.ALLOW, Restriction.BLOCK
    await known(database, npm("ours"), publish=allow, upstream=block)
    await known(database, npm("theirs"), publish=block, upstream=allow)
    await known(database, npm("frozen"), publish=block, upstream=block)
    assert await names(catalogue, Sought(publish=allow)) == [npm("ours")]
    assert await names(catalogue, Sought(upstream=block)) == [npm("frozen"), npm("ours")]
    assert await names(catalogue, Sought(publish=block, upstream=allow)) == [npm("theirs")]
    found = await catalogue.package(1, npm("ours"))
    assert found is not None
    assert (found.package, found.controls) == (npm("ours"), OriginControls(allow, block))
    assert await catalogue.package(2, npm("ours")) is None


async def test_what_comes_and_goes_between_two_pages_moves_no_other(database, catalogue) -> None:
    await known(database, npm("b"), npm("d"), npm("f"))
    first = await names(catalogue, limit=2)
    await known(database, npm("a"), npm("c"), npm("e"))

    async def delete(transaction):
        await transaction.run("DELETE FROM package WHERE name IN ('b', 'd')")

    await database.write(delete)
    assert first == [npm("b"), npm("d")]
    assert await names(catalogue, after=first[-1]) == [npm("e"), npm("f")]


# ---------------------------------------------------------------- versions


async def listed(catalogue: Catalogue, package: int, after=None, limit=100, **sift):
    rows = await catalogue.versions(package, after, limit, **sift)
    return [row.version for row in rows]


async def test_versions_come_newest_first_and_ties_by_their_text(database, catalogue) -> None:
    """Where no publish time is known, the time of storing stands for it."""
    package = await stored(
        database,
        version("1.0.0", published_at=1000.0),
        version("3.0.0", published_at=2000.0),
        version("2.0.0", published_at=2000.0),
        version("0.9.0", published_at=None),
    )
    expected = ["0.9.0", "3.0.0", "2.0.0", "1.0.0"]
    assert await listed(catalogue, package) == expected
    pages, after = [], None
    while page := await catalogue.versions(package, after, 1):
        pages += [row.version for row in page]
        after = (page[-1].at, page[-1].version)
    assert pages == expected


async def test_versions_in_every_status_unless_one_is_asked_for(database, catalogue) -> None:
    package = await stored(
        database,
        *(version(f"{number}.0.0", status=each) for number, each in enumerate(Status)),
    )
    assert len(await listed(catalogue, package)) == len(Status)
    assert await listed(catalogue, package, status="Disposed") == ["4.0.0"]
    assert await listed(catalogue, package, status="Deleted") == []


async def test_versions_by_where_they_came_from(database, catalogue) -> None:
    package = await stored(
        database,
        version("1.0.0"),
        version("2.0.0", origin=EXTERNAL),
        version("3.0.0", origin=Origin(OriginType.UNKNOWN)),
    )
    assert await listed(catalogue, package, origin_type="EXTERNAL") == ["2.0.0"]
    assert await listed(catalogue, package, origin_type="UNKNOWN") == ["3.0.0"]
    [row] = await catalogue.versions(package, None, 1, origin_type="EXTERNAL")
    assert (row.origin, row.status, row.at) == (EXTERNAL, Status.PUBLISHED, 1000.0)
    assert row.revision == version("2.0.0").revision


@pytest.mark.parametrize(
    ("statuses", "tags", "expected"),
    [
        (["Published", "Published"], {}, "2.0.0"),
        (["Published", "Published"], {"latest": "1.0.0"}, "1.0.0"),
        (["Published", "Published"], {"beta": "1.0.0"}, "2.0.0"),
        (["Published", "Unlisted"], {}, "1.0.0"),
        (["Archived", "Published"], {"latest": "1.0.0"}, "2.0.0"),
        (["Disposed", "Unfinished"], {"latest": "1.0.0"}, None),
        ([], {}, None),
    ],
)
async def test_the_version_that_stands_for_its_package(
    database, catalogue, statuses, tags, expected
) -> None:
    """User Guide, "Default display version"."""
    package = await stored(
        database,
        *(
            version(f"{number}.0.0", status=Status(each), published_at=1000.0 + number)
            for number, each in enumerate(statuses, start=1)
        ),
        **tags,
    )
    assert await catalogue.default_version(package) == expected


# ---------------------------------------------------------------- inside a version


async def test_a_version_described(database, catalogue) -> None:
    summary = Summary("A UI", "https://ui", "git://ui", ("MIT", "ISC"), "# UI")
    package = await stored(database, version(summary=summary, status=Status.ARCHIVED))
    found = await catalogue.version(package, "1.0.0")
    assert found is not None
    assert (found.version, found.status, found.revision) == (
        "1.0.0",
        Status.ARCHIVED,
        version().revision,
    )
    assert (found.origin, found.published_at, found.display_name) == (
        version().origin,
        1000.0,
        None,
    )
    assert found.summary == Summary("A UI", "https://ui", "git://ui", ("MIT", "ISC"))
    assert await catalogue.readme(found.id) == "# UI"
    assert await catalogue.version(package, "1.0") is None
    assert await catalogue.version_names(package) == ["1.0.0"]


async def test_assets_come_by_name_with_all_their_digests(database, catalogue) -> None:
    assets = [StoredAsset(name, digests_of(name.encode())) for name in ("b", "a", "c")]
    package = await stored(database, version(assets=assets), version("2.0.0"))
    found = await catalogue.version(package, "1.0.0")
    assert found is not None
    assert await catalogue.assets(found.id, None, 2) == [assets[1], assets[0]]
    assert await catalogue.assets(found.id, ("b",), 2) == [assets[2]]


async def test_dependencies_keep_their_order(database, catalogue) -> None:
    declared = [Dependency("", name, "regular", "*") for name in ("z", "a", "m")]
    package = await stored(database, version(dependencies=declared))
    found = await catalogue.version(package, "1.0.0")
    assert found is not None
    assert await catalogue.dependencies(found.id, None, 2) == list(enumerate(declared))[:2]
    assert await catalogue.dependencies(found.id, (1,), 2) == [(2, declared[2])]


async def test_nothing_is_left_to_read_of_what_was_deleted(database, catalogue) -> None:
    package = await stored(database, version())
    found = await catalogue.version(package, "1.0.0")
    assert found is not None
    await database.write(lambda transaction: delete_versions(transaction, package, ["1.0.0"]))
    assert await catalogue.version(package, "1.0.0") is None
    assert await catalogue.readme(found.id) is None
    assert await catalogue.assets(found.id, None, 9) == []
    assert await database.write(lambda transaction: standings(transaction, package)) == {}


# ---------------------------------------------------------------- how SQLite goes about it


class Planned:
    """Notes how each statement would be run."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.steps: list[str] = []

    async def read(self, sql, parameters=()):
        rows = await self._database.read(f"EXPLAIN QUERY PLAN {sql}", parameters)
        self.steps += [row["detail"] for row in rows]
        return await self._database.read(sql, parameters)


@pytest.mark.parametrize(
    ("sought", "bounds"),
    [
        (EVERYTHING, "repository_id=? AND (format,namespace,name)>(?,?,?)"),
        (Sought(format="npm"), "(format,namespace,name)>(?,?,?) AND format<?"),
        (
            Sought(format="npm", namespace="b", name="c"),
            "(format,namespace,name)>(?,?,?) AND (format,namespace)<(?,?)",
        ),
        (Sought(publish=Restriction.ALLOW), "(format,namespace,name)>(?,?,?)"),
    ],
)
async def test_a_page_of_packages_is_a_range_of_an_index(database, sought, bounds) -> None:
    planned = Planned(database)
    await Catalogue(planned).packages(1, sought, ("npm", "babel", "a"), 1000)
    [step] = planned.steps  # nothing is sorted
    assert bounds in step


@pytest.mark.parametrize("after", [None, (1000.0, "1.0.0")])
async def test_a_page_of_versions_is_a_range_of_an_index(database, after) -> None:
    planned = Planned(database)
    await Catalogue(planned).versions(1, after, 50, status="Published")
    [step] = planned.steps
    assert "version_by_age (package_id=?" in step
    assert ("<expr><?" in step) is (after is not None)
