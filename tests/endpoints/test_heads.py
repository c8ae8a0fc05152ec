"""What the hot path takes for a plain request must be one for aiohttp's parser too."""

import asyncio

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.endpoints.heads import LONGEST, Fields, plain_head

PLAIN = (
    b"GET /npm/main/left-pad?write=true HTTP/1.1\r\nHost: mirror.lan:8080\r\n"
    b"User-Agent: npm/11\r\nAccept:application/json\r\nConnection: keep-alive\r\n\r\n"
)


OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"
OFFERING = PLAIN.replace(b"Connection: keep-alive", OFFER)
"""As cargo asks in the clear."""


def test_an_offer_of_http_2_is_declined_by_saying_nothing() -> None:
    """RFC 7540 §3.2."""
    head = plain_head(OFFERING)
    assert head is not None
    assert head.target == "/npm/main/left-pad?write=true"


def test_a_plain_head_is_taken_apart() -> None:
    head = plain_head(PLAIN)
    assert head is not None
    assert (head.method, head.target) == ("GET", "/npm/main/left-pad?write=true")
    assert head.fields.get("HOST") == "mirror.lan:8080"
    assert head.fields.get("accept") == "application/json"
    assert head.fields.get("Range") is None
    assert head.fields.get("Range", "none") == "none"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PLAIN + PLAIN, id="pipelined"),
        pytest.param(PLAIN + b"G", id="with the beginning of another"),
        pytest.param(PLAIN[:-2], id="partial"),
        pytest.param(b"\r\n" + PLAIN, id="empty line before"),
        pytest.param(PLAIN.replace(b"GET ", b"POST "), id="another method"),
        pytest.param(PLAIN.replace(b"GET ", b"get "), id="lower-case method"),
        pytest.param(PLAIN.replace(b"1.1", b"1.0"), id="HTTP/1.0"),
        pytest.param(PLAIN.replace(b"1.1", b"2.0"), id="HTTP/2.0"),
        pytest.param(PLAIN.replace(b" /npm", b" http://evil/npm"), id="absolute form"),
        pytest.param(PLAIN.replace(b" /npm", b" *"), id="asterisk form"),
        pytest.param(PLAIN.replace(b"left", b"le ft"), id="space in the target"),
        pytest.param(PLAIN.replace(b"left", b"le\tft"), id="tab in the target"),
        pytest.param(PLAIN.replace(b"left", b"le\xc3\xa4ft"), id="raw UTF-8 in the target"),
        pytest.param(PLAIN.replace(b"left", b"le#ft"), id="fragment"),
        pytest.param(PLAIN.replace(b"Host", b"Xost"), id="no host"),
        pytest.param(PLAIN.replace(b"Accept", b"Host"), id="two hosts"),
        pytest.param(PLAIN.replace(b"Accept", b"content-length"), id="a length"),
        pytest.param(PLAIN.replace(b"Accept", b"Transfer-Encoding"), id="a coding"),
        pytest.param(PLAIN.replace(b"Accept", b"Expect"), id="an expectation"),
        pytest.param(PLAIN.replace(b"Accept", b"Upgrade"), id="an upgrade"),
        pytest.param(OFFERING.replace(b"h2c", b"websocket"), id="another upgrade"),
        pytest.param(OFFERING.replace(b"h2c", b"h2c, x"), id="one upgrade of two"),
        pytest.param(OFFERING.replace(b"Upgrade: h2c\r\n", b""), id="settings of no upgrade"),
        pytest.param(OFFERING.replace(b"\r\nHTTP2", b"\r\nX"), id="an upgrade without settings"),
        pytest.param(OFFERING.replace(b"Upgrade, H", b"close, H"), id="closing with settings"),
        pytest.param(OFFERING.replace(b"Upgrade, HTTP2-Settings", b"Upgrade"), id="half an offer"),
        pytest.param(PLAIN.replace(b"keep-alive", b"close"), id="closing"),
        pytest.param(PLAIN.replace(b"keep-alive", b"keep-alive, x"), id="connection list"),
        pytest.param(PLAIN.replace(b"User", b" User"), id="folded line"),
        pytest.param(PLAIN.replace(b"Host:", b"Host :"), id="space before the colon"),
        pytest.param(PLAIN.replace(b"npm/11", b""), id="empty field"),
        pytest.param(PLAIN.replace(b"npm/11", b"a\x00b"), id="a zero byte"),
        pytest.param(PLAIN.replace(b"npm/11", b"a\nX: b"), id="a bare line feed"),
        pytest.param(PLAIN.replace(b"npm/11", b"a\rX: b"), id="a bare carriage return"),
        pytest.param(PLAIN.replace(b"npm/11", b"\xe4"), id="latin-1"),
        pytest.param(PLAIN.replace(b"npm/11", b"a" * LONGEST), id="oversized"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_everything_else_is_left_to_the_parser(data: bytes) -> None:
    assert plain_head(data) is None


def test_a_field_is_found_in_any_spelling_and_never_invented() -> None:
    fields = Fields({"if-none-match": '"x"'})
    assert fields.get("If-None-Match") == '"x"'
    assert fields.get("IF-NONE-MATCH") == '"x"'
    assert fields.get("If-Range") is None
    assert fields.get("If-Range") is None


names = st.sampled_from(
    ["Host", "Accept", "X-A", "Range", "Content-Length", "Connection", "host", "Upgrade"]
)
values = st.text(st.sampled_from("ab \t:,;\"'\r\n\x00é/="), max_size=6) | st.sampled_from(
    ["h2c", "Upgrade, HTTP2-Settings", "keep-alive"]
)
settled = st.sampled_from(
    [
        [("Host", ": ", "h")],
        [
            ("Host", ": ", "h"),
            ("Connection", ": ", "Upgrade, HTTP2-Settings"),
            ("Upgrade", ": ", "h2c"),
            ("HTTP2-Settings", ": ", "AAMAAABk"),
        ],
    ]
)
heads = st.builds(
    lambda method, target, version, fields, end: (
        f"{method} {target} {version}\r\n"
        + "".join(f"{name}{colon}{value}\r\n" for name, colon, value in fields)
        + end
    ).encode("latin-1"),
    st.sampled_from(["GET", "HEAD", "PUT", "GET\t", "get"]),
    st.text(st.sampled_from("/ab%2f?=#. \t\\é"), min_size=1, max_size=8).map("/".__add__),
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/1.1 ", "http/1.1"]),
    st.tuples(
        settled, st.lists(st.tuples(names, st.sampled_from([":", ": ", " :"]), values), max_size=4)
    ).map(lambda both: [*both[0], *both[1]]),
    st.sampled_from(["\r\n", "", "\n", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"]),
)


@settings(max_examples=300, deadline=None)
@given(heads)
def test_what_is_plain_here_means_the_same_to_aiohttp(data: bytes) -> None:
    head = plain_head(data)
    if head is None:
        return
    seen = asyncio.run(parsed(data))
    assert seen == [(head.method, head.target, dict(_lower(head.fields)))]


def _lower(fields: Fields) -> list[tuple[str, str]]:
    return [(name, value) for name, value in fields.items() if value and name == name.lower()]


async def parsed(data: bytes) -> list[tuple[str, str, dict[str, str]]]:
    """What aiohttp's own server makes of the bytes."""
    seen: list[tuple[str, str, dict[str, str]]] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        fields = {name.lower(): value for name, value in request.headers.items()}
        seen.append((request.method, request.raw_path, fields))
        return web.Response()

    server = await asyncio.get_running_loop().create_server(web.Server(handler), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(data)
    await asyncio.wait_for(reader.read(1), 5)
    writer.close()
    await writer.wait_closed()
    server.close()
    return seen
