"""Reads over the index."""

from pathlib import Path

import pytest

from mirror.model import (
    Digests,
    Origin,
    OriginControls,
    OriginType,
    Package,
    Promise,
    Restriction,
    Status,
    StoredAsset,
    Summary,
)
from mirror.store.database import Database
from mirror.store.packages import AssetRow, PackageRow, Packages, VersionRow
from mirror.store.versions import add_version, put_about, put_blob, put_package, put_tags
from tests.store.rows import PACKAGE, digests_of, opened, version, with_repositories

PRIVATE = OriginControls(Restriction.ALLOW, Restriction.BLOCK)
INTERNAL = Origin(OriginType.INTERNAL, "main")
BYTES = digests_of(b"tarball")
KEPT = Promise(BYTES.size, {"sha256": BYTES.sha256})


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        await with_repositories(database, "main", "other", "third")
        yield database


@pytest.fixture
def packages(database: Database) -> Packages:
    return Packages(database)


async def store(database: Database, repository: int, *new, package=PACKAGE, tags=None, about=None):
    async def work(transaction):
        row = await put_package(transaction, repository, package, PRIVATE, advance=True)
        for each in new:
            await add_version(transaction, row, each)
        await put_tags(transaction, row, tags or {})
        await put_about(transaction, row, about or {})

    await database.write(work)


async def test_packages_with_their_tags(database, packages) -> None:
    await store(database, 1, tags={"b": "2", "a": "1"}, about={"readme": "x"})
    await store(database, 2)
    await store(database, 1, package=Package("npm", "", "ui"))
    assert await packages.packages(PACKAGE, [2, 1]) == [
        PackageRow(1, 1, PRIVATE, {"readme": "x"}, 1, {"a": "1", "b": "2"}),
        PackageRow(2, 2, PRIVATE, {}, 1, {}),
    ]
    assert await packages.packages(PACKAGE, [3]) == []
    assert await packages.packages(Package("npm", "Acme", "ui"), [1]) == []


async def test_versions_oldest_first_with_their_files(database, packages) -> None:
    two = [StoredAsset("b.tgz", BYTES), StoredAsset("a\nb.tgz", BYTES)]
    await store(
        database,
        1,
        version("2.0.0", published_at=200.0, assets=two, status=Status.ARCHIVED),
        version("1.0.0", published_at=100.0, assets=[]),
    )
    await store(database, 2, version("3.0.0"))
    found = await packages.versions(PACKAGE, [1])
    assert found == [
        VersionRow(
            1,
            "1.0.0",
            Status.PUBLISHED,
            INTERNAL,
            version(assets=[]).revision,
            '{"name":"@acme/ui","version":"1.0.0"}',
            100.0,
            (),
        ),
        VersionRow(
            1,
            "2.0.0",
            Status.ARCHIVED,
            INTERNAL,
            version("2.0.0", assets=two).revision,
            '{"name":"@acme/ui","version":"2.0.0"}',
            200.0,
            (("a\nb.tgz", KEPT), ("b.tgz", KEPT)),
        ),
    ]


@pytest.mark.parametrize("asked", ["1.0.0", None])
async def test_one_file_in_one_query(database, packages, asked) -> None:
    await store(database, 1)  # knows the package: its controls count, it holds nothing
    await store(database, 2, version())
    await store(database, 3, version("2.0.0", b"two"))
    rows = await packages.find_asset(PACKAGE, [1, 2, 3], asked, "ui-1.0.0.tgz")
    assert sorted(rows, key=lambda row: row.repository) == [
        AssetRow(1, PRIVATE, None, None, None, None, None),
        AssetRow(2, PRIVATE, "1.0.0", Status.PUBLISHED, INTERNAL, version().revision, BYTES),
        AssetRow(3, PRIVATE, None, None, None, None, None),
    ]


async def test_a_version_without_that_file(database, packages) -> None:
    await store(database, 1, version())
    [row] = await packages.find_asset(PACKAGE, [1], "1.0.0", "other.tgz")
    assert (row.version, row.status, row.digests) == ("1.0.0", Status.PUBLISHED, None)
    [row] = await packages.find_asset(PACKAGE, [1], None, "other.tgz")
    assert row.version is None


async def test_version_names(database, packages) -> None:
    await store(database, 1, version(status=Status.ARCHIVED), version("2.0.0"))
    await store(database, 2, version("2.0.0"))
    found = await packages.version_names(PACKAGE, [1, 2, 3])
    assert {each: sorted(names) for each, names in found.items()} == {
        1: ["1.0.0", "2.0.0"],
        2: ["2.0.0"],
    }
    assert await packages.version_names(PACKAGE, [3]) == {}


async def test_blobs(database, packages) -> None:
    await store(database, 1, version(), version("2.0.0", b"longer tarball"))
    other = digests_of(b"longer tarball")
    assert await packages.blob("sha256", BYTES.sha256) == BYTES
    assert await packages.blob("sha512", other.sha512) == other
    assert await packages.blob("sha512", BYTES.sha256) is None

    assert await packages.blob_in_use(BYTES.sha256)
    assert not await packages.blob_in_use("ff")
    assert await packages.blobs() == sorted([(BYTES.sha256, 7), (other.sha256, 14)])
    assert await packages.blob_totals() == (2, 21)


async def test_a_document_is_found_by_no_digest_until_it_is_a_file_too(
    database: Database, packages: Packages
) -> None:
    async def put(digests: Digests) -> None:
        await database.write(lambda transaction: put_blob(transaction, digests))

    await put(Digests(BYTES.size, BYTES.sha256))
    assert await packages.blob("sha256", BYTES.sha256) is None
    await put(BYTES)
    assert await packages.blob("sha256", BYTES.sha256) == BYTES
    await put(Digests(BYTES.size, BYTES.sha256))
    assert await packages.blob("sha512", BYTES.sha512) == BYTES


async def test_an_empty_index(packages) -> None:
    assert await packages.blob_totals() == (0, 0)
    assert await packages.blobs() == []
    assert await packages.search("npm", [1], "ui", limit=20, offset=0) == []


async def search(packages: Packages, text: str, repositories=(1, 2), **page) -> list[str]:
    page = {"limit": 20, "offset": 0} | page
    return [
        f"{package.name}@{number}"
        for package, number, _, _ in await packages.search("npm", repositories, text, **page)
    ]


async def test_search(database, packages) -> None:
    about = Summary("A 100% _fine_ widget")
    await store(database, 1, version(summary=about), version("2.0.0", published_at=2000.0))
    await store(database, 2, version("3.0.0", published_at=3000.0))
    await store(database, 3, version("4.0.0", published_at=4000.0))
    await store(database, 1, version(status=Status.UNLISTED), package=Package("npm", "", "hidden"))
    await store(database, 1, version(), package=Package("npm", "", "zebra"))
    assert await search(packages, "") == ["zebra@1.0.0", "ui@3.0.0"]
    assert await search(packages, "ACME ui") == ["ui@3.0.0"]
    assert await search(packages, "acme zebra") == []
    assert await search(packages, "hidden") == []
    assert await search(packages, "", repositories=[1]) == ["zebra@1.0.0", "ui@2.0.0"]
    assert await search(packages, "", limit=1) == ["zebra@1.0.0"]
    assert await search(packages, "", limit=1, offset=1) == ["ui@3.0.0"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR 1=1 --", "u%", "u_", "é"])
async def test_a_search_is_no_pattern_and_no_sql(database, packages, text) -> None:
    await store(database, 1, version())
    assert await search(packages, text) == []
