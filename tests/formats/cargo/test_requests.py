import orjson
import pytest

from mirror.errors import Invalid, NotFound, Refused
from mirror.formats.changes import SetStatus
from mirror.formats.intents import (
    Alter,
    Answer,
    Call,
    Describe,
    Intent,
    ReadAsset,
    ReadPackage,
    Search,
    Submit,
)
from mirror.model import Status
from tests.formats.cargo.samples import BASE, CARGO, package


def parse(line: str) -> Intent:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    return CARGO.parse(Call(method, path, query, {}))


@pytest.mark.parametrize("authenticated", [False, True])
def test_config_names_this_repository_and_says_when_tokens_are_needed(authenticated: bool) -> None:
    """Pitfalls 2 and 6; an `api` with a slash at its end is asked for `//api/v1` (nora#782)."""
    found = parse("GET config.json")
    assert isinstance(found, Describe)
    reply = found.reply(BASE, authenticated)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    config = {
        "dl": "http://host/cargo/main/dl/{crate}/{crate}-{version}.crate",
        "api": "http://host/cargo/main",
    }
    assert orjson.loads(reply.body) == config | ({"auth-required": True} if authenticated else {})


@pytest.mark.parametrize(
    ("path", "name"),
    [("1/a", "a"), ("2/ab", "ab"), ("3/a/abc", "abc"), ("it/oa/itoa", "itoa"),
     ("_a/-b/_a-b", "_a-b"), ("dl/ib/dlib", "dlib"), ("ap/i-/api-v1", "api-v1"),
     ("co/nf/config", "config"), ("12/34/1234", "1234")],
)  # fmt: skip
def test_index_files(path: str, name: str) -> None:
    """`dl/ib/dlib` begins as a download does."""
    assert parse(f"GET {path}") == ReadPackage(package(name), "index")


@pytest.mark.parametrize(
    "path",
    ["", "a", "1/ab", "2/a", "1/A", "It/oa/itoa", "it/oa/Itoa", "it/oa/itoa/", "it//oa/itoa",
     "3/b/abc", "it/ao/itoa", "2/-x", "-x/yz/-xyz", "it/oa/it%6fa", "i%74/oa/itoa", "it/oa/itoa%2f",
     "../../it/oa/itoa", "it/oa/..", "in/de/index.html", "api", "api/v1", "dl", "dl/itoa",
     "dl/itoa/1.0.0/download", "index.html", "config.json/", "CONFIG.JSON", "it/config.json"],
)  # fmt: skip
def test_other_places_are_a_404_and_never_a_page(path: str) -> None:
    """Pitfall 21; any other status than 404 would end the whole resolution."""
    with pytest.raises(NotFound) as caught:
        parse(f"GET {path}")
    assert CARGO.refuse(caught.value).status == 404
    assert caught.value.kind in ("endpoint", "asset")


@pytest.mark.parametrize(
    "path",
    ["dl/Demo/Demo-1.0.0+b1.crate", "dl/Demo/Demo-1.0.0%2Bb1.crate", "dl/Demo/Demo-1.0.0%2bb1.crate",
     "api/v1/crates/Demo/1.0.0+b1/download", "api/v1/crates/Demo/1.0.0%2Bb1/download"],
)  # fmt: skip
def test_downloads_take_a_plus_literally_in_every_spelling(path: str) -> None:
    """Pitfall 20."""
    assert parse(f"GET {path}") == ReadAsset(package("demo"), "Demo-1.0.0+b1.crate", "1.0.0+b1")


def test_a_crate_is_no_document_that_a_proxy_would_compress() -> None:
    """Pitfall 22."""
    found = parse("GET dl/demo/demo-1.0.0.crate")
    assert isinstance(found, ReadAsset)
    assert found.content_type == "application/octet-stream"
    assert found.headers == ()


@pytest.mark.parametrize(
    "path",
    ["dl/demo/other-1.0.0.crate", "dl/demo/Demo-1.0.0.crate", "dl/demo/demo-1.0.crate",
     "dl/demo/demo-1.0.0.tgz", "dl/demo/demo-1.0.0.crate/", "dl/demo/", "dl/../x-1.0.0.crate",
     "dl/demo/demo-1.0.0%2f..%2fx.crate", "dl/demo/demo-1.0.0 b.crate", "dl/demo/demo-%ff.crate",
     "dl/de%00mo/de%00mo-1.0.0.crate", "dl/%C3%A9/%C3%A9-1.0.0.crate"],
)  # fmt: skip
def test_what_is_no_crates_file_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        parse(f"GET {path}")


@pytest.mark.parametrize(
    "path",
    ["dl/demo/demo-1.0.0%252Bb1.crate", "dl/de%256do/demo-1.0.0.crate", "dl/x/" + "a" * 2000,
     "api/v1/crates/de%256do", "api/v1/crates/-x", "api/v1/crates/de%2Fmo", "api/v1/crates/é",
     "api/v1/crates/demo/1.0", "api/v1/crates/demo/%0a1.0.0", "api/v1/crates/",
     "api/v1/crates?per_page=x", "api/v1/crates?per_page=-1", "api/v1/crates?page=%D9%A1",
     "api/v1/crates?" + "a=1&" * 40],
)  # fmt: skip
def test_hostile_addresses_are_invalid(path: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(f"GET {path}")
    assert len(str(caught.value)) < 800


def test_publishing() -> None:
    assert parse("PUT api/v1/crates/new") == Submit("PublishPackageVersion", "publish")
    assert parse("GET api/v1/crates/new") == ReadPackage(package("new"), "api")


def test_a_yanked_version_is_unlisted() -> None:
    assert parse("DELETE api/v1/crates/Demo/1.0.0+b/yank") == Alter(
        SetStatus(package("demo"), ("1.0.0+b",), Status.UNLISTED)
    )
    assert parse("PUT api/v1/crates/Demo/1.0.0/unyank") == Alter(
        SetStatus(package("demo"), ("1.0.0",), Status.PUBLISHED)
    )
    with pytest.raises(Invalid):
        parse("DELETE api/v1/crates/demo/1.0/yank")


def test_what_tools_ask_for() -> None:
    assert parse("GET api/v1/crates/Demo") == ReadPackage(package("demo"), "api")
    assert parse("GET api/v1/crates/demo/versions") == ReadPackage(package("demo"), "api")
    assert parse("GET api/v1/crates/demo/1.0.0") == ReadPackage(package("demo"), "api", "1.0.0")


def test_search_is_bounded() -> None:
    assert parse("GET api/v1/crates?q=a+b%26c&per_page=9999&page=3") == Search("a b&c", 100, 200)
    assert parse("GET api/v1/crates") == Search("", 10, 0)
    found = parse(f"GET api/v1/crates?q={'x' * 5000}&page=999999999")
    assert isinstance(found, Search)
    assert (len(found.text), found.offset, found.upstream) == (1024, 10_000, None)


def test_owners_are_listed_as_none_and_not_taken() -> None:
    found = parse("GET api/v1/crates/demo/owners")
    assert isinstance(found, Answer)
    assert found.authenticated
    assert orjson.loads(found.reply.body) == {"users": []}
    for method in ("PUT", "DELETE"):
        with pytest.raises(Refused, match="policies"):
            parse(f"{method} api/v1/crates/demo/owners")


def test_the_login_page_tells_how_to_get_a_token() -> None:
    """Pitfall 19."""
    found = parse("GET me")
    assert isinstance(found, Answer)
    assert b"mirror token create" in found.reply.body
    assert found.reply.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path",
    ["config.json", "it/oa/itoa", "dl/demo/demo-1.0.0.crate", "me", "api/v1/crates?q=a",
     "api/v1/crates/demo", "api/v1/crates/demo/1.0.0/download", "api/v1/crates/demo/owners"],
)  # fmt: skip
def test_head_means_what_get_means(path: str) -> None:
    assert parse(f"HEAD {path}") == parse(f"GET {path}")


@pytest.mark.parametrize(
    "line",
    ["POST config.json", "PUT it/oa/itoa", "DELETE dl/demo/demo-1.0.0.crate", "POST api/v1/crates/new",
     "PUT api/v1/crates", "DELETE api/v1/crates/demo", "GET api/v1/crates/demo/1.0.0/yank",
     "PUT api/v1/crates/demo/1.0.0/yank", "DELETE api/v1/crates/demo/1.0.0/unyank", "POST me",
     "DELETE api/v1/crates/demo/1.0.0", "GET api/v1/crates/demo/1.0.0/readme", "GET api/v1/me",
     "GET api/v1/crates/a/b/c/d"],
)  # fmt: skip
def test_what_is_not_offered_is_a_404_with_a_sentence(line: str) -> None:
    with pytest.raises(NotFound) as caught:
        parse(line)
    assert len(str(caught.value).split()) > 4
