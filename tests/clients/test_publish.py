"""Publishing with every client, and installing it with another (npm.md §14.9, 14.10)."""

import os
from pathlib import Path

import pytest

from tests.clients.clients import ALL, INSTALLED, package
from tests.clients.conftest import Seat
from tests.clients.registry import Registry
from tests.running import Running

pytestmark = pytest.mark.client

# Who installs what the client before published: the kinds mixed, each kind at least once.
READERS = dict(
    zip(ALL, ("yarn-4", "pnpm-8", "bun", "yarn-1", "npm-11", "npm-6", "npm-8", "npm-10", "bun",
              "pnpm-11", "pnpm-10"), strict=True)
)  # fmt: skip

# What people read when they publish a version again with other content: our sentence where the
# client shows it, else its own.
REFUSALS = {
    **dict.fromkeys(ALL, "exists with other content"),
    "npm-6": "EPUBLISHCONFLICT",
    "npm-8": "EPUBLISHCONFLICT",
    "npm-11": "You cannot publish over the previously published versions",
}


@pytest.mark.parametrize("client", ALL)
async def test_publish_again_and_changed(
    client: str, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """lessons #18; npm/npm#4273: the answer to a publish got lost, and the client repeats it."""
    desk = seat(client, token=await mirror.token())
    made = package(tmp_path / "scoped", "@team/made", "1.0.0", dependencies={"right": "^1.0.0"})
    await desk.publish(made)
    assert mirror.held("main", "made", "team") == {"1.0.0": "Published"}

    # npm 11 looks first, and refuses by itself; yarn 1 packs the time into the file.
    repeated = await desk.publish(made, check=False)
    if client not in {"npm-11", "yarn-1"}:
        assert repeated.status == 0, repeated.text

    (made / "index.js").write_text("module.exports = 'changed'\n")
    changed = await desk.publish(made, check=False)
    assert changed.status != 0
    assert REFUSALS[client] in changed.text

    reader = READERS[client]
    if not (INSTALLED / reader).exists():
        reader = client
    other = seat(reader)
    await other.add("@team/made")
    assert other.installed("@team/made")["version"] == "1.0.0"
    text = (other.project / "node_modules/@team/made/index.js").read_text()
    assert text == "module.exports = '1.0.0'\n"
    assert other.addresses() <= {other.registry}


async def test_the_plain_name_and_a_prerelease(mirror: Running, seat: Seat, tmp_path: Path) -> None:
    desk = seat("npm-11", token=await mirror.token())
    await desk.publish(package(tmp_path / "a", "plain", "1.0.0"))
    refused = await desk.publish(package(tmp_path / "b", "plain", "2.0.0-rc.1"), check=False)
    assert "--tag" in refused.text  # npm's own rule, which needs our documents to be right
    await desk.publish(package(tmp_path / "b", "plain", "2.0.0-rc.1"), tag="next")
    reader = seat("npm-11")
    await reader.add("plain")
    assert reader.installed("plain")["version"] == "1.0.0"
    await reader.add("plain@next")
    assert reader.installed("plain")["version"] == "2.0.0-rc.1"


@pytest.mark.parametrize("client", ["npm-10", "npm-11"])
async def test_what_upstream_has_is_not_published_over(
    client: str, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """User Guide, "Publishing package versions and upstream repositories"."""
    desk = seat(client, token=await mirror.token())
    taken = await desk.publish(package(tmp_path / "a", "left", "2.1.0"), check=False)
    assert taken.status != 0
    if client == "npm-10":
        assert "409" in taken.text
        assert "left@2.1.0 exists in 'public:npmjs'" in taken.text

    await seat(client).add("left")
    blocked = await desk.publish(package(tmp_path / "b", "left", "9.9.9"), check=False)
    assert blocked.status != 0
    assert "403" in blocked.text
    assert "origin controls" in blocked.text
    assert "9.9.9" not in mirror.held("main", "left")


async def test_a_publish_without_a_token(mirror: Running, seat: Seat, tmp_path: Path) -> None:
    made = package(tmp_path / "a", "plain", "1.0.0")
    nobody = await seat("npm-10").publish(made, check=False)
    assert "ENEEDAUTH" in nobody.text or "E401" in nobody.text
    liar = await seat("npm-10", token="mirror_wrong").publish(made, check=False)
    assert "E401" in liar.text
    reader = (await mirror.run("token", "create", "admin", "--read-only")).strip()
    refused = await seat("npm-10", token=reader).publish(made, check=False)
    assert "403" in refused.text
    assert mirror.held("main", "plain") == {}


async def test_a_big_one(mirror: Running, seat: Seat, tmp_path: Path) -> None:
    """verdaccio#277: base64 makes it a third larger, and no limit may stumble over that."""
    made = package(tmp_path / "big", "big", "1.0.0")
    (made / "data.bin").write_bytes(os.urandom(40_000_000))
    await seat("npm-11", token=await mirror.token()).publish(made)
    reader = seat("npm-10")
    await reader.add("big")
    there = reader.project / "node_modules/big/data.bin"
    assert there.read_bytes() == (made / "data.bin").read_bytes()


async def test_an_upstream_that_is_down_keeps_nobody_from_publishing(
    registry: Registry, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """verdaccio#381; the User Guide says that such a publish may pass."""
    desk = seat("npm-10", token=await mirror.token())
    await registry.cut()
    await desk.publish(package(tmp_path / "a", "@team/made", "1.0.0"))
    assert mirror.held("main", "made", "team") == {"1.0.0": "Published"}
