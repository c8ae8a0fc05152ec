from dataclasses import replace

import orjson
import pytest

from mirror.errors import NotFound
from mirror.formats.format import Hit
from mirror.formats.intents import ReadIndex, ReadPackage, Search
from mirror.model import ListedVersion, Listing, Status
from tests.formats.cargo.samples import BASE, CARGO, line, listing_of, package, read

INDEX = ReadPackage(package("demo"), "index")
ABOUT = {"description": "A demo.", "license": "MIT", "homepage": "https://example.org/"}


def listing(*versions: ListedVersion) -> Listing:
    return Listing(package("demo"), {each.version: each for each in versions})


def rendered(*versions: ListedVersion) -> list[bytes]:
    body = CARGO.render(INDEX, listing(*versions), BASE).body
    assert body.endswith(b"\n")
    return body[:-1].split(b"\n")


def test_an_index_file_is_one_line_a_version_in_the_listings_order() -> None:
    found = rendered(
        ListedVersion("2.0.0", line(vers="2.0.0")), ListedVersion("1.0.0", line(odd="\n\u2028"))
    )
    assert [orjson.loads(each)["vers"] for each in found] == ["2.0.0", "1.0.0"]
    assert orjson.loads(found[1])["odd"] == "\n\u2028"
    assert found[0].startswith(b'{"name":"demo","vers":"2.0.0","deps":[],')


def test_unlisted_is_yanked_and_a_yank_changes_the_bytes() -> None:
    """Pitfall 18: to leave it out would break existing lock files."""
    version = ListedVersion("1.0.0", line())
    plain, unlisted = rendered(version), rendered(replace(version, status=Status.UNLISTED))
    assert (orjson.loads(plain[0])["yanked"], orjson.loads(unlisted[0])["yanked"]) == (False, True)
    assert version.manifest["yanked"] is False


def test_what_its_source_yanked_stays_yanked() -> None:
    assert b'"yanked":true' in rendered(ListedVersion("1.0.0", line(yanked=True)))[0]


def test_no_nulls_where_cargo_reads_none() -> None:
    """Pitfall 4."""
    found = rendered(
        ListedVersion("1.0.0", line(deps=None, features=None)),
        ListedVersion("1.1.0", {"name": "demo", "vers": "1.1.0", "cksum": "ab" * 32}),
    )
    for each in map(orjson.loads, found):
        assert each["deps"] == []
        assert each["features"] == {}
        assert each["yanked"] is False


def test_what_a_crate_says_of_itself_is_in_no_line() -> None:
    assert rendered(ListedVersion("1.0.0", line(_about=ABOUT))) == [orjson.dumps(line())]


@pytest.mark.parametrize("view", ["index", "api"])
def test_without_versions_there_is_no_package(view: str) -> None:
    with pytest.raises(NotFound) as caught:
        CARGO.render(ReadPackage(package("demo"), view), listing(), BASE)
    assert caught.value.kind == "package"


def test_what_tools_are_told() -> None:
    found = listing(
        ListedVersion("1.0.0", line(name="Demo", vers="1.0.0", _about=ABOUT), published_at=1e9),
        ListedVersion("2.0.0", line(name="Demo", vers="2.0.0", yanked=True), published_at=2e9),
        ListedVersion("1.10.0-a", line(name="Demo", vers="1.10.0-a"), published_at=1.5e9),
        ListedVersion(
            "1.9.0",
            line(name="Demo", vers="1.9.0", features={"a": []}, features2={"b": ["dep:x"]}),
        ),
    )
    rendering = CARGO.render(ReadPackage(package("demo"), "api"), found, BASE)
    assert rendering.content_type == "application/json"
    document = orjson.loads(rendering.body)
    assert document["crate"]["name"] == "Demo"
    assert document["crate"]["max_version"] == "1.10.0-a"
    assert document["crate"]["max_stable_version"] == "1.9.0"
    assert document["crate"]["updated_at"].startswith("2033-")
    assert [each["num"] for each in document["versions"]] == ["2.0.0", "1.10.0-a", "1.9.0", "1.0.0"]
    assert document["versions"][3]["license"] == "MIT"
    assert document["versions"][2]["features"] == {"a": [], "b": ["dep:x"]}
    assert document["versions"][0]["dl_path"] == "/cargo/main/api/v1/crates/Demo/2.0.0/download"


def test_one_version_for_tools() -> None:
    listing_ = listing_of("itoa")
    intent = ReadPackage(package("itoa"), "api", "1.0.0")
    document = orjson.loads(CARGO.render(intent, listing_, BASE).body)
    assert document["version"]["num"] == "1.0.0"
    assert document["version"]["rust_version"] == "1.36"
    with pytest.raises(NotFound) as caught:
        CARGO.render(replace(intent, version="99.0.0"), listing_, BASE)
    assert caught.value.kind == "package-version"


def test_all_versions_may_be_yanked() -> None:
    found = read("demo", line(yanked=True), line(vers="2.0.0-a", yanked=True))
    document = orjson.loads(CARGO.render(ReadPackage(package("demo"), "api"), found, BASE).body)
    assert document["crate"]["max_version"] == "2.0.0-a"
    assert document["crate"]["max_stable_version"] is None


def test_search() -> None:
    hits = [
        Hit(package("demo"), "1.0.0", line(name="Demo", _about=ABOUT), 0.0),
        Hit(package("other"), "2.0.0", {}, 0.0),
        Hit(package("third"), "3.0.0", line(name="third"), 0.0),
    ]
    rendering = CARGO.results(Search("d", 2, 0), hits, None)
    assert orjson.loads(rendering.body) == {
        "crates": [
            {"name": "Demo", "max_version": "1.0.0", "description": "A demo."},
            {"name": "other", "max_version": "2.0.0", "description": None},
        ],
        "meta": {"total": 3},
    }


def test_there_is_no_list_of_everything() -> None:
    with pytest.raises(NotFound):
        CARGO.index(ReadIndex("all"), [])
