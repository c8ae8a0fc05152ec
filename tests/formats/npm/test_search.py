import json

import orjson
import pytest

from mirror.formats.format import Hit
from mirror.formats.intents import Search
from tests.formats.npm.samples import NPM

INTENT = Search("a", 3, 0)


def hit(name: str, **manifest: object) -> Hit:
    return Hit(NPM.package("s", name), "1.0.0", manifest, 1e9)


def upstream(*names: str, total: int = 100) -> bytes:
    rows = [{"package": {"name": name}, "score": {}} for name in names]
    return orjson.dumps({"objects": rows, "total": total, "time": "x"})


def found(*hits: Hit, upstream: bytes | None = None) -> dict:
    return json.loads(NPM.results(INTENT, hits, upstream).body)


def test_a_local_row_is_complete() -> None:
    [row] = found(
        hit("n", description="d", keywords=["k", 7], homepage="h", bugs={"url": "b"},
            maintainers=[{"name": "m", "email": "e"}, "x"], _npmUser={"name": "p"})
    )["objects"]  # fmt: skip
    assert row["package"] == {
        "name": "@s/n", "scope": "s", "version": "1.0.0", "description": "d", "keywords": ["k"],
        "date": "2001-09-09T01:46:40.000Z", "links": {"homepage": "h", "bugs": "b"},
        "publisher": {"username": "p", "email": ""},
        "maintainers": [{"username": "m", "email": "e"}],
    }  # fmt: skip
    assert row["searchScore"]
    assert row["score"]["detail"]


@pytest.mark.parametrize("value", [None, 7, [], {}, "x", [7], {"url": 7}, {"name": 7}])
def test_a_manifest_of_any_shape_makes_a_row(value: object) -> None:
    fields = ("description", "keywords", "homepage", "repository", "maintainers", "_npmUser")
    [row] = found(hit("n", **dict.fromkeys(fields, value)))["objects"]
    assert isinstance(row["package"]["description"], str)
    assert isinstance(row["package"]["publisher"]["username"], str)


def test_ours_come_first_and_only_once() -> None:
    page = found(hit("n"), upstream=upstream("a", "@s/n", "b", "c"))
    assert [row["package"]["name"] for row in page["objects"]] == ["@s/n", "a", "b"]
    assert page["total"] == 100


@pytest.mark.parametrize(
    "body", [None, b"", b"<html>", b"[]", b'{"objects":7}', b'{"objects":[7,{"package":7}]}']
)
def test_an_upstream_that_cannot_be_read_costs_only_its_rows(body: bytes | None) -> None:
    page = found(hit("n"), upstream=body)
    assert [row["package"]["name"] for row in page["objects"]] == ["@s/n"]
    assert page["total"] == 1
