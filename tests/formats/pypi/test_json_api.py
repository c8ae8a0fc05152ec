from typing import Any

import orjson
import pytest

from mirror.errors import NotFound
from mirror.formats.intents import ReadPackage
from tests.formats.pypi.samples import BASE, PYPI, listing_of, recorded, written

NAME = "sampleproject"
LISTING = listing_of(NAME, recorded("upstream/sampleproject.html"))


THEIRS = recorded("upstream/sampleproject-api.json")


def api(version: str | None = None, listing=LISTING, supplement: bytes = b"") -> dict[str, Any]:
    intent = ReadPackage(listing.package, "api", version)
    found = PYPI.render(intent, listing, BASE, supplement)
    assert found.content_type == "application/json"
    return orjson.loads(found.body)


def test_the_project() -> None:
    """Against pypi.org's own document: the same files, under our addresses."""
    theirs = orjson.loads(THEIRS)
    ours = api()
    assert ours["info"]["version"] == theirs["info"]["version"] == "4.0.0"
    assert ours["info"]["requires_python"] == theirs["info"]["requires_python"]
    assert set(theirs["info"]) <= set(ours["info"])
    assert {version for version, files in theirs["releases"].items() if files} == set(
        ours["releases"]
    )
    same = (
        "filename",
        "packagetype",
        "requires_python",
        "upload_time_iso_8601",
        "upload_time",
        "yanked",
    )
    for version, files in ours["releases"].items():
        expected = {each["filename"]: each for each in theirs["releases"][version]}
        for file in files:
            for field in same:
                assert file[field] == expected[file["filename"]][field]
            assert file["digests"]["sha256"] == expected[file["filename"]]["digests"]["sha256"]
            assert file["url"] == f"{BASE}simple/{NAME}/{version}/{file['filename']}"
            assert set(expected[file["filename"]]) <= set(file)


def test_one_version() -> None:
    found = api("3.0.0")
    assert "releases" not in found
    assert found["info"]["version"] == "3.0.0"
    assert {each["python_version"] for each in found["urls"]} == {"py3", "source"}


def test_another_spelling_of_a_version() -> None:
    assert api("3.0")["info"]["version"] == "3.0.0"


def test_no_such_version() -> None:
    with pytest.raises(NotFound, match=r"sampleproject==9\.9"):
        api("9.9")


def test_latest_is_neither_yanked_nor_a_prerelease_if_it_can_be_helped() -> None:
    names = ["a-1.0.tar.gz", "a-2.0.tar.gz", "a-3.0rc1.tar.gz", "a-not.tar.gz"]
    files = [{"filename": name, "url": "x", "yanked": name == "a-2.0.tar.gz"} for name in names]

    def version_of(chosen: list[dict[str, Any]]) -> str:
        body = orjson.dumps({"name": "a", "files": chosen})
        return api(listing=listing_of("a", body))["info"]["version"]

    assert version_of(files) == "1.0"
    assert version_of(files[1:]) == "3.0rc1"
    assert version_of(files[1:2]) == "2.0"
    assert version_of(files[3:]) == "not"


def test_a_yanked_version_says_why() -> None:
    found = api("3.0.0", listing_of(NAME, written("sampleproject.json")))
    assert found["info"]["yanked"] is True
    assert found["info"]["yanked_reason"] == "superseded <by 4>"


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        ("https://pypi.org/simple/", None, "https://pypi.org/pypi/sampleproject/json"),
        ("https://a/x/simple", "1!2+b", "https://a/x/pypi/sampleproject/1%212%2Bb/json"),
        ("https://download.example/whl/cpu/", None, None),
        ("https://a/notsimple/", None, None),
    ],
)
def test_where_an_upstream_has_its_own(base: str, version: str | None, url: str | None) -> None:
    found = PYPI.supplement(ReadPackage(LISTING.package, "api", version), base)
    assert (found.url if found is not None else None) == url
    assert PYPI.supplement(ReadPackage(LISTING.package, "json"), base) is None


def test_what_the_upstream_says_of_the_same_files() -> None:
    """Its own description and warnings; files and yanked flags as our page has them."""
    document = orjson.loads(THEIRS)
    document["vulnerabilities"] = [{"id": "PYSEC-1"}]
    document["info"]["yanked"] = True
    found = api(supplement=orjson.dumps(document))
    assert found["info"] == orjson.loads(THEIRS)["info"]
    assert found["vulnerabilities"] == [{"id": "PYSEC-1"}]
    assert found["ownership"] == document["ownership"]
    assert found["urls"] == api()["urls"]


@pytest.mark.parametrize("change", ["digest", "names", "no files", "digests", "broken", "list"])
def test_what_the_upstream_says_of_other_files(change: str) -> None:
    """A private version is never described by the stranger of its name."""
    document = orjson.loads(THEIRS)
    match change:
        case "digest":
            document["urls"][0]["digests"]["sha256"] = "0" * 64
        case "names":
            for each in document["urls"]:
                each["filename"] += ".other"
        case "no files":
            document["urls"] = {}
        case "digests":
            document["urls"] = [{"filename": each["filename"]} for each in document["urls"]]
    body = {"broken": b"{", "list": b"[]"}.get(change) or orjson.dumps(document)
    assert api(supplement=body) == api()


def test_parts_of_an_answer_that_are_not_what_they_should_be() -> None:
    document = orjson.loads(THEIRS) | {"info": [], "vulnerabilities": {}, "ownership": None}
    assert api(supplement=orjson.dumps(document)) == api()
