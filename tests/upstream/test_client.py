"""Asking upstreams: retries, redirects, refusals, and one kind of error."""

import asyncio
import gzip
import socket
import time
from typing import Any

import pytest
from yarl import URL

from mirror.errors import Misbehaved, Unavailable
from mirror.upstream.client import Client
from mirror.upstream.connections import Connection
from tests.origin import (
    BrokenChunk,
    Drop,
    Garbage,
    Origin,
    Redirect,
    Stall,
    Status,
    Truncate,
)
from tests.upstream.conftest import Ears
from tests.upstream.test_addresses import Names

BODY = b"0123456789" * 5000


async def get(client: Client, connection: Connection, path: str = "a", **options: Any) -> bytes:
    async with client.send(connection, "GET", connection.url / path, **options) as response:
        assert response.status == 200
        return b"".join([chunk async for chunk in response.chunks()])


async def status(client: Client, connection: Connection, path: str = "a", **options: Any) -> int:
    async with client.send(connection, "GET", connection.url / path, **options) as response:
        return response.status


async def test_a_good_answer(
    client: Client, connection: Connection, origin: Origin, ears: Ears
) -> None:
    origin.serve("/a", BODY, etag='"1"')
    assert await get(client, connection) == BODY
    assert ears.statuses == [200]
    assert ears.bytes == len(BODY)


async def test_the_request_introduces_itself_and_carries_credentials(
    client: Client, connection: Connection, origin: Origin
) -> None:
    """Lessons #30: an identifying User-Agent."""
    origin.serve("/a", BODY)
    await get(
        client, connection, headers={"Accept": "application/json", "authorization": "of-a-client"}
    )
    sent = origin.requests[0].headers
    assert sent["User-Agent"].startswith("mirror/")
    assert sent["Accept-Encoding"] == "gzip"
    assert sent["Accept"] == "application/json"
    assert sent.getall("Authorization") == ["Bearer secret"]


async def test_encoded_addresses_stay_encoded(
    client: Client, connection: Connection, origin: Origin
) -> None:
    """Lessons #18."""
    origin.serve("/@scope/name", BODY)
    url = URL(f"{connection.url}@scope%2fname", encoded=True)
    async with client.send(connection, "GET", url) as response:
        assert response.status == 200
    assert origin.requests[0].path == "/@scope/name"


@pytest.mark.parametrize("answer", [304, 400, 401, 403, 404, 410, 451])
async def test_judgement_is_the_callers(
    client: Client, connection: Connection, origin: Origin, answer: int
) -> None:
    origin.always("/a", Status(answer, body=b""))
    for _ in range(8):  # none of these opens the breaker (lessons #14b)
        assert await status(client, connection) == answer
    assert len(origin.requests) == 8


async def test_a_validator_is_answered_with_304(
    client: Client, connection: Connection, origin: Origin
) -> None:
    origin.serve("/a", BODY, etag='"1"')
    assert await status(client, connection, headers={"If-None-Match": '"1"'}) == 304


@pytest.mark.parametrize("fault", [Status(500), Status(502), Status(503), Status(408), Drop()])
async def test_passing_faults_are_tried_again(
    client: Client, connection: Connection, origin: Origin, fault: Any
) -> None:
    origin.serve("/a", BODY)
    origin.fault("/a", fault, fault)
    assert await get(client, connection) == BODY
    assert len(origin.requests) >= 3  # aiohttp itself repeats once on a dropped old connection


async def test_5xx_for_good_is_unavailable(
    client: Client, connection: Connection, origin: Origin
) -> None:
    """Lessons #14."""
    origin.always("/a", Status(502))
    with pytest.raises(Unavailable, match="answered 502") as caught:
        await get(client, connection)
    assert caught.value.status == 502
    assert len(origin.requests) == 3


async def test_posts_are_never_repeated(
    client: Client, connection: Connection, origin: Origin
) -> None:
    origin.always("/a", Status(500))
    with pytest.raises(Unavailable):
        async with client.send(connection, "POST", connection.url / "a", body=b"{}"):
            pass
    assert [each.body for each in origin.requests] == [b"{}"]


async def test_a_short_rest_is_waited_for(
    client: Client, connection: Connection, origin: Origin
) -> None:
    origin.serve("/a", BODY)
    origin.fault("/a", Status(429, {"Retry-After": "1"}))
    began = time.monotonic()
    assert await get(client, connection) == BODY
    assert time.monotonic() - began >= 0.9


@pytest.mark.parametrize("answer", [429, 503])
async def test_a_long_rest_is_passed_on_and_kept(
    client: Client, connection: Connection, origin: Origin, answer: int
) -> None:
    """Lessons #14: keep Retry-After."""
    origin.serve("/a", BODY)
    origin.fault("/a", Status(answer, {"Retry-After": "60"}))
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            await get(client, connection)
        assert caught.value.status == answer
        assert caught.value.retry_after in (59, 60)
    assert len(origin.requests) == 1


async def test_429_without_a_time_is_passed_on_at_once(
    client: Client, connection: Connection, origin: Origin
) -> None:
    origin.serve("/a", BODY)
    origin.fault("/a", Status(429))
    with pytest.raises(Unavailable) as caught:
        await get(client, connection)
    assert (caught.value.status, caught.value.retry_after) == (429, None)
    assert await get(client, connection) == BODY


async def test_the_breaker_opens_and_closes(
    client: Client, connection: Connection, origin: Origin
) -> None:
    origin.serve("/good", BODY)
    origin.always("/a", Status(500))
    for _ in range(4):
        with pytest.raises(Unavailable, match="500"):
            await get(client, connection, attempts=1)
    with pytest.raises(Unavailable, match="left alone") as caught:
        await get(client, connection, "good")
    assert caught.value.retry_after == 1
    await asyncio.sleep(1)
    assert await get(client, connection, "good") == BODY
    assert await get(client, connection, "good") == BODY


async def test_nobody_listens(client: Client, ears: Ears) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = URL(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(Unavailable, match="cannot be reached"):
            await get(client, Connection("here", "npm", url))
    assert ears.reasons == ["connect"] * 3


async def test_an_unknown_host(client: Client) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await get(client, Connection("here", "npm", URL("http://nowhere.invalid/")))


async def test_names_that_lead_inside(origin: Origin) -> None:
    """A host that only a wildcard admits must be public (DNS rebinding); a named one need not."""
    origin.serve("/a", BODY)
    port = origin.url.port
    client = Client(proxies={}, connect=0.5, idle=0.5, resolver=lambda: Names("127.0.0.1"))
    await client.start()
    named = Connection("here", "npm", URL(f"http://registry.example:{port}/"), ("*.example",))
    assert await get(client, named) == BODY
    with pytest.raises(Misbehaved, match=r"127\.0\.0\.1, not public"):
        async with client.send(named, "GET", URL("http://files.example/a")):
            pass
    await client.close()
    assert len(origin.requests) == 1


async def test_silence_ends(client: Client, connection: Connection, origin: Origin) -> None:
    origin.serve("/a", BODY, delay=2)
    with pytest.raises(Unavailable, match="in time"):
        await get(client, connection)
    assert len(origin.requests) == 1


async def test_no_limit_on_the_whole_duration(
    client: Client, connection: Connection, origin: Origin
) -> None:
    """Lessons #14c: longer than the idle limit in all, but never idle."""
    origin.serve("/a", BODY + BODY, rate=200_000)
    began = time.monotonic()
    assert await get(client, connection) == BODY + BODY
    assert time.monotonic() - began > 0.4


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Truncate(20_000), "broke off"), (BrokenChunk(20_000), "broke off"), (Stall(20_000), "time")],
)
async def test_a_body_that_breaks(
    client: Client, connection: Connection, origin: Origin, ears: Ears, fault: Any, words: str
) -> None:
    origin.serve("/a", BODY)
    origin.fault("/a", fault)
    with pytest.raises(Unavailable, match=words):
        await get(client, connection)
    assert len(ears.reasons) == 1
    assert await get(client, connection) == BODY


async def test_what_is_not_http(client: Client, connection: Connection, origin: Origin) -> None:
    origin.always("/a", Garbage())
    with pytest.raises(Misbehaved, match="proper HTTP"):
        await get(client, connection)


# -- redirects


async def test_redirects_are_followed_within_the_origin(
    client: Client, connection: Connection, origin: Origin
) -> None:
    origin.serve("/b", BODY)
    origin.always("/a", Redirect("/b"))
    async with client.send(connection, "GET", connection.url / "a") as response:
        assert response.url == connection.url / "b"
        assert [each async for each in response.chunks()]


async def test_credentials_stay_at_home(client: Client, origin: Origin) -> None:
    """Lessons #24."""
    async with Origin() as files:
        files.serve("/b", BODY)
        origin.always("/a", Redirect(str(files.url / "b")))
        connection = Connection(
            "here", "npm", origin.url, (f"127.0.0.1:{files.url.port}",), "Bearer secret"
        )
        assert await get(client, connection) == BODY
        assert "Authorization" in origin.requests[0].headers
        assert "Authorization" not in files.requests[0].headers


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/",
        "http://[::1]/",
        "file:///etc/passwd",
        "//evil.example.org/",
        "http://[",
    ],
)
async def test_redirects_to_elsewhere_are_refused(
    client: Client, connection: Connection, origin: Origin, target: str
) -> None:
    origin.always("/a", Redirect(target))
    with pytest.raises(Misbehaved):
        await get(client, connection)
    assert len(origin.requests) == 1


async def test_redirects_end(client: Client, connection: Connection, origin: Origin) -> None:
    origin.always("/a", Redirect("/a"))
    with pytest.raises(Misbehaved, match="more than 5 times"):
        await get(client, connection)
    assert len(origin.requests) == 6


async def test_a_redirected_post(client: Client, connection: Connection, origin: Origin) -> None:
    origin.always("/a", Redirect("/b", 302))
    with pytest.raises(Misbehaved, match="redirects a POST"):
        async with client.send(connection, "POST", connection.url / "a", body=b"x"):
            pass
    origin.always("/a", Redirect("/b", 307))
    origin.serve("/b", BODY)
    async with client.send(connection, "POST", connection.url / "a", body=b"x") as response:
        assert response.status == 200
    assert origin.requests[-1].body == b"x"


# -- proxies


async def test_proxies(origin: Origin, ears: Ears) -> None:
    """The proxy gets the whole address; a connection's own proxy precedes the environment's."""
    origin.serve("/x", BODY)
    for proxies, own in (({"http": str(origin.url)}, None), ({"http": "http://no"}, origin.url)):
        client = Client(proxies=proxies, connect=0.5, idle=0.5, observer=ears)
        await client.start()
        connection = Connection("here", "npm", URL("http://registry.invalid/"), proxy=own)
        assert await get(client, connection, "x") == BODY
        await client.close()
    assert origin.requests[0].headers["Host"] == "registry.invalid"


async def test_no_proxy(origin: Origin, connection: Connection, ears: Ears) -> None:
    origin.serve("/a", BODY)
    client = Client(
        proxies={"http": "http://proxy.invalid:1", "no": "127.0.0.1"}, connect=0.5, observer=ears
    )
    await client.start()
    assert await get(client, connection) == BODY
    await client.close()


# -- decoding


async def test_decoded(client: Client, connection: Connection, origin: Origin) -> None:
    """Lessons #8."""
    packed = gzip.compress(BODY)
    origin.serve("/gzip", packed, headers={"Content-Encoding": "gzip"})
    origin.serve("/plain", BODY)
    origin.serve("/undeclared", packed)
    for path, sniff, expected in [
        ("gzip", False, BODY),
        ("plain", True, BODY),
        ("undeclared", True, BODY),
        ("undeclared", False, packed),
    ]:
        async with client.send(connection, "GET", connection.url / path) as response:
            assert await response.decoded(len(BODY), sniff=sniff) == expected


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (gzip.compress(bytes(10_000_000)), "gzip", "grows beyond"),
        (gzip.compress(BODY)[:-9], "gzip", "cut short"),
        (b"", "gzip", "cut short"),
        (b"nonsense", "gzip", "cannot be decoded"),
        (BODY, "br", "not asked for"),
        (BODY * 3, "identity", "more than"),
    ],
)
async def test_decoding_is_bounded_and_strict(
    client: Client,
    connection: Connection,
    origin: Origin,
    body: bytes,
    encoding: str,
    words: str,
) -> None:
    origin.serve("/a", body, headers={"Content-Encoding": encoding})
    async with client.send(connection, "GET", connection.url / "a") as response:
        with pytest.raises(Misbehaved, match=words):
            await response.decoded(100_000)
