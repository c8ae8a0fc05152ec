"""Each row of the table in generic.md §3, and what differs for the other formats (§11)."""

import pytest

from mirror.errors import Conflict
from mirror.formats.changes import Publication
from mirror.model import Package, Status
from mirror.repositories.conflicts import missing

PUBLISHED, UNFINISHED, UNLISTED, ARCHIVED, DISPOSED = (
    Status.PUBLISHED,
    Status.UNFINISHED,
    Status.UNLISTED,
    Status.ARCHIVED,
    Status.DISPOSED,
)
KINDS = {
    "npm": {},
    "pypi": {"extends": frozenset({PUBLISHED})},
    "generic": {
        "extends": frozenset({UNFINISHED}),
        "repeats": frozenset({PUBLISHED, UNFINISHED, UNLISTED, ARCHIVED}),
    },
}
STORED = {"a": "1", "b": "2"}


def judged(kind: str, status: Status, stored: dict, given: dict) -> list[str]:
    publication = Publication(Package(kind, "", "p"), "1.0", {}, (), **KINDS[kind])
    return missing(publication, "p@1.0", status, stored, given)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("npm", PUBLISHED),
        ("pypi", PUBLISHED),
        ("generic", PUBLISHED),
        ("generic", UNFINISHED),
        ("generic", UNLISTED),
        ("generic", ARCHIVED),
    ],
)
def test_the_same_again(kind: str, status: Status) -> None:
    assert judged(kind, status, STORED, {"a": "1"}) == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *(("npm", status) for status in (UNFINISHED, UNLISTED, ARCHIVED, DISPOSED)),
        *(("pypi", status) for status in (UNFINISHED, UNLISTED, ARCHIVED, DISPOSED)),
        ("generic", DISPOSED),
    ],
)
def test_a_version_that_is_closed(kind: str, status: Status) -> None:
    with pytest.raises(Conflict, match=f"p@1.0 exists with status {status}: delete it") as caught:
        judged(kind, status, STORED, {"a": "1"})
    assert (caught.value.kind, caught.value.name) == ("package-version", "1.0")


@pytest.mark.parametrize("kind", KINDS)
def test_other_content(kind: str) -> None:
    with pytest.raises(Conflict, match=r"b of p@1.0 already exists with other content") as caught:
        judged(kind, PUBLISHED, STORED, {"a": "1", "b": "9"})
    assert (caught.value.kind, caught.value.name) == ("asset", "b")


def test_other_content_of_an_unfinished_version() -> None:
    with pytest.raises(Conflict, match="already exists with other content"):
        judged("generic", UNFINISHED, STORED, {"a": "9"})


@pytest.mark.parametrize(("kind", "status"), [("pypi", PUBLISHED), ("generic", UNFINISHED)])
def test_more_of_an_open_version(kind: str, status: Status) -> None:
    assert judged(kind, status, STORED, {"c": "3", "a": "1", "d": "4"}) == ["c", "d"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("npm", PUBLISHED), ("generic", PUBLISHED), ("generic", UNLISTED), ("generic", ARCHIVED)],
)
def test_more_of_a_finished_version(kind: str, status: Status) -> None:
    with pytest.raises(Conflict, match=f"p@1.0 is {status} and takes no further assets"):
        judged(kind, status, STORED, {"c": "3"})


def test_what_is_not_known_yet_is_not_judged() -> None:
    assert judged("generic", UNFINISHED, STORED, {"a": None, "c": None}) == ["c"]
    assert judged("generic", PUBLISHED, STORED, {"a": None}) == []
