"""A whole mirror without upstreams on loopback, and what its requests left in log and metrics."""

import contextlib
from pathlib import Path

import orjson

from mirror.app import assembled
from mirror.config import load
from mirror.endpoints.entity import Entity
from mirror.endpoints.sending import Sending
from mirror.setup import first_start
from tests.endpoints.wire import exchange, listening, request
from tests.formats.npm.samples import body_of, packed


class Lines:
    """Plays the access log."""

    def __init__(self) -> None:
        self.lines: list[dict] = []

    def phrase(self, **fields) -> dict:
        return fields

    def record(self, phrase: dict, *, id_: bytes, at: float, seconds: float) -> None:
        self.lines.append({**phrase, "id": id_.decode(), "seconds": seconds})


class Failing:
    """Plays the readers: every question ends in this error."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def document(self, *_):
        raise self._error

    asset = document


class Leaving:
    """Plays the readers: the client goes away in the middle of every answer."""

    class Answer(Sending):
        async def _send(self, _request) -> None:
            raise ConnectionResetError("gone")

    async def document(self, exchange, _intent):
        return self.Answer(Entity(content_type="x", body=b"x"), request_id=exchange.id)


class Site:
    def __init__(self, parts, port: int, token: str, reader: str) -> None:
        self.parts, self.port, self.token, self.reader = parts, port, token, reader
        self.log = parts.handler._journal._log = Lines()

    async def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str):
        """(status, headers in lower case, body)."""
        if body:
            headers["Content-Length"] = str(len(body))
        raw = request(method, path, Connection="close", **headers) + body
        answer = await exchange(self.port, raw)
        head, _, rest = answer.partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        named = dict(line.lower().split(": ", 1) for line in fields)
        return int(status.split()[1]), named, rest

    async def publish(self, name: str = "pubby", token: str | None = None):
        self.tarball = packed(name)  # gzip writes the time into it: no two are the same
        document = body_of(self.tarball, name)
        path = f"/npm/main/{name.replace('/', '%2f')}"
        return await self.ask(
            path, "PUT", orjson.dumps(document), Authorization=f"Bearer {token or self.token}"
        )

    def counted(self) -> dict[str, float]:
        """The samples of `mirror_requests_total` and `mirror_cache_events_total`."""
        text = self.parts.metrics.render()[0].decode()
        return {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith(("mirror_requests_total", "mirror_cache_events_total"))
        }


@contextlib.asynccontextmanager
async def opened(folder: Path, anonymous: str = "read"):
    settings = load(
        None,
        {
            "MIRROR_DATA_DIR": str(folder),
            "MIRROR_AUTH_ANONYMOUS": anonymous,
        },
    )
    async with assembled(settings) as parts:
        await first_start(parts.database, parts.users, settings, folder)
        # Nothing here may ask the real registry.
        await parts.database.write(
            lambda transaction: transaction.run("DELETE FROM repository_connection")
        )
        token = await parts.tokens.create("admin", "test")
        reader = await parts.tokens.create("admin", "test", read_only=True)
        async with listening(parts.handler) as door:
            yield Site(parts, door.port, token, reader)
