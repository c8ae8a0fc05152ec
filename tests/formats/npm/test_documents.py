import resource
import time

import orjson
import pytest

from mirror.errors import Misbehaved
from mirror.formats.intents import ReadPackage
from mirror.formats.times import epoch
from mirror.model import Listing
from tests.formats.npm.samples import BASE, NPM, UPSTREAM, listing_of, package_of, recorded

LEFT_PAD = package_of("left-pad")


def read(document: object) -> Listing:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return NPM.read(LEFT_PAD, [body])


def entry(version: str = "1.0.0", **dist: object) -> dict[str, object]:
    url = f"https://registry.npmjs.org/left-pad/-/left-pad-{version}.tgz"
    return {"name": "left-pad", "version": version, "dist": {"tarball": url} | dist}


@pytest.mark.parametrize("file", UPSTREAM)
def test_every_recorded_document_is_read_whole(file: str) -> None:
    document = orjson.loads(recorded(f"upstream/{file}"))
    listing = listing_of(file)
    assert list(listing.versions) == list(document["versions"])
    assert listing.tags == document["dist-tags"]
    assert listing.about == {"time": document["time"]}
    for version, found in listing.versions.items():
        original = document["versions"][version]
        assert found.manifest == original
        [asset] = found.assets
        assert asset.name == f"{listing.package.name}-{version}.tgz"
        assert asset.url == original["dist"]["tarball"]
        assert set(asset.promise.digests) == {"sha512", "sha1"}
        assert asset.promise.digests["sha1"] == original["dist"]["shasum"]
        assert found.published_at == epoch(document["time"][version])


def test_integrity_may_hold_several_hashes_and_nonsense() -> None:
    """lessons #31"""
    sha512 = "sha512-" + "A" * 86 + "=="
    integrity = f"md4-AAAA {sha512}?opt sha512-short sha1-{'A' * 27}="
    listing = read(
        {"name": "left-pad", "versions": {"1.0.0": entry(integrity=integrity, shasum=7)}}
    )
    promise = listing.versions["1.0.0"].assets[0].promise
    assert promise.digests == {"sha512": "00" * 64, "sha1": "00" * 20}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!DOCTYPE html><h1>429</h1>", "HTML"),
        (b"{", "not JSON"),
        (b'{"name":"left-pad"', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"left-pad"', "not a JSON object"),
        (b"{}", "nothing by name"),
        (b'{"error":"not_found"}', "nothing by name"),
        (b'{"name":"right-pad"}', "'right-pad'"),
        (b'{"name":"Left-Pad"}', "'Left-Pad'"),
        (b'{"name":["left-pad"]}', "nothing by name"),
        (b'{"name":"left-pad","versions":[1]}', "versions is not an object"),
        (b"[" * 10_000 + b"]" * 10_000, "not JSON"),
        (b'{"name":"left-pad","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "not JSON"),
        (b'{"name":"left-pad","x":' + b"[" * 500 + b"]" * 500 + b"}", "too deep"),
        (b'{"name":"left-pad","x":"\xff"}', "not JSON"),
        (b'{"name":"left-pad","x":NaN}', "not JSON"),
    ],
)
def test_a_document_that_cannot_be_true_says_why(body: bytes, reason: str) -> None:
    """lessons #16"""
    with pytest.raises(Misbehaved, match=reason):
        read(body)
    with pytest.raises(Misbehaved):
        NPM.read(LEFT_PAD, [])


@pytest.mark.parametrize(
    "document",
    [{"name": "left-pad"}, {"_id": "left-pad", "versions": {}}, {"name": "left-pad", "versions": None},
     {"name": "left-pad", "time": {"unpublished": {"name": "x"}}}],
)  # fmt: skip
def test_an_unpublished_package_has_no_versions(document: object) -> None:
    assert read(document).versions == {}


def test_versions_that_contradict_their_key_are_left_out() -> None:
    good = entry()
    versions = {
        "1.0.0": good,
        "01.2.3beta": entry("01.2.3beta"),
        "2.0.0": entry("2.0.1"),
        "3.0.0": entry("3.0.0") | {"name": "right-pad"},
        "4.0.0": "text",
        "5.0.0": {"name": "left-pad", "version": "5.0.0"},
        "6.0.0": entry("6.0.0") | {"dist": {"tarball": 7}},
        "../../etc": entry("../../etc"),
        "7%2f0": entry("7%2f0"),
        "8\\0": entry("8\\0"),
        "": entry(""),
        "9" * 300: entry("9" * 300),
    }
    assert list(read({"name": "left-pad", "versions": versions}).versions) == [
        "1.0.0",
        "01.2.3beta",
    ]


def test_unknown_fields_are_kept() -> None:
    """lessons #31"""
    document = {
        "_id": "left-pad", "_rev": "1-x", "name": "left-pad", "_attachments": {},
        "versions": {"1.0.0": entry(signatures=[{"keyid": "k", "sig": "s"}]) | {"odd": [1]}},
        "dist-tags": {"latest": "1.0.0", "broken": 7}, "readme": "# hi", "users": {"a": True},
        "odd": {"a": 1},
    }  # fmt: skip
    listing = read(document)
    assert listing.about == {"readme": "# hi", "users": {"a": True}, "odd": {"a": 1}}
    assert listing.tags == {"latest": "1.0.0"}
    assert listing.versions["1.0.0"].manifest["odd"] == [1]


def test_half_a_character_does_not_make_a_package_unavailable() -> None:
    body = b'{"name":"left-pad","readme":"a\\ud83d b\\\\ud83d \\ud83d\\ude00","versions":{}}'
    assert read(body).about["readme"] == "a\ufffd b\\ud83d \U0001f600"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1970-01-01T00:00:01.500Z", 1.5), ("1970-01-01T01:00:00+01:00", 0.0),
     ("1970-01-01T00:00:01", 1.0), ("yesterday", None), (7, None), (None, None), ({}, None),
     ("0001-01-01T00:00:00+23:59", None), ("9999-12-31T23:59:59-23:59", None)],
)  # fmt: skip
def test_times(text: object, seconds: float | None) -> None:
    assert epoch(text) == seconds


def test_the_question_asked_upstream() -> None:
    [fetch] = NPM.conversation("http://up/path/", NPM.package("s", "n"))
    assert fetch.url == "http://up/path/@s%2fn"
    assert fetch.headers == {"Accept": "application/json"}
    assert [f.url for f in NPM.conversation("http://up", LEFT_PAD)] == ["http://up/left-pad"]


def test_a_huge_document_is_read_and_rendered_in_seconds_and_bounded_memory() -> None:
    """A third of 60 MB, for which 1.2 s to read and 0.2 s to render were measured (2 cores)."""
    filler = {f"dependency-{i}": "^1.0.0" for i in range(100)}
    versions = {f"1.0.{i}": entry(f"1.0.{i}") | {"devDependencies": filler} for i in range(7000)}
    body = orjson.dumps({"name": "left-pad", "versions": versions, "dist-tags": {}})
    assert len(body) > 18_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    listing = read(body)
    intent = ReadPackage(LEFT_PAD, "full")
    rendered = NPM.render(intent, listing, BASE)
    elapsed = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert len(listing.versions) == 7000
    assert len(rendered.body) > 18_000_000
    assert elapsed < 2.0
    assert grown < 15 * len(body)
