"""Python repositories over repositories, and who may fill a name (pypi.md §10; User Guide)."""

from pathlib import Path

import aiohttp
import pytest

from tests.clients.conftest import Place
from tests.clients.pythons import INSTALLERS, KINDS, prepare
from tests.distributions import wheel
from tests.index import Index
from tests.running import Running

pytestmark = pytest.mark.client

TEAM = {"repositories": {"team": {"upstreams": ["main"]}}}
STALE = {"cache": {"lifetimes": {"pypi": 0}}}


@pytest.fixture
async def layered(pypi: Running) -> Running:
    """team reads main, main reads pypi-store, pypi-store reads the public index."""
    await pypi.restart({**pypi.config, **TEAM, **STALE})
    return pypi


async def test_an_install_is_kept_at_both_ends(layered: Running, place: Place) -> None:
    """Retention: in the repository that was asked, and in the one with the connection (UG)."""
    await place("pip-26", repository="team").add("alpha")
    for name, version in (("alpha", "2.0"), ("beta", "1.5"), ("odd-name", "0.1.0")):
        assert layered.held("team", name) == {version: "Published"}
        assert layered.held("pypi-store", name) == {version: "Published"}
        assert layered.held("main", name) == {}
    # Pages alone keep nothing.
    assert layered.held("team", "extra-one") == {}


async def test_uploaded_below_and_installed_above(
    layered: Running, place: Place, tmp_path: Path
) -> None:
    await _publish(layered, place, tmp_path, "1.0")
    for client in KINDS:
        reader = place(client, repository="team")
        await reader.add("our-secret")
        assert reader.installed() == {"our-secret": "1.0"}
    assert layered.held("team", "our-secret") == {"1.0": "Published"}
    assert layered.held("main", "our-secret") == {"1.0": "Published"}


async def test_a_file_that_joins_below_joins_above(
    layered: Running, place: Place, tmp_path: Path
) -> None:
    """UG: assets are kept updated with upstream repositories; twine uploads one after another."""
    publisher = place("twine-7", token=await layered.token())
    first = dict([wheel("our-secret", "1.0")])
    await publisher.publish(prepare(tmp_path / "a", "our-secret", "1.0", first))
    await place("pip-26", repository="team").add("our-secret")
    second = dict([wheel("our-secret", "1.0", tag="cp311-none-any")])
    await publisher.publish(prepare(tmp_path / "b", "our-secret", "1.0", second))
    bench = place("pip-26", repository="team")
    downloaded = await bench.run("download", "our-secret")
    assert "cp311-none-any" in downloaded.text


async def test_what_was_kept_outlives_its_upstream(
    index: Index, layered: Running, place: Place
) -> None:
    """UG: a retained version is unaffected by deletion upstream; bandersnatch#1273 for the rest."""
    await place("pip-26", repository="team").add("beta<2")
    for file in ("beta-1.5-py3-none-any.whl", "beta-1.0-py3-none-any.whl"):
        index.remove(file)
    bench = place("pip-26", repository="team")
    await bench.add("beta==1.5")
    assert bench.installed()["beta"] == "1.5"
    index_ = await bench.run("index", "versions", "beta")
    assert "2.0, 1.5, 1.0" in index_.text  # 1.0 by its sdist


async def test_a_private_name_stays_private(
    index: Index, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """lessons #12, #21: dependency confusion; somebody registers our name in public, with a higher
    version.
    """
    await pypi.restart({**pypi.config, **TEAM, **STALE})
    await _publish(pypi, place, tmp_path, "1.0")
    asked = len(index.origin.seen("/simple/our-secret/"))  # before it was published, that is
    index.add("Our.Secret", "99.0")
    for repository in ("main", "team"):
        for client in INSTALLERS if repository == "main" else KINDS:
            bench = place(client, repository=repository)
            await bench.add("our_secret")
            assert bench.installed() == {"our-secret": "1.0"}
        exact = await place("pip-26").run("install", "our-secret==99.0", check=False)
        assert "from versions: 1.0)" in exact.text
        file = "our-secret/99.0/our_secret-99.0-py3-none-any.whl"
        async with aiohttp.ClientSession() as session:
            for suffix in ("", ".metadata"):
                address = f"{pypi.registry(repository, 'pypi')}simple/{file}{suffix}"
                async with session.get(address) as answer:
                    assert answer.status == 404
    # devpi#830: our name is nobody else's business.
    assert len(index.origin.seen("/simple/our-secret/")) == asked
    assert not [name for name in index.downloads() if "secret" in name]


async def test_unless_the_origin_configuration_says_so(
    index: Index, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """UG, "Editing package origin controls": both directions, each by an administrator's word."""
    await pypi.restart({**pypi.config, **STALE})
    await _publish(pypi, place, tmp_path, "1.0")
    index.add("our-secret", "99.0")
    await pypi.change_index("UPDATE package SET upstream = 'ALLOW' WHERE name = 'our-secret'")
    bench = place("pip-26")
    await bench.add("our-secret")
    assert bench.installed() == {"our-secret": "99.0"}

    await place("pip-26").add("extra-one")
    refused = await _publish(pypi, place, tmp_path, "2.0", name="extra-one", check=False)
    assert "403" in refused
    await pypi.change_index(
        "UPDATE package SET publish = 'ALLOW', upstream = 'BLOCK' WHERE name = 'extra-one'"
    )
    await _publish(pypi, place, tmp_path, "2.0", name="extra-one")
    assert pypi.held("main", "extra-one") == {"1.0": "Published", "2.0": "Published"}


async def test_a_version_that_was_published_here_is_ours_alone(
    index: Index, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """UG: direct publishing ends the refresh of that version, and shows none of its other files."""
    await pypi.restart({**pypi.config, **STALE})
    await _publish(pypi, place, tmp_path, "1.0")
    index.add("our-secret", "1.0", kinds="sdist")
    index.add("our-secret", "1.0.0", tag="cp311-none-any")
    await pypi.change_index("UPDATE package SET upstream = 'ALLOW' WHERE name = 'our-secret'")
    bench = place("pip-26")
    async with (
        aiohttp.ClientSession() as session,
        session.get(
            f"{bench.index}our-secret/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
        ) as answer,
    ):
        page = await answer.json(content_type=None)
    assert [each["filename"] for each in page["files"]] == ["our_secret-1.0-py3-none-any.whl"]
    assert page["versions"] == ["1.0"]


async def test_unlisted_and_archived(pypi: Running, place: Place) -> None:
    """lessons #12; UG, "Package version status": unlisted is for lock files only, archived for nobody."""
    bench = place("uv")
    await bench.add("beta<2")
    assert await _set_status(pypi, "1.5", "Unlisted") > 0
    bench.freshen()
    await bench.frozen()
    assert bench.installed()["beta"] == "1.5"
    newcomer = place("pip-26")
    await newcomer.add("beta<2")
    assert newcomer.installed()["beta"] == "1.0"

    await _set_status(pypi, "1.5", "Archived")
    bench.freshen()
    gone = await bench.run("sync", "--frozen", check=False)
    assert "404" in gone.text


async def _set_status(mirror: Running, version: str, status: str) -> int:
    return await mirror.change_index(
        "UPDATE version SET status = ? WHERE version = ? AND package_id IN"
        " (SELECT id FROM package WHERE name = 'beta')",
        status,
        version,
    )


async def _publish(
    mirror: Running,
    place: Place,
    root: Path,
    version: str,
    *,
    name: str = "our-secret",
    check: bool = True,
) -> str:
    """Upload a wheel to main; what the client printed."""
    bench = place("uv", token=await mirror.token())
    folder = prepare(
        root / f"{name}-{version}-{check}", name, version, dict([wheel(name, version)])
    )
    return (await bench.publish(folder, check=check)).text
