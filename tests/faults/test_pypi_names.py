"""Names and addresses made to hurt, of clients and of upstreams: refused, and never used as a path."""

import asyncio
import json

import pytest

from tests.faults.projects import files, page, path, provenance, shown, wheel_name
from tests.faults.server import Mirror
from tests.index import JSON, Index

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
    "a" * 300,
    "a" * 2000,
    "%61" * 300,
    "numpy%D0%B0",  # a Cyrillic a
    "numpy%E2%80%8B",  # a space of no width
    "%EF%BC%8E%EF%BC%8E",  # full-width dots
    "%EF%BD%8Eumpy",  # a full-width n
    "%C5%BFix",  # a long s, which is an s in lower case
    "%ff%fe",  # no UTF-8
    "%zz",
    "%",
    ".hidden",
    "_private",
    "-",
    "name-",
    "name%20other",
    "name%3fformat=json",
    "name%23",
    "name%0a",
    "%2f%2fevil.example%2fname",
]  # fmt: skip

FILES = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "name-1.0.tar.gz%00",
    "name-1.0.tar.gz%2f..",
    "name-..%2f..%2f.whl",
    "name-1.0%5c.tar.gz",
    "name-1.0.tar.gz%0a",
    "other-1.0.tar.gz",
    "name-2.0.tar.gz",
    "name-1.0",
    "name-1.0.tar.gz.metadata.metadata",
    "name-1.0.tar.gz.attestations",
    "name-1.0.tar.gz.provenance",
    f"name-1.0-py3-none-{'a' * 300}.whl",
    ".metadata",
    "%ff-1.0.tar.gz",
]


async def test_a_hostile_name_is_refused_and_goes_nowhere(mirror: Mirror, index: Index) -> None:
    """lessons #18, #19: as project, file, version and repository, read and written."""
    seen, held, rows = len(index.origin.requests), mirror.files(), mirror.index()
    headers = await mirror.authorized()
    paths = [page(name) for name in NAMES]
    paths += [page(name)[:-1] for name in NAMES]
    paths += [f"/pypi/main/%2Bsimple/{name}/" for name in NAMES]
    paths += [f"{page(name)}1.0/name-1.0.tar.gz" for name in NAMES]
    paths += [f"{page('name')}{name}/name-1.0.tar.gz" for name in NAMES]
    paths += [f"{page('name')}1.0/{name}" for name in [*NAMES, *FILES]]
    paths += [f"/pypi/main/integrity/name/1.0/{name}/provenance" for name in [*NAMES, *FILES]]
    paths += [f"/pypi/main/pypi/{name}/json" for name in NAMES]
    paths += [f"{page('name', name)}" for name in NAMES]
    paths += [f"/d/{name}/pypi/main/simple/name/" for name in NAMES]
    asked = [(method, place) for place in paths for method in ("GET", "HEAD", "POST", "DELETE")]
    turn = asyncio.Semaphore(20)

    async def ask(method: str, place: str) -> None:
        async with turn:
            data = b"{}" if method == "POST" else None
            reply = await mirror.ask(
                place, method, headers=headers, data=data, allow_redirects=False
            )
        assert reply.status in {400, 403, 404, 405}, (method, place, reply)
        assert not {"Set-Cookie", "Location"} & set(reply.headers)
        if method != "HEAD":
            assert reply.body, (method, place)

    await asyncio.gather(*(ask(*each) for each in asked))
    assert index.origin.requests[seen:] == []
    assert mirror.files() == held
    now = mirror.index()
    assert {name for name in now if now[name] != rows.get(name)} <= {"token"}


async def test_every_spelling_of_a_name_is_one_project(mirror: Mirror, index: Index) -> None:
    """lessons #18, #19: bandersnatch#52; page and files, asked for upstream under one name."""
    [(file, content)] = index.add("Same.Name", "1.0").items()
    for spelling in ("same-name", "Same.Name", "SAME__NAME", "same.-_name", "%53ame%2DName"):
        moved = await mirror.ask(page(spelling), allow_redirects=False)
        if spelling != "same-name":
            assert (moved.status, moved.headers["Location"]) == (301, "../same-name/")
        moved = await mirror.ask(page(spelling)[:-1], allow_redirects=False)
        assert (moved.status, moved.headers["Location"]) == (301, "same-name/")
        assert files(await shown(mirror, spelling)) == [file]
        for suffix in ("", ".metadata"):
            reply = await mirror.get(f"{page(spelling)}1.0/{file}{suffix}")
            assert reply.status == 200
            assert suffix or reply.body == content
    assert set(index.downloads(file).values()) == {1}
    assert {each.path for each in index.origin.requests if "ame" in each.path.split("/")[2]} == {
        "/simple/same-name/"
    }
    assert mirror.sql("SELECT DISTINCT name FROM package WHERE name LIKE 'same_name%'") == [
        ("same-name",)
    ]


async def test_the_longest_name_works(mirror: Mirror, index: Index) -> None:
    """lessons #19: AK#3291; a file's name may fill what file systems take, and its sidecar's not."""
    name = "n" * 100
    tag = f"cp311-none-{'a' * (255 - len(name) - len('-1.0-cp311-none-.whl'))}"
    [(file, content)] = index.add(name, "1.0", tag=tag).items()
    assert len(file) == 255
    assert files(await shown(mirror, name)) == [file]
    for _ in range(2):
        assert (await mirror.get(path(file))).body == content
        assert (await mirror.get(f"{path(file)}.metadata")).status == 200


HOSTILE = [
    "../../etc/passwd",
    "hostile-1.0/../../x.whl",
    "..",
    "/etc/hostile-1.0.tar.gz",
    "hostile-1.0\\x.tar.gz",
    "hostile-1.0\0.tar.gz",
    "hostile-1.0\r\nX: y.tar.gz",
    "hostile-1.0\x1b[2J.tar.gz",
    "hostile-1.0\u2028.tar.gz\ud800",
    f"hostile-{'1' * 300}.tar.gz",
    "hostile-1.0.html",
    "hostile-.tar.gz",
    "hostile",
    "other-1.0.tar.gz",
    "",
]


@pytest.mark.parametrize("kind", [JSON, "text/html"])
async def test_hostile_names_of_an_upstream(mirror: Mirror, index: Index, kind: str) -> None:
    """lessons #19: not listed, not fetched, and no reason to lose the others; markup is escaped."""
    project = "hostile" if kind == JSON else "hostile-html"
    [good] = index.add(project, "1.0")
    names = [each.replace("hostile", project) for each in HOSTILE]
    odd = f"{project}-1.0-1<b>&'\"-py3-none-any.whl"
    base = f"{index.origin.url}packages/"
    if kind == JSON:
        document = json.loads(index.origin.resources[f"/simple/{project}/"].body)
        entries = [{"filename": each, "url": f"{base}x", "hashes": {}} for each in [*names, odd]]
        document["files"] += [*entries, None, 1, [], {"filename": 1}, {"url": f"{base}y"}]
        text = json.dumps(document).encode()
    else:
        text = f'<a href="{index.origin.url}{index.path(good)[1:]}">x</a>'.encode()
        text += b"".join(b'<a href="%b">x</a>' % _quoted(base, each) for each in [*names, odd])
    index.origin.serve(f"/simple/{project}/", text, headers={"Content-Type": kind})
    assert set(files(await shown(mirror, project))) == {good, odd}
    html = (await mirror.get(page(project), Accept="text/html")).body
    assert b"<b>" not in html
    assert (await mirror.get(path(good))).status == 200
    assert index.origin.seen("/packages/x") == []


def _quoted(base: str, name: str) -> bytes:
    encoded = name.encode("utf-8", "surrogatepass")
    return base.encode() + b"".join(b"%%%02X" % each for each in encoded)


MARKUP = '"><script>alert(1)</script>'
FIELDS = [
    {"yanked": MARKUP, "requires-python": MARKUP, "provenance": f"https://x/{MARKUP}"},
    {"yanked": [1], "requires-python": 7, "provenance": {}, "size": -1, "upload-time": 7},
    {"core-metadata": {"sha256": MARKUP}, "hashes": {"sha512": MARKUP, "md5": 1}},
    {"core-metadata": "yes", "hashes": None, "size": 10**30, "upload-time": MARKUP},
    {"gpg-sig": "maybe", "yanked": "\ud800", "size": True, "hashes": {"": ""}},
    {f"key-{number}": [[[[]]]] for number in range(1000)},
]


@pytest.mark.parametrize("number", range(len(FIELDS)))
async def test_hostile_fields_of_an_upstream(mirror: Mirror, index: Index, number: int) -> None:
    """lessons #16, #31: of the wrong type, or markup; the page is still one, in either form."""
    name = f"odd-fields-{number}"
    file = wheel_name(name)
    index.add(name, "1.0")
    index.change(file, **FIELDS[number])
    reply = await shown(mirror, name)
    assert files(reply) == [file]
    [entry] = reply.json["files"]
    assert isinstance(entry["hashes"], dict)
    html = await mirror.get(page(name), Accept="text/html", Accept_Encoding="identity")
    assert html.status == 200
    assert b"<script>" not in html.body
    assert (await mirror.get(provenance(file))).status in {404, 502}
