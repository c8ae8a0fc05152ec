"""Names and addresses made to hurt: refused in words, never used as a path, never passed on."""

import asyncio

import pytest

from tests.faults.packages import noise, path, stock
from tests.faults.server import Mirror
from tests.origin import Origin

NAMES = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc",
    "@..%2fetc",
    "@scope%2f..",
    "@scope%2f%2e%2e",
    "@scope%2f..%2f..%2fetc",
    "@%2fname",
    "name%00",
    "%00",
    "name%0d%0aSet-Cookie:%20x=1",
    "..%5c..%5cwindows",
    "name%5cother",
    "C:%5cboot.ini",
    "a" * 300,
    "@" + "s" * 150 + "%2f" + "n" * 150,
    "%61" * 300,
    "re%D0%B0ct",  # a Cyrillic a
    "react%E2%80%8B",  # a space of no width
    "%EF%BC%8E%EF%BC%8E",  # full-width dots
    "%ff%fe",  # no UTF-8
    "%zz",
    ".hidden",
    "_private",
    "node_modules",
    "favicon.ico",
    "-",
    "name%3fwrite=true",
    "name%23",
    "%2f%2fevil.example%2fname",
]  # fmt: skip

FILES = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "name-1.0.0.tgz%00",
    "name-..%2f..%2f.tgz",
    "name-1.0.0%5c.tgz",
    "other-1.0.0.tgz",
    f"name-{'1' * 300}.tgz",
    "name-.tgz",
]


async def test_a_hostile_name_is_refused_and_goes_nowhere(mirror: Mirror, origin: Origin) -> None:
    """lessons #18, #19: as package, as file, as version, as repository, read and written."""
    seen, files, rows = len(origin.requests), mirror.files(), mirror.index()
    headers = await mirror.authorized()
    paths = [f"/npm/main/{name}" for name in NAMES]
    paths += [f"/npm/main/{name}/-/x-1.0.0.tgz" for name in NAMES]
    paths += [f"/npm/main/{name}/1.0.0" for name in NAMES]
    paths += [f"/npm/{name}/ordinary" for name in NAMES]
    paths += [f"/{name}/main/ordinary" for name in NAMES]
    paths += [f"/d/{name}/npm/main/ordinary" for name in NAMES]
    paths += [f"/npm/main/name/-/{name}" for name in FILES]
    asked = [(method, place) for place in paths for method in ("GET", "HEAD", "PUT", "DELETE")]
    turn = asyncio.Semaphore(20)

    async def ask(method: str, place: str) -> None:
        async with turn:
            data = b"{}" if method == "PUT" else None
            reply = await mirror.ask(place, method, headers=headers, data=data)
        assert reply.status in {400, 403, 404, 405}, (method, place, reply)
        assert "Set-Cookie" not in reply.headers
        if method != "HEAD":
            assert reply.json["error"], (method, place)

    await asyncio.gather(*(ask(*each) for each in asked))
    assert [each.path for each in origin.requests[seen:] if ".." in each.path] == []
    names = {each.path.partition("/-/")[0] for each in origin.requests[seen:]}
    # What is a name by npm's own rules may be asked for; nothing else was.
    assert names <= {"/name", "/-"}, names
    assert mirror.files() == files
    now = mirror.index()
    assert {name for name in now if now[name] != rows.get(name)} <= {"token"}


@pytest.mark.parametrize(
    "spelling",
    ["@scope/same", "@scope%2fsame", "@scope%2Fsame", "%40scope%2fsame", "%40scope/same"],
)
async def test_every_spelling_of_a_scoped_name_is_one_package(
    mirror: Mirror, origin: Origin, spelling: str
) -> None:
    """lessons #18: one canonical key, encoded once on the way out."""
    content = noise(1000, "spellings")
    stock(origin, "@scope/same", content)
    document = await mirror.get(f"/npm/main/{spelling}")
    assert document.status == 200, document
    assert document.json["name"] == "@scope/same"
    file = await mirror.get(f"/npm/main/{spelling}/-/same-1.0.0.tgz")
    assert (file.status, file.body) == (200, content)
    assert origin.transfers["/@scope/same/-/same-1.0.0.tgz"] == 1
    [[count]] = mirror.sql(
        "SELECT count(DISTINCT name) FROM package WHERE namespace = 'scope' AND name LIKE '%same%'"
    )
    assert count == 1


async def test_names_that_differ_in_case_are_two_packages(mirror: Mirror, origin: Origin) -> None:
    """lessons #19: npm's old names are case-sensitive; nothing folds them on the way."""
    stock(origin, "JSONStream", noise(100, 1))
    stock(origin, "jsonstream", noise(100, 2))
    assert (await mirror.get(path("JSONStream"))).body == noise(100, 1)
    assert (await mirror.get(path("jsonstream"))).body == noise(100, 2)


async def test_the_longest_name_works(mirror: Mirror, origin: Origin) -> None:
    """lessons #19: 214 characters, so a file name of more than 200; stored under its digest."""
    name = "n" * 214
    stock(origin, name, noise(100, 3))
    for _ in range(2):
        reply = await mirror.get(path(name))
        assert (reply.status, reply.body) == (200, noise(100, 3))
