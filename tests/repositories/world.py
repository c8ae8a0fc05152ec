"""Everything but the network and the requests: a real index, real blobs, and a fake registry."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from mirror.compute import Compute
from mirror.formats.changes import Publication, PublishedAsset
from mirror.formats.intents import ReadAsset, ReadPackage
from mirror.repositories.amending import Amender
from mirror.repositories.assets import Arriving, AssetReader, Held
from mirror.repositories.documents import Document, DocumentReader
from mirror.repositories.fetching import Fetcher
from mirror.repositories.publishing import Publisher
from mirror.repositories.retention import Retention
from mirror.repositories.searching import Search, Walk
from mirror.repositories.upstreams import Upstreams
from mirror.store.blobs import Blobs
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.documents import Documents
from mirror.store.domains import Domains, create_domain
from mirror.store.groups import Groups
from mirror.store.packages import Packages
from mirror.store.repositories import put_repository
from mirror.store.transactions import Transaction
from mirror.upstream.flights import Flights
from tests.repositories.registry import NPMJS, PAD, PYPI, FakeUpstream
from tests.store.rows import OWNER, dump

HERE = "http://here/npm/main/"


class World:
    """main -> team -> store -> npmjs, `lone`, which has nothing above it, and py -> shelf -> pypi."""

    def __init__(self, root: Path, database: Database, changes: Changes, **timing: float) -> None:
        self.database, self.changes = database, changes
        self.upstream = FakeUpstream()
        self.packages = Packages(database)
        self.blobs = Blobs(root, self.packages.blob_in_use)
        self.blobs.incoming.mkdir(parents=True, exist_ok=True)
        self.rows = Documents(database)
        self.compute = Compute(threads=1)
        self.fetcher = Fetcher(
            self.upstream, self.rows, self.blobs, self.compute, document_size=100_000
        )
        self.timing = {"stale_wait": 5.0, "negative_lifetime": 60.0, "lifetime": 300.0} | timing
        self.upstreams = self.new_upstreams()
        known = {"npmjs": NPMJS, "pypi": PYPI}
        self.search = Search(
            Domains(database),
            Groups(database),
            changes,
            known,
            account=OWNER,
            searched_upstreams=25,
        )
        self.documents = DocumentReader(
            self.packages, self.upstreams, self.blobs, self.compute, changes
        )
        self.flights = Flights(self.upstream, self.blobs, linger=0.001)
        self.assets = AssetReader(
            self.packages,
            self.upstreams,
            self.blobs,
            self.flights,
            Retention(database, self.blobs, self.search.rights),
            changes,
            known,
            asset_size=10_000_000,
        )
        self.amender = Amender(database, self.blobs)
        self.publisher = Publisher(
            database, self.packages, self.upstreams, self.blobs, assets_per_version=150
        )

    def new_upstreams(self) -> Upstreams:
        """As after a restart: nothing is remembered but what is in the index."""
        return Upstreams(
            self.fetcher,
            self.rows,
            self.blobs,
            stale_wait=self.timing["stale_wait"],
            negative_lifetime=self.timing["negative_lifetime"],
            lifetimes=dict.fromkeys(("npm", "pypi"), self.timing["lifetime"]),
        )

    async def walk(self, repository: str = "main") -> Walk:
        return self.search.walk(await self.search.repository("default", repository), "npm")

    async def document(
        self,
        repository: str = "main",
        view: str = "full",
        version: str | None = None,
        previous: Document | None = None,
        **more: Any,
    ) -> Document:
        intent = ReadPackage(PAD, view, version, **more)
        return await self.documents.read(await self.walk(repository), intent, HERE, previous)

    async def shown(self, repository: str = "main") -> dict[str, Any]:
        return orjson.loads(content(await self.document(repository)))

    async def asset(self, version: str = "1.0.0", repository: str = "main") -> Held | Arriving:
        intent = ReadAsset(PAD, f"left-pad-{version}.tgz", version)
        return await self.assets.read(await self.walk(repository), intent)

    async def fetched(self, version: str = "1.0.0", repository: str = "main") -> bytes:
        """The file's bytes as a client gets them, once everything is in its place."""
        found = await self.asset(version, repository)
        if isinstance(found, Arriving):
            async with found.follower as follower:
                while not follower.finished:
                    await follower.released(follower.total)
            found = await self.asset(version, repository)
        assert isinstance(found, Held)
        return read(found.file)

    async def published(
        self, version: str = "1.0.0", data: bytes = b"ours", repository: str = "main", **more: Any
    ):
        walk = await self.walk(repository)
        async with self.blobs.writer() as writer:
            await writer.write(data)
            digests = await writer.seal()
            publication = Publication(
                package=PAD,
                version=version,
                manifest={"name": "left-pad", "version": version},
                assets=(PublishedAsset(f"left-pad-{version}.tgz", "part"),),
                **{"tags": ("latest",)} | more,
            )
            outcome = await self.publisher.publish(walk, publication, {"part": digests})
            if outcome.created:
                await writer.settle()
        return outcome

    async def change(self, sql: str, *parameters: Any) -> None:
        """Alter rows behind everyone's back, as the command line of another process would."""

        async def work(transaction: Transaction) -> None:
            await transaction.run(sql, parameters)
            transaction.touch_everything()

        await self.database.write(work)

    async def later(self, seconds: float = 301.0) -> None:
        """Let all that upstreams said grow older."""
        for table in ("upstream_document", "upstream_listing"):
            await self.change(f"UPDATE {table} SET checked_at = checked_at - ?", seconds)

    async def held(self) -> dict[str, list[str]]:
        """The versions that each repository holds, with their status."""
        rows = await self.database.read(
            "SELECT r.name, v.version, v.status FROM version v JOIN package p ON p.id = v.package_id"
            " JOIN repository r ON r.id = p.repository_id ORDER BY r.name, v.version"
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            status = "" if row["status"] == "Published" else f" {row['status']}"
            found.setdefault(row["name"], []).append(row["version"] + status)
        return found

    async def dump(self) -> dict[str, list[dict[str, Any]]]:
        """All rows, without those that every test begins with."""
        return await dump(
            self.database,
            *("domain", "package_group", "repository"),
            *("repository_upstream", "repository_connection"),
        )

    def files(self) -> list[str]:
        """The names of all files of the blob store: blobs, and what should not be there."""
        return sorted(path.name for path in self.blobs.root.rglob("*") if path.is_file())

    async def consistent(self) -> None:
        """No row without its bytes, no bytes without a row, nothing half done."""
        rows = sorted(sha256 for sha256, _ in await self.packages.blobs())
        assert self.files() == rows


@asynccontextmanager
async def made(root: Path, **timing: float) -> AsyncIterator[World]:
    changes = Changes()
    async with Database(root / "index.sqlite3", changes) as database:

        async def create(transaction: Transaction) -> None:
            await create_domain(transaction, OWNER, "default")
            connections = {"store": "npmjs", "shelf": "pypi"}
            for name, above in (
                *(("store", ()), ("team", ("store",)), ("main", ("team",)), ("lone", ())),
                *(("shelf", ()), ("py", ("shelf",))),
            ):
                await put_repository(
                    transaction,
                    owner=OWNER,
                    domain="default",
                    name=name,
                    upstreams=above,
                    connection=connections.get(name),
                )

        await database.write(create)
        world = World(root / "data", database, changes, **timing)
        try:
            yield world
        finally:
            await world.flights.close(0)
            await world.documents.close()
            await world.upstreams.close()
            world.compute.close()


def content(document: Document) -> bytes:
    body = document.rendered.identity
    return body if isinstance(body, bytes) else read(body)


def read(file: Any) -> bytes:
    return os.pread(file.fileno(), file.size + 1, 0)
