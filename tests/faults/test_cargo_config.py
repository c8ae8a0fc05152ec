"""config.json of an upstream: missing, none at all, or one that leads where nobody may go."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.crates import place
from tests.faults.conftest import EXPIRED, QUICK
from tests.faults.crates import Site, check_shape, connected, crate, lines, path, shown
from tests.faults.server import Mirror
from tests.origin import Drop, Fault, Garbage, Origin, Page, Redirect, Short, Status

SITES = 100
"""Registries of one upstream host; each test has some of its own."""

Build = Callable[[], Site]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def build(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Build]:
    """Makes a registry with crates in its folder `dl`; one that nobody has asked before."""
    async with Origin() as origin:
        config = {**QUICK, **connected(origin, SITES)}
        async with Mirror(tmp_path_factory.mktemp("config"), config) as mirror:
            numbers = iter(range(SITES))
            yield lambda: Site.at(mirror, origin, next(numbers))


OUTAGES = [
    (Status(404), 502),
    (Status(410), 502),
    (Status(403), 502),
    (Status(429), 429),
    (Status(503), 503),
    (Status(500), 502),
    (Page(), 502),
    (Short(0), 502),
    (Drop(), 502),
    (Garbage(), 502),
]


async def test_without_config_json_nothing_is_absent(build: Build) -> None:
    """lessons #14: a web site that is no registry answers 404 for index files, too (cargo.md #17);
    once it is one, all is well at once.
    """

    async def check(fault: Fault, status: int) -> None:
        site = build()
        content = site.add("demo")
        site.fault(fault)
        await site.lacks("demo", status)
        await site.lacks("none", status)
        site.fault(None)
        await site.has("demo", content)
        assert site.origin.seen(f"/{site.name}/{place('none')}") == []

    await asyncio.gather(*(check(*each) for each in OUTAGES))


HTML = b"<html>Welcome to the hotel</html>"
UNTRUE: list[Any] = [
    [],
    None,
    "http://crates.example/",
    {},
    {"errors": [{"detail": "try later"}]},
    {"dl": 7},
    {"dl": ["http://crates.example/"]},
    {"dl": ""},
    {"dl": "dl"},
    {"dl": "/dl"},
    {"dl": "//127.0.0.1/dl"},
    {"dl": "file:///etc/passwd"},
    {"dl": "ftp://crates.example/dl"},
    {"dl": "javascript:alert(1)"},
    {"dl": "http://user:password@127.0.0.1/dl"},
    {"dl": "http://127.0.0.1/\r\nX: y/dl"},
    {"dl": "http://crates.example/\u0434l"},
    {"dl": "http://127.0.0.1:99999/dl"},
    {"dl": "http://127.0.0.1/" + "x" * 100_000},
]
FALSE = [HTML, b"[" * 10_000, *(json.dumps(each).encode() for each in UNTRUE)]


async def test_a_config_json_that_cannot_be_true_is_an_error(build: Build) -> None:
    """lessons #14, #16: 502 and a sentence, whatever its type says."""

    async def check(false: bytes) -> None:
        site = build()
        site.add("demo")
        site.spell(false)
        await site.lacks("demo", 502)

    await asyncio.gather(*map(check, FALSE))


async def test_a_config_json_that_cannot_be_true_is_not_kept(build: Build) -> None:
    """lessons #16: an error page of a minute is not believed for a day."""

    async def check(false: bytes) -> None:
        site = build()
        content = site.add("demo")
        site.spell(false)
        await site.lacks("demo", 502)
        site.configure({"dl": site.url()})
        await site.has("demo", content)

    await asyncio.gather(*map(check, FALSE[:6]))


async def test_dl_of_another_host_is_not_followed(build: Build) -> None:
    """lessons #24: the cloud's metadata service, another port of this machine in every spelling, a
    host that nobody named; neither directly nor by a redirect.
    """
    async with Origin() as inside:
        port = inside.url.port
        content = crate("demo")
        inside.serve("/dl/demo/1.0.0/download", content)
        targets = [
            f"http://127.0.0.1:{port}/dl",
            f"http://localhost:{port}/dl",
            f"http://[::ffff:127.0.0.1]:{port}/dl",
            f"http://2130706433:{port}/dl",
            f"http://0x7f.1:{port}/dl",
            "http://169.254.169.254/latest/meta-data",
            "http://crates.example/dl",
        ]
        for target in targets:
            site = build()
            site.add("demo")
            site.configure({"dl": target})
            assert list(lines(await shown(site.mirror, "demo", site.name))) == ["1.0.0"]
            moved = build()
            moved.add("demo")
            moved.origin.always(
                f"/{moved.name}/dl/demo/1.0.0/download", Redirect(f"{target}/demo/1.0.0/download")
            )
            for each in (site, moved):
                reply = await each.mirror.get(path("demo", repository=each.name))
                assert reply.status == 502, (target, reply)
                check_shape(reply)
                assert content not in reply.body
        assert inside.requests == []


async def test_a_registry_may_move_its_crates(build: Build) -> None:
    """cargo.md §7: its config.json is read again after a day, though no index file has changed; what
    is here already is not fetched again.
    """
    site = build()
    first, second = site.add("demo"), site.add("other", folder="new")
    await site.has("demo", first)
    site.configure({"dl": site.url("new/{crate}/{version}/download")})
    site.age()
    await asyncio.sleep(EXPIRED)
    await site.has("other", second)
    await site.has("demo", first)
    assert site.origin.transfers[f"/{site.name}/dl/demo/1.0.0/download"] == 1
    assert site.origin.seen(f"/{site.name}/new/demo/1.0.0/download") == []


async def test_an_index_file_that_is_unchanged_names_the_new_place(build: Build) -> None:
    """cargo.md §7: the answer is 304, and what it is made of is not only that."""
    site = build()
    content = site.add("demo")
    site.origin.resources[f"/{site.name}/{place('demo')}"].etag = '"1"'
    assert list(lines(await shown(site.mirror, "demo", site.name))) == ["1.0.0"]
    site.add("demo", folder="new")
    site.origin.resources[f"/{site.name}/{place('demo')}"].etag = '"1"'
    site.origin.always(f"/{site.name}/dl/demo/1.0.0/download", Status(503))
    site.configure({"dl": site.url("new")})
    site.age()
    await asyncio.sleep(EXPIRED)
    await site.has("demo", content)
    assert site.origin.transfers[f"/{site.name}/{place('demo')}"] == 1


async def test_a_good_config_json_outlives_its_upstream(build: Build) -> None:
    """lessons #14, #16: registries do not move every day; new crates are found by the old one."""
    outages = [Status(503), Status(500), Status(403), Page(), Short(0), Drop()]
    await asyncio.gather(*(_outlives(build(), each) for each in outages))


async def test_a_good_config_json_outlives_its_absence(build: Build) -> None:
    """lessons #14: half an upstream, in the middle of its own deployment."""
    await asyncio.gather(*(_outlives(build(), Status(code)) for code in (404, 410)))


async def test_a_false_config_json_never_replaces_a_good_one(build: Build) -> None:
    """lessons #16: bandersnatch#140."""
    kind = {"Content-Type": "application/json"}
    await asyncio.gather(*(_outlives(build(), Status(200, kind, each)) for each in FALSE[:6]))


async def _outlives(site: Site, fault: Fault) -> None:
    first = site.add("demo")
    await site.has("demo", first)
    site.fault(fault)
    site.age()
    second = site.add("other")
    await site.has("other", second)
    await site.has("demo", first)


async def test_it_is_asked_for_once_by_many(build: Build) -> None:
    """A cold build asks for hundreds of index files at once, and one config.json is enough."""
    site = build()
    site.origin.resources[f"/{site.name}/config.json"].delay = 0.1
    contents = {f"demo-{number}": site.add(f"demo-{number}") for number in range(30)}
    await asyncio.gather(*(site.has(name, content) for name, content in contents.items()))
    assert len(site.origin.seen(f"/{site.name}/config.json")) == 1


async def test_ours_is_never_that_of_the_upstream(build: Build) -> None:
    """cargo.md §1: cargo#15663; it is our own addresses, also while nobody answers there."""
    site = build()
    for fault in (None, Page(), Status(503), Drop()):
        site.fault(fault)
        reply = await site.mirror.get(f"/cargo/{site.name}/config.json")
        base = str(site.mirror.url(f"/cargo/{site.name}"))
        assert reply.json == {"dl": f"{base}/dl/{{crate}}/{{crate}}-{{version}}.crate", "api": base}
        assert reply.headers["Cache-Control"] == "no-store"
    assert site.origin.seen(f"/{site.name}/config.json") == []
