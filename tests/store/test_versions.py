"""The writes to packages and versions: whole-database dumps, so that nothing is stored unseen."""

from pathlib import Path

import pytest

from mirror.model import (
    Dependency,
    Origin,
    OriginControls,
    OriginType,
    Restriction,
    Status,
    StoredAsset,
    Summary,
)
from mirror.store.database import Database
from mirror.store.documents import Documents, NewDocument, NewListing, News
from mirror.store.held import held_package
from mirror.store.versions import (
    add_version,
    delete_versions,
    extend_version,
    finish_version,
    put_about,
    put_manifest,
    put_package,
    put_tags,
    release_blobs,
    version_assets,
)
from tests.store.rows import (
    PACKAGE,
    changes_of,
    digests_of,
    dump,
    opened,
    version,
    with_repositories,
)

PRIVATE = OriginControls(Restriction.ALLOW, Restriction.BLOCK)
BYTES = digests_of(b"tarball")


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        await with_repositories(database, "main", "other")
        yield database


async def store(database: Database, *new, repository: int = 1, advance: bool = True, **more):
    """Versions into @acme/ui of a repository; whether each was new."""

    async def work(transaction):
        package = await put_package(transaction, repository, PACKAGE, PRIVATE, advance=advance)
        found = [await add_version(transaction, package, each) for each in new]
        if "tags" in more:
            await put_tags(transaction, package, more["tags"])
        if "about" in more:
            await put_about(transaction, package, more["about"])
        return package, found

    return await database.write(work)


async def state(database: Database) -> dict:
    return await dump(database, "domain", "repository", "package_group")


async def test_everything_that_is_stored_of_a_version(database: Database) -> None:
    await store(
        database,
        version(
            dependencies=[
                Dependency("types", "node", "dev", "^20"),
                Dependency("", "a", "peer", "*"),
            ],
            summary=Summary("A UI", "https://ui", "git://ui", ("MIT", "ISC"), "# UI"),
        ),
        tags={"latest": "1.0.0"},
        about={"description": "A UI"},
    )
    assert await state(database) == {
        "package": [
            {
                "id": 1,
                "repository_id": 1,
                "format": "npm",
                "namespace": "acme",
                "name": "ui",
                "publish": "ALLOW",
                "upstream": "BLOCK",
                "about": '{"description":"A UI"}',
                "revision": 1,
                "event_sequence": 0,
                "created_at": True,
            }
        ],
        "version": [
            {
                "id": 1,
                "package_id": 1,
                "version": "1.0.0",
                "status": "Published",
                "origin_type": "INTERNAL",
                "origin_repository": "main",
                "revision": version().revision,
                "manifest": '{"name":"@acme/ui","version":"1.0.0"}',
                "summary": "A UI",
                "home_page": "https://ui",
                "source_repository": "git://ui",
                "licenses": '["MIT","ISC"]',
                "readme": "# UI",
                "published_at": True,
                "stored_at": True,
            }
        ],
        "dependency": [
            {
                "version_id": 1,
                "position": 0,
                "namespace": "types",
                "package": "node",
                "type": "dev",
                "requirement": "^20",
            },
            {
                "version_id": 1,
                "position": 1,
                "namespace": "",
                "package": "a",
                "type": "peer",
                "requirement": "*",
            },
        ],
        "blob": [
            {
                "sha256": BYTES.sha256,
                "size": 7,
                "md5": BYTES.md5,
                "sha1": BYTES.sha1,
                "sha512": BYTES.sha512,
                "created_at": True,
            }
        ],
        "asset": [
            {"version_id": 1, "name": "ui-1.0.0.tgz", "sha256": BYTES.sha256, "properties": "{}"}
        ],
        "package_tag": [{"package_id": 1, "tag": "latest", "version": "1.0.0"}],
    }


async def test_an_external_version_with_little_to_say(database: Database) -> None:
    external = version(
        origin=Origin(OriginType.EXTERNAL, connection="public:npmjs"), status=Status.UNLISTED
    )
    await store(database, external, advance=False)
    found = await state(database)
    assert found["version"] == [
        {
            "id": 1,
            "package_id": 1,
            "version": "1.0.0",
            "status": "Unlisted",
            "origin_type": "EXTERNAL",
            "origin_connection": "public:npmjs",
            "revision": external.revision,
            "manifest": '{"name":"@acme/ui","version":"1.0.0"}',
            "licenses": "[]",
            "published_at": True,
            "stored_at": True,
        }
    ]
    assert found["package"][0]["revision"] == 0
    assert "dependency" not in found


async def test_a_version_that_is_there_already_is_left_as_it_is(database: Database) -> None:
    """U8."""
    assert await store(database, version()) == (1, [True])
    before = await state(database)
    other = version(
        data=b"other", manifest={"other": 1}, dependencies=[Dependency("", "a", "b", "c")]
    )
    assert await store(database, other, advance=False) == (1, [False])
    assert await state(database) == before


async def test_a_package_keeps_its_controls_and_counts_its_changes(database: Database) -> None:
    """§12: they are set once."""
    stamp = changes_of(database).stamp(PACKAGE)
    await store(database, advance=True)

    async def again(transaction):
        return await put_package(transaction, 1, PACKAGE, OriginControls(), advance=True)

    assert await database.write(again) == 1
    [row] = (await state(database))["package"]
    assert (row["publish"], row["upstream"], row["revision"]) == ("ALLOW", "BLOCK", 2)
    assert changes_of(database).stamp(PACKAGE) != stamp


async def test_tags_and_fields(database: Database) -> None:
    package, _ = await store(
        database,
        version(),
        version("2.0.0"),
        tags={"a": "1.0.0", "b": "1.0.0"},
        about={"x": 1, "y": 1},
    )
    await store(database, tags={"a": "2.0.0", "b": None, "never": None}, about={"y": 2})
    found = await state(database)
    assert found["package_tag"] == [{"package_id": package, "tag": "a", "version": "2.0.0"}]
    assert found["package"][0]["about"] == '{"x":1,"y":2}'


# ---------------------------------------------------------------- revisions


def test_the_revision_names_assets_and_manifest() -> None:
    """§8: at most 50 characters, equal for byte-identical copies."""
    one = version()
    assert len(one.revision) == 44
    assert version(origin=Origin(OriginType.UNKNOWN), published_at=5.0).revision == one.revision
    assert version(status=Status.ARCHIVED).revision == one.revision
    assert version(manifest={"version": "1.0.0", "name": "@acme/ui"}).revision == one.revision
    two_assets = [StoredAsset("b", BYTES), StoredAsset("a", BYTES)]
    others = [
        version(data=b"other"),
        version(manifest={"name": "@acme/ui", "version": "1.0.0", "x": None}),
        version(assets=[StoredAsset("renamed.tgz", BYTES)]),
        version(assets=[]),
        version(assets=two_assets),
    ]
    assert len({one.revision, *(each.revision for each in others)}) == 6
    assert version(assets=two_assets[::-1]).revision == version(assets=two_assets).revision


async def test_annotating_changes_the_revision_of_that_version_only(database: Database) -> None:
    package, _ = await store(database, version(), version("2.0.0", b"two"))
    changed = {"name": "@acme/ui", "version": "1.0.0", "deprecated": "old"}

    async def work(transaction):
        await put_manifest(transaction, package, "1.0.0", changed)

    await database.write(work)
    rows = {row["version"]: row for row in (await state(database))["version"]}
    assert rows["1.0.0"]["revision"] == version(manifest=changed).revision != version().revision
    assert rows["2.0.0"]["revision"] == version("2.0.0", b"two").revision


async def test_an_unfinished_version_grows_and_is_finished(database: Database) -> None:
    package, _ = await store(
        database, version(status=Status.UNFINISHED), version("2.0.0", status=Status.UNFINISHED)
    )
    more = StoredAsset("more.tgz", digests_of(b"more"))

    async def work(transaction):
        revision = await extend_version(transaction, package, "1.0.0", [more], {"grown": True})
        await finish_version(transaction, package, "1.0.0", 2000.0)
        return revision

    revision = await database.write(work)
    whole = version(manifest={"grown": True}, assets=[*version().assets, more])
    assert revision == whole.revision
    rows = {row["version"]: row for row in await database.read("SELECT * FROM version")}
    found = rows["1.0.0"]
    assert (found["status"], found["published_at"], found["revision"]) == (
        "Published",
        2000.0,
        revision,
    )
    assert rows["2.0.0"]["status"] == "Unfinished"


# ---------------------------------------------------------------- reading inside a transaction


async def test_what_a_writer_sees(database: Database) -> None:
    await store(database, version(), version("2.0.0", status=Status.ARCHIVED))

    async def look(transaction):
        return (
            await held_package(transaction, 1, PACKAGE),
            await held_package(transaction, 2, PACKAGE),
            await version_assets(transaction, 1, "1.0.0"),
            await version_assets(transaction, 1, "9.0.0"),
        )

    held, elsewhere, assets, missing = await database.write(look)
    assert held is not None
    assert (held.id, held.revision, held.controls) == (1, 1, PRIVATE)
    assert {name: each.status for name, each in held.versions.items()} == {
        "1.0.0": Status.PUBLISHED,
        "2.0.0": Status.ARCHIVED,
    }
    assert elsewhere is None
    assert assets == {"ui-1.0.0.tgz": BYTES.sha256}
    assert missing is None


async def test_a_package_without_versions_is_held_all_the_same(database: Database) -> None:
    await store(database)
    held = await database.write(lambda transaction: held_package(transaction, 1, PACKAGE))
    assert held is not None
    assert held.versions == {}


# ---------------------------------------------------------------- deleting, and counting blobs


async def delete(database: Database, package: int, *versions: str) -> list[str]:
    return await database.write(lambda transaction: delete_versions(transaction, package, versions))


async def test_deleting_takes_all_but_the_package(database: Database) -> None:
    package, _ = await store(
        database,
        version(dependencies=[Dependency("", "a", "regular", "*")]),
        tags={"latest": "1.0.0", "beta": "1.0.0"},
    )
    assert await delete(database, package, "1.0.0", "9.9.9") == [BYTES.sha256]
    assert list(await state(database)) == ["package"]


@pytest.mark.parametrize("keeper", ["another version", "another repository", "both"])
async def test_a_blob_stays_while_anything_shows_it(database: Database, keeper: str) -> None:
    package, _ = await store(database, version(), tags={"latest": "1.0.0"})
    if keeper != "another repository":
        await store(database, version("2.0.0"), tags={"next": "2.0.0"})
    if keeper != "another version":
        await store(database, version(), repository=2)
    assert await delete(database, package, "1.0.0") == []
    assert [row["sha256"] for row in (await state(database))["blob"]] == [BYTES.sha256]


async def test_deleting_the_last_two_that_show_a_blob_releases_it_once(database: Database) -> None:
    package, _ = await store(database, version(), version("2.0.0"))
    assert await delete(database, package, "1.0.0", "2.0.0") == [BYTES.sha256]
    assert "blob" not in await state(database)


async def test_documents_and_listings_hold_blobs_too(database: Database) -> None:
    package, _ = await store(database, version())
    news = News(
        [NewDocument("http://u/ui", "http://u/ui", BYTES, "application/json", "", None, None)],
        NewListing("http://u/", PACKAGE, BYTES, "source"),
    )
    assert await Documents(database).put(news, 1.0) == []
    assert await delete(database, package, "1.0.0") == []
    release = lambda transaction: release_blobs(transaction, [BYTES.sha256, "ff"])  # noqa: E731
    assert await database.write(release) == []
    for table in ("upstream_document", "upstream_listing"):
        await database.write(
            lambda transaction, table=table: transaction.run(f"DELETE FROM {table}")
        )
    assert await database.write(release) == [BYTES.sha256]
