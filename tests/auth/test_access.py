"""Who may do what, with the reason for every refusal: policies as the index has them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from mirror.arns import Arns
from mirror.auth.access import DELETE, PUBLISH, PUT_METADATA, READ, Access
from mirror.auth.rights import Rights
from mirror.errors import NotFound, Refused, Storage, Unauthenticated
from mirror.model import Package
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.domains import Repository
from mirror.store.users import Principal, Users

OWNER = "000000000000"
ADMIN = "AWSCodeArtifactAdminAccess"
MAIN = Repository(1, 1, "default", OWNER, "main", OWNER, None, (), None, 0.0)
PACKAGE = Package("npm", "acme", "left-pad")
ARN = f"arn:aws:codeartifact:us-east-1:{OWNER}:repository/default/main"
FACTS = {"aws:sourceip": ("10.0.0.1",)}


class Gate:
    """Access over an index of its own, with user bob."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self.database = database
        self._rights = Rights(database, changes, "us-east-1")
        self.bob = Principal(1, OWNER, "bob")

    async def access(self, anonymous: Any = "read") -> Access:
        access = Access(self._rights, Arns("us-east-1"), "us-east-1", anonymous)
        await access.refresh()
        return access

    async def policy(self, arn: str, **statement: Any) -> None:
        document = orjson.dumps({"Version": "2012-10-17", "Statement": [statement]}).decode()

        async def put(transaction) -> None:
            await transaction.run(
                "INSERT OR REPLACE INTO resource_policy VALUES (?, ?, 'r')", (arn, document)
            )
            transaction.touch_everything()

        await self.database.write(put)


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    changes = Changes()
    async with Database(tmp_path / "index", changes) as database:
        await Users(database, OWNER).create("bob", policies=[ADMIN])
        yield Gate(database, changes)


@pytest.mark.parametrize("action", [READ, PUBLISH, PUT_METADATA, DELETE])
async def test_an_administrator_may_do_everything(gate: Gate, action: str) -> None:
    access = await gate.access("none")
    access.check(gate.bob, action, access.held(MAIN, PACKAGE), FACTS)


async def test_a_user_without_policies_may_do_nothing(gate: Gate) -> None:
    access = await gate.access("read")
    with pytest.raises(Refused) as caught:
        access.check(replace(gate.bob, id=9), READ, access.held(MAIN), FACTS)
    assert str(caught.value) == (
        f"User: arn:aws:iam::{OWNER}:user/bob is not authorized to perform: "
        f"codeartifact:ReadFromRepository on resource: {ARN} because no identity-based policy "
        "allows the codeartifact:ReadFromRepository action"
    )


async def test_reading_without_a_name_can_be_switched_off(gate: Gate) -> None:
    access = await gate.access("read")
    access.check(None, READ, access.held(MAIN), FACTS)
    access = await gate.access("none")
    with pytest.raises(Unauthenticated) as caught:
        access.check(None, READ, access.held(MAIN), FACTS)
    assert not caught.value.presented


@pytest.mark.parametrize("anonymous", ["read", "none"])
@pytest.mark.parametrize("action", [PUBLISH, PUT_METADATA, DELETE])
async def test_changing_is_never_anonymous(gate: Gate, anonymous: str, action: str) -> None:
    access = await gate.access(anonymous)
    with pytest.raises(Unauthenticated):
        access.check(None, action, access.held(MAIN, PACKAGE), FACTS)


async def test_a_policy_that_denies_everyone_ends_anonymous_reading(gate: Gate) -> None:
    await gate.policy(ARN, Effect="Deny", Principal="*", Action="*", Resource="*")
    access = await gate.access("read")
    with pytest.raises(Unauthenticated):
        access.check(None, READ, access.held(MAIN), FACTS)
    with pytest.raises(Refused, match="explicit deny in a resource-based policy"):
        access.check(gate.bob, READ, access.held(MAIN), FACTS)
    other = replace(MAIN, name="other")
    access.check(None, READ, access.held(other), FACTS)


async def test_a_changed_policy_counts_from_the_next_refresh(gate: Gate) -> None:
    access = await gate.access("read")
    access.check(gate.bob, READ, access.held(MAIN), FACTS)
    await gate.policy(ARN, Effect="Deny", Principal="*", Action="*", Resource="*")
    assert not access.may_be_remembered(gate.bob, READ, access.held(MAIN), FACTS)
    await access.refresh()
    with pytest.raises(Refused):
        access.check(gate.bob, READ, access.held(MAIN), FACTS)


async def test_what_depends_on_the_request_is_decided_for_each(gate: Gate) -> None:
    outside = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    await gate.policy(
        ARN, Effect="Deny", Principal="*", Action="*", Resource="*", Condition=outside
    )
    access = await gate.access("read")
    assert access.may_be_remembered(None, READ, access.held(MAIN), FACTS)
    with pytest.raises(Unauthenticated):
        access.check(None, READ, access.held(MAIN), {"aws:sourceip": ("192.0.2.1",)})
    access.check(None, READ, access.held(MAIN), FACTS)


async def test_what_depends_on_the_clock_is_never_remembered(gate: Gate) -> None:
    later = {"DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}
    await gate.policy(ARN, Effect="Deny", Principal="*", Action="*", Resource="*", Condition=later)
    access = await gate.access("read")
    access.check(None, READ, access.held(MAIN), FACTS)
    assert not access.may_be_remembered(None, READ, access.held(MAIN), FACTS)


async def test_a_policy_that_cannot_be_read_denies(gate: Gate) -> None:
    async def put(transaction) -> None:
        await transaction.run("INSERT INTO resource_policy VALUES (?, '{', 'r')", (ARN,))
        transaction.touch_everything()

    await gate.database.write(put)
    access = await gate.access("read")
    with pytest.raises(Refused, match="explicit deny"):
        access.check(gate.bob, READ, access.held(MAIN), FACTS)


async def test_a_read_only_token(gate: Gate) -> None:
    reader = replace(gate.bob, read_only=True)
    access = await gate.access("none")
    access.check(reader, READ, access.held(MAIN), FACTS)
    with pytest.raises(Refused, match="its token is read-only") as caught:
        access.check(reader, PUBLISH, access.held(MAIN, PACKAGE), FACTS)
    assert not isinstance(caught.value, Unauthenticated)


async def test_a_token_is_good_for_its_own_domain_only(gate: Gate) -> None:
    visitor = replace(gate.bob, domain=(OWNER, "other"))
    access = await gate.access("none")
    with pytest.raises(NotFound, match="for another domain"):
        access.check(visitor, READ, access.held(MAIN), FACTS)
    access.check(visitor, READ, access.held(replace(MAIN, domain="other")), FACTS)


async def test_root_needs_no_policy(gate: Gate) -> None:
    root = Principal(0, OWNER, "root", root=True)
    access = await gate.access("none")
    access.check(root, "DeleteRepository", access.held(MAIN), FACTS)
    with pytest.raises(Refused, match="root user"):
        access.check(root, "GetAuthorizationToken", access.domain(OWNER, "default"), FACTS)
    with pytest.raises(Refused):
        access.check(replace(root, account="111122223333"), READ, access.held(MAIN), FACTS)


async def test_policies_of_another_region_are_not_forgotten(gate: Gate) -> None:
    """Nothing would find them, and what they deny would be allowed."""
    await gate.policy(
        ARN.replace("us-east-1", "eu-west-1"),
        Effect="Deny", Principal="*", Action="*", Resource="*",
    )  # fmt: skip
    with pytest.raises(Storage, match="write 'region: eu-west-1'"):
        await gate.access("read")
