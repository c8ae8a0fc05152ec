"""Names and addresses made to hurt, of clients and of upstreams: refused, and never used as a path."""

import asyncio
import json

import pytest

from tests.crates import Crates, place
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

NAMES = [
    "..",
    "%2e%2e",
    "%2E%2E",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc",
    "a%2fb",
    "a%2Fb",
    "name%00",
    "%00",
    "name%0d%0aSet-Cookie:%20x=1",
    "..%5c..%5cwindows",
    "name%5cother",
    "C:%5cboot.ini",
    "a" * 65,
    "a" * 300,
    "a" * 3000,
    "%61" * 300,
    "serde%D0%B0",  # a Cyrillic a
    "serde%E2%80%8B",  # a space of no width
    "%EF%BC%8E%EF%BC%8E",  # full-width dots
    "%EF%BD%8Eame",  # a full-width n
    "%C5%BFerde",  # a long s, which is an s in lower case
    "%E2%84%AAin",  # the Kelvin sign, which is a k in lower case
    "%ff%fe",  # no UTF-8
    "%zz",
    "%",
    ".hidden",
    "-name",
    "na.me",
    "name%20other",
    "name%3fformat=json",
    "name%23",
    "name%0a",
    "name+1",
    "%2f%2fevil.example%2fname",
]  # fmt: skip

FILES = [
    "name-1.0.0",
    "name-1.0.crate",
    "name-.crate",
    "other-1.0.0.crate",
    "NAME-1.0.0.crate",
    "name-1.0.0.crate%00",
    "name-1.0.0.crate%2f..",
    "name-1.0.0%2f..%2fx.crate",
    "name-1.0.0+..%2f..%2fx.crate",
    "name-1.0.0%252b1.crate",
    "name-1.0.0%5c.crate",
    "name-1.0.0.crate%0a",
    "name-1.0.0.CRATE",
    f"name-1.0.0-{'a' * 300}.crate",
    f"name-{'1' * 3000}.0.0.crate",
    "name-%D9%A1.0.0.crate",
    ".crate",
]

PLACES = [
    "na/me",
    "NA/ME/NAME",
    "na/me/NAME",
    "Na/me/name",
    "na/me/name/",
    "/na/me/name",
    "na//me/name",
    "na/me/./name",
    "x/../na/me/name",
    "n%61/me/name",
    "na/me/n%61me",
    "na%2fme%2fname",
    "me/na/name",
    "3/n/name",
    "4/name",
    "2/name",
    "1/na",
    "3/a/nam",
    "na/me/name.json",
    "config.json/",
    "CONFIG.JSON",
    "config%2ejson",
    "na/me/config.json",
    "dl",
    "dl/name",
    "dl/name/1.0.0/download",
    "api",
    "api/v1",
    "api/v2/crates/name",
    "api/v1/crates/name/1.0.0/readme",
    "api/v1/crates/name/owner_team",
    "api/v1/crates/name/reverse_dependencies",
    "api/v1/api/v1/crates/new",
    "api/api/v1/crates/new",
    ".git/config",
    "info/refs",
]


async def test_a_hostile_name_is_refused_and_goes_nowhere(mirror: Mirror, crates: Crates) -> None:
    """lessons #18, #19: as crate, file, version and repository, read and written; without a file,
    a row or a question upstream, and always in the shape that cargo prints.
    """
    asked_before, held, rows = len(crates.origin.requests), mirror.files(), mirror.index()
    headers = await mirror.authorized()
    paths = [f"/cargo/main/na/me/{name}" for name in NAMES]
    paths += [f"/cargo/main/{name}/me/name" for name in NAMES]
    paths += [f"/cargo/main/dl/{name}/name-1.0.0.crate" for name in NAMES]
    paths += [f"/cargo/main/dl/name/{name}" for name in [*NAMES, *FILES]]
    paths += [f"{API}/{name}/1.0.0/{verb}" for name in NAMES for verb in ("yank", "unyank")]
    paths += [f"{API}/name/{name}/{verb}" for name in NAMES for verb in ("yank", "download")]
    paths += [f"{API}/{name}/{name}" for name in NAMES]
    paths += [f"/cargo/main/{place_}" for place_ in PLACES]
    paths += [f"/cargo/{name}/na/me/name" for name in NAMES]
    asked = [(method, place_) for place_ in paths for method in ("GET", "HEAD", "PUT", "DELETE")]
    turn = asyncio.Semaphore(20)

    async def ask(method: str, place_: str) -> None:
        async with turn:
            reply = await mirror.ask(place_, method, headers=headers, allow_redirects=False)
        assert reply.status in {400, 403, 404, 405, 414}, (method, place_, reply)
        assert not {"Set-Cookie", "Location"} & set(reply.headers)
        if method != "HEAD":
            assert reply.body, (method, place_)
            if ".." not in place_ and reply.status != 405 and place_.startswith("/cargo/main/"):
                check_shape(reply)

    await asyncio.gather(*(ask(*each) for each in asked))
    assert crates.origin.requests[asked_before:] == []
    assert mirror.files() == held
    now = mirror.index()
    assert {name for name in now if now[name] != rows.get(name)} <= {"token"}


async def test_every_case_of_a_name_is_one_crate(mirror: Mirror, crates: Crates) -> None:
    """cargo.md §4: asked for upstream in lower case, told as its author spells it; `-` is no `_`."""
    content = noisy(crates, "Same-Name", size=100)
    found = lines(await shown(mirror, "same-name"))
    assert found["1.0.0"]["name"] == "Same-Name"
    for _ in range(2):
        assert (await mirror.get(path("Same-Name"))).body == content
    assert (await mirror.get(f"{API}/SAME-name")).json["crate"]["name"] == "Same-Name"
    assert (await shown(mirror, "same_name")).status == 404
    assert (await mirror.get(path("same_name"))).status == 404
    asked = {each.path for each in crates.origin.requests if "ame-name" in each.path.lower()}
    assert asked == {"/sa/me/same-name"}
    assert mirror.sql("SELECT DISTINCT name FROM package WHERE name LIKE 'same_name'") == [
        ("same-name",)
    ]


async def test_a_version_with_a_plus_is_one_version(mirror: Mirror, crates: Crates) -> None:
    """cargo.md #20: raw as cargo asks for it, or escaped once; twice is another name."""
    content = crate("plus", "1.0.0+b.1")
    crates.add("plus", "1.0.0+b.1")
    crates.change("plus", "1.0.0+b.1", cksum=sha256(content))
    crates.files.serve(crates.path("plus", "1.0.0+b.1"), content)
    for _ in range(2):
        for plus in ("+", "%2B", "%2b"):
            reply = await mirror.get(f"/cargo/main/dl/plus/plus-1.0.0{plus}b.1.crate")
            assert (reply.status, reply.body) == (200, content), plus
    assert (await mirror.get("/cargo/main/dl/plus/plus-1.0.0%252Bb.1.crate")).status == 400
    assert crates.downloads()[crates.path("plus", "1.0.0+b.1")] == 1


async def test_the_longest_names_work(mirror: Mirror, crates: Crates) -> None:
    """lessons #19: 64 characters and a version of 128; and the shortest, which have places of their
    own, also where that begins as other addresses do.
    """
    version = f"1.0.0-{'a' * 122}"
    content = crate("n" * 64, version)
    assert (await put(mirror, publication("n" * 64, version))).status == 200
    assert list(lines(await shown(mirror, "n" * 64))) == [version]
    assert (await mirror.get(path("n" * 64, version))).body == content
    for name in ("q", "qq", "qqq", "dlib", "apiv1", "mew", "config"):
        content = noisy(crates, name, size=100)
        assert list(lines(await shown(mirror, name))) == ["1.0.0"]
        assert (await mirror.get(path(name))).body == content


HOSTILE = [
    {"name": "../../etc/passwd"},
    {"name": "hostile/../x"},
    {"name": "hostile\0"},
    {"name": "hostile\r\nX: y"},
    {"name": "ho\u017ftile"},  # a long s
    {"name": "\uff48ostile"},  # a full-width h
    {"name": "hostile-2"},
    {"name": ""},
    {"vers": "../../1.0.0"},
    {"vers": "1.0.0/../../x"},
    {"vers": "1.0.0\0"},
    {"vers": "1.0.0\r\nX: y"},
    {"vers": "1.0.0+\u0430"},
    {"vers": f"1.0.0-{'a' * 5000}"},
    {"vers": ""},
    {"cksum": "../../etc/passwd"},
    {"cksum": "0" * 63},
    {"cksum": "0" * 64 + "/.."},
]


async def test_hostile_names_of_an_upstream(mirror: Mirror, crates: Crates) -> None:
    """lessons #19: not listed, not fetched, and no reason to lose the others."""
    noisy(crates, "hostile", "2.0.0", size=100)
    good = crates.origin.resources[f"/{place('hostile')}"].body
    said = "".join(f"{json.dumps({**line('hostile'), **each})}\n" for each in HOSTILE)
    spell(crates, "hostile", said.encode() + good)
    seen = len(crates.files.requests)
    assert list(lines(await shown(mirror, "hostile"))) == ["2.0.0"]
    assert list((await mirror.get(f"{API}/hostile")).json["versions"][0])
    assert (await mirror.get(path("hostile"))).status == 404
    assert (await mirror.get(path("hostile", "2.0.0"))).status == 200
    assert len(crates.files.requests) == seen + 1


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%ff", "q=" + "a" * 5000, "q=%25_%25", "per_page=-1", "per_page=1e9", "per_page=x",
     "page=99999999999", "page=0", "q[]=x", "&" * 200, "q=x&" * 100, "per_page=%D9%A1"],
)  # fmt: skip
async def test_a_hostile_search_is_answered(mirror: Mirror, query: str) -> None:
    """lessons #19: with results or in words; `%` finds no more than it says."""
    reply = await mirror.get(f"{API}?{query}")
    assert reply.status in {200, 400, 414}, reply
    if reply.status == 200:
        assert isinstance(reply.json["meta"]["total"], int)
        assert "25" not in query or reply.json["crates"] == []
    else:
        check_shape(reply)


async def test_long_headers_and_odd_tokens_are_answered(mirror: Mirror) -> None:
    """cargo.md §2.1: a token with a line end behind it is one (Windows); nonsense is a 401."""
    token = await mirror.token()
    for good in (token, f"{token} ", f"Bearer {token}"):
        reply = await mirror.ask(f"{API}/none/owners", headers={"Authorization": good})
        assert reply.status in {200, 404}, reply
    for bad in ("Bearer", "Basic", "Basic Og==", f"{token}x", "\t\xff", "x" * 7_000):
        reply = await mirror.ask(f"{API}/none/owners", headers={"Authorization": bad})
        assert reply.status in {400, 401}, (bad[:20], reply)
    assert page("none") == "/cargo/main/no/ne/none"
