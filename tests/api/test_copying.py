"""CopyPackageVersions as callers meet it; what it does is told in tests/repositories."""

from collections.abc import Mapping

import orjson
import pytest

from mirror.api.errors import Rejected
from mirror.arns import Arns
from mirror.errors import NotFound, Refused
from mirror.model import Package
from mirror.store.policies import attach_policy
from mirror.store.repositories import put_repository
from tests.api.conftest import ACCOUNT
from tests.api.stock import LEFT_PAD, named, stock, stock_file
from tests.store.rows import version

COPY = "CopyPackageVersions"
FROM, TO = "npm-store", "main"
HERE = {
    "domain": "default",
    "sourceRepository": FROM,
    "destinationRepository": TO,
    "format": "npm",
    "package": "left-pad",
}
ONE = ["1.0.0"]
REVISION = version().revision


async def test_a_version_copied(parts, api) -> None:
    await stock(parts, FROM, version(), version("2.0.0"), latest="2.0.0")
    assert await api.call(COPY, **HERE, versions=["2.0.0"]) == {
        "successfulVersions": {
            "2.0.0": {"revision": version("2.0.0").revision, "status": "Published"}
        },
        "failedVersions": {},
    }
    found = await api.call("ListPackageVersions", **named(LEFT_PAD))
    assert [each["version"] for each in found["versions"]] == ["2.0.0"]
    assert found["versions"][0]["origin"]["domainEntryPoint"] == {"repositoryName": "main"}


async def test_versions_named_with_their_revisions(parts, api) -> None:
    await stock(parts, FROM, version(), version("2.0.0"))
    answer = await api.call(COPY, **HERE, versionRevisions={"1.0.0": REVISION, "2.0.0": "stale"})
    assert {key: each["errorCode"] for key, each in answer["failedVersions"].items()} == {
        "1.0.0": "SKIPPED",
        "2.0.0": "MISMATCHED_REVISION",
    }
    answer = await api.call(COPY, **HERE, versionRevisions={"1.0.0": REVISION})
    assert list(answer["successfulVersions"]) == ONE


async def test_overwriting_only_where_it_is_allowed(parts, api) -> None:
    await stock(parts, FROM, version())
    await stock(parts, TO, version(data=b"other"))
    answer = await api.call(COPY, **HERE, versions=ONE)
    assert answer["failedVersions"] == {
        "1.0.0": {"errorCode": "ALREADY_EXISTS", "errorMessage": "Version 1.0.0 already exists"}
    }
    answer = await api.call(COPY, **HERE, versions=ONE, allowOverwrite=True)
    assert answer["successfulVersions"] == {"1.0.0": {"revision": REVISION, "status": "Published"}}
    answer = await api.call(COPY, **HERE, versions=ONE)
    assert answer == {"successfulVersions": {}, "failedVersions": {}}


async def test_what_upstream_repositories_hold(parts, api) -> None:
    """`main` reads `npm-store`; without being asked for, nothing is taken from there."""
    await stock(parts, FROM, version())
    there = HERE | {"sourceRepository": TO, "destinationRepository": "pypi-store"}
    with pytest.raises(NotFound) as missing:
        await api.call(COPY, **there, versions=ONE)
    assert missing.value.kind == "package"
    await stock(parts, TO, version("2.0.0"))
    answer = await api.call(COPY, **there, versions=ONE)
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "NOT_FOUND"


async def test_what_upstream_repositories_hold_where_that_is_asked_for(parts, api) -> None:
    async def create(transaction):
        for name, above in (("far", ()), ("near", ("far",))):
            await put_repository(
                transaction, owner=ACCOUNT, domain="default", name=name, upstreams=above
            )

    await parts.database.write(create)
    await stock_file(parts, "far", b"tarball", latest="1.0.0")
    answer = await api.call(
        COPY, **HERE | {"sourceRepository": "near"}, versions=ONE, includeFromUpstream=True
    )
    assert list(answer["successfulVersions"]) == ONE
    for repository in ("near", TO):
        found = await api.call("ListPackageVersions", **named(LEFT_PAD, repository))
        assert [each["version"] for each in found["versions"]] == ONE


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"versions": ONE, "versionRevisions": {"1.0.0": REVISION}},
        {"versionRevisions": {}},
        {"versions": ONE, "destinationRepository": FROM},
        {"versions": ONE, "format": "generic"},
        {"versions": ONE, "format": "maven"},
    ],
)
async def test_calls_that_cannot_be_meant(parts, api, members) -> None:
    await stock(parts, FROM, version())
    with pytest.raises(Rejected):
        await api.call(COPY, **HERE | members)


async def test_a_format_that_is_not_spoken_here(parts, api) -> None:
    members = HERE | {"format": "cargo", "versions": ONE, "includeFromUpstream": True}
    with pytest.raises(NotFound):
        await api.call(COPY, **members)
    await stock(parts, FROM, package=Package("cargo", "", "left-pad"))
    answer = await api.call(COPY, **members)
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize("place", ["sourceRepository", "destinationRepository"])
async def test_a_repository_that_is_missing(parts, api, place) -> None:
    await stock(parts, FROM, version())
    with pytest.raises(NotFound) as missing:
        await api.call(COPY, **HERE | {place: "nowhere"}, versions=ONE)
    assert (missing.value.kind, missing.value.name) == ("repository", "nowhere")


@pytest.mark.parametrize(
    ("rights", "allowed"),
    [
        ({}, False),
        ({"ReadFromRepository": FROM}, False),
        ({"CopyPackageVersions": TO}, False),
        ({"ReadFromRepository": TO, "CopyPackageVersions": FROM}, False),
        ({"ReadFromRepository": FROM, "CopyPackageVersions": TO}, True),
    ],
)
async def test_both_repositories_must_agree(parts, api, rights, allowed) -> None:
    await stock(parts, FROM, version())
    caller = await api.as_("promoter")
    await allow(parts, "promoter", rights)
    if allowed:
        answer = await caller.call(COPY, **HERE, versions=ONE)
        assert list(answer["successfulVersions"]) == ONE
        return
    with pytest.raises(Refused):
        await caller.call(COPY, **HERE, versions=ONE)


async def test_what_exists_is_told_only_to_who_may_read_it(parts, api) -> None:
    caller = await api.as_("promoter")
    await allow(parts, "promoter", {"CopyPackageVersions": TO})
    with pytest.raises(Refused):
        await caller.call(COPY, **HERE | {"sourceRepository": "nowhere"}, versions=ONE)


async def allow(parts, user: str, rights: Mapping[str, str]) -> None:
    """Actions, each on one repository."""
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": f"codeartifact:{action}",
                "Resource": Arns("us-east-1").repository(ACCOUNT, "default", repository),
            }
            for action, repository in rights.items()
        ],
    }
    if rights:
        await parts.database.write(
            lambda transaction: attach_policy(
                transaction, ACCOUNT, user, "its own", orjson.dumps(document).decode()
            )
        )
