"""Tags of domains, repositories and package groups (API contract §5, §20.9)."""

import json

import pytest

from mirror.api.errors import FIELD, Rejected
from mirror.errors import Exceeded, NotFound, Refused
from tests.api.conftest import ACCOUNT

BEFORE = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}"
DOMAIN = f"{BEFORE}:domain/default"
REPOSITORY = f"{BEFORE}:repository/default/main"


def listed(**tags: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


async def tag(api, arn: str, **tags: str) -> None:
    assert await api.call("TagResource", resourceArn=arn, tags=listed(**tags)) == {}


async def tags(api, arn: str) -> dict[str, str]:
    answer = await api.call("ListTagsForResource", resourceArn=arn)
    return {each["key"]: each["value"] for each in answer["tags"]}


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("domain/default", None),
        ("repository/default/main", None),
        ("package-group/default/%2a", None),
        ("package-group/default/npm/scope/anycompany~", "/npm/scope/anycompany~"),
        ("package-group/default/pypi//requests%24", "/pypi//requests$"),
    ],
)
async def test_tags_are_added_changed_and_removed(api, path, pattern) -> None:
    if pattern:
        await api.call("CreatePackageGroup", domain="default", packageGroup=pattern)
    arn = f"{BEFORE}:{path}"
    assert await tags(api, arn) == {}
    await tag(api, arn, b="1", a="2")
    await tag(api, arn, b="", A="3")
    assert list((await tags(api, arn)).items()) == [("A", "3"), ("a", "2"), ("b", "")]
    answer = await api.call("UntagResource", resourceArn=arn, tagKeys=["a", "unknown"])
    assert answer == {}
    assert await tags(api, arn) == {"A": "3", "b": ""}


async def test_tags_from_the_beginning(api) -> None:
    await api.call("CreateDomain", domain="acme", tags=listed(cost="1"))
    await api.call("CreateRepository", domain="acme", repository="web", tags=listed(cost="2"))
    await api.call("CreatePackageGroup", domain="acme", packageGroup="/npm/*", tags=listed(cost="3"))  # fmt: skip
    paths = ("domain/acme", "repository/acme/web", "package-group/acme/npm/%2a")
    assert [await tags(api, f"{BEFORE}:{path}") for path in paths] == [
        {"cost": "1"}, {"cost": "2"}, {"cost": "3"},
    ]  # fmt: skip


async def test_fifty_for_one_resource(api) -> None:
    await tag(api, DOMAIN, **{f"k{number}": "" for number in range(50)})
    with pytest.raises(Exceeded, match="51 tags"):
        await tag(api, DOMAIN, more="")
    many = listed(**{f"k{number}": "" for number in range(51)})
    with pytest.raises(Exceeded):
        await api.call("CreateRepository", domain="default", repository="web", tags=many)
    with pytest.raises(NotFound):
        await api.call("DescribeRepository", domain="default", repository="web")


@pytest.mark.parametrize("key", ["aws:", "aws:cloudformation:stack-name", "AWS:x"])
async def test_keys_that_are_reserved(api, key) -> None:
    given = [{"key": key, "value": ""}]
    for operation, members in (
        ("TagResource", {"resourceArn": DOMAIN}),
        ("CreateDomain", {"domain": "acme"}),
        ("CreateRepository", {"domain": "default", "repository": "web"}),
    ):
        with pytest.raises(Rejected, match="is reserved") as caught:
            await api.call(operation, tags=given, **members)
        assert caught.value.reason == FIELD


async def test_a_key_is_given_once(api) -> None:
    """Policies look at a request's tags by key: there must be one value to look at."""
    with pytest.raises(Rejected, match="a tag key is given twice"):
        await api.call("TagResource", resourceArn=DOMAIN, tags=[*listed(a="1"), *listed(a="2")])


@pytest.mark.parametrize(
    "path",
    [
        "domain/missing",
        "repository/default/missing",
        "repository/missing/main",
        "package-group/default/npm/%2a",
    ],
)
async def test_what_does_not_exist(api, path) -> None:
    arn = f"{BEFORE}:{path}"
    for operation, members in (
        ("TagResource", {"tags": listed(a="1")}),
        ("UntagResource", {"tagKeys": ["a"]}),
        ("ListTagsForResource", {}),
    ):
        with pytest.raises(NotFound):
            await api.call(operation, resourceArn=arn, **members)


@pytest.mark.parametrize(
    "arn",
    [
        "x",
        "arn:aws:s3:::bucket",
        f"{BEFORE}:domain/a/b",
        f"{BEFORE}:repository/default",
        f"{BEFORE}:package/default/main/npm//react",
        f"{BEFORE}:package-group/default/*",
        f"{BEFORE}:package-group/default/%2A",
        DOMAIN.replace("us-east-1", "eu-west-1"),
    ],
)
async def test_what_cannot_have_tags(api, arn) -> None:
    with pytest.raises(Rejected) as caught:
        await tags(api, arn)
    assert caught.value.reason == FIELD


async def deny(api, action: str, **more) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": f"codeartifact:{action}", "Resource": "*"}  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})
    await api.call("PutDomainPermissionsPolicy", domain="default", policyDocument=document)


async def test_making_something_with_tags_takes_the_right_to_tag(api) -> None:
    """auth-and-policy §5.4."""
    await deny(api, "TagResource")
    with pytest.raises(Refused, match="codeartifact:TagResource"):
        await api.call("CreateRepository", domain="default", repository="web", tags=listed(a="1"))
    await api.call("CreateRepository", domain="default", repository="web")


async def test_a_tag_can_be_required(api) -> None:
    """auth-and-policy §5.5, 11."""
    await deny(api, "CreateRepository", Condition={"Null": {"aws:RequestTag/costcenter": "true"}})
    with pytest.raises(Refused, match="explicit deny"):
        await api.call("CreateRepository", domain="default", repository="web")
    given = listed(costcenter="1")
    await api.call("CreateRepository", domain="default", repository="web", tags=given)


async def test_a_tag_decides_who_may(api) -> None:
    """auth-and-policy §5.5, 12; it counts from the next request on."""
    await deny(api, "DescribeRepository", Condition={"StringEquals": {"aws:ResourceTag/secret": "yes"}})  # fmt: skip
    main = {"domain": "default", "repository": "main"}
    await api.call("DescribeRepository", **main)
    await tag(api, REPOSITORY, secret="yes")
    with pytest.raises(Refused, match="explicit deny"):
        await api.call("DescribeRepository", **main)
    await api.call("UntagResource", resourceArn=REPOSITORY, tagKeys=["secret"])
    await api.call("DescribeRepository", **main)


async def test_through_an_sdk(boto) -> None:
    """The encoded pattern is encoded once more in the query (§6)."""
    arn = f"{BEFORE}:package-group/default/pypi//requests%24"
    await boto("create_package_group", domain="default", packageGroup="/pypi//requests$")
    await boto("tag_resource", resourceArn=arn, tags=listed(**{"a b": "c+d/é"}))
    answer = await boto("list_tags_for_resource", resourceArn=arn)
    assert answer["tags"] == listed(**{"a b": "c+d/é"})
    await boto("untag_resource", resourceArn=arn, tagKeys=["a b"])
    assert (await boto("list_tags_for_resource", resourceArn=arn))["tags"] == []
    with pytest.raises(boto.client.exceptions.ResourceNotFoundException):
        await boto("list_tags_for_resource", resourceArn=f"{BEFORE}:domain/missing")
