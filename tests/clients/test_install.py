"""Installing, with every client: cold, warm, and with the upstream gone (npm.md §14.3-8, 22, 24)."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.clients.clients import ALL, QUIET, Desk
from tests.clients.conftest import Seat
from tests.clients.registry import Registry
from tests.origin import Flip, Truncate
from tests.running import Running

pytestmark = pytest.mark.client

PUBLIC = "https://registry.npmjs.org/"


@pytest.mark.parametrize("client", ALL)
async def test_cold_then_warm_then_cut(
    client: str, registry: Registry, mirror: Running, seat: Seat
) -> None:
    """verdaccio#1259: an outage does not stop a locked install. pulp_npm#412: what is locked."""
    desk = seat(client)
    await desk.add("left", "@tools/deep@1.0.1")
    assert desk.installed("left")["version"] == "2.1.0"
    assert desk.installed("@tools/deep")["version"] == "1.0.1"
    # What is where the registry's rules have it is not written down by pnpm and berry; anything
    # else would tie the lockfile to the mirror.
    derived = desk.tool == "pnpm" or client == "yarn-4"
    assert desk.addresses() == (set() if derived else {desk.registry})

    lock = desk.lock()
    desk.freshen()
    await desk.frozen()
    assert desk.installed("left")["version"] == "2.1.0"
    assert set(registry.downloads().values()) == {1}

    # Documents are stale at once, so that the outage is met and not slept through.
    await mirror.restart({**mirror.config, "cache": {"lifetimes": {"npm": 0}}})
    await registry.cut()
    desk.freshen()
    await desk.frozen()
    assert desk.installed("@tools/deep")["version"] == "1.0.1"
    assert desk.lock() == lock


@pytest.mark.parametrize("client", ["npm-8", "npm-11"])
async def test_a_lockfile_from_elsewhere_on_a_cold_mirror(
    client: str, registry: Registry, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """npm asks for the tarball first, by an address that no document of ours gave it (§12)."""
    desk = seat(client)
    await desk.add("left", "@tools/deep@1.0.1")
    desk.lockfile.write_text(desk.lock().replace(desk.registry, PUBLIC))
    async with Running(tmp_path / "cold", registry.connection()) as cold:
        newcomer = _with_the_lockfile_of(desk, tmp_path / "newcomer", cold)
        await newcomer.frozen()
        assert newcomer.installed("left")["version"] == "2.1.0"
        assert newcomer.installed("odd.place")["version"] == "0.1.0"
        await cold.stop()  # the last lines of its log are written
        paths = [each["path"] for each in cold.requests]
        assert paths
        assert all(path.endswith(".tgz") for path in paths)
        assert cold.troubles == []


async def test_a_cold_mirror_in_an_outage(
    registry: Registry, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    """verdaccio#720: what cannot be reached is not reported as missing."""
    desk = seat("npm-11")
    await desk.add("left")
    desk.lockfile.write_text(desk.lock().replace(desk.registry, PUBLIC))
    await registry.cut()
    async with Running(tmp_path / "cold", registry.connection()) as cold:
        newcomer = _with_the_lockfile_of(desk, tmp_path / "newcomer", cold)
        failed = await newcomer.run("ci", *QUIET, "--fetch-retries=0", check=False)
        assert failed.status != 0
        assert "502" in failed.text or "503" in failed.text
        assert "404" not in failed.text


async def test_a_minimum_age(mirror: Running, seat: Seat) -> None:
    """pnpm 11 installs nothing of the last day unless told otherwise: our `time` must be right."""
    desk = seat("pnpm-11")
    await desk.run("add", "left")
    assert desk.installed("left")["version"] == "2.1.0"


async def test_names_that_differ_by_case(mirror: Running, seat: Seat) -> None:
    """Old names have capitals, and are other packages than those without (§6)."""
    for client in ("yarn-1", "bun"):
        desk = seat(client)
        await desk.add("JSONStream", "jsonstream")
        assert desk.installed("JSONStream")["version"] == "1.0.3"
        assert desk.installed("jsonstream")["version"] == "1.0.2"
    for name, version in (("JSONStream", "1.0.3"), ("jsonstream", "1.0.2")):
        desk = seat("npm-11")  # which cannot have both in one project
        await desk.add(name)
        assert desk.installed(name)["version"] == version


@pytest.mark.parametrize("client", ["npm-6", "npm-8", "npm-11"])
async def test_install_scripts_run(
    client: str, registry: Registry, mirror: Running, seat: Seat
) -> None:
    """Without `hasInstallScript` in the short document, npm skips them."""
    registry.add(
        "built", "1.0.0", scripts={"install": "node -e \"fs.writeFileSync('made', 'yes')\""}
    )
    desk = seat(client)
    await desk.add("built")
    assert (desk.project / "node_modules/built/made").read_text() == "yes"


async def test_a_download_that_breaks_off(registry: Registry, mirror: Running, seat: Seat) -> None:
    """lessons #4, #5: nothing of it stays, and the next try is a whole one."""
    registry.add("heavy", "1.0.0", files={"data": bytes(range(256)) * 4000})
    path = "/heavy/-/heavy-1.0.0.tgz"
    registry.origin.fault(path, *[Truncate(1000)] * 2)
    desk = seat("npm-11")
    await desk.run("install", *QUIET, "heavy", "--fetch-retry-mintimeout=200")
    data = desk.project / "node_modules/heavy/data"
    assert data.stat().st_size == 256 * 4000


async def test_a_tarball_that_is_not_what_was_promised(
    registry: Registry, mirror: Running, seat: Seat
) -> None:
    path = "/right/-/right-1.0.0.tgz"
    registry.origin.always(path, Flip(20))
    options = ("--fetch-retries=0",)
    failed = await seat("npm-11").run("install", *QUIET, "right@1.0.0", *options, check=False)
    assert failed.status != 0
    assert mirror.held("main", "right") == {}
    assert mirror.held("npm-store", "right") == {}
    registry.origin.always(path, None)
    await seat("npm-11").add("right@1.0.0")


async def test_a_new_release_is_found_at_once(
    registry: Registry, mirror: Running, seat: Seat
) -> None:
    """verdaccio#862: the document is fresh, and does not have what the lockfile asks for."""
    desk = seat("npm-11")
    await desk.add("right")
    made = registry.add("right", "1.0.2")
    await asyncio.sleep(1.1)  # once a second is how often the mirror lets itself be made to ask
    lock = json.loads(desk.lock())
    entry = lock["packages"]["node_modules/right"]
    entry["version"] = "1.0.2"
    entry["resolved"] = entry["resolved"].replace("1.0.1", "1.0.2")
    entry["integrity"] = made["dist"]["integrity"]
    del entry["dependencies"], lock["packages"]["node_modules/odd.place"]
    desk.lockfile.write_text(json.dumps(lock))
    desk.freshen()
    await desk.frozen()
    assert desk.installed("right")["version"] == "1.0.2"


def _with_the_lockfile_of(desk: Desk, root: Path, mirror: Running) -> Desk:
    newcomer = Desk(desk.client, root, mirror.registry())
    for name in ("package.json", desk.lockfile.name):
        (newcomer.project / name).write_text((desk.project / name).read_text())
    return newcomer
