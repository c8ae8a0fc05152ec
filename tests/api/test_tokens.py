"""Authorization tokens (auth-and-policy §3)."""

import json
import time

import pytest

from mirror.api.errors import FIELD, Rejected
from mirror.errors import NotFound, Refused
from mirror.store.policies import attach_policy
from mirror.store.users import Principal
from tests.api.conftest import ACCOUNT, ROOT, Caller

ALLOWED = {"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"}
OF_THE_SERVICE = {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}
OTHER = "111122223333"


async def user(api, name: str, *statements: dict) -> Caller:
    caller = await api.as_(name)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    await api.parts.database.write(
        lambda transaction: attach_policy(transaction, ACCOUNT, name, "own", document)
    )
    return caller


def bearer(**condition: dict) -> dict:
    return {
        "Effect": "Allow",
        "Action": "sts:GetServiceBearerToken",
        "Resource": "*",
        "Condition": OF_THE_SERVICE | condition,
    }


async def token(caller, **members):
    return await caller.call("GetAuthorizationToken", **{"domain": "default"} | members)


async def test_a_token_is_its_principals(api) -> None:
    signer = Caller(api.parts, Principal(1, ACCOUNT, "admin", key_id="AKIAEXAMPLE"))
    before = time.time()
    answer = await token(signer)
    assert before + 43200 <= answer["expiration"] <= time.time() + 43200
    principal = await api.parts.tokens.holder(answer["authorizationToken"])
    assert principal == Principal(
        1,
        ACCOUNT,
        "admin",
        expires_at=answer["expiration"],
        key_id="AKIAEXAMPLE",
        issued_at=principal.issued_at,
        domain=(ACCOUNT, "default"),
    )
    (row,) = await api.parts.tokens.all()
    assert (row.kind, row.name) == ("authorization", "for domain default")


@pytest.mark.parametrize("seconds", [900, 3600, 43200])
async def test_durations(api, seconds) -> None:
    answer = await token(api, durationSeconds=seconds)
    assert answer["expiration"] == pytest.approx(time.time() + seconds, abs=60)


@pytest.mark.parametrize("seconds", [0, 1, 899, 43201, -1])
async def test_durations_that_cannot_be(api, seconds) -> None:
    with pytest.raises(Rejected) as caught:
        await token(api, durationSeconds=seconds)
    assert caught.value.reason == FIELD


async def test_it_takes_two_rights(api) -> None:
    one = await user(api, "one", ALLOWED)
    with pytest.raises(Refused, match="one is not authorized to perform: sts:GetServiceBearerToken on"):  # fmt: skip
        await token(one)
    other = await user(api, "other", bearer())
    with pytest.raises(Refused, match="codeartifact:GetAuthorizationToken on resource: arn:"):
        await token(other)
    await token(await user(api, "both", ALLOWED, bearer()))


async def test_a_domain_cannot_give_the_second_right(api) -> None:
    """User Guide, "Permissions required to call the GetAuthorizationToken API"."""
    joe = await user(api, "joe", ALLOWED)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    await api.call("PutDomainPermissionsPolicy", domain="default", policyDocument=document)
    with pytest.raises(Refused, match="sts:GetServiceBearerToken"):
        await token(joe)


async def test_a_policy_can_limit_the_duration(api) -> None:
    """§3.1: what was asked for counts."""
    twelve = await user(api, "twelve", ALLOWED, bearer(NumericEquals={"sts:DurationSeconds": 43200}))  # fmt: skip
    await token(twelve)
    await token(twelve, durationSeconds=43200)
    with pytest.raises(Refused):
        await token(twelve, durationSeconds=3600)
    hour = await user(api, "hour", ALLOWED, bearer(NumericLessThanEquals={"sts:DurationSeconds": 3600}))  # fmt: skip
    await token(hour, durationSeconds=900)
    with pytest.raises(Refused):
        await token(hour)


async def test_root_has_no_tokens(api) -> None:
    with pytest.raises(Refused, match="a root user cannot have authorization tokens"):
        await token(Caller(api.parts, ROOT))


async def test_the_domain_must_exist(api) -> None:
    with pytest.raises(NotFound, match="Domain 'missing' owned by account"):
        await token(api, domain="missing")
    assert await api.parts.tokens.all() == []


async def test_another_account_needs_the_domains_leave(api) -> None:
    ann = await api.as_("ann", "AWSCodeArtifactAdminAccess", account=OTHER)
    with pytest.raises(Refused):
        await token(ann, domainOwner=ACCOUNT)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "codeartifact:GetAuthorizationToken",
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    await api.call("PutDomainPermissionsPolicy", domain="default", policyDocument=document)
    answer = await token(ann, domainOwner=ACCOUNT)
    principal = await api.parts.tokens.holder(answer["authorizationToken"])
    assert (principal.account, principal.domain) == (OTHER, (ACCOUNT, "default"))


async def test_through_an_sdk(boto) -> None:
    answer = await boto("get_authorization_token", domain="default", durationSeconds=900)
    assert answer["expiration"].timestamp() == pytest.approx(time.time() + 900, abs=60)
    with pytest.raises(boto.client.exceptions.ValidationException):
        await boto("get_authorization_token", domain="default", durationSeconds=0)
    with pytest.raises(boto.client.exceptions.ResourceNotFoundException) as caught:
        await boto("get_authorization_token", domain="missing")
    assert caught.value.response["resourceType"] == "domain"
