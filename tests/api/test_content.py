"""Publishing and fetching assets with boto3, and with requests that SDKs would not send (§5, §11)."""

import asyncio
import hashlib
import io
import os
import time
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import pytest
from botocore.exceptions import ClientError

from mirror.api.errors import Rejected
from mirror.app import Parts
from mirror.auth.signatures import SignedRequest, sign
from mirror.store.access_keys import AccessKeys
from mirror.store.repositories import put_repository
from tests.api.conftest import ACCOUNT, Boto, Caller
from tests.formats.npm.samples import body_of, packed

TOOL = {
    "domain": "default",
    "repository": "main",
    "format": "generic",
    "namespace": "ns",
    "package": "tool",
    "packageVersion": "1.0",
}
EMPTY = hashlib.sha256(b"").hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def publish(boto: Boto, name: str, data: bytes, **more: Any) -> dict[str, Any]:
    given = {"assetSHA256": sha256(data)} | TOOL | more
    answer = await boto("publish_package_version", assetName=name, assetContent=data, **given)
    del answer["ResponseMetadata"]
    return answer


async def fetch(boto: Boto, name: str, **more: Any) -> tuple[bytes, dict[str, Any]]:
    answer = await boto("get_package_version_asset", asset=name, **TOOL | more)
    return await asyncio.to_thread(answer.pop("asset").read), answer


async def refused(asking: Any) -> dict[str, Any]:
    """What an SDK learns of an error: code, status, sentence and members."""
    with pytest.raises(ClientError) as caught:
        await asking
    response: Any = caught.value.response
    return {
        "code": response["Error"]["Code"],
        "status": response["ResponseMetadata"]["HTTPStatusCode"],
        "message": response["Error"]["Message"],
        "resourceType": response.get("resourceType"),
        "reason": response.get("reason"),
    }


async def change(parts: Parts, statement: str, *values: object) -> None:
    async def work(transaction: Any) -> None:
        await transaction.run(statement, values)
        transaction.touch_everything()

    await parts.database.write(work)


def blobs(parts: Parts) -> list[Path]:
    return [each for each in parts.blobs.root.rglob("blobs/**/*") if each.is_file()]


# ---------------------------------------------------------------- publishing


async def test_an_asset_there_and_back(boto: Boto) -> None:
    data = os.urandom(300_000)
    told = await publish(boto, "asset v1.tar.gz", data)
    hashes = {
        word: hashlib.new(word.replace("SHA-", "sha").lower(), data).hexdigest()
        for word in ("MD5", "SHA-1", "SHA-256", "SHA-512")
    }
    revision = told.pop("versionRevision")
    assert told == {
        "format": "generic",
        "namespace": "ns",
        "package": "tool",
        "version": "1.0",
        "status": "Published",
        "asset": {"name": "asset v1.tar.gz", "size": len(data), "hashes": hashes},
    }
    assert len(revision) <= 50
    got, answer = await fetch(boto, "asset v1.tar.gz", packageVersionRevision=revision)
    assert got == data
    assert (answer["assetName"], answer["packageVersion"]) == ("asset v1.tar.gz", "1.0")
    assert answer["packageVersionRevision"] == revision
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/octet-stream"
    assert headers["etag"] == f'"{sha256(data)}"'


async def test_an_open_file(boto: Boto, tmp_path: Path) -> None:
    """generic.md §8.12: as people publish with boto3."""
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(8_000_000))
    with path.open("rb") as file:
        told = await boto(
            "publish_package_version",
            assetName="large.bin",
            assetContent=file,
            assetSHA256=sha256(path.read_bytes()),
            **TOOL,
        )
    assert told["asset"]["size"] == 8_000_000
    assert (await fetch(boto, "large.bin"))[0] == path.read_bytes()


async def test_nothing_is_an_asset_too(boto: Boto) -> None:
    assert (await publish(boto, "empty", b""))["asset"]["hashes"]["SHA-256"] == EMPTY
    assert (await fetch(boto, "empty"))[0] == b""


async def test_a_name_that_no_header_holds(boto: Boto) -> None:
    """generic.md §6: told percent-encoded."""
    for name in ("naïve.bin", "文件.zip", "x~!@^&()-_+[]{};,.y"):
        await publish(boto, name, name.encode(), unfinished=True)
        data, answer = await fetch(boto, name)
        assert data == name.encode()
        encoded = {"naïve.bin": "na%C3%AFve.bin", "文件.zip": "%E6%96%87%E4%BB%B6.zip"}
        assert answer["assetName"] == encoded.get(name, name)


async def test_unfinished_until_the_last(boto: Boto) -> None:
    """The table of §11."""
    first = await publish(boto, "a", b"a", unfinished=True)
    again = await publish(boto, "a", b"a", unfinished=True)
    assert (first["status"], again) == ("Unfinished", first)
    other = await refused(publish(boto, "a", b"other", unfinished=True))
    assert (other["code"], other["status"], other["resourceType"]) == (
        "ConflictException",
        409,
        "asset",
    )
    assert (await fetch(boto, "a"))[0] == b"a"
    last = await publish(boto, "b", b"b")
    assert last["status"] == "Published"
    assert last["versionRevision"] != first["versionRevision"]
    late = await refused(publish(boto, "c", b"c", unfinished=True))
    assert (late["code"], late["resourceType"]) == ("ConflictException", "package-version")
    assert "takes no further assets" in late["message"]
    assert (await publish(boto, "b", b"b", unfinished=True))["status"] == "Published"


async def test_finished_by_what_is_there(boto: Boto) -> None:
    first = await publish(boto, "a", b"a", unfinished=True)
    assert await publish(boto, "a", b"a") == {**first, "status": "Published"}


async def test_a_wrong_hash_leaves_nothing(boto: Boto, parts: Parts) -> None:
    """generic.md §8.4: the client signs what it claims, and never looks at the file."""
    error = await refused(publish(boto, "a", b"hello", assetSHA256="0" * 64))
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert error["message"].startswith("The provided content hashes do not match")
    assert not blobs(parts)
    assert (await refused(fetch(boto, "a")))["code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "changed",
    [
        {"assetSHA256": "A" * 64},
        {"assetName": " a"},
        {"assetName": "a/b"},
        {"assetName": unicodedata.normalize("NFD", "naïve")},
        {"assetName": ".."},
        {"format": "npm"},
        {"namespace": "-"},
        {"package": ".."},
        {"packageVersion": "1 0"},
    ],
    ids=str,
)
async def test_what_cannot_be_published(boto: Boto, parts: Parts, changed: dict) -> None:
    given = {"assetName": "a", "assetSHA256": sha256(b"x"), "assetContent": b"x"} | TOOL | changed
    error = await refused(boto("publish_package_version", **given))
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert not blobs(parts)


async def test_a_namespace_is_needed(boto: Boto) -> None:
    """User Guide, "Package namespace"."""
    given = {name: value for name, value in TOOL.items() if name != "namespace"}
    error = await refused(
        boto("publish_package_version", assetName="a", assetSHA256=EMPTY, assetContent=b"", **given)
    )
    assert (error["code"], error["reason"]) == ("ValidationException", "FIELD_VALIDATION_FAILED")


async def test_a_blocked_package(boto: Boto, parts: Parts) -> None:
    await publish(boto, "a", b"a", unfinished=True)
    await change(parts, "UPDATE package SET publish = 'BLOCK'")
    error = await refused(publish(boto, "b", b"b"))
    assert (error["code"], error["status"]) == ("ConflictException", 409)
    assert "origin controls" in error["message"]


async def test_quotas(boto: Boto, parts: Parts) -> None:
    parts.api._services.publisher._assets_per_version = 2
    for name in "ab":
        await publish(boto, name, b"x", unfinished=True)
    error = await refused(publish(boto, "c", b"x"))
    assert (error["code"], error["status"]) == ("ServiceQuotaExceededException", 402)
    object.__setattr__(parts.api._services.quotas, "asset_size", 10)
    error = await refused(publish(boto, "d", bytes(4_000_000)))
    assert (error["code"], error["status"]) == ("ServiceQuotaExceededException", 402)


async def test_without_the_right_to(api: Caller, boto: Boto, parts: Parts, tmp_path: Path) -> None:
    await publish(boto, "a", b"a", unfinished=True)
    await api.as_("reader", "AWSCodeArtifactReadOnlyAccess")
    async with Raw(boto, parts, tmp_path, "reader") as raw:
        status, headers, _ = await raw("POST", "publish", b"b", asset="b")
        assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
        assert (await raw("GET", "asset", asset="a"))[0] == 200


async def test_only_over_http(api: Caller) -> None:
    with pytest.raises(Rejected, match="over HTTP"):
        await api.call("PublishPackageVersion", assetName="a", assetSHA256=EMPTY, **TOOL)


# ---------------------------------------------------------------- fetching


async def with_repository(parts: Parts, name: str, *upstreams: str) -> None:
    given = {"owner": ACCOUNT, "domain": "default", "name": name, "upstreams": upstreams}
    await parts.database.write(lambda transaction: put_repository(transaction, **given))


async def test_what_is_not_there(boto: Boto) -> None:
    await publish(boto, "a", b"a")
    for changed, kind in (
        ({"asset": "b"}, "asset"),
        ({"asset": "a", "packageVersion": "2.0"}, "package-version"),
        ({"asset": "a", "package": "other"}, "package"),
        ({"asset": "a", "repository": "nobody"}, "repository"),
        ({"asset": "a", "domain": "nobody"}, "domain"),
        ({"asset": "a", "format": "maven"}, "package"),
    ):
        error = await refused(boto("get_package_version_asset", **TOOL | changed))
        assert (error["code"], error["status"]) == ("ResourceNotFoundException", 404)
        assert error["resourceType"] == kind


async def test_another_revision(boto: Boto) -> None:
    told = await publish(boto, "a", b"a", unfinished=True)
    await publish(boto, "b", b"b")
    error = await refused(fetch(boto, "a", packageVersionRevision=told["versionRevision"]))
    assert (error["code"], error["resourceType"]) == ("ConflictException", "package-version")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("Unlisted", None),
        ("Unfinished", None),
        ("Archived", "ConflictException"),
        ("Disposed", "ResourceNotFoundException"),
    ],
)
async def test_a_status_decides(boto: Boto, parts: Parts, status: str, code: str | None) -> None:
    """§5: GetPackageVersionAsset."""
    await publish(boto, "a", b"a")
    await change(parts, "UPDATE version SET status = ?", status)
    if code is None:
        assert (await fetch(boto, "a"))[0] == b"a"
    else:
        assert (await refused(fetch(boto, "a")))["code"] == code


async def test_upstreams_are_not_asked(boto: Boto, parts: Parts) -> None:
    """U16, and §5 for every format."""
    await publish(boto, "a", b"a")
    await with_repository(parts, "below", "main")
    error = await refused(fetch(boto, "a", repository="below"))
    assert (error["code"], error["resourceType"]) == ("ResourceNotFoundException", "package")


async def test_a_file_of_a_package_manager(boto: Boto, parts: Parts) -> None:
    await with_repository(parts, "lone")
    token = await parts.tokens.create("admin", "test")
    tarball = packed("pubby")
    async with aiohttp.ClientSession(boto.client.meta.endpoint_url) as session:
        named = {"Authorization": f"Bearer {token}"}
        body = orjson.dumps(body_of(tarball, "pubby"))
        async with session.put("/npm/lone/pubby", data=body, headers=named) as answer:
            assert answer.status == 201
    given = {"format": "npm", "package": "pubby", "packageVersion": "1.0.0", "repository": "lone"}
    answer = await boto(
        "get_package_version_asset", domain="default", asset="pubby-1.0.0.tgz", **given
    )
    assert await asyncio.to_thread(answer["asset"].read) == tarball


async def test_a_damaged_file_is_our_mistake(boto: Boto, parts: Parts) -> None:
    """generic.md §6: never wrong bytes."""
    await publish(boto, "a", b"right")
    parts.blobs.path(sha256(b"right")).write_bytes(b"wrong")
    parts.blobs._verified.clear()
    error = await refused(fetch(boto, "a"))
    assert (error["code"], error["status"]) == ("InternalServerException", 500)
    assert str(parts.blobs.root) not in error["message"]


# ---------------------------------------------------------------- what SDKs do not do


class Raw:
    """Signed requests made by hand."""

    def __init__(self, boto: Boto, parts: Parts, folder: Path, user: str = "admin") -> None:
        self._address = boto.client.meta.endpoint_url
        self._keys = AccessKeys(parts.database, ACCOUNT, folder / "data" / "installation.key")
        self._user = user

    async def __aenter__(self) -> "Raw":
        self._key = await self._keys.create(self._user)
        self._session = aiohttp.ClientSession(self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def __call__(
        self,
        method: str,
        what: str,
        body: Any = b"",
        *,
        digest: str | None = None,
        more: Any = None,
        **query: str,
    ) -> tuple[int, Any, bytes]:
        asked = TOOL | {"version": TOOL["packageVersion"]} | query
        del asked["packageVersion"]
        target = f"/v1/package/version/{what}?{urlencode(asked)}"
        digest = digest or sha256(body)
        host = self._address.removeprefix("http://")
        headers = {"Host": host, "x-amz-content-sha256": digest}
        request = SignedRequest(method, target, list(headers.items()))
        headers |= sign(request, *self._key, "us-east-1", digest, time.time())
        async with self._session.request(
            method, target, data=body, headers={**headers, **(more or {})}
        ) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture
async def raw(boto: Boto, parts: Parts, tmp_path: Path) -> AsyncIterator[Raw]:
    async with Raw(boto, parts, tmp_path) as raw:
        yield raw


async def test_a_body_in_chunks(raw: Raw, boto: Boto) -> None:
    """§1: without a length."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(100_000)

    digest = sha256(bytes(1_000_000))
    status, _, _ = await raw("POST", "publish", pieces(), digest=digest, asset="a")
    assert status == 200
    assert (await fetch(boto, "a"))[0] == bytes(1_000_000)


async def test_a_part(raw: Raw, boto: Boto) -> None:
    await publish(boto, "a", b"0123456789")
    status, headers, body = await raw("GET", "asset", asset="a", more={"Range": "bytes=2-4"})
    assert (status, body, headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")


async def test_another_body_than_was_signed(raw: Raw, parts: Parts) -> None:
    status, headers, _ = await raw("POST", "publish", b"evil", digest=EMPTY, asset="a")
    assert (status, headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert not blobs(parts)


async def test_a_refusal_before_the_body_ends_the_connection(raw: Raw) -> None:
    """generic.md §7.2: the answer arrives, whatever is still on its way."""
    body = io.BytesIO(bytes(4_000_000))
    status, headers, _ = await raw("POST", "publish", body, digest=EMPTY, asset="a=b")
    assert (status, headers["Connection"]) == (400, "close")


async def test_both_doors_lead_to_the_same(raw: Raw, boto: Boto) -> None:
    await publish(boto, "a b", b"data")
    async with raw._session.get("/generic/main/ns/tool/1.0/a%20b") as answer:
        assert (answer.status, await answer.read()) == (200, b"data")
    async with raw._session.get("/generic/main/ns/tool/1.0/") as answer:
        told = await answer.json()
    [asset] = told["assets"]
    assert (asset["name"], told["status"]) == ("a b", "Published")
