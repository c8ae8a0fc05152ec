"""Each of the 48 operations through boto3, and a typed exception of each class (API contract §20)."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.aws import ACCOUNT, INSTALLATION, Boto
from tests.clients.people import access_key
from tests.clients.stocking import Shelf
from tests.running import Running

pytestmark = pytest.mark.client

D = {"domain": "my_domain"}
R = {**D, "repository": "my_repo"}
P = {**R, "format": "npm", "package": "chalk"}
V = {**P, "packageVersion": "1.0.0"}
G = {**D, "packageGroup": "/npm/*"}
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
    }
)

Call = Callable[..., Any]


@pytest.fixture
async def calling(boto: Boto) -> AsyncIterator[tuple[Call, set[str]]]:
    """boto3, and the operations that it was used for."""
    seen: set[str] = set()

    async def call(operation: str, **members: Any) -> Any:
        answer = await getattr(boto, operation)(**members)
        seen.add(operation)
        return answer

    return call, seen


async def test_every_operation(boto: Boto, service: Running, calling: Any) -> None:
    """In the order in which somebody might call them; what they answer is held to the model by
    tests/api, and to the Guide by the other files here.
    """
    call, seen = calling
    assert (await call("create_domain", **D))["domain"]["status"] == "Active"
    assert (await call("describe_domain", **D))["domain"]["repositoryCount"] == 0
    assert len((await call("list_domains"))["domains"]) == 2
    await call("put_domain_permissions_policy", **D, policyDocument=POLICY)
    got = await call("get_domain_permissions_policy", **D)
    assert got["policy"]["document"] == POLICY
    await call("delete_domain_permissions_policy", **D)

    await call("create_repository", **R, description="mine")
    await call("create_repository", **D, repository="other")
    await call("associate_external_connection", **R, externalConnection="public:npmjs")
    gone = await call("disassociate_external_connection", **R, externalConnection="public:npmjs")
    assert gone["repository"]["externalConnections"] == []
    await call("update_repository", **R, description="")
    assert (await call("describe_repository", **R))["repository"].get("description", "") == ""
    assert len((await call("list_repositories", maxResults=1))["repositories"]) == 1
    inside = (await call("list_repositories_in_domain", **D))["repositories"]
    assert [each["name"] for each in inside] == ["my_repo", "other"]
    endpoint = (await call("get_repository_endpoint", **R, format="npm"))["repositoryEndpoint"]
    await call("put_repository_permissions_policy", **R, policyDocument=POLICY)
    await call("get_repository_permissions_policy", **R)
    await call("delete_repository_permissions_policy", **R)
    token = (await call("get_authorization_token", **D))["authorizationToken"]
    shelf = Shelf(service, token, "my_repo")
    assert shelf.address("npm") == endpoint
    for number in ("1.0.0", "1.1.0", "1.2.0"):
        depends = {"ansi-styles": "^4.0.0"}
        assert await shelf.npm("chalk", number, dependencies=depends, readme="# chalk") == 201

    assert len((await call("list_packages", **R))["packages"]) == 1
    assert (await call("describe_package", **P))["package"]["name"] == "chalk"
    await call(
        "put_package_origin_configuration",
        **P,
        restrictions={"publish": "ALLOW", "upstream": "ALLOW"},
    )
    assert len((await call("list_package_versions", **P, maxResults=2))["versions"]) == 2
    described = (await call("describe_package_version", **V))["packageVersion"]
    revision = described["revision"]
    [asset] = (await call("list_package_version_assets", **V))["assets"]
    [dependency] = (await call("list_package_version_dependencies", **V))["dependencies"]
    assert dependency["package"] == "ansi-styles"
    assert (await call("get_package_version_readme", **V))["readme"] == "# chalk"
    got = await call("get_package_version_asset", **V, asset=asset["name"])
    assert hashlib.sha256(got["asset"].read()).hexdigest() == asset["hashes"]["SHA-256"]
    assert (got["assetName"], got["packageVersionRevision"]) == (asset["name"], revision)
    generic = {**R, "format": "generic", "namespace": "ns", "package": "tool"}
    published = await call(
        "publish_package_version",
        **generic,
        packageVersion="1",
        assetName="a",
        assetContent=b"a",
        assetSHA256=hashlib.sha256(b"a").hexdigest(),
    )
    assert published["status"] == "Published"
    copied = await call(
        "copy_package_versions",
        **D,
        sourceRepository="my_repo",
        destinationRepository="other",
        format="npm",
        package="chalk",
        versions=["1.0.0"],
    )
    assert copied["successfulVersions"]["1.0.0"]["revision"] == revision
    await call("update_package_versions_status", **P, versions=["1.0.0"], targetStatus="Archived")
    await call("dispose_package_versions", **P, versions=["1.1.0"])
    await call("delete_package_versions", **P, versions=["1.2.0"])
    left = (await boto.list_package_versions(**P))["versions"]
    assert {each["version"]: each["status"] for each in left} == {
        "1.0.0": "Archived",
        "1.1.0": "Disposed",
    }

    await call("create_package_group", **G, tags=[{"key": "a", "value": "b"}])
    await call("update_package_group", **G, description="all of npm")
    restrictions = {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}
    allowed = [{"repositoryName": "other", "originRestrictionType": "PUBLISH"}]
    await call(
        "update_package_group_origin_configuration",
        **G,
        restrictions=restrictions,
        addAllowedRepositories=allowed,
    )
    group = (await call("describe_package_group", **G))["packageGroup"]
    assert group["originConfiguration"]["restrictions"]["PUBLISH"]["repositoriesCount"] == 1
    listed = await call("list_allowed_repositories_for_group", **G, originRestrictionType="PUBLISH")
    assert listed["allowedRepositories"] == ["other"]
    assert len((await call("list_package_groups", **D))["packageGroups"]) == 2
    below = await call("list_sub_package_groups", **D, packageGroup="/*")
    assert [each["pattern"] for each in below["packageGroups"]] == ["/npm/*"]
    [member] = (await call("list_associated_packages", **G))["packages"]
    assert (member["package"], member["associationType"]) == ("chalk", "STRONG")
    belongs = await call("get_associated_package_group", **D, format="npm", package="new")
    assert belongs["packageGroup"]["pattern"] == "/npm/*"

    await call("tag_resource", resourceArn=group["arn"], tags=[{"key": "c", "value": ""}])
    await call("untag_resource", resourceArn=group["arn"], tagKeys=["a"])
    tags = (await call("list_tags_for_resource", resourceArn=group["arn"]))["tags"]
    assert tags == [{"key": "c", "value": ""}]

    await call("delete_package_group", **G)
    await call("delete_package", **P)
    for name in ("my_repo", "other"):
        await call("delete_repository", **D, repository=name)
    assert (await call("delete_domain", **D))["domain"]["name"] == "my_domain"
    assert seen == set(boto.client.meta.method_to_api_mapping)
    assert len(seen) == 48


async def test_an_exception_of_each_class(boto: Boto) -> None:
    """Typed, with its status and its members (API contract §16)."""
    missing = await boto.refused("describe_repository", "ResourceNotFoundException", **R)
    assert missing["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert (missing["resourceId"], missing["resourceType"]) == ("my_domain", "domain")
    assert missing["Error"]["Message"].startswith(
        f"Domain not found. Domain 'my_domain' owned by account '{ACCOUNT}' does not exist"
    )
    await boto.create_domain(**D)
    missing = await boto.refused("describe_repository", "ResourceNotFoundException", **R)
    assert (missing["resourceId"], missing["resourceType"]) == ("my_repo", "repository")
    await boto.create_repository(**R)
    missing = await boto.refused("describe_package", "ResourceNotFoundException", **P)
    assert (missing["resourceId"], missing["resourceType"]) == ("chalk", "package")
    await boto.put_package_origin_configuration(
        **P, restrictions={"publish": "ALLOW", "upstream": "ALLOW"}
    )
    missing = await boto.refused("describe_package_version", "ResourceNotFoundException", **V)
    assert (missing["resourceId"], missing["resourceType"]) == ("1.0.0", "package-version")

    there = await boto.refused("create_domain", "ConflictException", **D)
    assert there["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert (there["resourceId"], there["resourceType"]) == ("my_domain", "domain")
    there = await boto.refused("create_repository", "ConflictException", **R)
    assert (there["resourceId"], there["resourceType"]) == ("my_repo", "repository")
    full = await boto.refused("delete_domain", "ConflictException", **D)
    assert full["resourceType"] == "domain"

    wrong = await boto.refused("list_packages", "ValidationException", **R, namespace="types")
    assert wrong["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert wrong["reason"] == "FIELD_VALIDATION_FAILED"
    key = await boto.refused("create_domain", "ValidationException", domain="d2", encryptionKey="?")
    assert key["reason"] == "ENCRYPTION_KEY_ERROR"

    abroad = {**R, "domainOwner": "444455556666"}
    denied = await boto.refused("describe_repository", "AccessDeniedException", **abroad)
    assert denied["ResponseMetadata"]["HTTPStatusCode"] == 403

    many = [{"repositoryName": f"r{number}"} for number in range(11)]
    for each in many:
        await boto.create_repository(**D, repository=each["repositoryName"])
    quota = await boto.refused(
        "update_repository", "ServiceQuotaExceededException", **R, upstreams=many
    )
    assert quota["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert quota["ResponseMetadata"]["RetryAttempts"] == 0
    assert (await boto.describe_repository(**R))["repository"]["upstreams"] == []


async def test_throttling(tmp_path: Path) -> None:
    """Where `limits.api_rates` has CodeArtifact's quotas: 5 copies a second, and when to return."""
    copy = {
        "domain": "default",
        "sourceRepository": "main",
        "destinationRepository": "npm-store",
        "format": "npm",
        "package": "chalk",
        "versions": ["1.0.0"],
    }
    config = {**INSTALLATION, "limits": {"api_rates": "codeartifact"}}
    async with Running(tmp_path / "limited", config) as mirror:
        key = await access_key(mirror)
        boto = Boto(mirror.url, key, retries={"total_max_attempts": 1})
        calls = [boto.copy_package_versions(**copy) for _ in range(60)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        answers = [each.response for each in done if isinstance(each, ClientError)]
        codes = [answer["Error"]["Code"] for answer in answers]
        assert codes.count("ResourceNotFoundException") >= 5
        throttled = answers[codes.index("ThrottlingException")]
        assert throttled["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert throttled["retryAfterSeconds"] >= 1
        # Trying again, as SDKs do, gets there.
        patient = Boto(mirror.url, key, retries={"max_attempts": 8})
        await patient.refused("copy_package_versions", "ResourceNotFoundException", **copy)
