"""What upstreams said: their documents as sent, and the listings read from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Row

from mirror.model import Digests, Package
from mirror.store.database import Database
from mirror.store.transactions import Transaction
from mirror.store.versions import put_blob, release_blobs


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """An upstream document: where its bytes are, how they are encoded, how to ask again."""

    url: str
    location: str
    sha256: str
    size: int
    content_type: str
    encoding: str
    etag: str | None
    last_modified: str | None
    checked_at: float


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A package's listing as one upstream gave it; `source` names what it was read from."""

    sha256: str
    size: int
    source: str
    checked_at: float


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document just fetched, its blob sealed."""

    url: str
    location: str
    digests: Digests
    content_type: str
    encoding: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class NewListing:
    """A listing just read, its blob sealed."""

    base: str
    package: Package
    digests: Digests
    source: str


@dataclass(frozen=True, slots=True)
class News:
    """What one round of asking an upstream brought."""

    documents: Sequence[NewDocument] = ()
    listing: NewListing | None = None


class Documents:
    """Reads and writes of both."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def document(self, url: str) -> StoredDocument | None:
        """The document kept for an upstream URL."""
        rows = await self._database.read(
            "SELECT d.*, b.size FROM upstream_document d JOIN blob b ON b.sha256 = d.sha256"
            " WHERE d.url = ?",
            (url,),
        )
        return _document(rows[0]) if rows else None

    async def listing(self, base: str, package: Package) -> StoredListing | None:
        """The listing kept for a package of the upstream at `base`."""
        rows = await self._database.read(
            "SELECT l.*, b.size FROM upstream_listing l JOIN blob b ON b.sha256 = l.sha256"
            " WHERE l.base = ? AND l.format = ? AND l.namespace = ? AND l.name = ?",
            (base, *package),
        )
        if not rows:
            return None
        row = rows[0]
        return StoredListing(row["sha256"], row["size"], row["source"], row["checked_at"])

    async def put(self, news: News, now: float) -> list[str]:
        """Keep documents, and the listing read from them, in place of older ones.

        All in one transaction; answers the SHA-256s of blobs that nothing shows any more.
        """

        async def put(transaction: Transaction) -> list[str]:
            superseded: list[str] = []
            for document in news.documents:
                superseded += await _put_document(transaction, document, now)
            if news.listing is not None:
                superseded += await _put_listing(transaction, news.listing, now)
                transaction.touch(news.listing.package)
            return await release_blobs(transaction, superseded)

        return await self._database.write(put)

    async def checked(self, base: str, package: Package, urls: Sequence[str], now: float) -> None:
        """Renew the stamps after an upstream said "unchanged" (verdaccio#6115)."""

        async def renew(transaction: Transaction) -> None:
            await transaction.run(
                "UPDATE upstream_listing SET checked_at = ?"
                " WHERE base = ? AND format = ? AND namespace = ? AND name = ?",
                (now, base, *package),
            )
            await transaction.run_many(
                "UPDATE upstream_document SET checked_at = ? WHERE url = ?",
                [(now, url) for url in urls],
            )

        await self._database.write(renew)

    async def renew(self, url: str, now: float) -> None:
        """Renew one document's stamp after "unchanged"."""

        async def renew(transaction: Transaction) -> None:
            await transaction.run(
                "UPDATE upstream_document SET checked_at = ? WHERE url = ?", (now, url)
            )

        await self._database.write(renew)


async def _put_document(transaction: Transaction, document: NewDocument, now: float) -> list[str]:
    await put_blob(transaction, document.digests)
    old = await transaction.run(
        "SELECT sha256 FROM upstream_document WHERE url = ?", (document.url,)
    )
    await transaction.run(
        "INSERT INTO upstream_document (url, location, sha256, content_type, encoding, etag,"
        " last_modified, fetched_at, checked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (url) DO UPDATE SET location = excluded.location, sha256 = excluded.sha256,"
        " content_type = excluded.content_type, encoding = excluded.encoding,"
        " etag = excluded.etag, last_modified = excluded.last_modified,"
        " fetched_at = excluded.fetched_at, checked_at = excluded.checked_at",
        (
            document.url,
            document.location,
            document.digests.sha256,
            document.content_type,
            document.encoding,
            document.etag,
            document.last_modified,
            now,
            now,
        ),
    )
    return [row["sha256"] for row in old if row["sha256"] != document.digests.sha256]


async def _put_listing(transaction: Transaction, listing: NewListing, now: float) -> list[str]:
    await put_blob(transaction, listing.digests)
    old = await transaction.run(
        "SELECT sha256 FROM upstream_listing"
        " WHERE base = ? AND format = ? AND namespace = ? AND name = ?",
        (listing.base, *listing.package),
    )
    await transaction.run(
        "INSERT INTO upstream_listing"
        " (base, format, namespace, name, sha256, source, checked_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (base, format, namespace, name)"
        " DO UPDATE SET sha256 = excluded.sha256, source = excluded.source,"
        " checked_at = excluded.checked_at",
        (listing.base, *listing.package, listing.digests.sha256, listing.source, now),
    )
    return [row["sha256"] for row in old if row["sha256"] != listing.digests.sha256]


def _document(row: Row) -> StoredDocument:
    return StoredDocument(
        url=row["url"],
        location=row["location"],
        sha256=row["sha256"],
        size=row["size"],
        content_type=row["content_type"],
        encoding=row["encoding"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        checked_at=row["checked_at"],
    )
