"""Crates for the tests: where a mirror has them, what cargo sends, and what it is answered."""

import gzip
import hashlib
import io
import json
from typing import Any, NamedTuple, Self

import orjson

from tests.crates import Crates, place
from tests.faults.packages import noise, sha256
from tests.faults.server import Mirror, Reply
from tests.formats.cargo.samples import cargo_toml, document, frame, line, tarball
from tests.origin import Fault, Origin

DAYS = 2 * 86_400
"""Seconds after which what a registry says of itself is asked for again."""

BIG = 400_000
"""Bytes of a file that is sent while it arrives: more than what is held back at its end."""

API = "/cargo/main/api/v1/crates"


def page(name: str, repository: str = "main") -> str:
    """Where a mirror has a crate's index file."""
    return f"/cargo/{repository}/{place(name)}"


def path(name: str, version: str = "1.0.0", repository: str = "main") -> str:
    """Where it has a version's file."""
    return f"/cargo/{repository}/dl/{name}/{name}-{version}.crate"


def crate(name: str, version: str = "1.0.0", **members: bytes) -> bytes:
    """A `.crate`; `members` are raw paths and contents beside its Cargo.toml."""
    packed = tarball({f"{name}-{version}/Cargo.toml": cargo_toml(name, version), **members})
    return gzip.compress(gzip.decompress(packed), 1, mtime=0)  # the same bytes at any time


def noisy(crates: Crates, name: str, version: str = "1.0.0", *, size: int = BIG) -> bytes:
    """A crate upstream that no compression makes smaller."""
    content = crate(name, version, **{f"{name}-{version}/noise": noise(size, f"{name} {version}")})
    crates.add(name, version)
    crates.change(name, version, cksum=sha256(content))
    crates.files.serve(crates.path(name, version), content, etag=f'"{name}"')
    return content


def spell(crates: Crates, name: str, body: bytes, kind: str = "text/plain") -> None:
    """Let the upstream's index file of a crate be these very bytes."""
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    crates.origin.serve(f"/{place(name)}", body, headers={"Content-Type": kind}, etag=etag)


async def shown(mirror: Mirror, name: str, repository: str = "main") -> Reply:
    """A crate's index file, as cargo asks for it."""
    return await mirror.get(page(name, repository), Accept="text/plain", Accept_Encoding="identity")


def lines(reply: Reply) -> dict[str, dict[str, Any]]:
    """The lines of such a file by version; of each version there is one."""
    assert reply.status == 200, reply
    found = [json.loads(line) for line in reply.body.splitlines()]
    assert len({each["vers"] for each in found}) == len(found)
    return {each["vers"]: each for each in found}


async def put(mirror: Mirror, body: bytes, repository: str = "main") -> Reply:
    """Any body at all, to where publications go; the token stands alone, as cargo sends it."""
    headers = {"Authorization": await mirror.token(), "Accept": "application/json"}
    place_ = f"/cargo/{repository}/api/v1/crates/new"
    return await mirror.ask(place_, "PUT", data=io.BytesIO(body), headers=headers)


def publication(
    name: str, version: str = "1.0.0", content: bytes | None = None, **more: Any
) -> bytes:
    """The body of `cargo publish`; `more` goes to its JSON."""
    said = orjson.dumps(document(name, version, **more))
    return frame(said, crate(name, version) if content is None else content)


def sentence(reply: Reply) -> str:
    """What an error says, as cargo prints it; anything else it dumps with all headers."""
    assert reply.headers["Content-Type"].partition(";")[0] == "application/json", reply
    assert reply.headers["Cache-Control"] == "no-store", reply
    [said] = reply.json["errors"]
    detail: str = said["detail"]
    assert reply.json == {"errors": [{"detail": detail}]}
    assert len(detail) > 20
    assert detail.isprintable(), detail
    return detail


def check_shape(reply: Reply) -> None:
    """One sentence, and nothing in it of the machine that we run on."""
    assert "/tmp" not in sentence(reply)


def check_refusal(reply: Reply) -> None:
    """What was sent cannot be right, or is too much."""
    assert reply.status in {400, 413}, reply
    check_shape(reply)


def connected(origin: Origin, count: int) -> dict[str, Any]:
    """The configuration for so many registries, each in a folder of one upstream host."""
    names = [f"site-{number}" for number in range(count)]
    return {
        "connections": {name: {"format": "cargo", "url": f"{origin.url}{name}/"} for name in names},
        "repositories": {name: {"connection": name} for name in names},
    }


class Site(NamedTuple):
    """One registry; `name` is its folder, and where the mirror has it."""

    mirror: Mirror
    origin: Origin
    name: str

    @classmethod
    def at(cls, mirror: Mirror, origin: Origin, number: int) -> Self:
        """A registry with crates in its folder `dl`."""
        site = cls(mirror, origin, f"site-{number}")
        site.configure({"dl": site.url(), "api": "https://crates.example"})
        return site

    def url(self, folder: str = "dl") -> str:
        return f"{self.origin.url}{self.name}/{folder}"

    def configure(self, config: Any) -> None:
        self.origin.serve_json(f"/{self.name}/config.json", config)

    def spell(self, config: bytes) -> None:
        """These very bytes, called JSON."""
        headers = {"Content-Type": "application/json"}
        self.origin.serve(f"/{self.name}/config.json", config, headers=headers)

    def fault(self, fault: Fault | None) -> None:
        """What becomes of config.json."""
        self.origin.always(f"/{self.name}/config.json", fault)

    def add(self, name: str, content: bytes | None = None, folder: str = "dl") -> bytes:
        """A crate of version 1.0.0, its file in a folder of the registry."""
        if content is None:  # of its own: what is here already is not fetched from elsewhere
            content = crate(name, **{f"{name}-1.0.0/of": self.name.encode()})
        said = json.dumps(line(name, cksum=sha256(content))).encode()
        self.origin.serve(f"/{self.name}/{place(name)}", said + b"\n")
        self.origin.serve(f"/{self.name}/{folder}/{name}/1.0.0/download", content)
        return content

    async def has(self, name: str, content: bytes) -> None:
        """Index file and crate are right."""
        assert list(lines(await shown(self.mirror, name, self.name))) == ["1.0.0"]
        reply = await self.mirror.get(path(name, repository=self.name))
        assert (reply.status, reply.body) == (200, content), (self.name, reply)

    async def lacks(self, name: str, status: int) -> None:
        """Neither is to be had, and it is not said that they do not exist."""
        for place_ in (page(name, self.name), path(name, repository=self.name)):
            reply = await self.mirror.get(place_)
            assert reply.status == status, (self.name, place_, reply)
            check_shape(reply)

    def age(self) -> None:
        """Its config.json was asked for the day before yesterday."""
        self.mirror.sql(
            "UPDATE upstream_document SET checked_at = checked_at - ? WHERE url = ?",
            DAYS,
            self.url("config.json"),
        )
