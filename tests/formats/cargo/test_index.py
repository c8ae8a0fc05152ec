import orjson
import pytest

from mirror.errors import Misbehaved
from mirror.formats.intents import ReadPackage
from mirror.model import ListedVersion, Promise, Status
from tests.formats.cargo.samples import (
    BASE,
    CARGO,
    CONFIG,
    UPSTREAM,
    line,
    listing_of,
    package,
    read,
    recorded,
)


@pytest.mark.parametrize("name", UPSTREAM)
def test_every_recorded_line_is_a_version_and_comes_out_as_it_went_in(name: str) -> None:
    """Pitfalls 8 and 11: every key, known or not, and every version, cached or not."""
    listing = listing_of(name)
    lines = [orjson.loads(each) for each in recorded(f"upstream/{name}").splitlines()]
    assert [each.manifest for each in listing.versions.values()] == lines
    assert list(listing.versions) == [each["vers"] for each in lines]
    for found, written in zip(listing.versions.values(), lines, strict=True):
        [asset] = found.assets
        assert asset.name == f"{name}-{written['vers']}.crate"
        assert asset.promise == Promise(None, {"sha256": written["cksum"]})
        assert asset.url == f"https://static.crates.io/crates/{name}/{written['vers']}/download"
        assert found.published_at is not None
    rendering = CARGO.render(ReadPackage(package(name), "index"), listing, BASE)
    assert rendering.content_type == "text/plain"
    assert rendering.body == recorded(f"upstream/{name}")


def test_the_recorded_documents_have_what_they_are_there_for() -> None:
    assert any("features2" in each.manifest for each in listing_of("half").versions.values())
    assert any(each.manifest["yanked"] for each in listing_of("half").versions.values())
    assert any("+" in version for version in listing_of("openssl-src").versions)
    deps = [d for v in listing_of("getrandom").versions.values() for d in v.manifest["deps"]]
    assert any("package" in each for each in deps)


@pytest.mark.parametrize(
    "bad",
    [b"{", b"null", b"7", b"[]", b'"text"', b"\xff\xfe", b"{}", b"[" * 5000, b"<html>",
     line(name="other"), line(name=None), line(name="de\u212ao"), line(vers="1.0"), line(vers=1),
     line(vers="01.0.0"), line(vers="1.0.0/../x"), line(cksum="x"), line(cksum=None),
     line(cksum="ab" * 31), {k: v for k, v in line().items() if k != "cksum"},
     b'{"name":"demo","vers":"1.0.0","cksum":' + b"[" * 300 + b"]" * 300 + b"}"],
)  # fmt: skip
def test_a_line_that_cannot_be_used_costs_no_other(bad: bytes | dict[str, object]) -> None:
    assert list(read("demo", bad, line(vers="2.0.0"), bad).versions) == ["2.0.0"]


def test_a_file_that_ends_within_a_line_is_cut_short() -> None:
    """Its newest versions would be gone, and its length may be right all the same."""
    whole = orjson.dumps(line()) + b"\n" + orjson.dumps(line(vers="2.0.0"))
    found = CARGO.read(package("demo"), [CONFIG, whole])  # not every server ends the last line
    assert list(found.versions) == ["1.0.0", "2.0.0"]
    with pytest.raises(Misbehaved, match="cut short"):
        CARGO.read(package("demo"), [CONFIG, whole[:-9]])


def test_blank_lines_carriage_returns_and_unknown_keys_are_taken() -> None:
    body = b"\n\r\n" + orjson.dumps(line(new=[1, {"x": None}], v=3)) + b"\r\n\n"
    [found] = read("demo", body).versions.values()
    assert found.manifest == line(new=[1, {"x": None}], v=3)


def test_the_author_may_write_the_name_in_another_case() -> None:
    [found] = read("demo", line(name="Demo")).versions.values()
    assert found.assets[0].name == "Demo-1.0.0.crate"
    assert found.assets[0].url.endswith("/Demo/1.0.0/download")
    assert found.manifest["name"] == "Demo"


def test_of_two_lines_for_one_version_the_later_counts() -> None:
    """crates.io#4418, rust-crates-index#73."""
    found = read("demo", line(cksum="11" * 32), line(vers="1.1.0"), line(cksum="22" * 32))
    assert found.versions["1.0.0"].assets[0].promise.digests == {"sha256": "22" * 32}
    assert len(found.versions) == 2


def test_versions_that_differ_in_build_metadata_are_all_there() -> None:
    """Pitfall 16."""
    found = read("demo", line(vers="1.0.0+a"), line(vers="1.0.0+b"), line())
    assert list(found.versions) == ["1.0.0+a", "1.0.0+b", "1.0.0"]


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html>\n<p>Sign in</p>", b'{"errors":[{"detail":"no"}]}', b"[]", b"not found",
     orjson.dumps(line(name="other")), b'{\n  "name": "demo"\n}'],
)  # fmt: skip
def test_what_is_no_index_file_is_not_believed(body: bytes) -> None:
    """Pitfall 21: cargo would say that there is no such package."""
    with pytest.raises(Misbehaved, match="'demo'"):
        CARGO.read(package("demo"), [CONFIG, body])


@pytest.mark.parametrize("body", [b"", b"\n\n"])
def test_an_empty_file_lists_nothing(body: bytes) -> None:
    assert CARGO.read(package("demo"), [CONFIG, body]).versions == {}


def test_a_time_that_is_none_is_not_known() -> None:
    for written in ("yesterday", 7, None, "9" * 100):
        [found] = read("demo", line(pubtime=written)).versions.values()
        assert found.published_at is None


def test_an_upstream_cannot_write_the_field_that_is_ours() -> None:
    [found] = read("demo", line(_about={"description": "mine"})).versions.values()
    assert "_about" not in found.manifest


def test_upstream_yanks_are_followed_and_nothing_else_is() -> None:
    """Pitfall 18."""
    held = ListedVersion("1.0.0", line(_about={"license": "MIT"}), revision="r")
    found = ListedVersion("1.0.0", line(yanked=True, cksum="cd" * 32))
    after = CARGO.refreshed(held, found)
    assert after.manifest == line(_about={"license": "MIT"}, yanked=True)
    assert after.revision == "r"
    assert CARGO.refreshed(after, held).manifest["yanked"] is False


def test_a_status_set_here_outlives_what_the_upstream_says() -> None:
    held = ListedVersion("1.0.0", line(), status=Status.UNLISTED)
    assert CARGO.refreshed(held, ListedVersion("1.0.0", line())).status is Status.UNLISTED
