"""The world as a Python client sees it, and an index in place of PyPI, made to order."""

import hashlib
import json
from typing import Any

import orjson

from mirror.formats.changes import Outcome, Publication
from mirror.formats.intents import ReadAsset, ReadPackage
from mirror.formats.pypi.names import package
from mirror.repositories.assets import Arriving, Held
from tests.formats.pypi.samples import BASE as HERE
from tests.formats.pypi.samples import get, upload
from tests.repositories.registry import BASE, Answer
from tests.repositories.world import World, content, read

JSON = "application/vnd.pypi.simple.v1+json"


class Python:
    """`py` reads `shelf`, which reads the index."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pages: dict[str, dict[str, Any]] = {}

    # -- the index

    def offer(self, *files: tuple[str, bytes], name: str = "alpha", **more: Any) -> None:
        """Serve files on the project's page; `more` goes into each entry."""
        page = self.pages.setdefault(name, {})
        for file, data in files:
            self.world.upstream.answers[f"/packages/{file}"] = Answer(body=data)
            page[file] = {
                "filename": file,
                "url": f"{BASE}packages/{file}",
                "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                "size": len(data),
                "upload-time": "2020-01-02T03:04:05.000000Z",
                "yanked": False,
                **more,
            }
        self.serve(name)

    def sidecar(
        self, file: str, text: bytes, announced: object = None, name: str = "alpha"
    ) -> None:
        """Serve a file's METADATA, and announce its digest or what else is `announced`."""
        digest = hashlib.sha256(text).hexdigest()
        self.world.upstream.answers[f"/packages/{file}.metadata"] = Answer(body=text)
        self.pages[name][file]["core-metadata"] = announced or {"sha256": digest}
        self.serve(name)

    def serve(self, name: str = "alpha", **about: Any) -> None:
        entries = list(self.pages[name].values())
        document = {"meta": {"api-version": "1.4"}, "name": name, "files": entries, **about}
        self.world.upstream.answers[f"/simple/{name}/"] = Answer(
            body=json.dumps(document).encode(), headers={"Content-Type": JSON}
        )

    # -- the client

    async def page(self, repository: str = "py", *, name: str = "alpha", **more: Any) -> Any:
        """The project's page, or what else `more` asks of the project, read."""
        intent = ReadPackage(package("", name), **{"view": "json"} | more)
        walk = await self._walk(repository)
        return orjson.loads(content(await self.world.documents.read(walk, intent, HERE)))

    async def listed(self, repository: str = "py") -> list[str]:
        return [each["filename"] for each in (await self.page(repository))["files"]]

    async def found(self, address: str, repository: str = "py") -> Held | Arriving:
        """What is at an address below the repository."""
        intent = get(address)
        assert isinstance(intent, ReadAsset)
        return await self.world.assets.read(await self._walk(repository), intent)

    async def file(self, address: str, repository: str = "py") -> bytes:
        """The bytes there as a client gets them, once everything is in its place."""
        found = await self.found(address, repository)
        if isinstance(found, Arriving):
            async with found.follower as follower:
                while not follower.finished:
                    await follower.released(follower.total)
            found = await self.found(address, repository)
        assert isinstance(found, Held)
        return read(found.file)

    async def publish(self, file: tuple[str, bytes], repository: str = "py", **fields) -> Outcome:
        name, data = file
        publication = upload(data, name, **{"name": "alpha"} | fields)
        assert isinstance(publication, Publication)
        async with self.world.blobs.writer() as writer:
            await writer.write(data)
            digests = await writer.seal()
            walk = await self._walk(repository)
            outcome = await self.world.publisher.publish(walk, publication, {"content": digests})
            if outcome.created:
                await writer.settle()
        return outcome

    # -- what is stored

    async def described(self, repository: str = "py") -> dict[str, Any]:
        """What the API shows of the one version that is stored there."""
        [row] = await self.world.database.read(
            "SELECT v.* FROM version v JOIN package p ON p.id = v.package_id"
            " JOIN repository r ON r.id = p.repository_id WHERE r.name = ?",
            (repository,),
        )
        needed = await self.world.database.read(
            "SELECT package, requirement FROM dependency WHERE version_id = ? ORDER BY position",
            (row["id"],),
        )
        found = {each: row[each] for each in ("version", "summary", "home_page", "readme")}
        found["licenses"] = orjson.loads(row["licenses"])
        return found | {"dependencies": [tuple(each) for each in needed]}

    async def assets(self, repository: str = "py") -> list[str]:
        rows = await self.world.database.read(
            "SELECT a.name FROM asset a JOIN version v ON v.id = a.version_id"
            " JOIN package p ON p.id = v.package_id JOIN repository r ON r.id = p.repository_id"
            " WHERE r.name = ? ORDER BY a.name",
            (repository,),
        )
        return [row["name"] for row in rows]

    async def _walk(self, repository: str):
        known = await self.world.search.repository("default", repository)
        return self.world.search.walk(known, "pypi")
