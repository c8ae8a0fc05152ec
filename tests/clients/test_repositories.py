"""Repositories over repositories, as the User Guide's tables have them (npm.md §11, §14.13-15)."""

import json
from pathlib import Path

import aiohttp
import pytest

from tests.clients.clients import Desk, package
from tests.clients.conftest import Seat
from tests.clients.registry import Registry
from tests.running import Running

pytestmark = pytest.mark.client

TEAM = {"repositories": {"team": {"upstreams": ["main"]}}}


@pytest.fixture
async def layered(mirror: Running) -> Running:
    """team reads main, main reads npm-store, npm-store reads the public registry."""
    await mirror.restart({**mirror.config, **TEAM})
    return mirror


async def test_an_install_is_kept_at_both_ends(layered: Running, seat: Seat) -> None:
    """Retention: in the repository that was asked, and in the one with the connection (UG)."""
    await seat("npm-11", repository="team").add("left@2.0.0")
    kept = {"2.0.0": "Published"}
    assert layered.held("team", "left") == kept
    assert layered.held("npm-store", "left") == kept
    assert layered.held("main", "left") == {}
    # Documents alone keep nothing.
    assert layered.held("team", "jsonstream") == {}


async def test_what_was_kept_outlives_its_upstream(
    registry: Registry, layered: Running, seat: Seat
) -> None:
    """UG: a retained version is unaffected by deletion upstream. pulp_npm#434: nor do others go."""
    await seat("npm-11", repository="team").add("left@2.0.0")
    registry.remove("left", "2.0.0")
    registry.add("left", "2.2.0")
    await layered.restart({**layered.config, "cache": {"lifetimes": {"npm": 0}}})
    desk = seat("npm-11", repository="team")
    await desk.add("left@2.0.0")
    assert desk.installed("left")["version"] == "2.0.0"
    shown = json.loads((await desk.run("view", "left", "versions", "--json")).text)
    assert shown == ["1.0.0", "2.0.0", "2.1.0", "2.2.0", "3.0.0-beta.1"]


async def test_published_below_and_installed_above(
    layered: Running, seat: Seat, tmp_path: Path
) -> None:
    """The first repository as the second one's upstream."""
    author = seat("npm-11", token=await layered.token())
    await author.publish(package(tmp_path / "a", "@team/made", "1.0.0"))
    reader = seat("pnpm-10", repository="team")
    await reader.add("@team/made")
    assert reader.installed("@team/made")["version"] == "1.0.0"
    assert layered.held("team", "made", "team") == {"1.0.0": "Published"}
    assert layered.held("main", "made", "team") == {"1.0.0": "Published"}


async def test_tags_of_both_with_the_upstream_first(
    layered: Running, seat: Seat, tmp_path: Path
) -> None:
    """UG, "npm tag handling": tags are united, and on the same tag the upstream's value wins."""
    token = await layered.token()
    main, team = seat("npm-10", token=token), seat("npm-10", token=token, repository="team")
    for version in ("1.0.0", "1.0.1"):
        await main.publish(package(tmp_path / version, "my-package", version))
    await main.run("dist-tag", "add", "my-package@1.0.0", "alpha")
    await team.publish(package(tmp_path / "1.0.2", "my-package", "1.0.2"))
    await team.run("dist-tag", "add", "my-package@1.0.2", "beta")
    # A first publish closes the name to upstreams; the Guide's example has it open.
    opened = await layered.change_index(
        "UPDATE package SET upstream = 'ALLOW' WHERE name = 'my-package'"
    )
    assert opened == 2

    assert await _tags(team) == {"alpha": "1.0.0", "beta": "1.0.2", "latest": "1.0.1"}
    assert await _tags(main) == {"alpha": "1.0.0", "latest": "1.0.1"}
    reader = seat("npm-11", repository="team")
    await reader.add("my-package")
    assert reader.installed("my-package")["version"] == "1.0.1"
    await reader.add("my-package@1.0.2")
    assert reader.installed("my-package")["version"] == "1.0.2"


async def test_a_private_name_stays_private(
    registry: Registry, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """Dependency confusion: somebody registers our name in public, with a higher version."""
    await seat("npm-11", token=await mirror.token()).publish(
        package(tmp_path / "a", "our-secret", "1.0.0")
    )
    registry.add("our-secret", "99.0.0")
    for client in ("npm-11", "pnpm-10", "yarn-4"):
        desk = seat(client)
        await desk.add("our-secret")
        assert desk.installed("our-secret")["version"] == "1.0.0"
    exact = await seat("npm-11").run("install", "our-secret@99.0.0", check=False)
    assert "ETARGET" in exact.text
    async with aiohttp.ClientSession() as session:
        tarball = f"{mirror.registry()}our-secret/-/our-secret-99.0.0.tgz"
        async with session.get(tarball) as answer:
            assert answer.status == 404
    assert registry.origin.seen("/our-secret/-/our-secret-99.0.0.tgz") == []


async def test_unlisted_and_archived(mirror: Running, seat: Seat) -> None:
    """UG, "Package version status": unlisted is for lockfiles only, archived for nobody."""
    desk = seat("npm-11")
    await desk.add("left@2.1.0")
    assert await _set_status(mirror, "2.1.0", "Unlisted") > 0
    shown = json.loads((await desk.run("view", "left", "versions", "--json")).text)
    assert "2.1.0" not in shown
    desk.freshen()
    await desk.frozen()
    assert desk.installed("left")["version"] == "2.1.0"
    newcomer = seat("npm-11")
    await newcomer.add("left")
    assert newcomer.installed("left")["version"] == "2.0.0"

    await _set_status(mirror, "2.1.0", "Archived")
    desk.freshen()
    gone = await desk.run("ci", check=False)
    assert "404" in gone.text


async def test_upstream_deprecation_is_passed_on(
    registry: Registry, mirror: Running, seat: Seat
) -> None:
    warned = await seat("npm-11").add("left@1.0.0")
    assert "left 1 is old: use left 2" in warned.text


async def _set_status(mirror: Running, version: str, status: str) -> int:
    return await mirror.change_index(
        "UPDATE version SET status = ? WHERE version = ? AND package_id IN"
        " (SELECT id FROM package WHERE name = 'left')",
        status,
        version,
    )


async def _tags(desk: Desk) -> dict[str, str]:
    listed = (await desk.run("dist-tag", "ls", "my-package")).text
    return dict(line.split(": ", 1) for line in listed.splitlines() if ": " in line)
