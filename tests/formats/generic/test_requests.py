from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Invalid, NotFound
from mirror.formats.changes import Remove
from mirror.formats.intents import Alter, ReadAsset, Submit
from mirror.model import Package
from tests.formats.generic.samples import PACKAGE, VERSION, ask


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading(method: str) -> None:
    assert ask(method, "ns/tool/1.0.0") == ask(method, "ns/tool/1.0.0/") == VERSION
    assert ask(method, "-/tool/1.0.0") == replace(VERSION, package=Package("generic", "", "tool"))
    found = ask(method, "ns/tool/1.0.0/a.bin")
    assert (found.package, found.version, found.asset) == (PACKAGE, "1.0.0", "a.bin")


def test_a_file_is_to_be_saved_and_asked_about_again() -> None:
    """generic.md §6: nothing here is shown in a browser, and a name is not for ever."""
    found = ask("GET", "ns/tool/1.0.0/na%C3%AFve%20%60x%60.html")
    assert isinstance(found, ReadAsset)
    assert found.content_type == "application/octet-stream"
    assert not found.lasting
    assert found.headers == (
        (
            "Content-Disposition",
            "attachment; filename=\"na_ve `x`.html\"; filename*=UTF-8''na%C3%AFve%20%60x%60.html",
        ),
        ("X-Content-Type-Options", "nosniff"),
    )


def test_names_are_decoded_once() -> None:
    found = ask("GET", "n%2Bs/%61%2541/1.0%25/a%20b+c.bin")
    assert found.package == Package("generic", "n+s", "a%41")
    assert (found.version, found.asset) == ("1.0%", "a b+c.bin")


@pytest.mark.parametrize(
    ("query", "unfinished"),
    [("", False), ("unfinished=true", True), ("unfinished=TRUE", True), ("unfinished=false", False),
     ("x=1&unfinished=true&y", True)],
)  # fmt: skip
def test_publishing(query: str, unfinished: bool) -> None:
    found = ask("PUT", "ns/tool/1.0.0/a.bin", query)
    assert isinstance(found, Submit)
    assert (found.action, found.package) == ("PublishPackageVersion", PACKAGE)
    assert (found.proposal.version, found.proposal.unfinished) == ("1.0.0", unfinished)
    assert [(each.name, each.promise.digests) for each in found.proposal.assets] == [("a.bin", {})]


@pytest.mark.parametrize("query", ["unfinished", "unfinished=", "unfinished=1", "unfinished=true&unfinished=true"])  # fmt: skip
def test_a_boolean_is_true_or_false(query: str) -> None:
    with pytest.raises(Invalid, match="'unfinished' in the query is either true or false"):
        ask("PUT", "ns/tool/1.0.0/a.bin", query)


@pytest.mark.parametrize("digest", ["0123456789abcdef" * 4, "0123456789ABCDEF" * 4])
@pytest.mark.parametrize("header", ["x_amz_content_sha256", "x_checksum_sha256"])
def test_a_declared_hash(header: str, digest: str) -> None:
    """aws/aws-cli#8478: in capitals it is the same hash."""
    [asset] = ask("PUT", "ns/tool/1.0.0/a.bin", **{header: digest}).proposal.assets
    assert asset.promise.digests == {"sha256": digest.lower()}


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, "a" * 63, "UNSIGNED-PAYLOAD"])
def test_what_is_no_hash(digest: str) -> None:
    with pytest.raises(Invalid, match="x-checksum-sha256 must be a SHA-256: 64 hexadecimal digits"):
        ask("PUT", "ns/tool/1.0.0/a.bin", x_checksum_sha256=digest)


def test_two_declared_hashes_are_the_same() -> None:
    same = {"x_checksum_sha256": "A" * 64, "x_amz_content_sha256": "a" * 64}
    ask("PUT", "ns/tool/1.0.0/a.bin", **same)
    with pytest.raises(Invalid, match="x-amz-content-sha256 and x-checksum-sha256 differ"):
        ask("PUT", "ns/tool/1.0.0/a.bin", **{**same, "x_checksum_sha256": "b" * 64})


def test_a_part_is_not_the_asset() -> None:
    """RFC 9110 §14.5: `curl -C - -T` would have the end taken for the whole."""
    with pytest.raises(Invalid, match="an asset is sent whole"):
        ask("PUT", "ns/tool/1.0.0/a.bin", content_range="bytes 5-9/10")


@pytest.mark.parametrize("path", ["ns/tool/1.0.0", "ns/tool/1.0.0/"])
def test_deleting(path: str) -> None:
    assert ask("DELETE", path) == Alter(Remove(PACKAGE, ("1.0.0",), strict=True))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "ns"), ("GET", "ns/tool"), ("GET", "ns/tool/1.0.0/a/b"), ("PUT", "ns/tool"),
     ("PUT", "ns/tool/1.0.0"), ("PUT", "ns/tool/1.0.0/"), ("DELETE", "ns/tool"),
     ("DELETE", "ns/tool/1.0.0/a.bin"), ("POST", "ns/tool/1.0.0/a.bin"), ("PATCH", "ns/tool/1.0.0")],
)  # fmt: skip
def test_there_is_nothing_else(method: str, path: str) -> None:
    with pytest.raises(NotFound, match=f"there is no {method} at this address") as caught:
        ask(method, path)
    assert caught.value.kind == "endpoint"


@pytest.mark.parametrize(
    "segment",
    ["..", ".", "%2e%2e", "%2E", "a%2fb", "a%2Fb", "%00", "a%0d%0ab", "%ff", "%c3%28", "%ed%a0%80",
     "\udcff", "a" * 5000, "%F0%9F%98%80" * 256],
)  # fmt: skip
@pytest.mark.parametrize("place", ["{}/tool/1.0.0/a", "ns/{}/1.0.0/a", "ns/tool/{}/a", "ns/tool/1.0.0/{}"])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_hostile_addresses(method: str, place: str, segment: str) -> None:
    """generic.md §7.7; lessons #19."""
    with pytest.raises(Invalid) as caught:
        ask(method, place.format(segment))
    assert len(str(caught.value)) < 400


@given(st.text(alphabet="aÄ文.-_%2fF+/\x00 ?#", max_size=40), st.text(max_size=10))
def test_any_request_is_an_intent_or_an_error(path: str, query: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        with suppress(Invalid, NotFound):
            ask(method, f"ns/{path}", query)


@given(st.text(min_size=1, max_size=20))
def test_a_header_is_always_one_line_of_ascii(name: str) -> None:
    with suppress(Invalid):
        for _, value in ask("GET", f"ns/tool/1/{quote(name, safe='', errors='replace')}").headers:
            assert value.isascii()
            assert value.isprintable()
            assert value.count('"') in {0, 2}
