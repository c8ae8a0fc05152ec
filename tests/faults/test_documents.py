"""Upstream documents that are huge, deep, false, late or gone; and how long a good one is good."""

import asyncio
import gzip
import json
import time

import pytest

from tests.faults.conftest import EXPIRED
from tests.faults.packages import (
    ABBREVIATED,
    TIME,
    huge,
    noise,
    packument,
    path,
    publication,
    stock,
    upstream_path,
)
from tests.faults.server import Mirror
from tests.origin import Drop, Garbage, Origin, Page, Short, Stall, Status, Truncate

MIB = 1024 * 1024


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_a_packument_of_60_mb_stalls_nobody(
    mirror: Mirror, origin: Origin, coding: str
) -> None:
    """Also where it arrives as a gzip of less than a megabyte; memory stays bounded."""
    name = f"huge-{coding}"
    body = huge(str(origin.url), name, 60 * MIB)
    assert len(body) > 60 * MIB
    headers = {"Content-Type": "application/json"}
    if coding == "gzip":
        body = gzip.compress(body, 6)
        assert len(body) < MIB
        headers["Content-Encoding"] = "gzip"
    origin.serve(f"/{name}", body, headers=headers)
    stock(origin, "beside", noise(1000))
    await mirror.get(path("beside"))
    before = mirror.memory()
    asking = asyncio.create_task(
        mirror.get(f"/npm/main/{name}", Accept=ABBREVIATED, Accept_Encoding="gzip")
    )
    waits = []
    while not asking.done():
        began = time.perf_counter()
        assert (await mirror.get(path("beside"))).status == 200
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    reply = await asking
    assert reply.status == 200, reply
    assert len(json.loads(gzip.decompress(reply.body))["versions"]) > 2000
    waits.sort()
    assert waits[-1] < 0.5, waits[-5:]
    assert waits[len(waits) * 95 // 100] < 0.15, waits[-20:]
    assert mirror.memory() - before < 200 * MIB


UNTRUE = [
    b'{"name":"%b","versions":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"name":"%b","x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    b"[" * 10_000,
    b"<html>Welcome to the hotel</html>",
    b"",
    b"null",
    b"[]",
    b'"text"',
    b'{"name":"another","versions":{}}',
    b'{"name":"%b","versions":[1,2]}',
    b"\x1f\x8b\x08" + noise(500),
]


async def test_a_document_that_cannot_be_true_is_no_absence(mirror: Mirror, origin: Origin) -> None:
    """lessons #14, #16: 502 where there is nothing else, and never instead of what is good."""

    async def check(number: int) -> None:
        name = f"untrue-{number}"
        untrue = UNTRUE[number].replace(b"%b", name.encode())
        origin.serve(f"/{name}", untrue)
        reply = await mirror.get(f"/npm/main/{name}")
        assert reply.status == 502, (untrue[:40], reply)
        stock(origin, name, noise(100))
        assert (await mirror.get(f"/npm/main/{name}")).status == 200
        origin.serve(f"/{name}", untrue)
        await asyncio.sleep(EXPIRED)
        reply = await mirror.get(f"/npm/main/{name}")
        assert (reply.status, list(reply.json["versions"])) == (200, ["1.0.0"]), untrue[:40]
        assert reply.headers["Warning"].startswith("110 "), untrue[:40]

    await asyncio.gather(*map(check, range(len(UNTRUE))))


FAULTS = [
    Status(404),
    Status(410),
    Status(401),
    Status(403),
    Status(429),
    Status(500),
    Status(503),
    Page(),
    Short(0),
    Truncate(20),
    Stall(20),
    Drop(),
    Garbage(),
]


async def test_a_good_packument_outlives_its_upstream(mirror: Mirror, origin: Origin) -> None:
    """lessons #14, #16: served stale, marked so, with its tarball; 404 included."""

    async def check(number: int) -> None:
        name, fault = f"outlives-{number}", FAULTS[number]
        stock(origin, name, noise(1000), etag=None)  # or it would say "unchanged" first
        good = await mirror.get(f"/npm/main/{name}")
        assert good.status == 200
        assert "Warning" not in good.headers
        assert (await mirror.get(path(name))).status == 200
        origin.always(f"/{name}", fault)
        origin.always(upstream_path(name), fault)
        await asyncio.sleep(EXPIRED)
        stale = await mirror.get(f"/npm/main/{name}")
        assert (stale.status, stale.body) == (200, good.body), fault
        assert stale.headers["Warning"].startswith("110 "), fault
        assert (await mirror.get(path(name))).body == noise(1000)

    await asyncio.gather(*map(check, range(len(FAULTS))))


async def test_a_refusal_is_neither_told_nor_remembered_as_absence(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #14, #15: not 404, and the next request asks again."""

    async def check(status: int) -> None:
        name = f"refused-{status}"
        stock(origin, name, noise(100))
        origin.always(f"/{name}", Status(status))
        for place in (f"/npm/main/{name}", path(name), f"/npm/main/{name}/1.0.0"):
            reply = await mirror.get(place)
            assert reply.status == (status if status in {429, 503, 504} else 502), (place, reply)
            assert int(reply.headers["Retry-After"]) > 0
        origin.always(f"/{name}", None)
        assert (await mirror.get(path(name))).status == 200

    await asyncio.gather(*map(check, (401, 403, 429, 500, 502, 503, 504)))


async def test_retry_after_is_passed_on(lone_origin: Origin, tmp_path) -> None:
    """lessons #14: "later" stays "later", with its time; meanwhile the upstream has its rest."""
    stock(lone_origin, "later", noise(100))
    lone_origin.always("/later", Status(429, {"Retry-After": "77"}))
    async with Mirror(tmp_path, connected(lone_origin)) as mirror:
        for _ in range(3):
            reply = await mirror.get("/npm/main/later")
            assert reply.status == 429
            assert 70 <= int(reply.headers["Retry-After"]) <= 77
        assert len(lone_origin.seen("/later")) == 1


async def test_403_for_one_file_does_not_open_the_breaker(lone_origin: Origin, tmp_path) -> None:
    """lessons #14b."""
    for name in ("forbidden", "permitted"):
        stock(lone_origin, name, noise(100))
    lone_origin.always(upstream_path("forbidden"), Status(403))
    async with Mirror(tmp_path, connected(lone_origin)) as mirror:
        for _ in range(10):
            assert (await mirror.get(path("forbidden"))).status == 502
        assert (await mirror.get(path("permitted"))).status == 200


async def test_the_breaker_opens_and_closes_by_itself(lone_origin: Origin, tmp_path) -> None:
    """lessons #30: an upstream that is down is left alone, then tried again."""
    stock(lone_origin, "breaks", noise(100))
    lone_origin.always("/breaks", Status(500))
    async with Mirror(tmp_path, connected(lone_origin)) as mirror:
        for _ in range(8):
            assert (await mirror.get("/npm/main/breaks")).status in {502, 503}
        asked = len(lone_origin.requests)
        reply = await mirror.get("/npm/main/breaks")
        assert reply.status in {502, 503}
        assert len(lone_origin.requests) == asked
        lone_origin.always("/breaks", None)
        await asyncio.sleep(1.1)
        assert (await mirror.get("/npm/main/breaks")).status == 200


async def test_304_makes_a_document_fresh_again(mirror: Mirror, origin: Origin) -> None:
    """lessons #1: counted at the upstream; a 304 is no error, and no further source is asked."""
    stock(origin, "unchanged", noise(100))
    first = await mirror.get("/npm/main/unchanged")
    await asyncio.sleep(EXPIRED)
    for _ in range(5):
        again = await mirror.get("/npm/main/unchanged")
        assert (again.status, again.body) == (200, first.body)
        assert "Warning" not in again.headers
    asked = origin.seen("/unchanged")
    assert [each.headers.get("If-None-Match") for each in asked] == [None, '"1"']
    assert origin.transfers["/unchanged"] == 1


async def test_no_validator_is_sent_for_bytes_that_are_gone(mirror: Mirror, origin: Origin) -> None:
    """lessons #2: a document whose blob is missing or damaged is fetched whole, not with a 304."""
    for harm in ("missing", "damaged"):
        name = f"validator-{harm}"
        stock(origin, name, noise(100))
        good = await mirror.get(f"/npm/main/{name}")
        for table in ("upstream_document", "upstream_listing"):
            column = "url" if table == "upstream_document" else "name"
            [[digest]] = mirror.sql(f"SELECT sha256 FROM {table} WHERE {column} LIKE ?", f"%{name}")
            if harm == "missing":
                mirror.blob(digest).unlink()
            else:
                mirror.spoil(digest)
        await asyncio.sleep(EXPIRED)
        again = await mirror.get(f"/npm/main/{name}")
        assert (again.status, again.body) == (200, good.body)
        assert [each.headers.get("If-None-Match") for each in origin.seen(f"/{name}")] == [
            None,
            None,
        ]


async def test_a_version_published_a_moment_ago_is_found(mirror: Mirror, origin: Origin) -> None:
    """lessons #3: one forced round where a fresh document lacks the version; shared by many."""
    stock(origin, "brandnew", noise(100, 1))
    assert (await mirror.get(path("brandnew"))).status == 200
    [[stamp]] = mirror.sql("SELECT checked_at FROM upstream_listing WHERE name = 'brandnew'")
    mirror.sql("UPDATE upstream_listing SET checked_at = ? WHERE name = 'brandnew'", stamp + 3)
    stock(origin, "brandnew", noise(100, 1), noise(100, 2), etag='"2"')
    await asyncio.sleep(stamp + 4.05 - time.time())  # fresh until 5, asked again from 4 on
    asked = len(origin.seen("/brandnew"))
    replies = await asyncio.gather(*(mirror.get(path("brandnew", "2.0.0")) for _ in range(10)))
    assert {(reply.status, reply.body) for reply in replies} == {(200, noise(100, 2))}
    assert len(origin.seen("/brandnew")) == asked + 1
    # A version that nobody has cannot be used to hammer the upstream.
    began = time.time()
    places = [path("brandnew", f"9.9.{number}") for number in range(20)]
    replies = await asyncio.gather(*map(mirror.get, places))
    assert {reply.status for reply in replies} == {404}
    assert len(origin.seen("/brandnew")) <= asked + 2 + (time.time() - began)


async def test_absence_is_remembered_until_someone_publishes(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #15: a true 404 for a while; a publish here ends it at once."""
    for _ in range(5):
        assert (await mirror.get("/npm/main/absent")).status == 404
        assert (await mirror.get(path("absent"))).status == 404
    assert len(origin.seen("/absent")) == 1
    published = await mirror.publish("absent", publication("absent"))
    assert published.status in {200, 201}, published
    assert list((await mirror.get("/npm/main/absent")).json["versions"]) == ["1.0.0"]
    assert (await mirror.get(path("absent"))).status == 200


async def test_nothing_is_remembered_of_an_upstream_that_is_away(
    lone_origin: Origin, tmp_path
) -> None:
    """lessons #14, #15: down, what is cached is served and what is not is 5xx; then all is well."""
    stock(lone_origin, "cached", noise(1000, 1))
    stock(lone_origin, "unknown", noise(1000, 2))
    lone_origin.always("/cached", Drop())
    async with Mirror(tmp_path, {**connected(lone_origin), **SHORT}) as mirror:
        lone_origin.always("/cached", None)
        good = await mirror.get("/npm/main/cached")
        assert (await mirror.get(path("cached"))).status == 200
        for name in ("cached", "unknown"):
            lone_origin.always(f"/{name}", Drop())
        await asyncio.sleep(EXPIRED)
        for _ in range(2):
            stale = await mirror.get("/npm/main/cached")
            assert (stale.status, stale.body) == (200, good.body)
            assert stale.headers["Warning"].startswith("110 ")
            assert (await mirror.get(path("cached"))).body == noise(1000, 1)
            for place in ("/npm/main/unknown", path("unknown")):
                reply = await mirror.get(place)
                assert reply.status in {502, 503, 504}, reply
        for name in ("cached", "unknown"):
            lone_origin.always(f"/{name}", None)
        await asyncio.sleep(EXPIRED)  # of the breaker's first pause
        assert (await mirror.get(path("unknown"))).status == 200


async def test_unknown_fields_are_kept(mirror: Mirror, origin: Origin) -> None:
    """lessons #31: times, signatures, attestations, deprecations, and what nobody heard of yet."""
    document = packument(str(origin.url), "fields", {"1.0.0": b"x"}, new=[1])
    version = document["versions"]["1.0.0"]
    version |= {"deprecated": "no more", "_npmUser": {"name": "x"}, "future": {"deep": [None]}}
    version["dist"] |= {
        "signatures": [{"keyid": "k", "sig": "s"}],
        "attestations": {"url": "https://up/x", "provenance": {"predicateType": "p"}},
        "fileCount": 3,
    }
    origin.serve_json("/fields", document)
    full = (await mirror.get("/npm/main/fields")).json
    assert full["time"]["1.0.0"] == TIME
    assert full["new"] == [1]
    got = full["versions"]["1.0.0"]
    for key in ("deprecated", "_npmUser", "future"):
        assert got[key] == version[key]
    for key in ("signatures", "fileCount", "integrity", "shasum"):
        assert got["dist"][key] == version["dist"][key]
    assert got["dist"]["attestations"]["provenance"] == {"predicateType": "p"}
    short = (await mirror.get("/npm/main/fields", Accept=ABBREVIATED)).json
    assert short["versions"]["1.0.0"]["deprecated"] == "no more"
    assert short["time"]["1.0.0"] == TIME


async def test_each_variant_of_a_document_has_a_name_of_its_own(
    mirror: Mirror, origin: Origin
) -> None:
    """lessons #8, #9: Vary, and an ETag each for full and short, plain and compressed."""
    origin.serve_json(
        "/variants",
        packument(str(origin.url), "variants", {"1.0.0": b"x"}, readme="a long story " * 500),
    )
    tags = {}
    for accept in ("application/json", ABBREVIATED):
        for coding in ("identity", "gzip"):
            reply = await mirror.get("/npm/main/variants", Accept=accept, Accept_Encoding=coding)
            vary = {each.strip().lower() for each in reply.headers["Vary"].split(",")}
            assert vary == {"accept", "accept-encoding"}
            tags[reply.headers["ETag"]] = (accept, coding)
            packed = reply.headers.get("Content-Encoding") == "gzip"
            body = gzip.decompress(reply.body) if packed else reply.body
            assert ("readme" in json.loads(body)) == (accept != ABBREVIATED)
    assert len(tags) >= 3  # the short one may be too small to compress
    for tag, (accept, coding) in tags.items():
        same = {"Accept": accept, "Accept_Encoding": coding}
        assert (await mirror.get("/npm/main/variants", **same, If_None_Match=tag)).status == 304
        other = {**same, "Accept": "application/json" if accept == ABBREVIATED else ABBREVIATED}
        assert (await mirror.get("/npm/main/variants", **other, If_None_Match=tag)).status == 200


SHORT = {"cache": {"lifetimes": {"npm": "1s"}, "stale_wait": "1s"}}


def connected(origin: Origin) -> dict:
    return {"connections": {"public:npmjs": {"url": str(origin.url)}}}
