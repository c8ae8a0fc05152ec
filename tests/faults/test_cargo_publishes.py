"""Frames that lie, repeat or never end: refused in cargo's words, and nothing is changed by them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.crates import Crates
from tests.faults.crates import (
    API,
    check_refusal,
    check_shape,
    crate,
    lines,
    noisy,
    path,
    publication,
    put,
    sentence,
    shown,
)
from tests.faults.packages import noise, sha256
from tests.faults.projects import beside
from tests.faults.server import Mirror, until
from tests.formats.cargo.samples import dependency, document, frame

MIB = 1024 * 1024
LAST = (1 << 32) - 1
"""The greatest length that four bytes can say."""

RIGHT = publication("liar")
SAID = orjson.dumps(document("liar"))


def said(**more: Any) -> bytes:
    """A frame that is right but for some of its JSON."""
    return publication("liar", **more)


def switching(count: int) -> dict[str, list[str]]:
    """So many features with names as short as can be: fewer than a megabyte of JSON."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    ends = [f"{a}{b}" for a in digits for b in digits]
    return {f"{front}{end}": [] for front in ends for end in ends[: count // len(ends) + 1]}


FRAMES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "half a length": lambda: b"\x05\x00",
    "a length alone": lambda: b"\x05\x00\x00\x00",
    "two lengths of nothing": lambda: bytes(8),
    "cut in the JSON": lambda: RIGHT[:20],
    "cut in the crate": lambda: RIGHT[:-1],
    "a byte more": lambda: RIGHT + b"x",
    "another frame behind": lambda: RIGHT + RIGHT,
    "4 GiB of JSON": lambda: LAST.to_bytes(4, "little") + RIGHT[4:],
    "4 GiB of crate": lambda: frame(SAID, b"")[:-4] + LAST.to_bytes(4, "little") + crate("liar"),
    "lengths the other way round": lambda: len(SAID).to_bytes(4, "big") + RIGHT[4:],
    "a crate that is one byte longer than told": lambda: frame(SAID, crate("liar"))[:-1] + b"xy",
    "no lengths": lambda: SAID + crate("liar"),
    "no crate": lambda: frame(SAID, b""),
    "no JSON": lambda: frame(b"", crate("liar")),
    "JSON of 2 MB": lambda: frame(SAID + b" " * 2 * MIB, crate("liar")),
    "a readme of 2 MB": lambda: said(readme="x" * 2 * MIB),
    "JSON in a gzip": lambda: frame(b"\x1f\x8b\x08" + noise(100), crate("liar")),
    "HTML": lambda: frame(b"<html></html>", crate("liar")),
    "null": lambda: frame(b"null", crate("liar")),
    "a list": lambda: frame(b"[%b]" % SAID, crate("liar")),
    "a string": lambda: frame(b'"liar"', crate("liar")),
    "cut JSON": lambda: frame(SAID[:-5], crate("liar")),
    "no UTF-8": lambda: frame(SAID.replace(b"liar", b"li\xff\xfer"), crate("liar")),
    "deep lists": lambda: frame(b"[" * 10_000 + b"]" * 10_000, crate("liar")),
    "deep objects": lambda: frame(
        SAID[:-1] + b',"x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001, crate("liar")
    ),
    "300 levels": lambda: frame(SAID[:-1] + b',"x":' + b"[" * 300 + b"]" * 300 + b"}", crate("liar")),
    "100,000 features": lambda: said(features=switching(100_000)),
    "a feature of 100,000 values": lambda: said(features={"all": ["x"] * 100_000}),
    "a feature named like a path": lambda: said(features={"../x": []}),
    "a feature of 100 KB": lambda: said(features={"x" * 100_000: []}),
    "features is a list": lambda: said(features=["x"]),
    "a feature of numbers": lambda: said(features={"x": [1]}),
    "5,000 dependencies": lambda: said(deps=[dependency()] * 5_000),
    "deps is an object": lambda: said(deps={"x": "1"}),
    "a dependency is null": lambda: said(deps=[None]),
    "a dependency without a name": lambda: said(deps=[dependency(name=None)]),
    "a dependency named like a path": lambda: said(deps=[dependency("../../x")]),
    "a requirement that is none": lambda: said(deps=[dependency(version_req="latest")]),
    "a requirement of 500 KB": lambda: said(deps=[dependency(version_req=">=1," * 125_000)]),
    "a requirement of digits": lambda: said(deps=[dependency(version_req="1" * 100_000)]),
    "a registry that is none": lambda: said(deps=[dependency(registry="here\r\nX: y")]),
    "a target of 500 KB": lambda: said(deps=[dependency(target="x" * 500_000)]),
    "links is a list": lambda: said(links=["z"]),
    "a rust-version that is none": lambda: said(rust_version="latest"),
}  # fmt: skip


@pytest.mark.parametrize("case", FRAMES)
async def test_a_frame_that_lies_changes_nothing(mirror: Mirror, case: str) -> None:
    """lessons #4, #7: not a row, not a file, little memory, and nobody else waits."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    async with asyncio.timeout(10):
        check_refusal(await beside(mirror, put(mirror, FRAMES[case]())))
    assert mirror.files() == held
    assert mirror.index() == rows
    assert (await mirror.get(path("liar"))).status == 404


NAMES: list[Any] = [
    None, 7, [], {"a": 1}, "", ".", "..", "../../etc", "a/b", "a\\b", "a\0b", "a\r\nb: c", "a b", "a.b",
    "-a", "1a", "_a", "a" * 65, "a" * 100_000, "\u0430lpha", "\uff41lpha", "std", "nul", "COM1", "%2e%2e", "liar",
]  # fmt: skip
VERSIONS: list[Any] = [
    None, 1, [], "", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0/..", "1.0.0\0",
    "1.0.0\r\nX: y", "\u0661.0.0", f"{1 << 64}.0.0", "1.0.0-" + "a" * 500, "1." * 50_000, "2.0.0",
]  # fmt: skip


async def test_names_and_versions_that_are_none_change_nothing(mirror: Mirror) -> None:
    """lessons #19, cargo.md §4: nor do those that are not what the crate itself says."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    content = crate("honest")
    for name in NAMES:
        check_refusal(await put(mirror, frame(json.dumps(document(name)).encode(), content)))
    for version in VERSIONS:
        said_ = json.dumps(document("honest", version)).encode()
        check_refusal(await put(mirror, frame(said_, content)))
    assert mirror.files() == held
    assert mirror.index() == rows


async def test_the_truth_is_accepted(mirror: Mirror) -> None:
    """Without this the tests above could pass for a reason of their own; unknown keys are no lie."""
    features = {f"f{number}": [f"f{number + 1}"] for number in range(2_000)} | {
        "f2000": ["dep:itoa"]
    }
    more = {f"unknown-{number}": "x" for number in range(1_000)}
    content = crate("truth")
    body = publication(
        "truth", deps=[dependency(optional=True)], features=features, readme="long " * 50_000, **more
    )  # fmt: skip
    reply = await beside(mirror, put(mirror, body))
    assert reply.status == 200, reply
    assert list(reply.json) == ["warnings"]
    [line] = lines(await shown(mirror, "truth")).values()
    assert line["cksum"] == sha256(content)
    assert {**line["features"], **line["features2"]} == features
    assert (await mirror.get(path("truth"))).body == content
    held, versions = mirror.files(), mirror.index()["version"]
    assert (await put(mirror, body)).status == 200
    assert mirror.files() == held
    assert mirror.index()["version"] == versions


async def test_of_many_different_publications_of_a_version_one_wins(mirror: Mirror) -> None:
    """lessons #23, #29: nobody meets a locked index; the line is that of the bytes that are there."""
    made = [crate("race", **{"race-1.0.0/n": b"%d" % number}) for number in range(10)]
    bodies = [publication("race", content=each) for each in made]
    replies = await asyncio.gather(*(put(mirror, body) for body in bodies))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 9
    winner = next(
        content for content, reply in zip(made, replies, strict=True) if reply.status == 200
    )
    rows, held = mirror.index()["version"], mirror.files()
    for content, body in zip(made, bodies, strict=True):
        reply = await put(mirror, body)
        assert reply.status == (200 if content == winner else 409)
        assert content == winner or sentence(reply)
    assert mirror.index()["version"] == rows
    assert mirror.files() == held
    assert (await mirror.get(path("race"))).body == winner
    assert lines(await shown(mirror, "race"))["1.0.0"]["cksum"] == sha256(winner)


async def test_twins_and_namesakes_at_once(mirror: Mirror) -> None:
    """cargo.md §4: one of 1.0.0+a and 1.0.0+b; one of a-b, a_b and A-B; the rest is 409."""
    bodies = [publication("twins", f"1.0.0+{number}") for number in range(5)]
    replies = await asyncio.gather(*(put(mirror, body) for body in bodies))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 4
    assert len(lines(await shown(mirror, "twins"))) == 1
    names = ("same-name-of", "same_name_of", "same-name_of", "same_name-of")
    replies = await asyncio.gather(*(put(mirror, publication(name)) for name in names))
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    found = [(await shown(mirror, name)).status for name in names]
    assert sorted(found) == [200, 404, 404, 404]


async def test_what_exists_upstream_is_not_published_over(mirror: Mirror, crates: Crates) -> None:
    """lessons #21: nor filled from there once the name is ours (dependency confusion)."""
    theirs = noisy(crates, "taken", size=100)
    for version in ("1.0.0", "1.0.0+ours"):
        refused = await put(mirror, publication("taken", version))
        assert refused.status == 409
        check_shape(refused)
    assert (await mirror.get(path("taken"))).body == theirs
    assert (await put(mirror, publication("private"))).status == 200
    crates.add("private", "99.0.0")
    asked = len(crates.origin.requests)
    assert list(lines(await shown(mirror, "private"))) == ["1.0.0"]
    assert (await mirror.get(path("private", "99.0.0"))).status == 404
    assert len(crates.origin.requests) == asked


async def test_a_body_over_the_limit_is_refused_before_it_is_read(mirror: Mirror) -> None:
    """estuary#35: 6 GB announced is 413 at once, without a byte of it, and in cargo's words."""
    reader, writer = await _begun(mirror, 6 * 1024**3, expect=True)
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        said_ = await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
    writer.close()
    assert head.startswith(b"http/1.1 413 "), head  # and not "100 Continue"
    assert b"connection: close" in head
    [error] = json.loads(said_)["errors"]
    assert "limit" in error["detail"]


async def test_a_body_that_breaks_off_leaves_nothing(mirror: Mirror) -> None:
    """lessons #4: its temporary file goes with the connection."""
    await mirror.token()
    rows, held = mirror.index(), mirror.files()
    content = crate("halfway", **{"halfway-1.0.0/noise": noise(3_000_000, "half")})
    body = publication("halfway", content=content)
    _, writer = await _begun(mirror, len(body))
    writer.write(body[: len(body) * 3 // 4])
    await writer.drain()
    await until(lambda: mirror.files() != held)
    writer.transport.abort()
    await until(lambda: mirror.files() == held)
    assert mirror.index()["version"] == rows["version"]


async def test_who_may_not_publish_is_told_so(mirror: Mirror) -> None:
    """cargo.md §10: 401 in the shape that cargo prints, and not a byte is kept."""
    held = mirror.files()
    for token in (None, "nonsense", "Bearer nonsense", "Basic !!!", "x" * 5_000):
        headers = {} if token is None else {"Authorization": token}
        body = publication("stranger", content=crate("stranger", **{"stranger-1.0.0/n": b"x"}))
        for method, place_, data in (
            ("PUT", f"{API}/new", body),
            ("DELETE", f"{API}/truth/1.0.0/yank", b""),
            ("PUT", f"{API}/truth/1.0.0/unyank", b""),
        ):
            reply = await mirror.ask(place_, method, data=data, headers=headers)
            assert reply.status == 401, (token, place_, reply)
            assert reply.headers["WWW-Authenticate"]
            check_shape(reply)
    assert mirror.files() == held


async def _begun(
    mirror: Mirror, length: int, *, expect: bool = False
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A publication of which only the head has been sent."""
    token = await mirror.token()
    reader, writer = await asyncio.open_connection("127.0.0.1", mirror.port)
    writer.write(
        f"PUT {API}/new HTTP/1.1\r\nHost: localhost:{mirror.port}\r\nAuthorization: {token}\r\n"
        f"Content-Length: {length}\r\n{'Expect: 100-continue' if expect else 'X: y'}\r\n\r\n".encode()
    )
    return reader, writer
