"""Good pages: in each form the same, whole, and without work for those who ask again."""

import asyncio
import gzip
import json
import re
from pathlib import Path

import pytest

from tests.faults.projects import page, path, provenance, shown, wheel_name
from tests.faults.server import Mirror, Reply
from tests.index import JSON, Index

V1_HTML = "application/vnd.pypi.simple.v1+html"


async def test_unknown_fields_are_kept(mirror: Mirror, index: Index) -> None:
    """lessons #31: in the page, also of a version that is retained, and marked in HTML."""
    file = wheel_name("fields")
    index.add("fields", "1.0", python=">=3.9")
    fields = {
        "yanked": 'eats <data> & "more"',
        "upload-time": "2020-02-03T04:05:06.000007Z",
        "provenance": "https://up.example/provenance",
        "future": {"deep": [None]},
    }
    index.change(file, **fields)
    for _ in range(2):
        [entry] = (await shown(mirror, "fields")).json["files"]
        assert {key: entry[key] for key in fields} == fields
        assert entry["requires-python"] == ">=3.9"
        html = (await mirror.get(page("fields"), Accept=V1_HTML)).body.decode()
        assert 'data-yanked="eats &lt;data&gt; &amp; &quot;more&quot;"' in html
        assert 'data-requires-python="&gt;=3.9"' in html
        assert (await mirror.get(path(file))).status == 200  # retained from here on


async def test_each_form_of_a_page_has_a_name_of_its_own(mirror: Mirror, index: Index) -> None:
    """lessons #8, #9: Vary, and an ETag each for JSON and HTML, plain and compressed."""
    for number in range(20):
        index.add("variants", f"1.{number}")
    tags = {}
    for accept in (JSON, "text/html"):
        for coding in ("identity", "gzip"):
            reply = await mirror.get(page("variants"), Accept=accept, Accept_Encoding=coding)
            assert reply.headers["Content-Type"].startswith(accept)
            vary = {each.strip().lower() for each in reply.headers["Vary"].split(",")}
            assert vary == {"accept", "accept-encoding"}
            assert reply.headers.get("Content-Encoding", "identity") == coding
            body = gzip.decompress(reply.body) if coding == "gzip" else reply.body
            assert body.startswith(b"{" if accept == JSON else b"<")
            tags[reply.headers["ETag"]] = {"Accept": accept, "Accept_Encoding": coding}
    assert len(tags) == 4
    for tag, asked in tags.items():
        same = await mirror.get(page("variants"), **asked, If_None_Match=tag)
        assert (same.status, same.headers["ETag"]) == (304, tag)
        other = JSON if asked["Accept"] != JSON else "text/html"
        changed = {**asked, "Accept": other, "If_None_Match": tag}
        assert (await mirror.get(page("variants"), **changed)).status == 200


async def test_head_equals_get(mirror: Mirror, index: Index) -> None:
    """lessons #10: status, length and type on every route, cold and warm."""
    for name, methods in (("head-first", ("HEAD", "GET")), ("get-first", ("GET", "HEAD"))):
        index.add(name, "1.0", files={"big.bin": bytes(400_000)})
        file = path(wheel_name(name))
        places = [
            page(name),
            file,
            f"{file}.metadata",
            f"{file}.asc",
            f"/pypi/main/pypi/{name}/json",
        ]
        places += [
            page(name)[:-1],
            page("none"),
            provenance(wheel_name(name)),
            "/pypi/main/simple/",
        ]
        for place in places:
            found = {method: await _asked(mirror, place, method) for method in methods}
            head, get = found["HEAD"], found["GET"]
            assert head.body == b""
            assert head.status == get.status, place
            for field in ("Content-Length", "Content-Type", "Vary", "Cache-Control", "Location"):
                assert head.headers.get(field) == get.headers.get(field), (place, field)


async def _asked(mirror: Mirror, place: str, method: str) -> Reply:
    return await mirror.ask(place, method, allow_redirects=False)


@pytest.mark.parametrize("form", [JSON, "text/html"])
async def test_a_page_of_5000_files_stalls_nobody(mirror: Mirror, index: Index, form: str) -> None:
    """lessons #7, #13: composed once, in the worker process; from then on it is only sent, and
    its files are found without it.
    """
    name = "many-json" if form == JSON else "many-html"
    [file] = index.add(name, "0.1")
    template = json.loads(index.origin.resources[f"/simple/{name}/"].body)
    [entry] = template["files"]
    template["files"] = [
        {**entry, "filename": file.replace("0.1", f"0.{number}")} for number in range(1, 5001)
    ]
    index.origin.serve_json(f"/simple/{name}/", template, headers={"Content-Type": JSON})
    before = _spent(mirror)
    asking = asyncio.create_task(mirror.get(page(name), Accept=form, Accept_Encoding="identity"))
    while not asking.done():
        async with asyncio.timeout(1):
            assert (await mirror.get("/-/health")).status == 200
        await asyncio.sleep(0.01)
    reply = await asking
    assert file.replace("0.1", "0.5000").encode() in reply.body
    spent, misses = _spent(mirror), await _misses(mirror)
    assert spent > before
    for _ in range(5):
        again = await mirror.get(page(name), Accept=form, Accept_Encoding="identity")
        assert again.body == reply.body
    assert await _misses(mirror) == misses
    assert (await mirror.get(path(file))).status == 200
    assert _spent(mirror) == spent


def _spent(mirror: Mirror) -> int:
    """CPU time of the server's helper processes, in the kernel's ticks."""
    stats = [Path(f"/proc/{child}/stat").read_text() for child in mirror.children()]
    return sum(int(each) for stat in stats for each in stat.rpartition(")")[2].split()[11:13])


async def _misses(mirror: Mirror) -> str:
    """How often something of PyPI had to be fetched or made."""
    text = (await mirror.get("/-/metrics")).body.decode()
    found = re.search(r'mirror_cache_events_total\{format="pypi",outcome="miss"\} (\S+)', text)
    assert found is not None
    return found[1]
