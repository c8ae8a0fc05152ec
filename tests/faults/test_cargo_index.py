"""Index files that are false, cut, late or gone; and how long a good one is good."""

import asyncio
import json
from typing import Any

import pytest

from tests.crates import Crates, place
from tests.faults.conftest import EXPIRED
from tests.faults.crates import (
    API,
    check_shape,
    crate,
    lines,
    noisy,
    page,
    path,
    publication,
    put,
    shown,
    spell,
)
from tests.faults.packages import sha256
from tests.faults.server import Mirror
from tests.formats.cargo.samples import line
from tests.origin import BrokenChunk, Drop, Garbage, Page, Short, Stall, Status, Truncate

PLAIN = "text/plain"
UNTRUE: list[tuple[str, bytes]] = [
    ("text/html", b"<html><body><form action='/login'></form></body></html>"),
    (PLAIN, b"<!DOCTYPE html>\n<html>\n<body>502 Bad Gateway</body>\n</html>\n"),
    (PLAIN, b"Service temporarily unavailable\n"),
    (PLAIN, json.dumps([line("%b"), line("%b", "2.0.0")]).encode()),
    (PLAIN, json.dumps(line("%b"), indent=1).encode()),
    (PLAIN, b'{"errors":[{"detail":"try later"}]}\n'),
    (PLAIN, json.dumps(line("another")).encode()),
    (PLAIN, json.dumps(line("%b"))[:-20].encode()),
    (PLAIN, json.dumps(line("%b", cksum="ab" * 20)).encode()),
    (PLAIN, json.dumps(line("%b", cksum=None)).encode()),
    (PLAIN, json.dumps(line("%b", vers="1.0")).encode()),
    (PLAIN, json.dumps(line("%b", vers="../../1.0.0")).encode()),
    (PLAIN, json.dumps(line("%b"))[:-1].encode() + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    (PLAIN, b'{"a":' * 10_000),
    (PLAIN, b"null\n"),
    (PLAIN, b'"%b"\n'),
    (PLAIN, b"\x1f\x8b\x08 no gzip"),
    (PLAIN, b"\x00" * 1000),
    (PLAIN, b""),
]


async def test_an_index_file_that_cannot_be_true_is_no_absence(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #14, #16: cargo passes over such lines in silence and says "no matching package"; so
    it is 502 where there is nothing else, and never instead of what is good.
    """

    async def check(number: int) -> None:
        name = f"untrue-{number}"
        kind, untrue = UNTRUE[number]
        untrue = untrue.replace(b"%b", name.encode())
        spell(crates, name, untrue, kind)
        for place_ in (page(name), path(name), f"{API}/{name}"):
            reply = await mirror.get(place_)
            assert reply.status == 502, (untrue[:60], place_, reply)
            check_shape(reply)
        crates.add(name, "1.0.0")
        good = await shown(mirror, name)
        assert list(lines(good)) == ["1.0.0"]
        spell(crates, name, untrue, kind)
        await asyncio.sleep(EXPIRED)
        stale = await shown(mirror, name)
        assert (stale.status, stale.body) == (200, good.body), untrue[:60]
        assert stale.headers["Warning"].startswith("110 "), untrue[:60]

    await asyncio.gather(*map(check, range(len(UNTRUE))))


async def test_an_index_file_without_a_line_never_replaces_a_good_one(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #16: bandersnatch#140; and where nothing is known, it is no empty 200 either."""

    async def check(number: int, empty: bytes) -> None:
        name = f"no-line-{number}"
        crates.add(name, "1.0.0")
        good = await shown(mirror, name)
        spell(crates, name, empty)
        await asyncio.sleep(EXPIRED)
        stale = await shown(mirror, name)
        assert (stale.status, stale.body) == (200, good.body), empty
        assert stale.headers["Warning"].startswith("110 "), empty
        spell(crates, f"{name}-cold", empty)
        assert (await shown(mirror, f"{name}-cold")).status in {404, 502}, empty

    await asyncio.gather(*(check(*each) for each in enumerate([b"\n", b" \r\n\r\n", b"\n" * 5000])))


async def test_garbage_among_good_lines_costs_only_itself(mirror: Mirror, crates: Crates) -> None:
    """cargo.md §2.2, §8: blank lines, CRLF, other crates and versions that are none; of two lines
    for one version the later one, with which the file agrees (rust-crates-index#73).
    """
    name = "mixed-up"
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        crates.add(name, version)
    one, two, three = crates.origin.resources[f"/{place(name)}"].body.splitlines()
    lie = json.dumps(line(name, "3.0.0", cksum="0" * 64)).encode()
    garbage = [
        b"",
        b"   ",
        b"<html>",
        b"null",
        b"[]",
        b"7",
        b'{"name":',
        b"\xff\xfe\x00",
        b"[" * 10_000,
        json.dumps(line("another-one", "9.0.0")).encode(),
        json.dumps(line(name, "9")).encode(),
        json.dumps(line(name, "9.0.0/../..")).encode(),
        json.dumps(line(name, "9.0.0", cksum="x" * 64)).encode(),
        b'{"name":["%b"],"vers":{},"cksum":1}' % name.encode(),
    ]
    body = b"\n".join([*garbage, one, *garbage, two + b"\r", lie, three, *garbage, b""])
    spell(crates, name, body)
    found = lines(await shown(mirror, name))
    assert list(found) == ["1.0.0", "2.0.0", "3.0.0"]
    for version in found:
        reply = await mirror.get(path(name, version))
        assert (reply.status, sha256(reply.body)) == (200, found[version]["cksum"])


@pytest.mark.parametrize("depth", [200, 253, 254, 255, 1025])
async def test_a_line_as_deep_as_can_be_costs_at_most_itself(
    mirror: Mirror, crates: Crates, depth: int
) -> None:
    """lessons #16: JSON is read deeper than it is written, and a line is wrapped when it is kept."""
    name = f"deep-{depth}"
    crates.add(name, "1.0.0")
    good = crates.origin.resources[f"/{place(name)}"].body
    hostile = json.dumps(line(name, "2.0.0"))[:-1] + ',"x":' + "[" * (depth - 1) + "]" * (depth - 1)
    spell(crates, name, good + hostile.encode() + b"}\n")
    assert "1.0.0" in lines(await shown(mirror, name))
    assert (await mirror.get(path(name))).status == 200


VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "x" * 100_000,
    "\ud800",
    [],
    [1],
    {},
    {"": 1},
]
FIELDS = (
    "deps",
    "features",
    "features2",
    "links",
    "rust_version",
    "pubtime",
    "yanked",
    "v",
    "_about",
)


def odd(name: str) -> bytes:
    """Lines with one field each of any type at all, and a good one at the end."""
    told = [{field: value} for field in FIELDS for value in VALUES]
    said = [line(name, f"1.0.{number}", **each) for number, each in enumerate(told)]
    return "".join(f"{json.dumps(each)}\n" for each in [*said, line(name, "2.0.0")]).encode()


async def test_hostile_fields_of_an_upstream_cost_no_other_line(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #16, #31: of the wrong type; the file is still one, without null where cargo reads
    none (gitea#21888).
    """
    spell(crates, "odd-fields", odd("odd-fields"))
    found = lines(await shown(mirror, "odd-fields"))
    assert "2.0.0" in found
    assert all(each["deps"] is not None and each["features"] is not None for each in found.values())
    assert {each["yanked"] for each in found.values()} == {True, False}


async def test_hostile_fields_of_an_upstream_cost_no_tool_its_answer(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #16: the JSON for tools is made of the same lines."""
    spell(crates, "odd-tools", odd("odd-tools"))
    for view in ("odd-tools", "odd-tools/versions", "odd-tools/1.0.15", "odd-tools/2.0.0"):
        assert (await mirror.get(f"{API}/{view}")).status == 200, view


CUT = [Truncate(20), Truncate(300), BrokenChunk(300), Truncate(0), Stall(300)]


async def test_an_index_file_that_breaks_off_is_not_half_of_one(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #4, #14: with or without a length; versions that are not told of are not gone."""

    async def check(number: int, chunked: bool) -> None:
        name, fault = f"cut-{number}-{chunked}".lower(), CUT[number]
        for cold in (True, False):
            for version in ("1.0.0", "2.0.0", "3.0.0"):
                crates.add(name, version)
            resource = crates.origin.resources[f"/{place(name)}"]
            resource.etag, resource.chunked = None, chunked
            crates.origin.always(f"/{place(name)}", fault)
            if not cold:
                await asyncio.sleep(EXPIRED)
            reply = await shown(mirror, name)
            if cold:
                assert reply.status in {502, 503}, (fault, reply)
                check_shape(reply)
            else:
                assert len(lines(reply)) == 3, fault
                assert reply.headers["Warning"].startswith("110 ")
            crates.origin.always(f"/{place(name)}", None)
            assert len(lines(await shown(mirror, name))) == 3, fault

    await asyncio.gather(
        *(check(number, chunked) for number in range(len(CUT)) for chunked in (False, True))
    )


async def test_an_index_file_that_ends_in_the_middle_of_a_line_is_cut(
    mirror: Mirror, crates: Crates
) -> None:
    """A proxy that had half of it gives that half a length of its own. The newest version is the
    last line: without it a lock file names what "does not exist".
    """
    for cold in (True, False):
        for version in ("1.0.0", "2.0.0"):
            crates.add("half-a-line", version)
        resource = crates.origin.resources[f"/{place('half-a-line')}"]
        resource.etag = None
        crates.origin.always(f"/{place('half-a-line')}", Short(len(resource.body) - 40))
        await asyncio.sleep(EXPIRED)
        reply = await shown(mirror, "half-a-line")
        if cold:
            assert reply.status == 502, reply
        else:
            assert list(lines(reply)) == ["1.0.0", "2.0.0"]
            assert reply.headers["Warning"].startswith("110 ")
        crates.origin.always(f"/{place('half-a-line')}", None)
        assert list(lines(await shown(mirror, "half-a-line"))) == ["1.0.0", "2.0.0"]


OUTAGES = [
    *(Status(code) for code in (401, 403, 404, 410, 429, 451, 500, 503)),
    Page(b"<html><h1>502 Bad Gateway</h1></html>"),
    Short(0),
    Truncate(20),
    Stall(20),
    Stall(0),
    Drop(),
    Garbage(),
]


async def test_a_good_index_file_outlives_its_upstream(mirror: Mirror, crates: Crates) -> None:
    """lessons #14, #16: served stale, marked so, in the time that stale_wait allows; with its files."""

    async def check(number: int) -> None:
        name, fault = f"outlives-{number}", OUTAGES[number]
        content = noisy(crates, name, size=1000)
        crates.origin.resources[f"/{place(name)}"].etag = None  # or it would say "unchanged" first
        good = await shown(mirror, name)
        assert "Warning" not in good.headers
        assert (await mirror.get(path(name))).body == content
        crates.origin.always(f"/{place(name)}", fault)
        crates.files.always(crates.path(name, "1.0.0"), fault)
        await asyncio.sleep(EXPIRED)
        async with asyncio.timeout(5):
            stale = await shown(mirror, name)
        assert (stale.status, stale.body) == (200, good.body), fault
        assert stale.headers["Warning"].startswith("110 "), fault
        assert (await mirror.get(path(name))).body == content, fault

    await asyncio.gather(*map(check, range(len(OUTAGES))))


async def test_an_outage_is_neither_told_nor_remembered_as_absence(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #14, #15: cargo takes 404 for "no such crate"; so it is 5xx or 429 with a sentence and
    a time, and the next request asks again.
    """

    async def check(name: str, fault: Any, expected: set[int]) -> None:
        crates.add(name, "1.0.0")
        crates.origin.always(f"/{place(name)}", fault)
        places = (page(name), path(name), f"{API}/{name}", f"{API}/{name}/1.0.0/download")
        for reply in await asyncio.gather(*map(mirror.get, places)):
            assert reply.status in expected, (name, reply)
            assert int(reply.headers["Retry-After"]) > 0
            check_shape(reply)
        crates.origin.always(f"/{place(name)}", None)
        assert list(lines(await shown(mirror, name))) == ["1.0.0"]
        assert (await mirror.get(path(name))).status == 200

    codes = (401, 403, 429, 500, 502, 503, 504)
    faults: dict[str, Any] = {f"refused-{code}": Status(code) for code in codes}
    broken = (Drop(), Stall(0), Stall(20), Truncate(20), BrokenChunk(20))
    faults |= {f"refused-broken-{number}": fault for number, fault in enumerate(broken)}
    await asyncio.gather(
        *(
            check(name, fault, {getattr(fault, "status", 502), 502} - {401, 403, 500})
            for name, fault in faults.items()
        )
    )


async def test_later_stays_later(lone_crates: Crates, tmp_path) -> None:
    """lessons #14: Retry-After is passed on, the upstream has its rest, and a copy is served."""
    lone_crates.add("known", "1.0.0")
    lone_crates.add("later", "1.0.0")
    config = {**lone_crates.connection(), "cache": {"lifetimes": {"cargo": "1s"}}}
    async with Mirror(tmp_path, config) as mirror:
        good = await shown(mirror, "known")
        for name in ("known", "later"):
            lone_crates.origin.always(f"/{place(name)}", Status(429, {"Retry-After": "77"}))
        await asyncio.sleep(EXPIRED)
        asked = len(lone_crates.origin.requests)
        stale = await shown(mirror, "known")
        assert (stale.status, stale.body) == (200, good.body)
        assert stale.headers["Warning"].startswith("110 ")
        for place_ in (page("later"), path("later"), page("later")):
            reply = await mirror.get(place_)
            assert reply.status == 429
            assert 70 <= int(reply.headers["Retry-After"]) <= 77
            check_shape(reply)
        assert len(lone_crates.origin.requests) == asked + 1


async def test_304_makes_an_index_file_fresh_again(mirror: Mirror, crates: Crates) -> None:
    """lessons #1, #2: one transfer, config.json not again; and no validator for bytes that are gone
    or damaged.
    """
    crates.add("unchanged", "1.0.0")
    first = await shown(mirror, "unchanged")
    configs = len(crates.origin.seen("/config.json"))
    await asyncio.sleep(EXPIRED)
    for _ in range(5):
        again = await shown(mirror, "unchanged")
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "Warning" not in again.headers
    assert (await mirror.get(page("unchanged"), If_None_Match=first.headers["ETag"])).status == 304
    [_, second] = crates.origin.seen(f"/{place('unchanged')}")
    assert second.headers["If-None-Match"] == crates.origin.resources[f"/{place('unchanged')}"].etag
    assert crates.origin.transfers[f"/{place('unchanged')}"] == 1
    for table, key in (("upstream_document", "url"), ("upstream_listing", "name")):
        [[digest]] = mirror.sql(f"SELECT sha256 FROM {table} WHERE {key} LIKE '%unchanged'")
        mirror.spoil(digest)
    await asyncio.sleep(EXPIRED)
    again = await shown(mirror, "unchanged")
    assert (again.status, again.body) == (200, first.body)
    assert "If-None-Match" not in crates.origin.seen(f"/{place('unchanged')}")[-1].headers
    assert len(crates.origin.seen("/config.json")) == configs


async def test_what_is_retained_stays_while_its_index_file_changes(
    mirror: Mirror, crates: Crates
) -> None:
    """cargo.md §5, nora#640: yanks are followed, versions added; bytes and checksum of what is here
    stay as they are, whatever is said of them later, or if nothing is.
    """
    content = noisy(crates, "grows", size=1000)
    assert (await mirror.get(path("grows"))).body == content

    async def check(*versions: str, yanked: bool) -> None:
        await asyncio.sleep(EXPIRED)
        found = lines(await shown(mirror, "grows"))
        assert list(found) == list(versions)
        assert found["1.0.0"]["yanked"] is yanked
        reply = await mirror.get(path("grows"))
        assert (reply.status, reply.body) == (200, content)
        assert found["1.0.0"]["cksum"] == sha256(content)

    crates.add("grows", "1.1.0")
    crates.change("grows", "1.0.0", yanked=True)
    await check("1.0.0", "1.1.0", yanked=True)
    crates.change("grows", "1.0.0", yanked=False, cksum="0" * 64, deps=[{"name": "evil"}])
    crates.files.serve(crates.path("grows", "1.0.0"), b"other bytes")
    await check("1.0.0", "1.1.0", yanked=False)
    assert lines(await shown(mirror, "grows"))["1.0.0"]["deps"] == []
    spell(crates, "grows", json.dumps(line("grows", "1.2.0")).encode())
    await check("1.0.0", "1.2.0", yanked=False)


async def test_a_version_of_this_moment_is_found(mirror: Mirror, crates: Crates) -> None:
    """lessons #3: a lock file names it while our index file is fresh; one round, shared by many."""
    crates.add("brandnew", "1.0.0")
    assert (await mirror.get(path("brandnew"))).status == 200
    content = noisy(crates, "brandnew", "2.0.0", size=100)
    asked = len(crates.origin.seen(f"/{place('brandnew')}"))
    replies = await asyncio.gather(*(mirror.get(path("brandnew", "2.0.0")) for _ in range(10)))
    assert {(each.status, each.body) for each in replies} == {(200, content)}
    assert len(crates.origin.seen(f"/{place('brandnew')}")) <= asked + 1


async def test_absence_is_remembered_until_someone_publishes(
    mirror: Mirror, crates: Crates
) -> None:
    """lessons #15: a true 404 for a while, also for the spellings that `cargo add` tries; a publish
    here ends it at once, for nobody polls longer than a minute.
    """
    for name in ("absent-yet", "absent_yet"):
        for _ in range(5):
            for place_ in (page(name), path(name), f"{API}/{name}"):
                reply = await mirror.get(place_)
                assert reply.status == 404
                check_shape(reply)
        assert len(crates.origin.seen(f"/{place(name)}")) == 1
    published = await put(mirror, publication("absent-yet"))
    assert published.status == 200, published
    assert list(lines(await shown(mirror, "absent-yet"))) == ["1.0.0"]
    assert (await mirror.get(path("absent-yet"))).body == crate("absent-yet")


async def test_an_index_file_of_5_mb_stalls_nobody(mirror: Mirror, crates: Crates) -> None:
    """lessons #7, #13: web-sys has several; it is composed once, and from then on only sent."""
    features = {f"Feature{number}": [f"Other{number}"] for number in range(72)}
    said = [line("large", f"0.{number}.0", features=features) for number in range(2500)]
    body = "".join(f"{json.dumps(each)}\n" for each in said).encode()
    assert len(body) > 5_000_000
    spell(crates, "large", body)
    asking = asyncio.create_task(shown(mirror, "large"))
    while not asking.done():
        async with asyncio.timeout(1):
            assert (await mirror.get("/-/health")).status == 200
        await asyncio.sleep(0.01)
    reply = await asking
    assert len(lines(reply)) == 2500
    assert (await shown(mirror, "large")).body == reply.body
