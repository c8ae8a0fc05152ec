"""Two indexes, one with credentials and one unlike PyPI, behind a mirror that is behind a proxy."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.distributions import wheel
from tests.faults.projects import files, page, path, post, shown, wheel_name
from tests.faults.server import Mirror
from tests.formats.pypi.samples import fields, form
from tests.index import JSON, Index
from tests.origin import Redirect

FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "registry.example",
    "X-Forwarded-Prefix": "/mirror",
}


class Wired(NamedTuple):
    """A mirror whose pages live long; `main` reads `pypi`, and `torch` reads `wheels`."""

    mirror: Mirror
    pypi: Index
    wheels: Index


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def wired(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wired]:
    async with Index() as pypi, Index() as wheels:
        connections = pypi.connection()["connections"]
        connections["public:pypi"]["auth"] = {"bearer": "s3cret"}
        connections["wheels"] = {
            "format": "pypi",
            "url": f"{wheels.origin.url}whl/cpu",
            "hosts": [str(wheels.files.url.authority)],
        }
        config = {
            "connections": connections,
            "repositories": {"torch": {"connection": "wheels"}},
            "server": {"trusted_proxies": ["127.0.0.0/8"]},
            "upstream": {"user_agent_contact": "ops@builds.example"},
        }
        async with Mirror(tmp_path_factory.mktemp("wired"), config) as mirror:
            yield Wired(mirror, pypi, wheels)


async def test_credentials_go_to_their_own_origin_only(wired: Wired) -> None:
    """lessons #8, #24, #30: not to the host of the files, not through a redirect, and none of our
    clients'; with our name, and files as they are.
    """
    mirror, pypi, _ = wired
    pypi.elsewhere.add("beside")
    pypi.add("beside", "1.0")
    pypi.add("moved", "1.0")
    beside, moved = wheel_name("beside"), wheel_name("moved")
    content = pypi.origin.resources[pypi.path(moved)].body
    pypi.origin.always(pypi.path(moved), Redirect(f"{pypi.files.url}elsewhere.whl"))
    pypi.files.serve("/elsewhere.whl", content)
    ours = {**await mirror.authorized(), "Cookie": "a=b"}
    for place in (page("beside"), f"{path(beside)}.metadata", path(beside), path(moved)):
        assert (await mirror.ask(place, headers=ours)).status == 200, place
    own, others = pypi.origin.requests, pypi.files.requests
    assert {each.headers.get("Authorization") for each in own} == {"Bearer s3cret"}
    assert {each.headers.get("Authorization") for each in others} == {None}
    assert len(others) == 3
    for seen in (*own, *others):
        assert "Cookie" not in seen.headers
        assert seen.headers["User-Agent"].startswith("mirror/")
        assert "ops@builds.example" in seen.headers["User-Agent"]
        coding = "gzip, deflate" if seen.path.startswith("/simple/") else "identity"
        assert seen.headers["Accept-Encoding"] == coding
    assert "s3cret" not in mirror.said()


async def test_an_index_unlike_pypi(wired: Wired) -> None:
    """lessons #28: nexus#820, proxpi#62; no `/simple/` in its address, HTML alone, links from the
    page, from the root and to another host, with `+` in names and no hash with some.
    """
    mirror, _, wheels = wired
    made = dict(wheel("torch", version) for version in ("2.0+cpu", "2.1+cpu", "2.2+cpu"))
    near, rooted, beside = made
    digest = wheels.add("spare", "1.0")
    wheels.origin.serve(f"/whl/cpu/torch/{near}", made[near])
    wheels.origin.serve(f"/whl/cpu/{rooted}", made[rooted])
    wheels.files.serve(f"/{beside}", made[beside])
    links = [
        near.replace("+", "%2B"),
        f"/whl/cpu/{rooted.replace('+', '%2B')}",
        f"{wheels.files.url}{beside}#sha512=nonsense",
        *(f"../{each}" for each in digest),
    ]
    text = "".join(f'<a href="{each}">x</a><br>\n' for each in links)
    wheels.origin.serve(
        "/whl/cpu/torch/", text.encode(), headers={"Content-Type": "text/html; charset=utf-8"}
    )
    reply = await mirror.get(page("torch", "torch"), Accept=JSON)
    assert files(reply) == list(made)
    for file, content in made.items():
        address = path(file, "torch").replace("+", "%2B")
        assert (await mirror.get(address)).body == content
        assert (await mirror.get(f"{address}.metadata")).status == 200
    assert [each.path for each in wheels.origin.requests if "simple" in each.path] == []


async def test_the_same_file_name_of_two_indexes(wired: Wired) -> None:
    """lessons #29: proxpi#59; the name of a file says nothing about its bytes."""
    mirror, pypi, wheels = wired
    [(file, theirs)] = pypi.add("twin", "1.0").items()
    ours = wheel("twin", "1.0", files={"other.py": b"other"})[1]
    wheels.origin.serve(f"/whl/cpu/twin/{file}", ours)
    wheels.origin.serve(
        "/whl/cpu/twin/",
        f'<a href="{file}">x</a>'.encode(),
        headers={"Content-Type": "text/html"},
    )
    for _ in range(2):
        assert (await mirror.get(path(file))).body == theirs
        assert (await mirror.get(path(file, "torch"))).body == ours


async def test_addresses_hold_behind_a_proxy(wired: Wired) -> None:
    """lessons #22: a page's links are relative; where they must not be, they are as the client
    sees us, and each has a document of its own.
    """
    mirror, pypi, _ = wired
    pypi.add("proxied", "1.0")
    file = wheel_name("proxied")
    plain = await shown(mirror, "proxied")
    assert [each["url"] for each in plain.json["files"]] == [f"1.0/{file}"]
    tags = set()
    for host in ("registry.example", "other.example:8443"):
        headers = {**FORWARDED, "X-Forwarded-Host": host, "Accept-Encoding": "identity"}
        reply = await mirror.ask(page("proxied"), headers={**headers, "Accept": JSON})
        assert reply.body == plain.body
        reply = await mirror.ask("/pypi/main/pypi/proxied/json", headers=headers)
        [entry] = reply.json["urls"]
        assert entry["url"] == f"https://{host}/mirror{path(file)}"
        tags.add(reply.headers["ETag"])
        moved = await mirror.ask(page("Proxied"), headers=headers, allow_redirects=False)
        assert moved.headers["Location"] == "../proxied/"
    assert len(tags) == 2
    hostile = {**FORWARDED, "X-Forwarded-Host": 'x"><script>'}
    assert (await mirror.ask("/pypi/main/pypi/proxied/json", headers=hostile)).status == 400


async def test_a_release_of_this_moment_is_found(wired: Wired) -> None:
    """lessons #3: a lock file names it while our page is fresh; one forced round, shared by many."""
    mirror, pypi, _ = wired
    pypi.add("brandnew", "1.0")
    assert (await mirror.get(path(wheel_name("brandnew")))).status == 200
    [(file, content)] = pypi.add("brandnew", "2.0").items()
    replies = await asyncio.gather(*(mirror.get(path(file)) for _ in range(10)))
    assert {(each.status, each.body) for each in replies} == {(200, content)}
    assert len(pypi.origin.seen("/simple/brandnew/")) == 2
    assert files(await shown(mirror, "brandnew")) == [wheel_name("brandnew"), file]


async def test_what_is_ours_is_nobody_elses(wired: Wired) -> None:
    """lessons #12, #21: dependency confusion; a name that was published here is not filled from
    outside, in page or address, nor asked for there (devpi#830).
    """
    mirror, pypi, _ = wired
    file, content = wheel("ours-alone", "1.0")
    body = form(fields(content, file, name="ours-alone"), {"content": (file, content)})
    assert (await post(mirror, body)).status == 200
    [theirs] = pypi.add("ours-alone", "99.0")
    pypi.add("ours-alone", "1.0", tag="cp311-none-any")
    asked = len(pypi.origin.requests)
    assert files(await shown(mirror, "ours-alone")) == [file]
    for address in (path(theirs), f"{path(theirs)}.metadata", path(file.replace("py3", "cp311"))):
        assert (await mirror.get(address)).status == 404
    assert len(pypi.origin.requests) == asked


async def test_versions_of_two_origins_are_one_page(wired: Wired) -> None:
    """lessons #21: where an administrator lets them; by file, and the nearest wins."""
    mirror, pypi, _ = wired
    file, content = wheel("mixed", "1.0")
    body = form(fields(content, file, name="mixed"), {"content": (file, content)})
    assert (await post(mirror, body)).status == 200
    [theirs] = pypi.add("mixed", "2.0")
    pypi.add("mixed", "1.0", files={"other.py": b"other"})
    mirror.sql("UPDATE package SET upstream = 'ALLOW' WHERE name = 'mixed'")
    await asyncio.sleep(0.7)
    page_ = (await shown(mirror, "mixed")).json
    assert [each["filename"] for each in page_["files"]] == [file, theirs]
    assert page_["versions"] == ["1.0", "2.0"]
    assert (await mirror.get(path(file))).body == content
    assert json.dumps(page_).count("sha256") == 2 * 3
