from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import Invalid, NotFound
from mirror.formats.intents import Answer, Call, ReadAsset, ReadIndex, ReadPackage, Submit
from tests.formats.pypi.samples import PACKAGE, PYPI, WHEEL, get

JSON = "application/vnd.pypi.simple.v1+json"


def test_pages() -> None:
    assert get("simple/my-pkg/") == ReadPackage(PACKAGE, "html")
    assert get("simple/my-pkg/", JSON) == ReadPackage(PACKAGE, "json")
    assert get("+simple/my-pkg/") == get("%2Bsimple/my-pkg/") == ReadPackage(PACKAGE, "html")
    assert get("simple/", JSON) == ReadIndex("json")
    assert get("pypi/My.Pkg/json") == ReadPackage(PACKAGE, "api")
    assert get("pypi/my-pkg/v1.0/json") == ReadPackage(PACKAGE, "api", "1.0")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("simple", "simple/"),
        ("simple/my-pkg", "my-pkg/"),
        ("simple/My.Pkg", "my-pkg/"),
        ("simple/My.Pkg/", "../my-pkg/"),
        ("simple/my%2Dpkg/", None),
        ("%2Bsimple", "%2Bsimple/"),
    ],
)
def test_redirects_are_relative(path: str, location: str | None) -> None:
    """Pitfall 24: an absolute Location would name an internal prefix."""
    found = get(path)
    if location is None:
        location = "../my-pkg/"
    assert isinstance(found, Answer)
    assert (found.reply.status, found.reply.headers["Location"]) == (301, location)


def test_a_redirect_keeps_the_query() -> None:
    assert (
        get("simple/x", query="format=text/html")
        .reply.headers["Location"]
        .endswith("/?format=text/html")
    )


@pytest.mark.parametrize("root", ["simple", "+simple"])
def test_files(root: str) -> None:
    wanted = ReadAsset(PACKAGE, WHEEL, "1.0")
    assert get(f"{root}/my-pkg/1.0/{WHEEL}") == wanted
    for spelling in ("v1.0", "1", "1.0.0"):
        assert get(f"{root}/My.Pkg/{spelling}/{WHEEL}") == wanted


def test_what_stands_beside_files() -> None:
    found = get(f"simple/my-pkg/1.0/{WHEEL}.metadata")
    assert (found.asset, found.version, found.beside) == (f"{WHEEL}.metadata", "1.0", WHEEL)
    assert found.content_type == "text/plain; charset=utf-8"
    assert get(f"simple/my-pkg/1.0/{WHEEL}.asc").asset == f"{WHEEL}.asc"
    found = get(f"integrity/my-pkg/1.0/{WHEEL}/provenance")
    assert (found.asset, found.version, found.beside) == (f"{WHEEL}.provenance", "1.0", WHEEL)
    assert found.content_type == "application/vnd.pypi.integrity.v1+json"


def test_an_escaped_local_version() -> None:
    found = get("simple/torch/2.9.0%2Bcpu/torch-2.9.0%2Bcpu-cp312-cp312-win_amd64.whl")
    assert (found.version, found.asset) == (
        "2.9.0+cpu",
        "torch-2.9.0+cpu-cp312-cp312-win_amd64.whl",
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        "packages/x",
        f"simple/my-pkg/2.0/{WHEEL}",
        f"simple/other/1.0/{WHEEL}",
        f"simple/my-pkg/1.0/{WHEEL}/",
        f"simple/my-pkg/1.0/{WHEEL}.provenance",
        f"simple/my-pkg/1.0/{WHEEL}.attestations",
        f"simple/my-pkg/1.0/{WHEEL}.asc.metadata",
        "simple/my-pkg/1.0/..%2f..%2fetc",
        "simple/my-pkg/1.0/%00",
        "pypi/my-pkg",
    ],
)
def test_nothing_there(path: str) -> None:
    with pytest.raises(NotFound):
        get(path)


@pytest.mark.parametrize(
    "path",
    [
        "simple/%2e%2e/",
        "simple/a%252fb/",
        "simple/ä/",
        "simple/" + "a" * 5000 + "/",
        "pypi/my-pkg/%00/json",
    ],
)
def test_hostile_addresses(path: str) -> None:
    """Lessons #19."""
    with pytest.raises(Invalid):
        get(path)


@pytest.mark.parametrize("path", ["", "legacy/", "legacy", "simple/", "simple"])
def test_uploads(path: str) -> None:
    header = {"content-type": 'multipart/form-data; boundary="a b"'}
    found = PYPI.parse(Call("POST", path, "", header))
    assert found == Submit("PublishPackageVersion", "upload", argument="a b")


@pytest.mark.parametrize(
    "header", [None, "text/xml", "multipart/form-data", "multipart/mixed; boundary=a"]
)
def test_uploads_are_forms(header: str | None) -> None:
    with pytest.raises(Invalid, match="multipart/form-data"):
        PYPI.parse(Call("POST", "", "", {} if header is None else {"content-type": header}))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods(method: str) -> None:
    with pytest.raises(NotFound, match=method):
        PYPI.parse(Call(method, "simple/my-pkg/", "", {}))


@given(st.text(alphabet="aA1.-_%2fF+/\x00ä", max_size=40), st.text(max_size=20))
def test_any_request_is_an_intent_or_an_error(path: str, accept: str) -> None:
    with suppress(Invalid, NotFound):
        get(f"simple/{path}", accept)
