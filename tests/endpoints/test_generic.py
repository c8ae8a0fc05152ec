"""Bodies that are files: when they are asked for, refused before they come, and gone if refused."""

import asyncio
import hashlib
from pathlib import Path

import orjson
import pytest

from mirror.store import secrecy
from tests.endpoints.site import Site, opened
from tests.endpoints.wire import answer, request, until

PLACE = "/generic/main/ns/tool/1.0"
MEGABYTES = 8 * 1024 * 1024  # more than the kernel's buffers take


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)


@pytest.fixture
async def site(tmp_path: Path):
    async with opened(tmp_path) as site:
        yield site


def named(site: Site, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.token}", **more}


async def put(site: Site, asset: str = "a.bin", data: bytes = b"data", **more: str):
    if not data:
        more["Content_Length"] = "0"
    status, _, body = await site.ask(f"{PLACE}/{asset}", "PUT", data, **named(site, **more))
    return status, orjson.loads(body)


def blobs(site: Site) -> list[Path]:
    return [each for each in site.parts.blobs.root.rglob("blobs/**/*") if each.is_file()]


async def test_a_file_there_and_back(site) -> None:
    status, told = await put(site, "a%20b.bin", b"0123456789")
    sha256 = hashlib.sha256(b"0123456789").hexdigest()
    assert (status, told["status"], told["asset"]["size"]) == (201, "Published", 10)
    assert told["asset"]["hashes"]["SHA-256"] == sha256
    status, headers, body = await site.ask(f"{PLACE}/a%20b.bin")
    assert (status, body) == (200, b"0123456789")
    assert headers["etag"] == f'"{sha256}"'
    assert headers["content-type"] == "application/octet-stream"
    assert headers["cache-control"] == "private, max-age=0, must-revalidate"
    assert headers["content-disposition"].startswith('attachment; filename="a b.bin"')
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in headers
    status, bare, nothing = await site.ask(f"{PLACE}/a%20b.bin", "HEAD")
    assert (status, nothing, bare["content-length"]) == (200, b"", "10")
    status, _, nothing = await site.ask(f"{PLACE}/a%20b.bin", If_None_Match=headers["etag"])
    assert (status, nothing) == (304, b"")
    status, part, body = await site.ask(f"{PLACE}/a%20b.bin", Range="bytes=-3")
    assert (status, body, part["content-range"]) == (206, b"789", "bytes 7-9/10")


async def test_the_version(site) -> None:
    await put(site, "a.bin?unfinished=true")
    await put(site, "b.bin", b"")
    for path in (PLACE, f"{PLACE}/"):
        status, headers, body = await site.ask(path, Accept_Encoding="identity")
        told = orjson.loads(body)
        assert (status, headers["content-type"]) == (200, "application/json")
        assert [(each["name"], each["size"]) for each in told["assets"]] == [
            ("a.bin", 4),
            ("b.bin", 0),
        ]
    status, _, nothing = await site.ask(f"{PLACE}/", If_None_Match=headers["etag"])
    assert (status, nothing) == (304, b"")


async def test_a_file_without_a_byte(site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    for asset, framing, sent in (
        ("a.bin", {"Content_Length": "0"}, b""),
        ("b.bin", {"Transfer_Encoding": "chunked"}, b"0\r\n\r\n"),
    ):
        head = request("PUT", f"{PLACE}/{asset}?unfinished=true", **named(site, **framing))
        writer.write(head + sent)
        _, told = await answer(reader)
        assert orjson.loads(told)["asset"]["size"] == 0
        status, headers, body = await site.ask(f"{PLACE}/{asset}")
        assert (status, headers["content-length"], body) == (200, "0", b"")
    writer.close()


async def test_a_wrong_hash_leaves_nothing(site) -> None:
    before = blobs(site)
    status, told = await put(site, x_amz_content_sha256="0" * 64)
    assert (status, told["__type"]) == (400, "ValidationException")
    assert told["message"].startswith("The provided content hashes do not match")
    assert blobs(site) == before
    assert (await site.ask(f"{PLACE}/"))[0] == 404


async def test_a_coded_body_is_not_the_file(site) -> None:
    status, told = await put(site, Content_Encoding="gzip")
    assert status == 400
    assert "without a Content-Encoding" in told["message"]


@pytest.mark.parametrize("framing", [{"Content_Length": "11"}, {"Transfer_Encoding": "chunked"}])
async def test_more_than_an_asset_may_have(site, framing) -> None:
    site.parts.handler._writes._asset_size = 10
    body = b"12345678901" if "Content_Length" in framing else b"b\r\n12345678901\r\n0\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(request("PUT", f"{PLACE}/a.bin", **named(site, **framing)) + body)
    head, said = await answer(reader)
    assert " 402 " in head
    assert orjson.loads(said)["__type"] == "ServiceQuotaExceededException"
    assert not blobs(site)
    writer.close()


# ---------------------------------------------------------------- before the body

REFUSED = [
    (f"{PLACE}/a.bin", {}, "401"),
    (f"{PLACE}/a=b", {"Authorization": "Bearer {token}"}, "400"),
    (f"{PLACE}/a.bin", {"Authorization": "Bearer {reader}"}, "403"),
    (f"{PLACE}/c.bin", {"Authorization": "Bearer {token}"}, "409"),
    (f"{PLACE}/a.bin", {"Authorization": "Bearer {token}", "X-Checksum-Sha256": "0" * 64}, "409"),
    ("/generic/nobody/ns/tool/1.0/a.bin", {"Authorization": "Bearer {token}"}, "404"),
]


def refused(site: Site, path: str, headers: dict[str, str], **more: str) -> bytes:
    filled = {
        name: value.format(token=site.token, reader=site.reader) for name, value in headers.items()
    }
    return request("PUT", path, **filled, Content_Length=str(MEGABYTES), **more)


@pytest.mark.parametrize(("path", "headers", "status"), REFUSED)
async def test_a_client_that_waits_is_not_asked_for_what_will_be_refused(
    site, path, headers, status
) -> None:
    """generic.md §4: the final answer in place of 100 saves the upload, and ends the connection:
    nobody could tell whether what comes next is the body (RFC 9110 §10.1.1).
    """
    await put(site)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(refused(site, path, headers, Expect="100-continue"))
    head, _ = await answer(reader)
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "Connection: close" in head
    writer.close()


@pytest.mark.parametrize(("path", "headers", "status"), REFUSED)
async def test_a_client_that_sends_it_all_the_same_still_gets_its_answer(
    site, path, headers, status
) -> None:
    """aws/aws-cli#8478: no reset in the middle of an upload."""
    await put(site)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(refused(site, path, headers) + bytes(MEGABYTES))
    await asyncio.wait_for(writer.drain(), 10)
    head, _ = await answer(reader)
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "Connection: close" in head
    writer.close()


async def test_a_client_that_waits_is_asked(site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    asking = named(site, Content_Length="4", Expect="100-continue")
    writer.write(request("PUT", f"{PLACE}/a.bin?unfinished=true", **asking))
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"data")
    head, _ = await answer(reader)
    assert head.startswith("HTTP/1.1 201 ")
    # Refused only after its body was read: the connection goes on.
    for data in (b"DATA", b"data"):
        writer.write(request("PUT", f"{PLACE}/a.bin", **named(site, Content_Length="4")) + data)
        head, _ = await answer(reader)
        assert head.startswith("HTTP/1.1 409 " if data == b"DATA" else "HTTP/1.1 200 ")
        assert "Connection: close" not in head
    writer.close()


async def test_a_client_that_leaves_leaves_nothing(site) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = request("PUT", f"{PLACE}/a.bin", **named(site, Content_Length=str(MEGABYTES)))
    writer.write(head + bytes(MEGABYTES // 2))
    await writer.drain()
    await until(lambda: any(site.parts.blobs.incoming.rglob("*")))
    writer.transport.abort()
    await until(lambda: site.log.lines)
    assert not [*site.parts.blobs.incoming.rglob("*")]
    assert (await site.ask(f"{PLACE}/"))[0] == 404


async def test_deleting(site) -> None:
    await put(site)
    status, headers, body = await site.ask(f"{PLACE}/", "DELETE", **named(site))
    assert (status, body) == (204, b"")
    assert "content-length" not in headers
    assert not blobs(site)
    assert (await site.ask(PLACE, "DELETE", **named(site)))[0] == 404
    assert (await put(site, data=b"other"))[0] == 201
    assert (await site.ask(f"{PLACE}/a.bin"))[2] == b"other"
