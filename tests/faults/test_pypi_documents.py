"""Simple pages that are false, late, empty or gone; and how long a good one is good."""

import asyncio

import pytest

from tests.distributions import wheel
from tests.faults.conftest import EXPIRED
from tests.faults.projects import files, page, path, shown, upload, wheel_name
from tests.faults.server import Mirror
from tests.index import JSON, Index
from tests.origin import BrokenChunk, Drop, Garbage, Page, Short, Stall, Status, Truncate

UNTRUE = [
    b'{"meta":{"api-version":"1.4"},"name":"%b","files":[{"filename":"%b-1.0.tar.gz","url":"x',
    b'{"meta":{"api-version":"1.4"},"name":"another","files":[]}',
    b'{"meta":{"api-version":"2.0"},"name":"%b","files":[]}',
    b'{"meta":{"api-version":"1.4"},"name":"%b","files":{}}',
    b'{"meta":{"api-version":"1.4"},"name":"%b"}',
    b'{"meta":{"api-version":"1.4"},"name":"%b","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"error": "try later"}',
    b"[" * 10_000,
    b"null",
    b'"%b"',
    b"",
    b"\x1f\x8b\x08 no gzip",
    b"<html><body><form action='/login'><input name='user'></form></body></html>",
    b'<html><body><a href="/home">Home</a> <a href="/imprint">Imprint</a></body></html>',
    b'<meta name="pypi:repository-version" content="2.0"><a href="%b-1.0.tar.gz">x</a>',
]


async def test_a_page_that_cannot_be_true_is_no_absence(mirror: Mirror, index: Index) -> None:
    """lessons #14, #16: 502 where there is nothing else, and never instead of what is good."""

    async def check(number: int) -> None:
        name = f"untrue-{number}"
        untrue = UNTRUE[number].replace(b"%b", name.encode())
        kind = "text/html" if untrue.startswith(b"<") else JSON
        index.origin.serve(f"/simple/{name}/", untrue, headers={"Content-Type": kind})
        reply = await shown(mirror, name)
        assert reply.status == 502, (untrue[:60], reply)
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        index.add(name, "1.0")
        good = await shown(mirror, name)
        assert files(good) == [wheel_name(name)]
        index.origin.serve(f"/simple/{name}/", untrue, headers={"Content-Type": kind})
        await asyncio.sleep(EXPIRED)
        stale = await shown(mirror, name)
        assert (stale.status, stale.body) == (200, good.body), untrue[:60]
        assert stale.headers["Warning"].startswith("110 "), untrue[:60]

    await asyncio.gather(*map(check, range(len(UNTRUE))))


@pytest.mark.parametrize("title", [b"Please log in", b"502 Bad Gateway"])
async def test_a_web_page_without_links_is_no_absence(
    mirror: Mirror, index: Index, title: bytes
) -> None:
    """lessons #14: an error page with status 200; only what says that it is an index may be empty."""
    name = title.decode().replace(" ", "-").lower()
    index.origin.always(f"/simple/{name}/", Page(b"<html><h1>%b</h1></html>" % title))
    assert (await shown(mirror, name)).status == 502
    index.origin.always(f"/simple/{name}/", None)
    index.add(name, "1.0")
    assert files(await shown(mirror, name)) == [wheel_name(name)]


EMPTY = [
    (JSON, b'{"meta":{"api-version":"1.4"},"name":"%b","files":[]}'),
    (JSON, b'{"meta":{"api-version":"1.4"},"name":"%b","files":[],"versions":["1.0"]}'),
    (JSON, b'{"meta":{"api-version":"1.4"},"name":"%b","files":[{"filename":"other-1.0.zip"}]}'),
    ("text/html", b"<!DOCTYPE html><html><head><title>Links for %b</title></head></html>"),
]


async def test_an_empty_page_never_replaces_a_good_one(mirror: Mirror, index: Index) -> None:
    """lessons #16: bandersnatch#140, warehouse#5331; where nothing is known it is an absence."""

    async def check(number: int) -> None:
        name = f"empty-{number}"
        kind, empty = EMPTY[number]
        empty = empty.replace(b"%b", name.encode())
        index.add(name, "1.0")
        good = await shown(mirror, name)
        index.origin.serve(f"/simple/{name}/", empty, headers={"Content-Type": kind})
        await asyncio.sleep(EXPIRED)
        stale = await shown(mirror, name)
        assert (stale.status, stale.body) == (200, good.body), empty
        assert stale.headers["Warning"].startswith("110 "), empty
        assert (await mirror.get(path(wheel_name(name)))).status == 200
        empty = empty.replace(name.encode(), f"{name}-cold".encode())
        index.origin.serve(f"/simple/{name}-cold/", empty, headers={"Content-Type": kind})
        assert (await shown(mirror, f"{name}-cold")).status == 404, empty

    await asyncio.gather(*map(check, range(len(EMPTY))))


OUTAGES = [
    Status(404),
    Status(410),
    Status(401),
    Status(403),
    Status(429),
    Status(500),
    Status(503),
    Page(b"<html><h1>502 Bad Gateway</h1></html>"),
    Page(),
    Short(0),
    Truncate(20),
    Stall(20),
    Stall(0),
    Drop(),
    Garbage(),
]


async def test_a_good_page_outlives_its_upstream(mirror: Mirror, index: Index) -> None:
    """lessons #14, #16: served stale, marked so, in the time that stale_wait allows; with its
    files and their sidecars.
    """

    async def check(number: int) -> None:
        name, fault = f"outlives-{number}", OUTAGES[number]
        index.add(name, "1.0")
        index.origin.resources[
            f"/simple/{name}/"
        ].etag = None  # or it would say "unchanged-page" first
        file = wheel_name(name)
        good = await shown(mirror, name)
        assert "Warning" not in good.headers
        held = [await mirror.get(path(file) + suffix) for suffix in ("", ".metadata")]
        assert {each.status for each in held} == {200}
        for place in (f"/simple/{name}/", index.path(file), index.path(file) + ".metadata"):
            index.origin.always(place, fault)
        await asyncio.sleep(EXPIRED)
        async with asyncio.timeout(5):
            stale = await shown(mirror, name)
        assert (files(stale), stale.body) == ([file], good.body), fault
        assert stale.headers["Warning"].startswith("110 "), fault
        for suffix, before in zip(("", ".metadata"), held, strict=True):
            assert (await mirror.get(path(file) + suffix)).body == before.body, fault

    await asyncio.gather(*map(check, range(len(OUTAGES))))


async def test_a_refusal_is_neither_told_nor_remembered_as_absence(
    mirror: Mirror, index: Index
) -> None:
    """lessons #14, #15: pip and uv take 404 for "no such project" and go on to another index; so
    it is 5xx with a sentence, and the next request asks again.
    """

    async def check(name: str, fault: object, expected: set[int]) -> None:
        index.add(name, "1.0")
        index.origin.always(f"/simple/{name}/", fault)
        file = path(wheel_name(name))
        places = (page(name), file, f"{file}.metadata", f"/pypi/main/pypi/{name}/json")
        for reply in await asyncio.gather(*map(mirror.get, places)):
            assert reply.status in expected, (name, reply)
            assert int(reply.headers["Retry-After"]) > 0
            assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert reply.headers["Cache-Control"] == "no-store"
            assert len(reply.body) > 20
            assert not reply.body.startswith((b"{", b"<"))
        index.origin.always(f"/simple/{name}/", None)
        assert (await mirror.get(file)).status == 200

    faults = {f"refused-{code}": Status(code) for code in (401, 403, 429, 500, 502, 503, 504)}
    broken = (Drop(), Stall(0), Stall(20), Truncate(20), BrokenChunk(20))
    faults |= {f"refused-broken-{number}": fault for number, fault in enumerate(broken)}
    await asyncio.gather(
        *(
            check(name, fault, {getattr(fault, "status", 502), 502} - {401, 403, 500})
            for name, fault in faults.items()
        )
    )


async def test_later_stays_later(lone_index: Index, tmp_path) -> None:
    """lessons #14, #14b: Retry-After is kept, and the upstream has its rest; a 403 for one file is
    no sign that the host is down.
    """
    lone_index.elsewhere |= {"forbidden", "permitted", "later"}
    for name in lone_index.elsewhere:
        lone_index.add(name, "1.0")
    lone_index.files.always(lone_index.path(wheel_name("forbidden")), Status(403))
    lone_index.origin.always("/simple/later/", Status(429, {"Retry-After": "77"}))
    async with Mirror(tmp_path, lone_index.connection()) as mirror:
        for _ in range(10):
            assert (await mirror.get(path(wheel_name("forbidden")))).status == 502
        assert (await mirror.get(path(wheel_name("permitted")))).status == 200
        for place in (page("later"), path(wheel_name("later")), page("later")):
            reply = await mirror.get(place)
            assert reply.status == 429
            assert 70 <= int(reply.headers["Retry-After"]) <= 77
        assert len(lone_index.origin.seen("/simple/later/")) == 1


async def test_304_makes_a_page_fresh_again(mirror: Mirror, index: Index) -> None:
    """lessons #1, #2: one transfer; and no validator for bytes that are missing or damaged."""
    index.add("unchanged-page", "1.0")
    first = await shown(mirror, "unchanged-page")
    await asyncio.sleep(EXPIRED)
    for _ in range(5):
        again = await shown(mirror, "unchanged-page")
        assert (again.status, again.body) == (200, first.body)
        assert "Warning" not in again.headers
    [_, second] = index.origin.seen("/simple/unchanged-page/")
    assert second.headers["If-None-Match"] == index.origin.resources["/simple/unchanged-page/"].etag
    assert index.origin.transfers["/simple/unchanged-page/"] == 1
    for table, key in (("upstream_document", "url"), ("upstream_listing", "name")):
        [[digest]] = mirror.sql(f"SELECT sha256 FROM {table} WHERE {key} LIKE '%unchanged-page%'")
        mirror.spoil(digest)
    await asyncio.sleep(EXPIRED)
    again = await shown(mirror, "unchanged-page")
    assert (again.status, again.body) == (200, first.body)
    assert "If-None-Match" not in index.origin.seen("/simple/unchanged-page/")[-1].headers


async def test_absence_is_remembered_until_someone_publishes(mirror: Mirror, index: Index) -> None:
    """lessons #15: a true 404 for a while, for page and files; an upload here ends it at once."""
    name, (file, content) = "absent-yet", wheel("absent-yet", "1.0")
    for _ in range(5):
        for place in (page(name), path(file), f"{path(file)}.metadata"):
            reply = await mirror.get(place)
            assert reply.status == 404
            assert reply.headers["Cache-Control"] == "no-store"
    assert len(index.origin.seen(f"/simple/{name}/")) == 1
    published = await upload(mirror, file, content, name=name)
    assert published.status == 200, published
    assert files(await shown(mirror, name)) == [file]
    assert (await mirror.get(path(file))).body == content
