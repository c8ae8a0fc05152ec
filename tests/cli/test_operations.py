"""Operations called in this process and over HTTP: the same answers, the same errors."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mirror.api.table import BY_NAME
from mirror.app import Parts, assembled
from mirror.cli import main
from mirror.cli.operations import InProcess, OperationError, Operations, everything
from mirror.cli.remote import AccessKey, at, laid_out
from mirror.config import load
from mirror.errors import Unavailable
from tests.endpoints.wire import listening
from tests.origin import Origin

KEY = AccessKey("AKIA", "secret", "eu-west-1")


@pytest.fixture
async def parts(folder: Path) -> AsyncIterator[Parts]:
    async with assembled(load(None, {"MIRROR_DATA_DIR": str(folder)})) as parts:
        yield parts


@pytest.fixture
async def both(parts: Parts) -> AsyncIterator[tuple[Operations, Operations]]:
    """In this process as root, and over HTTP as the administrator, signed for another region."""
    key, secret = await parts.keys.create("admin")
    async with AsyncExitStack() as stack:
        door = await stack.enter_async_context(listening(parts.handler))
        url = f"http://127.0.0.1:{door.port}"
        remote = await stack.enter_async_context(at(url, AccessKey(key, secret, "eu-west-1")))
        yield InProcess(parts, url), remote


async def test_answers_are_the_same(both: tuple[Operations, Operations]) -> None:
    where = {"domain": "default", "repository": "main"}
    for operation, members in (
        ("ListDomains", {}),
        ("DescribeRepository", where),
        ("GetRepositoryEndpoint", {**where, "format": "npm"}),
        ("ListRepositoriesInDomain", {"domain": "default", "maxResults": 2, "nextToken": None}),
        (
            "GetAssociatedPackageGroup",
            {"domain": "default", "format": "maven", "namespace": "n", "package": "a+b~*"},
        ),
    ):
        here, there = [await each.call(operation, **members) for each in both]
        assert here == there, operation


async def test_errors_are_the_same(both: tuple[Operations, Operations]) -> None:
    where = {"domain": "default", "repository": "nobody"}
    for operation, members, code in (
        ("DescribeRepository", where, "ResourceNotFoundException"),
        ("DescribeRepository", {"domain": "default"}, "ValidationException"),
        ("CreateRepository", {**where, "repository": "main"}, "ConflictException"),
    ):
        told = []
        for each in both:
            with pytest.raises(OperationError) as caught:
                await each.call(operation, **members)
            assert caught.value.code == code
            told.append(str(caught.value))
        assert told[0] == told[1]
        assert told[0].startswith(f"An error occurred ({code}) when calling the {operation} oper")


async def test_lists_are_whole(both: tuple[Operations, Operations]) -> None:
    for each in both:
        answer = await everything(
            each, "ListRepositoriesInDomain", "repositories", domain="default", maxResults=1
        )
        names = [repository["name"] for repository in answer["repositories"]]
        assert names == ["cargo-store", "main", "npm-store", "pypi-store"]
        assert "nextToken" not in answer


@pytest.mark.parametrize(
    ("operation", "members", "query", "body"),
    [
        ("ListDomains", {}, "", b"{}"),
        ("ListDomains", {"maxResults": 3, "nextToken": None}, "", b'{"maxResults":3}'),
        ("DescribeDomain", {"domain": "default"}, "?domain=default", b""),
        (
            "ListAssociatedPackages",
            {"domain": "dd", "packageGroup": "/npm//a~", "preview": True, "maxResults": 7},
            "?domain=dd&package-group=%2Fnpm%2F%2Fa~&preview=true&max-results=7",
            b"",
        ),
        (
            "UpdateRepository",
            {"domain": "dd", "repository": "r_1", "description": "", "upstreams": []},
            "?domain=dd&repository=r_1",
            b'{"description":"","upstreams":[]}',
        ),
        ("TagResource", {"resourceArn": "arn:%2a ü+", "tags": [{"key": "k", "value": "v"}]},
         "?resourceArn=arn%3A%252a%20%C3%BC%2B", b'{"tags":[{"key":"k","value":"v"}]}'),
    ],
)  # fmt: skip
def test_a_request_is_laid_out_as_sdks_do(
    operation: str, members: dict[str, Any], query: str, body: bytes
) -> None:
    assert laid_out(BY_NAME[operation], members) == (query, body)


async def test_nobody_there() -> None:
    async with at("http://127.0.0.1:9", KEY) as operations:
        with pytest.raises(Unavailable, match=r"^cannot reach http://127\.0\.0\.1:9: "):
            await operations.call("ListDomains")


async def test_somebody_else_there() -> None:
    """A login page is no answer, and a redirect would lose the signature."""
    async with Origin() as origin:
        origin.serve("/v1/domains", b"<html>")
        async with at(str(origin.url).rstrip("/"), KEY) as operations:
            with pytest.raises(Unavailable, match="answered 200, and not as the API of a mirror"):
                await operations.call("ListDomains")


async def test_a_command_asks_the_endpoint(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret = await parts.keys.create("admin")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    async with listening(parts.handler) as door:
        monkeypatch.setenv("MIRROR_ENDPOINT", f"http://127.0.0.1:{door.port}")
        created = await asyncio.to_thread(CliRunner().invoke, main, ["repo", "create", "team"])
        assert created.output == "repository 'team' created\n"
        shown = await asyncio.to_thread(CliRunner().invoke, main, ["repo", "list", "--json"])
    assert "team" in [each["name"] for each in json.loads(shown.output)["repositories"]]


def test_without_a_key_the_command_says_where_one_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    result = CliRunner().invoke(main, ["repo", "list", "--endpoint", "http://127.0.0.1:9"])
    assert result.exit_code == 2
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: 'mirror key create" in result.output
