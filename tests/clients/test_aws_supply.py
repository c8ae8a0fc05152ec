"""Where packages may come from and when they stop, told with boto3 and seen with npm and pip (the
User Guide on package groups, package version status and dependency substitution).
"""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.aws import INSTALLATION, Boto
from tests.clients.clients import Desk, package
from tests.clients.people import access_key
from tests.clients.pythons import Bench
from tests.clients.registry import Registry
from tests.clients.stocking import Shelf
from tests.index import Index
from tests.running import Running

pytestmark = pytest.mark.client

D = {"domain": "my_domain"}
OURS = {**D, "packageGroup": "/npm/space/anycompany~"}


class Team:
    """store is connected to the public registry, team reads store, and below reads team."""

    def __init__(self, mirror: Running, boto: Boto, token: str, root: Path) -> None:
        self.mirror = mirror
        self.boto = boto
        self._token = token
        self._root = root

    def shelf(self, repository: str = "team") -> Shelf:
        return Shelf(self.mirror, self._token, repository)

    def desk(self, name: str, repository: str = "team") -> Desk:
        address = self.shelf(repository).address("npm")
        return Desk("npm-11", self._root / name, address, self._token)

    async def get(self, path: str, repository: str = "team") -> int:
        return (await self.shelf(repository).get("npm", path))[0]

    async def restrict(self, pattern: str, **modes: str) -> None:
        group = {**D, "packageGroup": pattern}
        await self.boto.create_package_group(**group)
        await self.boto.update_package_group_origin_configuration(**group, restrictions=modes)

    async def status(self, name: str, target: str, repository: str = "team") -> None:
        where = {**D, "repository": repository, "format": "npm", "package": name}
        answer = await self.boto.update_package_versions_status(
            **where, versions=["1.0.0"], targetStatus=target
        )
        assert answer["failedVersions"] == {}


@pytest.fixture
async def team(connected: Running, tmp_path: Path) -> Team:
    return await _team(connected, "public:npmjs", tmp_path)


async def _team(mirror: Running, connection: str, root: Path) -> Team:
    boto = Boto(mirror.url, await access_key(mirror))
    await boto.create_domain(**D)
    await boto.create_repository(**D, repository="store")
    await boto.associate_external_connection(**D, repository="store", externalConnection=connection)
    for name, upstream in (("team", "store"), ("below", "team")):
        upstreams = [{"repositoryName": upstream}]
        await boto.create_repository(**D, repository=name, upstreams=upstreams)
    token = (await boto.get_authorization_token(**D))["authorizationToken"]
    return Team(mirror, boto, token, root)


async def test_private_names_are_published_and_never_ingested(
    team: Team, registry: Registry, tmp_path: Path
) -> None:
    """ "Allowing packages with private names to be published, but not ingested"; somebody has
    registered them in public, with higher versions.
    """
    name = "@space/anycompany-ui"
    registry.add(name, "99.0.0")
    registry.add("@space/other", "1.0.0")
    await team.restrict(
        OURS["packageGroup"], PUBLISH="ALLOW", EXTERNAL_UPSTREAM="BLOCK", INTERNAL_UPSTREAM="ALLOW"
    )
    author = team.desk("author")
    await author.publish(package(tmp_path / "made", name, "1.0.0"))
    for repository in ("team", "below"):
        desk = team.desk(repository, repository)
        await desk.add(name, "@space/other")
        assert desk.installed(name)["version"] == "1.0.0"
        assert desk.installed("@space/other")["version"] == "1.0.0"
        exact = await desk.run("install", f"{name}@99.0.0", check=False)
        assert "ETARGET" in exact.text
        assert await team.get(f"{name}/-/anycompany-ui-99.0.0.tgz", repository) == 404
    assert await team.get("@space%2fanycompany-ui", "store") == 404
    assert registry.origin.seen(f"/{name}/-/anycompany-ui-99.0.0.tgz") == []
    # A variation of the name belongs to the group, and comes from nowhere.
    registry.add("@space/AnyCompany-ui", "1.0.0")
    assert await team.get("@space%2fAnyCompany-ui") == 404
    await team.restrict("/npm//my-package$", PUBLISH="ALLOW")
    assert await team.shelf().npm("my.package", "1.0.0") == 403
    assert await team.shelf().npm("my-package", "1.0.0") == 201


async def test_a_group_that_blocks_while_everything_is_warm(team: Team, registry: Registry) -> None:
    """Listing and file address alike, from the next request on; what is retained stays."""
    registry.add("left-pad", "1.0.0")
    registry.add("left-pad", "1.1.0")
    desk = team.desk("desk")
    await desk.add("left-pad@1.0.0")
    assert await team.get("left-pad") == 200
    await team.restrict("/npm//left-pad$", EXTERNAL_UPSTREAM="BLOCK")
    shown = json.loads((await desk.run("view", "left-pad", "versions", "--json")).text)
    assert shown in (["1.0.0"], "1.0.0")
    assert await team.get("left-pad/-/left-pad-1.1.0.tgz") == 404
    assert await team.get("left-pad/-/left-pad-1.0.0.tgz") == 200
    assert registry.downloads().get("/left-pad/-/left-pad-1.1.0.tgz", 0) == 0
    # Inside as well: below may not take it over from team.
    restrictions = {"INTERNAL_UPSTREAM": "BLOCK"}
    await team.boto.update_package_group_origin_configuration(
        **D, packageGroup="/npm//left-pad$", restrictions=restrictions
    )
    assert await team.get("left-pad", "below") == 404
    assert await team.get("left-pad/-/left-pad-1.0.0.tgz", "below") == 404
    await team.boto.delete_package_group(**D, packageGroup="/npm//left-pad$")
    assert await team.get("left-pad/-/left-pad-1.1.0.tgz", "below") == 200


async def test_ingestion_through_one_repository(team: Team, registry: Registry) -> None:
    """ "Allowing ingestion from external repositories through one repository"."""
    registry.add("left-pad", "1.0.0")
    named = {"EXTERNAL_UPSTREAM": "store", "INTERNAL_UPSTREAM": "team"}
    await team.boto.update_package_group_origin_configuration(
        **D,
        packageGroup="/*",
        restrictions={"PUBLISH": "BLOCK", **dict.fromkeys(named, "ALLOW_SPECIFIC_REPOSITORIES")},
        addAllowedRepositories=[
            {"originRestrictionType": way, "repositoryName": name} for way, name in named.items()
        ],
    )
    assert await team.get("left-pad/-/left-pad-1.0.0.tgz", "below") == 404
    desk = team.desk("desk")
    await desk.add("left-pad")
    assert desk.installed("left-pad")["version"] == "1.0.0"
    for repository in ("store", "team"):
        where = {**D, "repository": repository, "format": "npm", "package": "left-pad"}
        assert len((await team.boto.list_package_versions(**where))["versions"]) == 1
    assert await team.get("left-pad/-/left-pad-1.0.0.tgz", "below") == 404
    assert await team.shelf().npm("ours", "1.0.0") == 403


async def test_statuses_stop_clients_at_once(team: Team, tmp_path: Path) -> None:
    """Unlisted is for lockfiles, Archived for nobody, and both can be taken back."""
    shelf = team.shelf()
    assert await shelf.npm("tool", "1.0.0") == 201
    assert await shelf.npm("tool", "0.9.0", tag="old") == 201
    desk = team.desk("desk")
    await desk.add("tool@1.0.0")
    tarball = "tool/-/tool-1.0.0.tgz"
    for _ in range(3):
        assert await team.get(tarball) == 200
    await team.status("tool", "Unlisted")
    assert await team.get(tarball) == 200
    shown = json.loads((await desk.run("view", "tool", "versions", "--json")).text)
    assert shown in (["0.9.0"], "0.9.0")
    desk.freshen()
    await desk.frozen()

    await team.status("tool", "Archived")
    assert await team.get(tarball) == 404
    assert (await shelf.send("HEAD", "npm", tarball))[0] == 404
    desk.freshen()
    refused = await desk.run("ci", check=False)
    assert "E404" in refused.text
    assert await shelf.npm("tool", "1.0.0") == 409
    await team.status("tool", "Published")
    assert await team.get(tarball) == 200
    await desk.frozen()


async def test_disposed_bytes_are_gone_from_the_disk(team: Team) -> None:
    """Once no other repository of any domain refers to them."""
    shelf = team.shelf()
    assert await shelf.npm("tool", "1.0.0") == 201
    status, data = await shelf.get("npm", "tool/-/tool-1.0.0.tgz")
    assert status == 200
    sha256 = hashlib.sha256(data).hexdigest()

    def stored() -> bool:
        files = [each for each in team.mirror.data_dir.rglob("*") if each.is_file()]
        return any(sha256 in str(each) or each.read_bytes() == data for each in files)

    assert stored()
    npm = {"format": "npm", "package": "tool", "versions": ["1.0.0"]}
    await team.boto.copy_package_versions(
        **D, sourceRepository="team", destinationRepository="below", **npm
    )
    await team.boto.dispose_package_versions(**D, repository="team", **npm)
    assert await team.get("tool/-/tool-1.0.0.tgz") == 404
    assert stored()
    assert await team.get("tool/-/tool-1.0.0.tgz", "below") == 200
    await team.boto.dispose_package_versions(**D, repository="below", **npm)
    assert await team.get("tool/-/tool-1.0.0.tgz", "below") == 404
    assert not stored()


@pytest.fixture
async def pythons(index: Index, tmp_path: Path) -> AsyncIterator[Running]:
    config: dict[str, Any] = {**INSTALLATION, **index.connection()}
    async with Running(tmp_path / "pythons", config) as mirror:
        yield mirror
        assert mirror.troubles == []


async def test_the_same_with_pip(pythons: Running, index: Index, tmp_path: Path) -> None:
    """A name of ours on PyPI, with a higher version, and a project that is blocked when warm."""
    team = await _team(pythons, "public:pypi", tmp_path)
    index.add("anycompany-ui", "99.0")
    index.add("Free.Lib", "1.0")
    index.add("Free.Lib", "1.1")
    await team.restrict("/pypi//anycompany~", EXTERNAL_UPSTREAM="BLOCK")
    assert await team.shelf().python("anycompany_ui", "1.0") == 200
    bench = Bench("pip-26", tmp_path / "bench", team.shelf("below").address("pypi"))
    await bench.add("anycompany-ui", "free-lib==1.0")
    assert bench.installed() == {"anycompany_ui": "1.0", "Free.Lib": "1.0"}
    exact = await bench.run("install", "anycompany-ui==99.0", check=False)
    assert "No matching distribution" in exact.text

    shelf = team.shelf("below")
    _, page = await shelf.get("pypi", "simple/free-lib/")
    links = [part.split('"')[0] for part in page.decode().split('href="')[1:]]
    [newer] = [each for each in links if "1.1" in each]
    await team.restrict("/pypi//free-lib$", EXTERNAL_UPSTREAM="BLOCK")
    _, page = await shelf.get("pypi", "simple/free-lib/")
    assert b"1.1" not in page
    assert b"1.0" in page
    path = newer.split("#")[0].split("/pypi/below/")[-1]
    assert (await shelf.get("pypi", path))[0] == 404
