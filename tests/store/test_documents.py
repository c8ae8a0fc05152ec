"""What upstreams said, kept with the validators to ask again."""

from pathlib import Path

import pytest

from mirror.model import Package
from mirror.store.database import Database
from mirror.store.documents import Documents, NewDocument, NewListing, News, StoredListing
from tests.store.rows import PACKAGE, changes_of, digests_of, dump, opened

URL, BASE = "http://u/@acme%2fui", "http://u/"
ONE, TWO, READ = digests_of(b"one"), digests_of(b"two"), digests_of(b"read of one")


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


def document(digests=ONE, etag: str | None = '"1"') -> NewDocument:
    return NewDocument(URL, URL, digests, "application/json", "gzip", etag, "yesterday")


def listing(digests=READ, source: str = "s1") -> NewListing:
    return NewListing(BASE, PACKAGE, digests, source)


async def test_everything_that_is_kept(database, documents) -> None:
    stamp = changes_of(database).stamp(PACKAGE)
    assert await documents.put(News([document()], listing()), 100.0) == []
    found = await dump(database)
    assert found.keys() == {"blob", "upstream_document", "upstream_listing"}
    assert found["upstream_document"] == [
        {
            "url": URL,
            "location": URL,
            "sha256": ONE.sha256,
            "content_type": "application/json",
            "encoding": "gzip",
            "etag": '"1"',
            "last_modified": "yesterday",
            "fetched_at": True,
            "checked_at": True,
        }
    ]
    assert found["upstream_listing"] == [
        {
            "id": 1,
            "base": BASE,
            "format": "npm",
            "namespace": "acme",
            "name": "ui",
            "sha256": READ.sha256,
            "source": "s1",
            "checked_at": True,
        }
    ]
    assert changes_of(database).stamp(PACKAGE) != stamp


async def test_reading_back(documents) -> None:
    await documents.put(News([document()], listing()), 100.0)
    stored = await documents.document(URL)
    assert stored is not None
    assert (stored.sha256, stored.size, stored.encoding) == (ONE.sha256, 3, "gzip")
    assert (stored.etag, stored.last_modified, stored.checked_at) == ('"1"', "yesterday", 100.0)
    assert await documents.listing(BASE, PACKAGE) == StoredListing(READ.sha256, 11, "s1", 100.0)
    assert await documents.document("http://u/other") is None
    assert await documents.listing("http://elsewhere/", PACKAGE) is None  # devpi#817
    assert await documents.listing(BASE, Package("npm", "", "ui")) is None


async def test_news_take_the_place_of_the_old_and_release_its_blobs(database, documents) -> None:
    await documents.put(News([document()], listing()), 100.0)
    released = await documents.put(
        News([document(TWO, None)], listing(digests_of(b"r2"), "s2")), 200.0
    )
    assert sorted(released) == sorted([ONE.sha256, READ.sha256])
    found = await dump(database)
    assert len(found["blob"]) == 2
    assert [row["sha256"] for row in found["upstream_document"]] == [TWO.sha256]
    assert "etag" not in found["upstream_document"][0]
    stored = await documents.document(URL)
    assert stored is not None
    assert stored.checked_at == 200.0


async def test_the_same_bytes_again_release_nothing(database, documents) -> None:
    await documents.put(News([document()], listing()), 100.0)
    assert await documents.put(News([document(etag='"2"')], listing(source="s2")), 200.0) == []
    stored = await documents.document(URL)
    assert stored is not None
    assert stored.etag == '"2"'
    assert len((await dump(database))["blob"]) == 2


async def test_a_blob_that_moves_from_one_document_to_another_stays(database, documents) -> None:
    other = NewDocument("http://u/b", "http://u/b", TWO, "text/plain", "", None, None)
    await documents.put(News([document(), other]), 100.0)
    swapped = NewDocument("http://u/b", "http://u/b", ONE, "text/plain", "", None, None)
    assert await documents.put(News([document(TWO), swapped]), 200.0) == []
    assert len((await dump(database))["blob"]) == 2


async def test_unchanged_renews_the_stamps_and_ages_nothing(database, documents) -> None:
    """lessons #1."""
    await documents.put(News([document()], listing()), 100.0)
    stamp = changes_of(database).stamp(PACKAGE)
    await documents.checked(BASE, PACKAGE, [URL, "http://u/unknown"], 300.0)
    stored, read = await documents.document(URL), await documents.listing(BASE, PACKAGE)
    assert stored is not None
    assert read is not None
    assert (stored.checked_at, read.checked_at) == (300.0, 300.0)
    await documents.renew(URL, 400.0)
    stored = await documents.document(URL)
    assert stored is not None
    assert stored.checked_at == 400.0
    assert changes_of(database).stamp(PACKAGE) == stamp
