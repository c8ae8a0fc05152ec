"""Metadata beside a wheel (PEP 658): what a page promises is what its address serves."""

import asyncio

import pytest

from tests.faults.packages import sha256
from tests.faults.projects import files, noisy, path, shown
from tests.faults.server import Mirror
from tests.index import Index
from tests.origin import Drop, Flip, Page, Short, Status, Truncate


async def test_a_sidecar_that_lies(mirror: Mirror, index: Index) -> None:
    """lessons #4, #27: wrong metadata is fatal to pip and uv, and worse if they believed it."""

    async def check(name: str, fault: object) -> None:
        file, _ = noisy(index, name, size=10)
        place = index.path(file) + ".metadata"
        right = index.origin.resources[place].body
        index.origin.always(place, fault)
        reply = await mirror.get(f"{path(file)}.metadata")
        assert reply.status in {429, 502, 503}, (fault, reply)
        assert len(reply.body) > 20
        index.origin.always(place, None)
        reply = await mirror.get(f"{path(file)}.metadata")
        assert (reply.status, reply.body) == (200, right), fault
        assert sha256(reply.body) == index_digest(await shown(mirror, name))

    faults = [Flip(3), Short(20), Truncate(20), Page(), Drop(), Status(403), Status(500)]
    await asyncio.gather(*(check(f"sidecar-{n}", fault) for n, fault in enumerate(faults)))


def index_digest(reply) -> str:
    """The digest of the metadata that a page advertises."""
    [entry] = reply.json["files"]
    assert entry["core-metadata"] == entry["data-dist-info-metadata"]
    return entry["core-metadata"]["sha256"]


@pytest.mark.parametrize("first", ["wheel", "sidecar"])
async def test_a_sidecar_that_is_not_there(mirror: Mirror, index: Index, first: str) -> None:
    """lessons #27: proxpi#23, tuna/issues#2397; whoever was promised metadata has no other way."""
    file, _ = noisy(index, f"promised-{first}", size=10)
    right = index.origin.resources.pop(index.path(file) + ".metadata").body
    assert files(await shown(mirror, f"promised-{first}")) == [file]
    if first == "wheel":
        assert (await mirror.get(path(file))).status == 200
    reply = await mirror.get(f"{path(file)}.metadata")
    assert (reply.status, reply.body) == (200, right)


async def test_a_sidecar_is_made_of_what_is_stored(mirror: Mirror, index: Index) -> None:
    """lessons #27: an index without sidecars; not advertised before it can be served."""
    file, _ = noisy(index, "unpromised", size=10, sidecar=False)
    [entry] = (await shown(mirror, "unpromised")).json["files"]
    assert not entry.get("core-metadata")
    assert (await mirror.get(f"{path(file)}.metadata")).status == 404
    assert (await mirror.get(path(file))).status == 200
    sidecar = await mirror.get(f"{path(file)}.metadata")
    assert sidecar.body.startswith(b"Metadata-Version: 2.1\nName: unpromised\n")
    assert index_digest(await shown(mirror, "unpromised")) == sha256(sidecar.body)
