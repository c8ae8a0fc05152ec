"""The one path that every request takes, from bytes to bytes, without an upstream."""

import asyncio
import contextlib
import json
from pathlib import Path

import orjson
import pytest

from mirror.errors import (
    Conflict,
    Exceeded,
    Invalid,
    Misbehaved,
    NotFound,
    Refused,
    Storage,
    Unauthenticated,
    Unavailable,
    Upstream,
)
from mirror.store import secrecy
from tests.endpoints.site import Failing, Leaving, opened
from tests.endpoints.wire import request


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)


@pytest.fixture
async def site(tmp_path: Path):
    async with opened(tmp_path) as site:
        yield site


@pytest.fixture
async def closed(tmp_path: Path):
    """Nobody reads without a name."""
    async with opened(tmp_path, "none") as site:
        yield site


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (NotFound("package", "pubby", "no pubby"), 404, None),
        (Refused("no pubby"), 403, None),
        (Unauthenticated("no pubby", presented=True), 401, None),
        (Conflict("no pubby"), 409, None),
        (Invalid("no pubby"), 400, None),
        (Exceeded("no pubby"), 413, None),
        (Upstream("no pubby"), 502, None),
        (Unavailable("no pubby"), 502, "10"),
        (Unavailable("no pubby", status=429, retry_after=7), 429, "7"),
        (Unavailable("no pubby", status=503), 503, "10"),
        (Unavailable("no pubby", status=403), 502, "10"),
        (Unavailable("no pubby", status=404), 502, "10"),
        (Misbehaved("no pubby"), 502, None),
        (Storage("no pubby"), 503, "10"),
        (Storage("no pubby", full=True), 507, None),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_every_kind_of_error(site, error, status, retry_after) -> None:
    """The shape of npm's edge: one sentence under three keys, and no caching."""
    path = "/npm/main/pubby"
    site.parts.handler._reads = Failing(error)
    got, headers, body = await site.ask(path)
    assert got == status
    assert orjson.loads(body) == dict.fromkeys(("error", "message", "reason"), "no pubby")
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert headers.get("retry-after") == retry_after
    assert headers.get("www-authenticate") == ('bearer realm="mirror"' if status == 401 else None)
    assert headers["x-request-id"] == site.log.lines[0]["id"]
    got, headers, body = await site.ask(path, "HEAD")
    assert (got, body) == (status, b"")


async def test_a_secret_in_a_message_is_hidden(site) -> None:
    site.parts.handler._reads = Failing(Unavailable("http://bob:hunter2@up/x?token=abc is down"))
    _, _, body = await site.ask("/npm/main/pubby")
    assert orjson.loads(body)["error"] == "http://up/x?token=*** is down"


async def test_a_mistake_of_ours_tells_nothing_but_where_to_look(site, caplog) -> None:
    site.parts.handler._reads = Failing(ZeroDivisionError("secret"))
    status, headers, body = await site.ask("/npm/main/pubby")
    assert status == 500
    assert set(orjson.loads(body).values()) == {
        "internal error; the log knows more under the X-Request-Id"
    }
    assert f"request {headers['x-request-id']} failed" in caplog.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/x", "there is nothing here: package addresses are /{format}/{repository}/"),
        ("/gopher/main/x", "there is no format 'gopher': cargo, generic, npm, "),
        ("/npm/nobody/x", "domain 'default' has no repository 'nobody'"),
        ("/d/acme/npm/main/x", "Domain not found. Domain 'acme'"),
        ("/npm/main/pubby", "no source of this repository has npm/pubby"),
    ],
)
async def test_what_is_not_there(site, path, said) -> None:
    status, _, body = await site.ask(path)
    assert status == 404
    assert orjson.loads(body)["error"].startswith(said)


# ---------------------------------------------------------------- who


@pytest.mark.parametrize(
    "path", ["pubby", "pubby/-/pubby-1.0.0.tgz", "-/v1/search?text=x", "-/npm/v1/keys", "-/ping",
             "-/whoami"]
)  # fmt: skip
async def test_where_nobody_reads_without_a_name(closed, path) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        status, answer, _body = await closed.ask(f"/npm/main/{path}", **headers)
        assert status == 401
        assert "www-authenticate" in answer
    status, _, _ = await closed.ask(f"/npm/main/{path}", Authorization=f"Bearer {closed.reader}")
    assert status in {200, 404}


async def test_a_wrong_token_never_passes_as_anonymous(site) -> None:
    """uv#11899."""
    for header in ("Bearer wrong", "wrong", "Basic eDp5", "Basic \xe9"):
        status, _, body = await site.ask("/npm/main/-/ping", Authorization=header)
        assert status == 401
        assert b"unknown or was revoked" in body


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "pubby"), ("PUT", "pubby/-rev/1-0"), ("DELETE", "pubby/-rev/1-0"),
     ("DELETE", "pubby/-/pubby-1.0.0.tgz/-rev/1-0"), ("PUT", "-/package/pubby/dist-tags/beta"),
     ("DELETE", "-/package/pubby/dist-tags/beta")],
)  # fmt: skip
async def test_changes_need_a_name_and_the_right(site, method, path) -> None:
    await site.publish()
    path = f"/npm/main/{path}"
    before = await site.ask("/npm/main/pubby")
    body = b'{"name": "pubby", "versions": {}}'
    assert (await site.ask(path, method, body))[0] == 401
    header = {"Authorization": f"Bearer {site.reader}"}
    status, _, answer = await site.ask(path, method, body, **header)
    assert status == 403
    assert b"its token is read-only" in answer
    assert (await site.ask("/npm/main/pubby"))[2] == before[2]


async def test_who_am_i(site) -> None:
    assert (await site.ask("/npm/main/-/whoami"))[0] == 401
    _, _, body = await site.ask("/npm/main/-/whoami", Authorization=f"Bearer {site.token}")
    assert orjson.loads(body) == {"username": "admin"}


# ---------------------------------------------------------------- reading and writing


async def test_a_package_there_and_back(site) -> None:
    status, _, body = await site.publish()
    assert status == 201
    assert orjson.loads(body)["rev"] == "1-0"
    status, headers, body = await site.ask("/npm/main/pubby")
    document = orjson.loads(body)
    assert status == 200
    assert document["_rev"] == "1-0"
    tarball = document["versions"]["1.0.0"]["dist"]["tarball"]
    assert tarball == "http://here/npm/main/pubby/-/pubby-1.0.0.tgz"
    status, headers, body = await site.ask(tarball.removeprefix("http://here"))
    assert (status, body) == (200, site.tarball)
    assert headers["cache-control"] == "public, max-age=31557600, immutable"
    assert [line["cache"] for line in site.log.lines] == ["", "hit", "hit"]


@pytest.mark.parametrize(
    "path", ["/npm/main/@a%2fb", "/npm/main/@a%2Fb", "/npm/main/@a/b", "/npm/main/%40a%2fb"]
)
async def test_every_spelling_of_a_scope(site, path) -> None:
    """lessons #18."""
    assert (await site.publish("@a/b"))[0] == 201
    status, _, body = await site.ask(path)
    assert status == 200
    assert orjson.loads(body)["name"] == "@a/b"


@pytest.mark.parametrize(
    "path",
    ["/npm/main/pubby", "/npm/main/pubby/-/pubby-1.0.0.tgz", "/npm/main/pubby/1.0.0",
     "/npm/main/-/ping", "/npm/main/nobody", "/-/health", "/-/ready", "/"],
)  # fmt: skip
async def test_head_equals_get(site, path) -> None:
    """lessons #10."""
    await site.publish()
    status, headers, body = await site.ask(path)
    again, bare, nothing = await site.ask(path, "HEAD")
    for varying in ("date", "x-request-id"):
        headers.pop(varying)
        bare.pop(varying)
    assert (again, bare, nothing) == (status, headers, b"")
    assert headers["content-length"] == str(len(body))


async def test_a_client_that_has_it_already(site) -> None:
    await site.publish()
    for path in ("/npm/main/pubby", "/npm/main/pubby/-/pubby-1.0.0.tgz"):
        _, headers, _ = await site.ask(path)
        status, again, body = await site.ask(path, If_None_Match=headers["etag"])
        assert (status, body, again["etag"]) == (304, b"", headers["etag"])


async def test_operations(site) -> None:
    assert (await site.ask("/-/health"))[2] == b"ok\n"
    assert (await site.ask("/-/ready?x=1"))[2] == b"ready\n"
    status, _headers, body = await site.ask("/-/metrics")
    assert status == 200
    assert b"mirror_requests_total" in body
    assert b"registry http://here/npm/main/" in (await site.ask("/"))[2]


# ---------------------------------------------------------------- the record


async def test_one_line_and_one_count_per_request(site) -> None:
    await site.publish()
    site.log.lines.clear()
    before = site.counted()
    await site.ask("/npm/main/pubby?x=1", User_Agent="npm/11", Authorization=f"Bearer {site.token}")
    [line] = site.log.lines
    assert line.pop("seconds") > 0
    assert len(line.pop("id")) == 16
    assert line.pop("sent") > 100
    assert line == {
        "remote": "127.0.0.1",
        "user": "admin",
        "method": "GET",
        "path": "/npm/main/pubby?x=1",
        "status": 200,
        "format": "npm",
        "repository": "main",
        "cache": "hit",
        "agent": "npm/11",
    }
    new = {name for name, count in site.counted().items() if before.get(name) != count}
    assert new == {
        'mirror_requests_total{format="npm",route="ReadPackage",status="200"}',
        'mirror_cache_events_total{format="npm",outcome="hit"}',
    }


async def test_what_was_never_understood_is_recorded_too(site) -> None:
    await site.ask("/x", Authorization="Bearer secret")
    [line] = site.log.lines
    assert (line["status"], line["format"], line["repository"], line["user"]) == (404, "", "", "-")
    assert "secret" not in json.dumps(line)
    assert site.counted() == {'mirror_requests_total{format="",route="other",status="404"}': 1}


@pytest.mark.parametrize("when", ["before the answer", "in the answer", "in the request"])
async def test_a_broken_connection_is_recorded_once(site, when) -> None:
    """Not as a success: nginx's own number says what it was."""
    if when == "before the answer":
        site.parts.handler._reads = Failing(ConnectionResetError("gone"))
        with contextlib.suppress(IndexError):  # there is no answer to take apart
            await site.ask("/npm/main/pubby")
    elif when == "in the answer":
        site.parts.handler._reads = Leaving()
        with contextlib.suppress(IndexError):
            await site.ask("/npm/main/pubby")
    else:
        await site.publish()
        site.log.lines.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        head = request(
            "PUT", "/npm/main/pubby", Content_Length="1000", Authorization=f"Bearer {site.token}"
        )
        writer.write(head + b'{"name"')
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        async with asyncio.timeout(5):
            while not site.log.lines:
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    [line] = site.log.lines
    assert line["status"] == 499
    [count] = [count for name, count in site.counted().items() if 'status="499"' in name]
    assert count == 1
