"""Tags, deprecations and removals, as clients make them (npm.md §14.11, 14.12, 14.18)."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.clients.clients import Desk, package
from tests.clients.conftest import Seat
from tests.running import Running

pytestmark = pytest.mark.client

Author = Callable[[str], Awaitable[Desk]]
NAME = "@team/made"


@pytest.fixture
def author(mirror: Running, seat: Seat, tmp_path: Path) -> Author:
    """A client of somebody who may publish, and who did: 1.0.0 and 1.1.0 of @team/made."""

    async def make(client: str) -> Desk:
        token = await mirror.token()
        publisher = seat("npm-10", token=token)
        for version in ("1.0.0", "1.1.0"):
            await publisher.publish(package(tmp_path / version, NAME, version))
        return seat(client, token=token)

    return make


@pytest.mark.parametrize("client", ["npm-6", "npm-11", "yarn-1", "yarn-4"])
async def test_tags(client: str, author: Author, seat: Seat) -> None:
    desk = await author(client)
    command = {"npm-6": ["dist-tag"], "npm-11": ["dist-tag"], "yarn-1": ["tag"]}.get(
        client, ["npm", "tag"]
    )
    await desk.run(*command, "add", f"{NAME}@1.0.0", "stable")
    listed = (await desk.run(*command, "list" if desk.tool == "yarn" else "ls", NAME)).text
    assert "stable" in listed
    assert "1.0.0" in listed
    reader = seat("npm-11")
    await reader.add(f"{NAME}@stable")
    assert reader.installed(NAME)["version"] == "1.0.0"

    await desk.run(*command, "remove" if desk.tool == "yarn" else "rm", NAME, "stable")
    assert "stable" not in (await seat("npm-11").run("view", NAME, "dist-tags")).text


async def test_tags_that_cannot_be(author: Author) -> None:
    desk = await author("npm-11")
    missing = await desk.run("dist-tag", "add", f"{NAME}@9.9.9", "stable", check=False)
    assert missing.status != 0
    latest = await desk.run("dist-tag", "rm", NAME, "latest", check=False)
    assert latest.status != 0
    assert "latest" in latest.text
    upstream = await desk.run("dist-tag", "add", "left@2.0.0", "mine", check=False)
    assert "404" in upstream.text
    assert "itself holds no version of left" in upstream.text


@pytest.mark.parametrize("client", ["npm-6", "npm-11"])
async def test_deprecation_and_its_end(client: str, author: Author, seat: Seat) -> None:
    desk = await author(client)
    await desk.run("deprecate", f"{NAME}@<1.1.0", "use 1.1 instead")
    for reader in ("npm-11", "pnpm-10"):
        printed = (await seat(reader).add(f"{NAME}@1.0.0")).text
        assert "use 1.1 instead" in printed or "deprecated" in printed
    assert "deprecated" not in (await seat("npm-11").add(f"{NAME}@1.1.0")).text

    await desk.run("deprecate", f"{NAME}@<1.1.0", "")
    assert "deprecated" not in (await seat("npm-11").add(f"{NAME}@1.0.0")).text


@pytest.mark.parametrize("client", ["npm-6", "npm-11"])
async def test_one_version_is_unpublished(
    client: str, author: Author, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """stack-orchestrator#330: npm builds the addresses from `_rev` and `dist.tarball`."""
    desk = await author(client)
    await desk.run("unpublish", f"{NAME}@1.1.0")
    assert mirror.held("main", "made", "team") == {"1.0.0": "Published"}
    tags = json.loads((await seat("npm-11").run("view", NAME, "dist-tags", "--json")).text)
    assert tags == {"latest": "1.0.0"}
    # Its number is free again (UG, "Deleted").
    await seat("npm-10", token=await mirror.token()).publish(
        package(tmp_path / "again", NAME, "1.1.0", description="another one")
    )


@pytest.mark.parametrize("client", ["npm-6", "npm-11"])
async def test_all_of_it_is_unpublished(
    client: str, author: Author, mirror: Running, seat: Seat
) -> None:
    desk = await author(client)
    await desk.run("unpublish", NAME, "--force")
    assert mirror.held("main", "made", "team") == {}
    assert "E404" in (await seat("npm-11").run("view", NAME, check=False)).text


async def test_nobody_changes_without_the_right(
    author: Author, mirror: Running, seat: Seat
) -> None:
    await author("npm-11")
    stranger = seat("npm-10", token="mirror_wrong")
    for command in (
        ("dist-tag", "add", f"{NAME}@1.0.0", "stable"),
        ("deprecate", NAME, "no"),
        ("unpublish", f"{NAME}@1.0.0"),
    ):
        assert "E401" in (await stranger.run(*command, check=False)).text
    assert mirror.held("main", "made", "team") == {"1.0.0": "Published", "1.1.0": "Published"}
