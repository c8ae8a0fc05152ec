"""A whole mirror, made as a file declares it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from mirror.app import Parts, assembled
from mirror.config import ConfigError, load
from mirror.declared.applying import make_so
from mirror.declared.step import Step
from mirror.setup import first_start
from mirror.store import secrecy
from mirror.store.database import Database
from mirror.store.policies import attached_policies
from tests.store.rows import OWNER, dump

EVERYTHING = """
connections:
  vendor: {format: npm, url: "https://npm.vendor.example"}
repositories:
  team: {description: ours, upstreams: [vendor-store, npm-store], tags: {cost: "1"}}
  vendor-store:
    connection: vendor
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Principal: {AWS: "arn:aws:iam::000000000000:user/ci"}
          Action: codeartifact:PublishPackageVersion
          Resource: "*"
groups:
  /npm/acme/*: {contact: me@example.com, publish: [team], external_upstream: BLOCK}
domains:
  default: {tags: {level: top}}
  acme:
    tags: {a: b}
    policy: {Statement: {Effect: Allow, Principal: "*", Action: "codeartifact:ReadFromRepository", Resource: "*"}}
    repositories: {base: {}, top: {upstreams: [base]}}
    groups: {/*: {publish: BLOCK}}
users:
  ci: {password: "${PASSWORD}"}
  alice:
    policies:
      - AWSCodeArtifactReadOnlyAccess
      - {Id: own, Statement: {Effect: Allow, Action: "codeartifact:*", Resource: "*"}}
"""

Declare = Callable[..., Awaitable[list[Step]]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    """After the first start, with the connections of `EVERYTHING`."""
    file = tmp_path / "start.yaml"
    file.write_text(EVERYTHING)
    settings = load(file, {"MIRROR_DATA_DIR": str(tmp_path / "data"), "PASSWORD": "x"})
    async with assembled(settings) as parts:
        await first_start(parts.database, parts.users, settings, tmp_path / "data")
        yield parts


@pytest.fixture
def declare(parts: Parts, tmp_path: Path) -> Declare:
    """Makes everything as a file of this text declares it; the steps that it took."""

    async def declare(text: str, password: str = "one") -> list[Step]:
        file = tmp_path / "mirror.yaml"
        file.write_text(text, encoding="utf-8")
        return await make_so(parts.api, parts.database, load(file, {"PASSWORD": password}))

    return declare


async def state(database: Database) -> object:
    return await dump(database)


async def test_everything_is_made_so_and_then_there_is_nothing_to_do(
    parts: Parts, declare: Declare
) -> None:
    steps = await declare(EVERYTHING)
    assert sum(step.sign == "+" for step in steps) == 10
    made = await state(parts.database)
    assert await declare(EVERYTHING) == []
    assert await state(parts.database) == made

    assert await parts.users.by_password("ci", "one")
    assert await attached_policies(parts.database, OWNER, "ci") == {"MirrorPublisherAccess": None}
    policies = await attached_policies(parts.database, OWNER, "alice")
    assert policies["AWSCodeArtifactReadOnlyAccess"] is None
    assert json.loads(policies["own"] or "")["Id"] == "own"


async def test_nothing_declared_changes_nothing(parts: Parts, declare: Declare) -> None:
    before = await state(parts.database)
    assert await declare("server: {}") == []
    assert await state(parts.database) == before


async def test_what_is_no_longer_mentioned_stays(parts: Parts, declare: Declare) -> None:
    await declare(EVERYTHING)
    made = await state(parts.database)
    assert await declare("repositories: {team: {}}\nusers: {alice: {}}") == []
    assert await state(parts.database) == made


async def test_what_changed_by_hand_is_made_so_again(parts: Parts, declare: Declare) -> None:
    await declare(EVERYTHING)
    made = await state(parts.database)
    await declare(
        """
repositories:
  team: {description: theirs, upstreams: [npm-store]}
  vendor-store: {connection: "public:npmjs"}
groups: {/npm/acme/*: {publish: [npm-store, main], external_upstream: INHERIT}}
users: {alice: {policies: []}}
"""
    )
    assert await state(parts.database) != made
    assert len(await declare(EVERYTHING)) == 6
    assert await state(parts.database) == made


async def test_two_repositories_change_places(declare: Declare) -> None:
    await declare("repositories: {aa: {upstreams: [bb]}, bb: {}}")
    await declare("repositories: {bb: {upstreams: [aa]}, aa: {upstreams: []}}")
    assert await declare("repositories: {bb: {upstreams: [aa]}, aa: {upstreams: []}}") == []


async def test_another_password_is_another_step(parts: Parts, declare: Declare) -> None:
    text = 'users: {ci: {password: "${PASSWORD}"}}'
    await declare(text)
    (step,) = await declare(text, "two")
    assert step.says == "password of user 'ci'"
    assert await parts.users.by_password("ci", "two")


async def test_a_mistake_that_can_be_seen_changes_nothing(parts: Parts, declare: Declare) -> None:
    before = await state(parts.database)
    with pytest.raises(ConfigError):
        await declare(f"{EVERYTHING}  bob: {{policies: [Nothing]}}\n")
    assert await state(parts.database) == before


async def test_a_refusal_names_the_line(declare: Declare) -> None:
    text = """
repositories:
  team:
    policy:
      Statement: {Effect: Deny, Principal: {AWS: "arn:aws:iam::000000000000:user/nobody"}, Action: "*", Resource: "*"}
"""
    with pytest.raises(ConfigError, match=r"mirror\.yaml:4: repositories\.team\.policy: .*nobody"):
        await declare(text)
