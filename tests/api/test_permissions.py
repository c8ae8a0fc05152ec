"""Permissions policies of domains and repositories (auth-and-policy §4, §5.5, §7)."""

import asyncio
import json

import pytest

from mirror.errors import Conflict, Invalid, NotFound, Refused
from tests.api.conftest import ACCOUNT

OTHER = "111122223333"
BEFORE = f"arn:aws:codeartifact:us-east-1:{ACCOUNT}"
RESOURCES = {
    "Domain": ({"domain": "default"}, f"{BEFORE}:domain/default"),
    "Repository": (
        {"domain": "default", "repository": "main"},
        f"{BEFORE}:repository/default/main",
    ),
}
both = pytest.mark.parametrize("kind", RESOURCES)


def policy(effect: str = "Allow", principal: object = "*", action: object = "codeartifact:*"):
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}
    # With white space that must come back as it was.
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent="\t") + "\r\n"


async def ask(api, verb: str, kind: str, **members):
    answer = await api.call(f"{verb}{kind}PermissionsPolicy", **RESOURCES[kind][0], **members)
    return answer["policy"]


@both
async def test_a_policy_is_put_read_and_deleted(api, kind) -> None:
    document = policy()
    put = await ask(api, "Put", kind, policyDocument=document)
    assert put == {
        "resourceArn": RESOURCES[kind][1],
        "document": document,
        "revision": put["revision"],
    }
    assert await ask(api, "Get", kind) == put
    assert await ask(api, "Delete", kind) == put
    for verb in ("Get", "Delete"):
        with pytest.raises(NotFound, match="there is no permissions policy on arn:"):
            await ask(api, verb, kind)


@both
async def test_revisions_lock(api, kind) -> None:
    with pytest.raises(Conflict):
        await ask(api, "Put", kind, policyDocument=policy(), policyRevision="none")
    first = await ask(api, "Put", kind, policyDocument=policy())
    second = await ask(api, "Put", kind, policyDocument=policy(), policyRevision=first["revision"])
    assert second["revision"] != first["revision"]
    for verb, more in (("Put", {"policyDocument": policy()}), ("Delete", {})):
        with pytest.raises(Conflict, match="changed meanwhile"):
            await ask(api, verb, kind, policyRevision=first["revision"], **more)
    third = await ask(api, "Put", kind, policyDocument=policy())
    assert await ask(api, "Delete", kind, policyRevision=third["revision"]) == third


async def test_of_two_puts_with_one_revision_one_succeeds(api) -> None:
    first = await ask(api, "Put", "Domain", policyDocument=policy())
    outcomes = await asyncio.gather(
        *(
            ask(
                api,
                "Put",
                "Domain",
                policyDocument=policy(principal={"AWS": account}),
                policyRevision=first["revision"],
            )
            for account in (ACCOUNT, OTHER)
        ),
        return_exceptions=True,
    )
    (conflict,) = [each for each in outcomes if isinstance(each, Conflict)]
    (winner,) = [each for each in outcomes if each is not conflict]
    assert await ask(api, "Get", "Domain") == winner


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "CANNOT_PARSE"),
        ("[]", "FIELD_VALIDATION_FAILED"),
        ('{"Version": "2012-10-17"}', "FIELD_VALIDATION_FAILED"),
        (policy("Perhaps"), "FIELD_VALIDATION_FAILED"),
        (policy(principal={"AWS": "joe"}), "FIELD_VALIDATION_FAILED"),
        (policy().replace('"Principal": "*",', ""), "FIELD_VALIDATION_FAILED"),
        (" " * 7169, "FIELD_VALIDATION_FAILED"),
    ],
)
async def test_what_is_no_policy(api, document, reason) -> None:
    with pytest.raises(Invalid) as caught:
        await ask(api, "Put", "Domain", policyDocument=document)
    assert caught.value.reason == reason
    with pytest.raises(NotFound):
        await ask(api, "Get", "Domain")


async def test_principals_of_accounts_here_must_exist(api) -> None:
    """§4; of another installation's accounts nobody here knows."""
    await api.as_("joe")
    await api.as_("ann", account=OTHER)
    ours = f"arn:aws:iam::{ACCOUNT}:user"
    elsewhere = "arn:aws:iam::444455556666:role/build"
    known = [f"{ours}/joe", f"arn:aws:iam::{OTHER}:user/ann", elsewhere, ACCOUNT, f"arn:aws:iam::{OTHER}:root"]  # fmt: skip
    await ask(api, "Put", "Domain", policyDocument=policy(principal={"AWS": known}))
    for missing in (f"{ours}/jim", f"arn:aws:iam::{OTHER}:user/joe", f"arn:aws:iam::{ACCOUNT}:role/build"):  # fmt: skip
        with pytest.raises(Invalid, match=f"a principal that does not exist: {missing}$"):
            await ask(
                api, "Put", "Domain", policyDocument=policy(principal={"AWS": [known[0], missing]})
            )


async def test_a_policy_counts_at_once(api) -> None:
    joe = await api.as_("joe")
    with pytest.raises(Refused):
        await joe.call("DescribeDomain", domain="default")
    user = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/joe"}
    await ask(api, "Put", "Domain", policyDocument=policy(principal=user))
    await joe.call("DescribeDomain", domain="default")
    await ask(api, "Delete", "Domain")
    with pytest.raises(Refused, match="codeartifact:DescribeDomain"):
        await joe.call("DescribeDomain", domain="default")


async def test_nobody_is_locked_out(api) -> None:
    """§5.5, 6 and 7: a policy has no say over the operation that replaces it."""
    await ask(api, "Put", "Repository", policyDocument=policy("Deny"))
    for verb in ("Get", "Delete"):
        with pytest.raises(Refused, match="explicit deny"):
            await ask(api, verb, "Repository")
    await ask(api, "Put", "Domain", policyDocument=policy("Deny"))
    with pytest.raises(Refused, match="explicit deny"):
        await ask(api, "Put", "Repository", policyDocument=policy())
    await ask(api, "Put", "Domain", policyDocument=policy())
    await ask(api, "Put", "Repository", policyDocument=policy())
    await ask(api, "Get", "Repository")


@both
async def test_of_what_does_not_exist(api, kind) -> None:
    names = RESOURCES[kind][0] | {"domain": "missing"}
    for verb, more in (("Get", {}), ("Put", {"policyDocument": policy()}), ("Delete", {})):
        with pytest.raises(NotFound, match="Domain 'missing' owned by") as caught:
            await api.call(f"{verb}{kind}PermissionsPolicy", **names, **more)
        assert caught.value.kind == "domain"
    with pytest.raises(NotFound, match="has no repository 'missing'"):
        await api.call("GetRepositoryPermissionsPolicy", domain="default", repository="missing")


async def test_through_an_sdk(boto) -> None:
    document = policy()
    put = await boto("put_domain_permissions_policy", domain="default", policyDocument=document)
    got = await boto("get_domain_permissions_policy", domain="default")
    assert got["policy"] == put["policy"]
    assert got["policy"]["document"] == document
    with pytest.raises(boto.client.exceptions.ConflictException):
        await boto("delete_domain_permissions_policy", domain="default", policyRevision="other")
    with pytest.raises(boto.client.exceptions.ValidationException) as caught:
        await boto("put_domain_permissions_policy", domain="default", policyDocument="{")
    assert caught.value.response["reason"] == "CANNOT_PARSE"
    await boto("delete_domain_permissions_policy", domain="default")
    with pytest.raises(boto.client.exceptions.ResourceNotFoundException):
        await boto("get_domain_permissions_policy", domain="default")
