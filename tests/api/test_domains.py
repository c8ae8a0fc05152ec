"""The operations of domains (API contract §5)."""

import pytest

from mirror.api.domains import MANAGED_KEY
from mirror.api.errors import KEY, Rejected
from mirror.errors import Conflict, Exceeded, NotFound, Refused
from tests.api.conftest import ACCOUNT

ARN = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}:domain"
ADMINISTRATION = "AWSCodeArtifactAdminAccess"


async def created(api, name: str = "acme", **more):
    return (await api.call("CreateDomain", domain=name, **more))["domain"]


async def test_a_new_domain(api) -> None:
    domain = await created(api)
    assert domain.pop("createdTime") > 1_700_000_000
    assert domain == {
        "name": "acme",
        "owner": ACCOUNT,
        "arn": f"{ARN}/acme",
        "status": "Active",
        "encryptionKey": MANAGED_KEY,
        "repositoryCount": 0,
        "assetSizeBytes": 0,
    }
    groups = await api.call("ListPackageGroups", domain="acme")
    assert [each["pattern"] for each in groups["packageGroups"]] == ["/*"]


@pytest.mark.parametrize(
    "key",
    [
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-cn:kms:cn-north-1:111122223333:alias/mine",
        "alias/mine",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    ],
)
async def test_the_key_is_shown_as_it_was_given(api, key) -> None:
    assert (await created(api, encryptionKey=key))["encryptionKey"] == key
    described = await api.call("DescribeDomain", domain="acme")
    assert described["domain"]["encryptionKey"] == key


@pytest.mark.parametrize("key", ["arn:aws:s3:::bucket", "arn:aws:kms:x:1:key/y", "ключ"])
async def test_what_is_no_key(api, key) -> None:
    with pytest.raises(Rejected, match="is not the ARN, id or alias of a KMS key") as caught:
        await created(api, encryptionKey=key)
    assert caught.value.reason == KEY


async def test_names_are_unique_within_an_account(api) -> None:
    await created(api)
    with pytest.raises(Conflict, match="domain 'acme' already exists") as caught:
        await created(api)
    assert (caught.value.kind, caught.value.name) == ("domain", "acme")
    other = await api.as_("ann", ADMINISTRATION, account="111122223333")
    assert (await created(other))["owner"] == "111122223333"


async def test_an_account_has_ten_domains(api) -> None:
    for number in range(9):  # beside the default one
        await created(api, f"domain-{number}")
    with pytest.raises(Exceeded, match="has 10 domains already"):
        await created(api, "one-more")
    assert [len(page) for page in await api.pages("ListDomains", "domains")] == [10]
    other = await api.as_("ann", ADMINISTRATION, account="111122223333")
    await created(other, "one-more")


async def test_a_description_counts_repositories(api) -> None:
    await created(api)
    for name in ("main", "store"):
        await api.call("CreateRepository", domain="acme", repository=name)
    await api.call("DeleteRepository", domain="acme", repository="store")
    domain = (await api.call("DescribeDomain", domain="acme"))["domain"]
    assert (domain["repositoryCount"], domain["assetSizeBytes"]) == (1, 0)


async def test_domains_of_the_callers_account_in_pages(api) -> None:
    other = await api.as_("ann", ADMINISTRATION, account="111122223333")
    await created(other, "theirs")
    for name in ("beta", "alpha"):
        await created(api, name)
    pages = await api.pages("ListDomains", "domains", maxResults=2)
    assert [[each["name"] for each in page] for page in pages] == [["alpha", "beta"], ["default"]]
    assert pages[0][0].keys() == {
        "name", "owner", "arn", "status", "createdTime", "encryptionKey",
    }  # fmt: skip
    assert [[each["name"] for each in page] for page in await other.pages("ListDomains", "domains")] == [["theirs"]]  # fmt: skip


async def test_a_deleted_domain_takes_everything_with_it(api) -> None:
    """A new one of its name inherits neither rights nor tags."""
    before = await created(api, tags=[{"key": "k", "value": "v"}])
    await api.call("CreatePackageGroup", domain="acme", packageGroup="/npm/*")
    group = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}:package-group/acme/npm/%2a"
    await api.call("TagResource", resourceArn=group, tags=[{"key": "k", "value": "v"}])
    await api.call("PutDomainPermissionsPolicy", domain="acme", policyDocument=OPEN)
    answer = await api.call("DeleteDomain", domain="acme")
    assert answer == {"domain": before}
    with pytest.raises(NotFound, match="Domain 'acme' owned by account"):
        await api.call("DescribeDomain", domain="acme")
    await created(api)
    await api.call("CreatePackageGroup", domain="acme", packageGroup="/npm/*")
    for arn in (f"{ARN}/acme", group):
        assert await api.call("ListTagsForResource", resourceArn=arn) == {"tags": []}
    with pytest.raises(NotFound, match="there is no permissions policy"):
        await api.call("GetDomainPermissionsPolicy", domain="acme")


async def test_a_domain_with_repositories_stays(api) -> None:
    await created(api)
    await api.call("CreateRepository", domain="acme", repository="main")
    with pytest.raises(Conflict, match="still has repositories"):
        await api.call("DeleteDomain", domain="acme")
    await api.call("DeleteRepository", domain="acme", repository="main")
    await api.call("DeleteDomain", domain="acme")
    with pytest.raises(NotFound):
        await api.call("DeleteDomain", domain="acme")


async def test_who_has_no_right_does_not_learn_what_exists(api) -> None:
    await created(api)
    nobody = await api.as_("joe")
    for name in ("acme", "missing"):
        for operation in ("DescribeDomain", "DeleteDomain", "CreateDomain"):
            with pytest.raises(Refused, match=f"joe is not authorized to perform: codeartifact:{operation} on"):  # fmt: skip
                await nobody.call(operation, domain=name)
    with pytest.raises(Refused):
        await nobody.call("ListDomains")


OPEN = """{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "codeartifact:*", "Resource": "*"}]
}"""


async def test_through_an_sdk(boto) -> None:
    errors = boto.client.exceptions
    tags = [{"key": "k", "value": "v"}]
    answer = await boto("create_domain", domain="acme", tags=tags)
    assert answer["domain"]["createdTime"].year > 2000
    with pytest.raises(errors.ConflictException) as caught:
        await boto("create_domain", domain="acme")
    assert caught.value.response["resourceType"] == "domain"
    with pytest.raises(errors.ValidationException) as caught:
        await boto("create_domain", domain="other", encryptionKey="arn:aws:s3:::bucket")
    assert caught.value.response["reason"] == "ENCRYPTION_KEY_ERROR"
    answer = await boto("list_domains", maxResults=1)
    assert [each["name"] for each in answer["domains"]] == ["acme"]
    answer = await boto("list_domains", maxResults=1, nextToken=answer["nextToken"])
    assert [each["name"] for each in answer["domains"]] == ["default"]
    assert (await boto("describe_domain", domain="default"))["domain"]["repositoryCount"] > 2
    with pytest.raises(errors.ConflictException):
        await boto("delete_domain", domain="default")
    await boto("delete_domain", domain="acme")
    with pytest.raises(errors.ResourceNotFoundException):
        await boto("describe_domain", domain="acme")
