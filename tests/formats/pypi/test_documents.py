import hashlib
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Misbehaved
from mirror.model import Promise
from tests.formats.pypi.samples import BASE, PYPI, listing_of, page, recorded, written

SHA = "a" * 64
SIDECAR = recorded("upstream/sampleproject-4.0.0-py3-none-any.whl.metadata")


def document(files: list[object], **more: object) -> bytes:
    return orjson.dumps({"meta": {"api-version": "1.1"}, "name": "a", "files": files, **more})


def one(entry: dict[str, object]):
    found = {"filename": "a-1.0.tar.gz", "url": "a-1.0.tar.gz", "hashes": {}, **entry}
    return listing_of("a", document([found])).versions["1.0"]


def test_the_recorded_html_page() -> None:
    found = listing_of("sampleproject", recorded("upstream/sampleproject.html"))
    api = orjson.loads(recorded("upstream/sampleproject-api.json"))
    known = {version: files for version, files in api["releases"].items() if files}
    assert set(found.versions) == set(known)
    for version, files in known.items():
        held = found.versions[version]
        assert {each.name for each in held.assets} == {each["filename"] for each in files}
        for asset in held.assets:
            [file] = [each for each in files if each["filename"] == asset.name]
            assert asset.url == file["url"]
            assert asset.promise == Promise(None, {"sha256": file["digests"]["sha256"]})
            entry = held.manifest["files"][asset.name]
            assert entry["upload-time"] == file["upload_time_iso_8601"]
            assert entry.get("requires-python") == file["requires_python"]
    assert found.versions["1.2.0"].published_at == pytest.approx(1434292676.383366)


def test_yanked_with_its_reason() -> None:
    """Lessons #31; nexus-public#682."""
    found = listing_of("sigstore-protobuf-specs", recorded("upstream/sigstore-protobuf-specs.html"))
    yanked = {
        name: entry["yanked"]
        for version in found.versions.values()
        for name, entry in version.manifest["files"].items()
        if entry["yanked"]
    }
    assert yanked == {
        "sigstore_protobuf_specs-0.3.3-py3-none-any.whl": "Unintended API breakage",
        "sigstore_protobuf_specs-0.3.3.tar.gz": "Unintended API breakage",
    }


def test_old_files_have_versions_too() -> None:
    body = recorded("upstream/py.html")
    found = listing_of("py", body)
    assert sum(len(each.assets) for each in found.versions.values()) == body.count(b"<a href")
    assert {each.name for each in found.versions["0.9.2"].assets} >= {
        "py-0.9.2-py2.4-win32.egg",
        "py-0.9.2.zip",
    }


def test_the_json_page() -> None:
    found = listing_of("sampleproject", written("sampleproject.json"))
    assert found.about == {"project-status": {"status": "active"}}
    version = found.versions["4.0.0"]
    wheel = "sampleproject-4.0.0-py3-none-any.whl"
    assets = {each.name: each for each in version.assets}
    assert set(assets) == {
        wheel,
        f"{wheel}.metadata",
        f"{wheel}.provenance",
        "sampleproject-4.0.0.tar.gz",
        "sampleproject-4.0.0.tar.gz.provenance",
    }
    assert assets[wheel].promise.size == 4661
    sidecar = assets[f"{wheel}.metadata"]
    assert sidecar.url == f"{assets[wheel].url}.metadata"
    assert sidecar.promise == Promise(None, {"sha256": hashlib.sha256(SIDECAR).hexdigest()})
    assert assets[f"{wheel}.provenance"].url.startswith("https://pypi.org/integrity/")
    assert found.versions["3.0.0"].manifest["files"]["sampleproject-3.0.0.tar.gz"]["yanked"]


def test_an_index_without_simple_in_its_address() -> None:
    """Lessons #28: links from the root, other hosts, no hashes, foreign files."""
    url = "https://download.example/whl/cpu/torch/"
    found = listing_of("torch", written("torch.html"), url)
    assert list(found.versions) == ["2.9.0+cpu", "2.8.0+cpu"]
    linux, sidecar, windows = found.versions["2.9.0+cpu"].assets
    assert linux.url == (
        "https://download.example/whl/cpu/torch-2.9.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl"
    )
    assert linux.promise == Promise(None, {"sha256": SHA})
    assert sidecar.name == f"{linux.name}.metadata"
    assert sidecar.promise == Promise(None, {"sha256": "b" * 64})
    assert windows.promise == Promise()
    [other] = found.versions["2.8.0+cpu"].assets
    assert other.url.startswith("https://mirror.example/")
    assert other.promise == Promise(None, {"md5": "c" * 32})


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://pypi.org/simple/", "https://pypi.org/simple/my-pkg/"),
        ("https://download.example/whl/cpu", "https://download.example/whl/cpu/my-pkg/"),
    ],
)
def test_the_question(base: str, url: str) -> None:
    [fetch] = list(PYPI.conversation(base, PYPI.package("", "My.Pkg")))
    assert fetch.url == url
    assert fetch.headers["Accept"].startswith("application/vnd.pypi.simple.v1+json,")


def test_relative_links_and_base() -> None:
    body = b'<base href="../files/"><a href="a-1.0.tar.gz?token=1#sha256=' + SHA.encode() + b'">'
    found = listing_of("a", body, "https://host/simple/a/")
    [asset] = found.versions["1.0"].assets
    assert asset.url == "https://host/simple/files/a-1.0.tar.gz?token=1"


def test_a_sidecar_goes_before_the_query() -> None:
    found = listing_of(
        "a",
        document([{"filename": "a-1-py3-none-any.whl", "url": "x.whl?t=1", "core-metadata": True}]),
    )
    assert found.versions["1"].assets[1].url == "https://pypi.org/simple/a/x.whl.metadata?t=1"


@pytest.mark.parametrize(
    "url", ["", "ftp://h/a", "javascript:1", "file:///etc/passwd", "http://[", 1, None]
)
def test_files_that_cannot_be_fetched_are_left_out(url: object) -> None:
    found = listing_of("a", document([{"filename": "a-1.tar.gz", "url": url}]), "https://h/a/")
    assert not found.versions


@pytest.mark.parametrize(
    "spelling", ["core-metadata", "data-dist-info-metadata", "dist-info-metadata"]
)
def test_three_spellings_of_core_metadata(spelling: str) -> None:
    entry = {"filename": "a-1.0-py3-none-any.whl", spelling: {"sha256": SHA}}
    version = one(entry)
    assert version.assets[1].promise == Promise(None, {"sha256": SHA})
    assert version.manifest["files"]["a-1.0-py3-none-any.whl"]["core-metadata"] == {"sha256": SHA}


def test_false_means_no_sidecar() -> None:
    entry = {
        "filename": "a-1.0-py3-none-any.whl",
        "core-metadata": False,
        "dist-info-metadata": {"sha256": SHA},
    }
    assert len(one(entry).assets) == 1


@pytest.mark.parametrize(
    ("written_", "kept"),
    [(True, True), (False, False), ("why", "why"), ("", False), (None, False), ({}, False)],
)
def test_yanked(written_: object, kept: object) -> None:
    assert one({"yanked": written_}).manifest["files"]["a-1.0.tar.gz"]["yanked"] == kept


def test_yanked_without_a_reason_in_html() -> None:
    found = listing_of("a", b'<a href="a-1.0.tar.gz" data-yanked>a</a>', "https://h/")
    assert found.versions["1.0"].manifest["files"]["a-1.0.tar.gz"]["yanked"] is True


def test_unknown_fields_are_kept() -> None:
    """Lessons #31."""
    version = one({"x-new": [1], "gpg-sig": True, "requires-python": {}, "size": -1})
    entry = version.manifest["files"]["a-1.0.tar.gz"]
    assert entry == {"hashes": {}, "x-new": [1], "gpg-sig": True, "yanked": False}
    assert [each.name for each in version.assets] == ["a-1.0.tar.gz", "a-1.0.tar.gz.asc"]


def test_one_file_name_is_one_file() -> None:
    first = {"filename": "a-1.0.tar.gz", "url": "x", "hashes": {"sha256": SHA}}
    found = listing_of("a", document([first, {**first, "url": "y"}]))
    assert [each.url for each in found.versions["1.0"].assets] == ["https://pypi.org/simple/a/x"]


@pytest.mark.parametrize("place", ["top", "meta"])
def test_status_markers(place: str) -> None:
    status = {"status": "archived", "reason": "done"}
    more = {"project-status": status} if place == "top" else {"meta": {"project-status": status}}
    assert listing_of("a", document([], **more)).about["project-status"] == status
    html = (
        b'<meta name="pypi:project-status" content="archived">'
        b'<meta name="pypi:project-status-reason" content="done">'
    )
    assert listing_of("a", html).about["project-status"] == status


def test_a_quarantined_project_lists_nothing() -> None:
    """PEP 792; no installer looks at the status. It is no page that came out empty by mistake."""
    file = {"filename": "a-1.0.tar.gz", "url": "x"}
    body = document([file], **{"project-status": {"status": "quarantined"}})
    found = listing_of("a", body)
    assert not found.versions
    assert found.withdrawn
    archived = document([file], **{"project-status": {"status": "archived"}})
    assert not listing_of("a", archived).withdrawn


def test_files_of_one_version_that_is_spelt_in_two_ways() -> None:
    """pypi.md §6: grouped by what PEP 440 takes for the same, shown as the first one is spelt."""
    names = ["a-1.0.tar.gz", "a-1.0.0-py3-none-any.whl", "a-1.0.post1.zip", "a-1.0-1.tar.gz"]
    found = listing_of("a", document([{"filename": name, "url": "x"} for name in names]))
    assert {
        version: [each.name for each in it.assets] for version, it in found.versions.items()
    } == {
        "1.0": names[:2],
        "1.0.post1": names[2:],
    }


def test_rejected_fields_are_dropped() -> None:
    found = listing_of("a", document([], tracks=["x"], **{"alternate-locations": ["y"], "new": 1}))
    assert found.about == {"new": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"name": "a"}',
        b'{"name": "b", "files": []}',
        b'{"files": []}',
        b'{"meta": {"api-version": "2.0"}, "name": "a", "files": []}',
        b'<meta name="pypi:repository-version" content="2.0">',
        b"<html><form action=/login></form></html>",
        b'<html><a href="/login">Sign in</a></html>',
        b'<a href="b-1.0.tar.gz">b</a>',
        b"<html><title>502 Bad Gateway</title><h1>Links for you</h1></html>",
        b"{" + b'"a":{' * 5000,
    ],
)
def test_documents_that_cannot_be_true(body: bytes) -> None:
    """Lessons #16."""
    with pytest.raises(Misbehaved):
        listing_of("a", body)


@pytest.mark.parametrize(
    "head",
    [b"<title>Links for a</title>", b'<meta name="pypi:repository-version" content="1.1">'],
)
def test_an_empty_page_has_no_versions(head: bytes) -> None:
    """It must say that it is an index: error pages come with status 200 (lessons #14)."""
    found = listing_of("a", b"<!DOCTYPE html>" + head)
    assert not found.versions
    assert not found.withdrawn


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = [
    "url",
    "hashes",
    "size",
    "yanked",
    "upload-time",
    "core-metadata",
    "provenance",
    "gpg-sig",
]


@given(st.dictionaries(st.sampled_from(FIELDS), json), st.dictionaries(st.text(max_size=9), json))
def test_any_entry_is_read_and_can_be_shown(
    entry: dict[str, object], more: dict[str, object]
) -> None:
    file = {**more, "url": "x", **entry, "filename": "a-1.0-py3-none-any.whl"}
    found = listing_of("a", document([file, more]))
    for view in ("json", "html", "api") if found.versions else ():
        PYPI.render(page("a", view), found, BASE)


@given(st.text(alphabet="<>a=\"/# -!&;'bse", max_size=80))
def test_any_html_is_read(text: str) -> None:
    with suppress(Misbehaved):
        listing_of("a", f'<a href="a-1.0.tar.gz">{text}'.encode())
