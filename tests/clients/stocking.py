"""One repository of a running mirror, filled and read over HTTP as package managers do it.

    shelf = Shelf(mirror, await mirror.token(), "my_repo")
    assert await shelf.npm("chalk", "4.1.0") == 201
    status, body = await shelf.get("npm", "chalk/-/chalk-4.1.0.tgz")

What the packages contain does not matter: for that there are the package managers.
"""

import base64
import hashlib
import json
from typing import Any

import aiohttp

from tests.clients.registry import tarball
from tests.distributions import wheel
from tests.running import Running


class Shelf:
    """A repository of a domain, as the bearer of a token sees it."""

    def __init__(
        self, mirror: Running, token: str | None, repository: str, domain: str = "my_domain"
    ) -> None:
        self._base = f"{mirror.url}/d/{domain}"
        self._repository = repository
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def address(self, kind: str, path: str = "") -> str:
        return f"{self._base}/{kind}/{self._repository}/{path}"

    async def get(self, kind: str, path: str) -> tuple[int, bytes]:
        """Status and body."""
        return await self.send("GET", kind, path)

    async def send(self, method: str, kind: str, path: str, **given: Any) -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.request(method, self.address(kind, path), **given) as answer,
        ):
            return answer.status, await answer.read()

    async def npm(self, name: str, version: str, *, tag: str = "latest", **manifest: Any) -> int:
        """Publish a version as `npm publish` does, with what its package.json says; the status."""
        readme = manifest.pop("readme", "")
        described = {"name": name, "version": version, **manifest}
        files = {"index.js": b"module.exports = 1\n", "README.md": readme.encode()}
        data = tarball(described, files)
        file = f"{name}-{version}.tgz"
        attached = {"data": base64.b64encode(data).decode(), "length": len(data)}
        document = {
            "_id": name,
            "name": name,
            "dist-tags": {tag: version},
            "versions": {version: {**described, "_id": f"{name}@{version}", "dist": {}}},
            "readme": readme,
            "_attachments": {file: {"content_type": "application/octet-stream", **attached}},
        }
        path = name.replace("/", "%2f")
        status, _ = await self.send("PUT", "npm", path, data=json.dumps(document))
        return status

    async def python(self, name: str, version: str, **metadata: Any) -> int:
        """Upload a wheel as twine does; the status."""
        file, data = wheel(name, version, **metadata)
        form = aiohttp.FormData()
        fields = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "filetype": "bdist_wheel",
            "pyversion": "py3",
            "name": name,
            "version": version,
            "sha256_digest": hashlib.sha256(data).hexdigest(),
        }
        for field, value in fields.items():
            form.add_field(field, value)
        form.add_field("content", data, filename=file)
        status, _ = await self.send("POST", "pypi", "", data=form)
        return status
