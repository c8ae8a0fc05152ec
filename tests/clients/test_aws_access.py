"""Who may do what, end to end: policies count from the next request on, at both doors."""

import asyncio
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.aws import ACCOUNT, Boto
from tests.clients.guide import ARN
from tests.clients.people import BEARER, NOTICED, allow, people, policy, says
from tests.clients.stocking import Shelf
from tests.running import Running

pytestmark = pytest.mark.client

HERE = {"domain": "my_domain", "repository": "my_repo"}
OTHER = "444455556666"
TOKENS = policy(says("Allow", "GetAuthorizationToken"), BEARER)


@pytest.fixture
async def admin(boto: Boto, shelf: Shelf) -> Boto:
    """Who has put a package into my_repo."""
    assert await shelf.npm("@parity/ui", "1.0.0") == 201
    return boto


async def seen_by(mirror: Running, boto: Boto, **more: str) -> Shelf:
    """my_repo with a token of that user."""
    answer = await boto.get_authorization_token(domain="my_domain", **more)
    return Shelf(mirror, answer["authorizationToken"], "my_repo")


async def read(place: Shelf) -> list[int]:
    """Statuses of a document and of a tarball."""
    paths = ("@parity%2fui", "@parity/ui/-/ui-1.0.0.tgz")
    return [(await place.get("npm", path))[0] for path in paths]


async def put(boto: Boto, *statements: Any) -> None:
    document = json.dumps(policy(*statements))
    await boto.put_repository_permissions_policy(**HERE, policyDocument=document)


async def test_a_repository_policy_counts_from_the_next_request_on(
    service: Running, admin: Boto
) -> None:
    keys = await people(service, alice=[TOKENS], bob=[TOKENS])
    alice, bob = (Boto(service.url, key) for key in keys.values())
    places = [await seen_by(service, each) for each in (alice, bob)]
    for place in places:
        assert await read(place) == [403, 403]
    assert await read(Shelf(service, None, "my_repo")) == [401, 401]

    to_alice = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}}
    may = says("Allow", "ReadFromRepository", "ListPackages", **to_alice)
    await put(admin, may)
    assert [await read(place) for place in places] == [[200, 200], [403, 403]]
    assert len((await alice.list_packages(**HERE))["packages"]) == 1
    await bob.refused("list_packages", "AccessDeniedException", **HERE)

    await put(admin, may, says("Deny", "*", **to_alice))
    assert await read(places[0]) == [403, 403]  # though it is warm
    refused = await alice.refused("list_packages", "AccessDeniedException", **HERE)
    assert "explicit deny" in refused["Error"]["Message"]
    await admin.delete_repository_permissions_policy(**HERE)
    # What was allowed by nobody but that policy.
    assert await read(places[0]) == [403, 403]
    await put(admin, may)
    assert await read(places[0]) == [200, 200]


async def test_publishing_one_scope(service: Running, admin: Boto) -> None:
    """Table §5.5, 8 and 14: the policy names packages, in the right case."""
    keys = await people(service, alice=[TOKENS])
    place = await seen_by(service, Boto(service.url, keys["alice"]))
    anybody = {"Principal": {"AWS": ACCOUNT}}
    packages = f"{ARN}:package/my_domain/my_repo/npm"
    await put(
        admin, says("Allow", "PublishPackageVersion", resource=f"{packages}/Parity/*", **anybody)
    )
    assert await place.npm("@parity/ui", "1.1.0") == 403
    await put(
        admin, says("Allow", "PublishPackageVersion", resource=f"{packages}/parity/*", **anybody)
    )
    assert await place.npm("@parity/ui", "1.1.0") == 201
    assert await place.npm("@parity/new", "1.0.0") == 201
    assert await place.npm("react", "1.1.0") == 403
    assert await read(place) == [403, 403]


async def test_users_who_are_gone(service: Running, admin: Boto) -> None:
    """ "Revoking authorization tokens": the policy, or the user; not the key that signed for it."""
    policies = ["AWSCodeArtifactReadOnlyAccess"]
    keys = await people(service, alice=policies, bob=policies, carol=policies)
    botos = {name: Boto(service.url, key) for name, key in keys.items()}
    places = {name: await seen_by(service, boto) for name, boto in botos.items()}
    for place in places.values():
        assert await read(place) == [200, 200]
    await service.run("user", "disable", "alice")
    await service.run("user", "delete", "bob")
    await allow(service, carol=[policy(says("Deny", "ReadFromRepository"))])
    assert await read(places["alice"]) == [401, 401]
    assert await read(places["bob"]) == [401, 401]
    assert await read(places["carol"]) == [403, 403]
    for name in ("alice", "bob"):
        with pytest.raises(botos[name].client.exceptions.ClientError) as caught:
            await botos[name].list_domains()
        assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
    await service.run("user", "disable", "alice", "--enable")
    await asyncio.sleep(NOTICED)
    assert await read(places["alice"]) == [200, 200]


async def test_another_account(service: Running, admin: Boto) -> None:
    """Table §5.5, 3 to 5, and a repository that the other account administers (the Guide's
    "List repositories in the domain").
    """
    keys = await people(service, OTHER, guest=["AWSCodeArtifactAdminAccess"], silent=[])
    guest, silent = (Boto(service.url, key) for key in keys.values())
    domain = {"domain": "my_domain", "domainOwner": ACCOUNT}
    denied = "AccessDeniedException"
    await guest.refused("describe_domain", denied, **domain)
    await guest.refused("get_authorization_token", denied, **domain)
    use = says(
        "Allow",
        *("ListRepositoriesInDomain", "GetAuthorizationToken", "DescribeDomain"),
        *("CreateRepository", "ReadFromRepository"),
        Principal={"AWS": f"arn:aws:iam::{OTHER}:root"},
    )
    document = json.dumps(policy(use))
    await admin.put_domain_permissions_policy(**domain, policyDocument=document)
    await guest.describe_domain(**domain)
    await silent.refused("describe_domain", denied, **domain)
    place = await seen_by(service, guest, domainOwner=ACCOUNT)
    assert await read(place) == [200, 200]
    await put(admin, says("Deny", "ReadFromRepository", Principal={"AWS": OTHER}))
    assert await read(place) == [403, 403]

    made = await guest.create_repository(**domain, repository="theirs")
    assert made["repository"]["administratorAccount"] == OTHER
    assert made["repository"]["domainOwner"] == ACCOUNT
    listed = (await admin.list_repositories_in_domain(**domain))["repositories"]
    assert {each["name"]: each["administratorAccount"] for each in listed} == {
        "my_repo": ACCOUNT,
        "theirs": OTHER,
    }
    assert [each["name"] for each in (await guest.list_repositories())["repositories"]] == [
        "theirs"
    ]
    assert (await guest.list_domains())["domains"] == []
    await guest.put_repository_permissions_policy(
        **domain, repository="theirs", policyDocument=json.dumps(policy(use))
    )
    await guest.refused("put_domain_permissions_policy", denied, **domain, policyDocument=document)
    await guest.refused("delete_domain", denied, **domain)
    await guest.delete_repository(**domain, repository="theirs")


async def test_one_of_two_writers_wins(admin: Boto) -> None:
    """Both saw the same revision (auth-and-policy §7)."""
    document = json.dumps(policy(says("Allow", "Get*", Principal="*")))
    put = admin.put_repository_permissions_policy
    first = (await put(**HERE, policyDocument=document))["policy"]["revision"]
    attempts = [put(**HERE, policyDocument=document, policyRevision=first) for _ in range(8)]
    done = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [each for each in done if isinstance(each, ClientError)]
    assert len(refused) == 7
    assert {each.response["Error"]["Code"] for each in refused} == {"ConflictException"}
