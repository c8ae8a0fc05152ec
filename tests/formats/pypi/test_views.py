import time
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from mirror.errors import NotFound
from mirror.formats.intents import ReadIndex
from mirror.model import ListedAsset, ListedVersion, Listing, Package, Promise
from tests.formats.pypi.samples import (
    BASE,
    PACKAGE,
    PYPI,
    SDIST,
    WHEEL,
    get,
    listing_of,
    page,
    recorded,
    written,
)

SHA = "a" * 64


def json_of(listing: Listing, base: str = BASE) -> dict[str, Any]:
    found = PYPI.render(page(listing.package.name), listing, base)
    assert found.content_type == "application/vnd.pypi.simple.v1+json"
    return orjson.loads(found.body)


def html_of(listing: Listing) -> str:
    found = PYPI.render(page(listing.package.name, "html"), listing, BASE)
    assert found.content_type == "text/html"
    return found.body.decode()


def stored(*assets: ListedAsset, **files: object) -> Listing:
    manifest = {"files": {name.replace("__", "-"): entry for name, entry in files.items()}}
    version = ListedVersion("1.0", manifest, assets, 1_700_000_000.5)
    return Listing(PACKAGE, {"1.0": version})


class Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


def test_the_json_page() -> None:
    found = json_of(listing_of("sampleproject", written("sampleproject.json")))
    original = orjson.loads(written("sampleproject.json"))
    assert found["meta"] == {"api-version": "1.4"}
    assert found["versions"] == ["3.0.0", "4.0.0"]
    assert found["project-status"] == {"status": "active"}
    for ours, theirs in zip(found["files"], original["files"], strict=True):
        version = theirs["filename"].split("-")[1].removesuffix(".tar.gz")
        assert ours["url"] == f"{version}/{theirs['filename']}"
        for field in ("filename", "hashes", "size", "upload-time", "requires-python", "yanked"):
            assert ours[field] == theirs[field]
        if theirs["core-metadata"]:
            assert (
                ours["core-metadata"] == ours["data-dist-info-metadata"] == theirs["core-metadata"]
            )
        assert "dist-info-metadata" not in ours


def test_every_link_leads_to_its_file() -> None:
    """A page's own links come back through `parse` to the same package, version and file."""
    for name in ("sampleproject", "py"):
        listing = listing_of(name, recorded(f"upstream/{name}.html"))
        for file in json_of(listing)["files"]:
            intent = get(f"simple/{name}/{file['url']}")
            assert intent.package == listing.package
            assert intent.asset == file["filename"]
            assert intent.asset in {each.name for each in listing.versions[intent.version].assets}


def test_html_says_the_same_as_json() -> None:
    listing = listing_of("sampleproject", written("sampleproject.json"))
    anchors = Anchors()
    anchors.feed(html_of(listing))
    for link, file in zip(anchors.found, json_of(listing)["files"], strict=True):
        assert link["href"] == f"{file['url']}#sha256={file['hashes']['sha256']}"
        assert link.get("data-requires-python") == file["requires-python"]
        assert link.get("data-yanked") == (file["yanked"] or None)
        sidecar = file.get("core-metadata")
        expected = f"sha256={sidecar['sha256']}" if sidecar else None
        assert link.get("data-core-metadata") == link.get("data-dist-info-metadata") == expected
    assert 'content="1.4"' in html_of(listing)
    assert 'name="pypi:project-status" content="active"' in html_of(listing)


@pytest.mark.parametrize("name", ["sampleproject", "sigstore-protobuf-specs", "py"])
def test_a_mirror_of_a_mirror_says_the_same(name: str) -> None:
    first = listing_of(name, recorded(f"upstream/{name}.html"))
    once = json_of(first)
    again = json_of(listing_of(name, PYPI.render(page(name), first, BASE).body))
    assert again == once


def test_the_true_upload_time_survives_a_copy() -> None:
    """Lessons #31; pulp_python#1371: not the time of the copy."""
    listing = stored(
        ListedAsset(SDIST, "", Promise()), **{SDIST: {"upload-time": "2008-01-02T03:04:05Z"}}
    )
    assert json_of(listing)["files"][0]["upload-time"] == "2008-01-02T03:04:05Z"
    without = stored(ListedAsset(SDIST, "", Promise()))
    assert json_of(without)["files"][0]["upload-time"] == "2023-11-14T22:13:20.500000Z"


def test_only_assets_that_are_there_are_listed() -> None:
    """Pitfall 19, lessons #27: neither files nor sidecars that would be a 404."""
    entry = {"hashes": {"sha256": SHA}, "core-metadata": {"sha256": SHA}}
    alone = stored(ListedAsset(WHEEL, "", Promise()), **{WHEEL: entry, SDIST: {}})
    [file] = json_of(alone)["files"]
    assert file["filename"] == WHEEL
    assert "core-metadata" not in file
    assert "data-core-metadata" not in html_of(alone)
    both = stored(
        ListedAsset(WHEEL, "", Promise()),
        ListedAsset(f"{WHEEL}.metadata", "", Promise()),
        **{WHEEL: entry},
    )
    assert json_of(both)["files"][0]["core-metadata"] == {"sha256": SHA}


def test_hashes_of_what_is_stored_stand_before_what_was_said() -> None:
    promise = Promise(3, {"sha256": "b" * 64, "md5": "c" * 32})
    listing = stored(ListedAsset(SDIST, "", promise), **{SDIST: {"hashes": {"md5": "d" * 32}}})
    [file] = json_of(listing)["files"]
    assert (file["hashes"], file["size"]) == ({"sha256": "b" * 64}, 3)


def test_other_hashes_only_where_sha256_is_unknown() -> None:
    """astral-sh/uv#17143: one algorithm, and a malformed hash is none."""
    hashes = {"md5": "c" * 32, "sha1": "nonsense", "blake2b_256": "d" * 64}
    listing = stored(ListedAsset(SDIST, "", Promise()), **{SDIST: {"hashes": hashes}})
    assert json_of(listing)["files"][0]["hashes"] == {"md5": "c" * 32}
    assert f'href="1.0/{SDIST}#md5={"c" * 32}"' in html_of(listing)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (
            "https://host/pypi/main/",
            f"https://host/pypi/main/integrity/my-pkg/1.0/{SDIST}/provenance",
        ),
        ("http://host/pypi/main/", "https://pypi.org/x"),
    ],
)
def test_provenance_is_https(base: str, expected: str) -> None:
    assets = (ListedAsset(SDIST, "", Promise()), ListedAsset(f"{SDIST}.provenance", "", Promise()))
    listing = stored(*assets, **{SDIST: {"provenance": "https://pypi.org/x"}})
    assert json_of(listing, base)["files"][0]["provenance"] == expected


def test_html_is_escaped() -> None:
    reason = "\"><script>alert('x')</script>"
    entry = {"yanked": reason, "requires-python": "<4,>=3"}
    text = html_of(stored(ListedAsset(SDIST, "", Promise()), **{SDIST: entry}))
    assert "<script>" not in text
    anchors = Anchors()
    anchors.feed(text)
    assert anchors.found[0]["data-yanked"] == reason
    assert anchors.found[0]["data-requires-python"] == "<4,>=3"


@pytest.mark.parametrize("view", ["json", "html"])
def test_a_quarantined_project_has_an_empty_page_that_says_so(view: str) -> None:
    """PEP 792."""
    about = {"project-status": {"status": "quarantined", "reason": "malware"}}
    listing = Listing(PACKAGE, about=about, withdrawn=True)
    if view == "json":
        found = json_of(listing)
        assert (found["files"], found["versions"]) == ([], [])
        assert found["project-status"] == about["project-status"]
    else:
        text = html_of(listing)
        assert "<a " not in text
        assert '<meta name="pypi:project-status" content="quarantined">' in text
        assert '<meta name="pypi:project-status-reason" content="malware">' in text
    with pytest.raises(NotFound):
        PYPI.render(page("my-pkg", "api"), listing, BASE)


def test_every_link_of_a_version_that_is_spelt_in_two_ways() -> None:
    other = WHEEL.replace("1.0", "1.0.0")
    listing = stored(ListedAsset(WHEEL, "", Promise()), ListedAsset(other, "", Promise()))
    urls = [file["url"] for file in json_of(listing)["files"]]
    assert [get(f"simple/my-pkg/{url}").asset for url in urls] == [WHEEL, other]


def test_no_version_is_not_an_empty_page() -> None:
    with pytest.raises(NotFound):
        PYPI.render(page("my-pkg"), Listing(PACKAGE), BASE)


@pytest.mark.parametrize("view", ["json", "html", "v1-html"])
def test_the_index(view: str) -> None:
    packages = [Package("pypi", "", name) for name in ("b", "a")]
    found = PYPI.index(ReadIndex(view), packages)
    if view == "json":
        assert orjson.loads(found.body) == {
            "meta": {"api-version": "1.4"},
            "projects": [{"name": "a"}, {"name": "b"}],
        }
    else:
        anchors = Anchors()
        anchors.feed(found.body.decode())
        assert [each["href"] for each in anchors.found] == ["a/", "b/"]


@pytest.mark.parametrize("view", ["json", "html"])
def test_five_thousand_files(view: str) -> None:
    """Huge projects: read and rendered within a second, so once per change is enough."""
    files = [
        {
            "filename": f"my_pkg-1.{number}-cp3{tag}-cp3{tag}-manylinux_2_28_x86_64.whl",
            "url": f"https://files.example/{number}/{tag}.whl",
            "hashes": {"sha256": SHA},
            "size": 1,
            "upload-time": "2026-01-02T03:04:05.678901Z",
            "core-metadata": {"sha256": SHA},
        }
        for number in range(500)
        for tag in range(10)
    ]
    body = orjson.dumps({"meta": {}, "name": "my-pkg", "files": files})
    started = time.process_time()
    listing = listing_of("my-pkg", body)
    rendering = PYPI.render(page("my-pkg", view), listing, BASE)
    assert time.process_time() - started < 2
    assert rendering.body.count(b"cp39-cp39") >= 500
