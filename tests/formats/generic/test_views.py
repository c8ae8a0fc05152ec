import orjson
import pytest

from mirror.errors import NotFound
from mirror.formats.intents import ReadIndex, Search
from mirror.model import ListedVersion, Listing, Status
from tests.formats.generic.samples import GENERIC, PACKAGE, VERSION, part_of, sent

BASE = "http://here/generic/main/"


def listing(*names: str, status: Status = Status.PUBLISHED) -> Listing:
    manifest: dict = {}
    for name in names:
        manifest = dict(GENERIC.extended(manifest, sent(name.encode(), f"ns/tool/1/{name}"), 1.0))
    return Listing(
        PACKAGE, {"1.0.0": ListedVersion("1.0.0", manifest, status=status, revision="r1")}
    )


def test_a_version() -> None:
    """API contract §4: the members of ListPackageVersionAssets, and the status."""
    found = GENERIC.render(VERSION, listing("b", "a"), BASE)
    assert found.content_type == "application/json"
    document = orjson.loads(found.body)
    assets = document.pop("assets")
    assert document == {
        "format": "generic",
        "namespace": "ns",
        "package": "tool",
        "version": "1.0.0",
        "versionRevision": "r1",
        "status": "Published",
    }
    assert [each["name"] for each in assets] == ["a", "b"]
    assert assets[0]["size"] == 1
    assert assets[0]["hashes"]["SHA-512"] == part_of(b"a").digests.sha512
    assert [*assets[0]["hashes"]] == ["MD5", "SHA-1", "SHA-256", "SHA-512"]


def test_whether_it_is_whole_is_told() -> None:
    body = GENERIC.render(VERSION, listing("a", status=Status.UNFINISHED), BASE).body
    assert orjson.loads(body)["status"] == "Unfinished"


def test_a_version_that_is_not_there() -> None:
    with pytest.raises(NotFound) as caught:
        GENERIC.render(VERSION, Listing(PACKAGE), BASE)
    assert caught.value.kind == "package-version"


def test_nothing_comes_from_elsewhere() -> None:
    """U16."""
    assert not GENERIC.upstreams
    assert not GENERIC.connections
    assert list(GENERIC.conversation("http://up/", PACKAGE)) == []
    assert GENERIC.read(PACKAGE, []).versions == {}


def test_neither_lists_nor_searches() -> None:
    with pytest.raises(NotFound):
        GENERIC.index(ReadIndex("all"), [])
    with pytest.raises(NotFound):
        GENERIC.results(Search("x", 1, 0), [], None)


def test_addresses() -> None:
    assert GENERIC.address(PACKAGE) == "ns/tool"
    assert GENERIC.address(GENERIC.package("", "tool")) == "tool"
