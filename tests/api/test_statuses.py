"""UpdatePackageVersionsStatus, DisposePackageVersions, DeletePackageVersions."""

import pytest
from aiohttp import ClientSession

from mirror.api.errors import Rejected
from mirror.endpoints.listening import serve
from mirror.errors import NotFound, Refused
from mirror.model import Status
from tests.api.stock import LEFT_PAD, named, stock, stock_file
from tests.store.rows import version

HERE = named(LEFT_PAD)
UPDATE, DISPOSE, DELETE = (
    "UpdatePackageVersionsStatus",
    "DisposePackageVersions",
    "DeletePackageVersions",
)
REVISION = version().revision


async def test_a_status_updated(parts, api) -> None:
    await stock(parts, "main", version())
    answer = await api.call(UPDATE, **HERE, versions=["1.0.0"], targetStatus="Archived")
    assert answer == {
        "successfulVersions": {"1.0.0": {"revision": REVISION, "status": "Archived"}},
        "failedVersions": {},
    }
    found = await api.call("DescribePackageVersion", **HERE, packageVersion="1.0.0")
    assert found["packageVersion"]["status"] == "Archived"


async def test_a_version_disposed_of_and_deleted(parts, api) -> None:
    await stock(parts, "main", version())
    for operation, status in ((DISPOSE, "Disposed"), (DELETE, "Deleted")):
        answer = await api.call(operation, **HERE, versions=["1.0.0"])
        assert answer == {
            "successfulVersions": {"1.0.0": {"revision": REVISION, "status": status}},
            "failedVersions": {},
        }
        left = await api.call("ListPackageVersions", **HERE)
        assert [each["status"] for each in left["versions"]] == (
            ["Disposed"] if operation == DISPOSE else []
        )


async def test_a_failing_batch_is_an_answer(parts, api) -> None:
    """HTTP says 200 even where all of them fail (§9)."""
    await stock(parts, "main", version(), version("2.0.0"))
    answer = await api.call(
        DISPOSE,
        **HERE,
        versions=["1.0.0", "2.0.0", "3.0.0"],
        versionRevisions={"1.0.0": REVISION, "2.0.0": "stale", "3.0.0": "any"},
        expectedStatus="Published",
    )
    assert answer == {
        "successfulVersions": {},
        "failedVersions": {
            "1.0.0": {"errorCode": "SKIPPED", "errorMessage": "version 1.0.0 is skipped"},
            "2.0.0": {
                "errorCode": "MISMATCHED_REVISION",
                "errorMessage": f"current revision: {version('2.0.0').revision}, "
                "expected revision: stale",
            },
            "3.0.0": {"errorCode": "NOT_FOUND", "errorMessage": "Could not find version 3.0.0"},
        },
    }


async def test_an_expected_status(parts, api) -> None:
    await stock(parts, "main", version(status=Status.UNLISTED))
    for operation, more in ((UPDATE, {"targetStatus": "Published"}), (DISPOSE, {}), (DELETE, {})):
        answer = await api.call(
            operation, **HERE, versions=["1.0.0"], expectedStatus="Published", **more
        )
        assert answer["failedVersions"]["1.0.0"] == {
            "errorCode": "MISMATCHED_STATUS",
            "errorMessage": "current status: Unlisted, expected status: Published",
        }


@pytest.mark.parametrize("target", ["Unfinished", "Disposed", "Deleted"])
async def test_targets_that_are_none(parts, api, target) -> None:
    await stock(parts, "main", version())
    with pytest.raises(Rejected, match="targetStatus"):
        await api.call(UPDATE, **HERE, versions=["1.0.0"], targetStatus=target)


@pytest.mark.parametrize("revisions", [{}, {"2.0.0": "x"}, {"1.0.0": "x", "2.0.0": "x"}])
async def test_revisions_are_of_exactly_the_versions(parts, api, revisions) -> None:
    await stock(parts, "main", version())
    for operation, more in ((UPDATE, {"targetStatus": "Published"}), (DISPOSE, {})):
        with pytest.raises(Rejected, match="versionRevisions"):
            await api.call(
                operation, **HERE, versions=["1.0.0"], versionRevisions=revisions, **more
            )


async def test_a_package_that_is_missing_fails_the_whole_call(parts, api) -> None:
    await stock(parts, "npm-store", version())
    for operation, more in ((UPDATE, {"targetStatus": "Published"}), (DISPOSE, {}), (DELETE, {})):
        with pytest.raises(NotFound) as missing:
            await api.call(operation, **HERE, versions=["1.0.0"], **more)
        assert missing.value.kind == "package"


async def test_who_may_change_what(parts, api) -> None:
    await stock(parts, "main", version())
    reader = await api.as_("reader", "AWSCodeArtifactReadOnlyAccess")
    for operation, more in ((UPDATE, {"targetStatus": "Published"}), (DISPOSE, {}), (DELETE, {})):
        with pytest.raises(Refused):
            await reader.call(operation, **HERE, versions=["1.0.0"], **more)


async def test_clients_notice_at_once(parts, api) -> None:
    """Also where an answer was prepared: a build must not get what was withdrawn."""
    await stock_file(parts, "npm-store", b"one", "1.0.0")
    await stock_file(parts, "npm-store", b"two", "2.0.0", latest="2.0.0")
    await parts.database.write(cut_off)
    there = named(LEFT_PAD, "npm-store")
    listening = await serve(parts.handler, "127.0.0.1", 0, hot=parts.hot)
    try:
        async with ClientSession(f"http://127.0.0.1:{listening.port}") as client:

            async def seen() -> tuple[int, list[str], int]:
                async with client.get("/npm/npm-store/left-pad/-/left-pad-2.0.0.tgz") as tarball:
                    await tarball.read()
                async with client.get("/npm/npm-store/left-pad") as document:
                    versions = list((await document.json())["versions"])
                async with client.get("/npm/npm-store/left-pad/2.0.0") as manifest:
                    return tarball.status, versions, manifest.status

            for target, expected in (
                ("Published", (200, ["1.0.0", "2.0.0"], 200)),
                ("Unlisted", (200, ["1.0.0"], 404)),
                ("Archived", (404, ["1.0.0"], 404)),
                ("Published", (200, ["1.0.0", "2.0.0"], 200)),
                ("Disposed", (404, ["1.0.0"], 404)),
            ):
                more = {"targetStatus": target} if target != "Disposed" else {}
                operation = UPDATE if more else DISPOSE
                await api.call(operation, **there, versions=["2.0.0"], **more)
                assert [await seen() for _ in range(3)] == [expected] * 3, target
    finally:
        await listening.close(0)


async def cut_off(transaction) -> None:
    """No network in tests."""
    await transaction.run("DELETE FROM repository_connection")
    transaction.touch_everything()


async def test_over_http(parts, boto) -> None:
    await stock(parts, "main", version())
    answer = await boto(
        "update_package_versions_status",
        **HERE,
        versions=["1.0.0", "2.0.0"],
        targetStatus="Unlisted",
    )
    assert set(answer["failedVersions"]) == {"1.0.0", "2.0.0"}
    with pytest.raises(boto.client.exceptions.ValidationException) as refused:
        await boto(
            "update_package_versions_status", **HERE, versions=["1.0.0"], targetStatus="Deleted"
        )
    assert refused.value.response["reason"] == "FIELD_VALIDATION_FAILED"
