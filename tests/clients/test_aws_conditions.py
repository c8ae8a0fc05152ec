"""The User Guide's policies with conditions, end to end: how long tokens live, and what tags decide."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients.aws import Boto
from tests.clients.guide import ARN
from tests.clients.people import BEARER, allow, people, policy, says
from tests.clients.stocking import Shelf
from tests.running import Running

pytestmark = pytest.mark.client


async def test_how_long_a_token_may_live(service: Running, boto: Boto, shelf: Shelf) -> None:
    """ "Limit authorization token duration", both examples; a domain's policy cannot give the
    second right; who may not get a new token keeps the old one (§5.5, 13).
    """

    def lasting(operator: str, seconds: int) -> Any:
        conditions = {
            operator: {"sts:DurationSeconds": seconds},
            "StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"},
        }
        everything = {"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"}
        return [policy(everything, {**BEARER, "Condition": conditions})]

    keys = await people(
        service,
        long=lasting("NumericEquals", 43200),
        short=lasting("NumericLessThanEquals", 3600),
        none=[policy(says("Allow", "*"))],
    )
    long, short, none = (Boto(service.url, key) for key in keys.values())
    operation = {"domain": "my_domain"}
    token, denied = "get_authorization_token", "AccessDeniedException"
    await long.get_authorization_token(**operation)
    await long.get_authorization_token(**operation, durationSeconds=43200)
    refused = await long.refused(token, denied, **operation, durationSeconds=3600)
    assert "sts:GetServiceBearerToken" in refused["Error"]["Message"]
    for seconds in (900, 3600):
        await short.get_authorization_token(**operation, durationSeconds=seconds)
    for more in ({"durationSeconds": 3601}, {}):
        await short.refused(token, denied, **operation, **more)

    await none.refused(token, denied, **operation)
    given = {**BEARER, "Principal": "*"}
    document = json.dumps(policy(given, says("Allow", "*", Principal="*")))
    await boto.put_domain_permissions_policy(**operation, policyDocument=document)
    await none.refused(token, denied, **operation)

    answer = await long.get_authorization_token(**operation)
    early = Shelf(service, answer["authorizationToken"], "my_repo")
    document = json.dumps(policy(says("Deny", "GetAuthorizationToken", Principal="*")))
    await boto.put_domain_permissions_policy(**operation, policyDocument=document)
    await long.refused(token, denied, **operation)
    assert await early.npm("made", "1.0.0") == 201


async def test_tokens_of_before(service: Running, boto: Boto, shelf: Shelf) -> None:
    """Revoking those that were issued before a moment, and no later ones (`aws:TokenIssueTime`)."""
    keys = await people(service, alice=["AWSCodeArtifactAdminAccess"])
    alice = Boto(service.url, keys["alice"])

    async def token() -> Shelf:
        answer = await alice.get_authorization_token(domain="my_domain")
        return Shelf(service, answer["authorizationToken"], "my_repo")

    early = await token()
    assert await early.npm("made", "1.0.0") == 201
    moment = datetime.fromtimestamp(time.time(), UTC).isoformat()
    old = {"DateLessThan": {"aws:TokenIssueTime": moment}}
    await allow(service, alice=[policy(says("Deny", "*", Condition=old))])
    assert await early.npm("made", "1.1.0") == 403
    assert await (await token()).npm("made", "1.1.0") == 201


@pytest.mark.usefixtures("shelf")
async def test_tags_decide(service: Running, boto: Boto) -> None:
    """ "Tag-based access control examples" 1 to 4."""
    everything = "AWSCodeArtifactAdminAccess"
    centre = "aws:RequestTag/costcenter"
    keys = await people(
        service,
        one=[
            everything,
            policy(
                says("Deny", "CreateRepository", Condition={"Null": {centre: "true"}}),
                says(
                    "Deny",
                    "CreateRepository",
                    Condition={"ForAnyValue:StringNotEquals": {centre: ["1", "2"]}},
                ),
            ),
        ],
        two=[
            everything,
            policy(
                says(
                    "Deny",
                    *("TagResource", "UntagResource", "DescribeDomain", "DescribeRepository"),
                    *("PutDomainPermissionsPolicy", "PutRepositoryPermissionsPolicy"),
                    *("ListRepositoriesInDomain", "UpdateRepository", "ReadFromRepository"),
                    *("ListPackages", "ListTagsForResource"),
                    Condition={"StringEquals": {"aws:ResourceTag/Key1": ["Value1", "Value2"]}},
                )
            ),
        ],
        three=[
            policy(
                says(
                    "Allow",
                    *("UpdateRepository", "DeleteRepository", "ListPackages"),
                    Condition={"StringEquals": {"aws:ResourceTag/Key1": "Value1"}},
                )
            )
        ],
        four=[
            policy(
                says(
                    "Allow",
                    *("CreateRepository", "TagResource"),
                    Condition={"StringEquals": {"aws:RequestTag/Key1": "Value1"}},
                )
            )
        ],
    )
    one, two, three, four = (Boto(service.url, key) for key in keys.values())
    denied = "AccessDeniedException"

    def new(name: str, **tags: str) -> dict[str, Any]:
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        return {"domain": "my_domain", "repository": name} | ({"tags": pairs} if tags else {})

    await one.refused("create_repository", denied, **new("first"))
    await one.refused("create_repository", denied, **new("first", costcenter="3"))
    await one.refused("create_repository", denied, **new("first", Costcentre="1"))
    await one.create_repository(**new("first", costcenter="1"))

    await boto.create_repository(**new("tagged", Key1="Value1"))
    await boto.create_repository(**new("plain", Key1="Value3"))
    await two.refused("describe_repository", denied, **new("tagged"))
    await two.refused("list_packages", denied, **new("tagged"))
    arn = f"{ARN}:repository/my_domain/tagged"
    await two.refused("untag_resource", denied, resourceArn=arn, tagKeys=["Key1"])
    assert await two.describe_repository(**new("plain"))
    # The tag must be on what the action operates on: here, that is the repository.
    tag = {"resourceArn": f"{ARN}:domain/my_domain", "tags": [{"key": "Key1", "value": "Value2"}]}
    await boto.tag_resource(**tag)
    assert await two.describe_repository(**new("plain"))
    await two.refused("describe_domain", denied, domain="my_domain")

    assert await three.list_packages(**new("tagged"))
    await three.refused("list_packages", denied, **new("plain"))
    await boto.untag_resource(resourceArn=arn, tagKeys=["Key1"])
    await three.refused("list_packages", denied, **new("tagged"))

    await four.create_repository(**new("fourth", Key1="Value1"))
    await four.refused("create_repository", denied, **new("fifth"))
    await four.refused("create_repository", denied, **new("fifth", key1="value1"))
