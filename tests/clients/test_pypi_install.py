"""Installing Python packages: cold, warm, and with the upstream gone (pypi.md §13)."""

import hashlib
from pathlib import Path

import aiohttp
import pytest

from tests.clients.conftest import Place
from tests.clients.pythons import INSTALLERS, KINDS, Bench
from tests.index import Index
from tests.origin import Flip, Truncate
from tests.running import Running

pytestmark = pytest.mark.client

EVERYTHING = {"alpha": "2.0", "beta": "1.5", "Odd.Name": "0.1.0", "plain": "1.0", "old-way": "1.0"}
STALE = {"cache": {"lifetimes": {"pypi": 0}}}  # pages are asked for again each time


@pytest.mark.parametrize("client", INSTALLERS)
async def test_cold_then_warm_then_cut(
    client: str, index: Index, pypi: Running, place: Place
) -> None:
    """JSON and HTML pages, files from another host, an sdist with its backend, names spelt anyhow."""
    bench = place(client)
    await bench.add("Alpha<4")
    assert bench.installed() == EVERYTHING

    bench.freshen()
    await bench.frozen()
    assert bench.installed() == EVERYTHING
    assert set(index.downloads().values()) == {1}
    lock = bench.lockfile.read_text()

    # Pages are stale at once, so that the outage is met and not slept through.
    await pypi.restart({**pypi.config, **STALE})
    await index.cut()
    bench.freshen()
    await bench.frozen()
    assert bench.installed() == EVERYTHING
    assert bench.lockfile.read_text() == lock


async def test_sidecars_spare_the_wheels(index: Index, pypi: Running, place: Place) -> None:
    """lessons #27: no wheel is downloaded only for its metadata: by the client, nor by the mirror for it."""
    index.plain.clear()
    index.add("plain", "1.1", requires=["old-way"])
    index.add("old-way", "1.1")
    uv = place("uv")
    (uv.project / "wanted").write_text("alpha\n")
    resolved = await uv.run("pip", "compile", "wanted")
    assert "plain==1.1" in resolved.text
    assert "old-way==1.1" in resolved.text
    pip = place("pip-26")
    resolved = await pip.run("install", "--dry-run", "alpha")
    assert "Would install" in resolved.text

    assert "plain-1.1-py3-none-any.whl.metadata" in index.downloads()
    assert index.downloads(".whl") == {}
    await pypi.stop()  # the last lines of its log are written
    paths = [each["path"] for each in pypi.requests]
    assert not [path for path in paths if path.endswith(".whl")]


async def test_resolving_keeps_nothing_and_works_without_the_index(
    index: Index, pypi: Running, place: Place
) -> None:
    """API contract, U7: only a download retains; but what was resolved once can be again."""
    index.plain.clear()
    index.add("plain", "1.1")
    await place("uv").run("pip", "install", "--dry-run", "alpha")
    await pypi.restart({**pypi.config, **STALE})
    await index.cut()
    again = await place("uv").run("pip", "install", "--dry-run", "alpha")
    assert "+ plain==1.1" in again.text
    for name in ("alpha", "beta", "plain"):
        assert pypi.held("main", name) == pypi.held("pypi-store", name) == {}


async def test_sidecars_of_an_index_without(index: Index, pypi: Running, place: Place) -> None:
    """lessons #27: what is stored is read once and has its sidecar from then on (devpi#1018)."""
    await place("pip-26").run("install", "--no-deps", "plain")
    uv = place("uv")
    (uv.project / "wanted").write_text("plain\n")
    await uv.run("pip", "compile", "wanted")
    await pypi.stop()
    asked = [each["path"] for each in pypi.requests if "plain-1.0" in each["path"]]
    assert [path.rpartition(".")[2] for path in asked] == ["whl", "metadata"]
    assert index.downloads(".whl") == {"plain-1.0-py3-none-any.whl": 1}


async def test_ranges_are_promised_only_where_they_are_given(
    index: Index, pypi: Running, place: Place
) -> None:
    """lessons #10, #11: HEAD tells of a cold file what GET does; uv reads its end or all of it."""
    index.plain |= {"heavy", "light"}
    index.add("light", "1.0", sidecar=False, requires=["heavy"])
    parts = {"heavy.bin": bytes(range(256)) * 4000}
    index.add("heavy", "1.0", sidecar=False, requires=["old-way"], files=parts)
    made = index.add("heavy", "2.0", sidecar=False, files=parts)
    uv = place("uv")
    (uv.project / "wanted").write_text("light\nheavy==1.0\n")
    resolved = await uv.run("pip", "compile", "wanted")
    assert "old-way==1.0" in resolved.text

    address = f"{uv.index}heavy/2.0/heavy-2.0-py3-none-any.whl"
    size = len(made["heavy-2.0-py3-none-any.whl"])
    tail = {"Range": "bytes=-100"}
    async with aiohttp.ClientSession() as session:
        async with session.head(address) as cold:
            assert (cold.status, cold.content_length) == (200, size)
            assert "Accept-Ranges" not in cold.headers
        async with session.get(address) as whole:
            content = await whole.read()
        async with session.head(address) as warm:
            assert (warm.status, warm.content_length) == (200, size)
            assert warm.content_type == cold.content_type == whole.content_type
            assert warm.headers["Accept-Ranges"] == "bytes"
        async with session.get(address, headers=tail) as part:
            assert (part.status, await part.read()) == (206, content[-100:])
    await pypi.stop()
    asked = [
        (each["method"], each["status"]) for each in pypi.requests if "/light-1" in each["path"]
    ]
    assert asked == [("HEAD", 200), ("GET", 206)]  # a short file is whole before HEAD is answered
    assert set(index.downloads(".whl").values()) == {1}


async def test_required_hashes(index: Index, place: Place) -> None:
    data = index.add("pinned", "1.0")["pinned-1.0-py3-none-any.whl"]
    right = hashlib.sha256(data).hexdigest()
    for client, command in (("pip-26", ()), ("uv", ("pip",))):
        bench = place(client)
        options = ("install", "--require-hashes", "-r", str(bench.project / "wanted"))
        for digest, works in (("0" * 64, False), (right, True)):
            (bench.project / "wanted").write_text(f"pinned==1.0 --hash=sha256:{digest}\n")
            ran = await bench.run(*command, *options, check=False)
            assert (ran.status == 0) is works, ran.text
        assert bench.installed() == {"pinned": "1.0"}


async def test_yanked_releases(index: Index, pypi: Running, place: Place) -> None:
    """UG, "Why is CodeArtifact not fetching the latest yanked metadata": ours always does."""
    await pypi.restart({**pypi.config, **STALE})
    bench = place("pip-26")
    await bench.run("install", "beta<2")
    assert bench.installed()["beta"] == "1.5"
    # Retained here by now; its flag follows the upstream all the same.
    index.change("beta-1.5-py3-none-any.whl", yanked="eats data")
    for client, command in (("pip-26", ()), ("uv", ("pip",))):
        bench = place(client)
        await bench.run(*command, "install", "beta<2")
        assert bench.installed()["beta"] == "1.0"
        warned = await bench.run(*command, "install", "beta==1.5")
        assert bench.installed()["beta"] == "1.5"
        assert "eats data" in warned.text
    index.change("beta-1.5-py3-none-any.whl", yanked=False)
    bench = place("pip-26")
    await bench.run("install", "beta<2")
    assert bench.installed()["beta"] == "1.5"


async def test_a_wheel_that_comes_later(index: Index, pypi: Running, place: Place) -> None:
    """UG: a retained version is joined by what its project adds to it."""
    await pypi.restart({**pypi.config, **STALE})
    await place("pip-26").run("install", "Odd.Name")
    index.add("Odd.Name", "0.1.0", tag="cp399-none-any")
    bench = place("pip-26")
    options = ("--only-binary=:all:", "--python-version=3.99", "--implementation=cp", "--no-deps")
    ran = await bench.run("download", *options, "Odd.Name")
    assert "cp399" in ran.text
    assert [each.name for each in bench.project.glob("*.whl")] == [
        "odd_name-0.1.0-cp399-none-any.whl"
    ]


async def test_a_release_that_comes_later(index: Index, pypi: Running, place: Place) -> None:
    await pypi.restart({**pypi.config, **STALE})
    await place("pip-26").add("extra-one")
    index.add("extra_one", "1.1")
    for client in KINDS:
        bench = place(client)
        await bench.add("extra-one")
        assert [*bench.installed().values()] == ["1.1"]


async def test_extras_prereleases_and_pythons(index: Index, pypi: Running, place: Place) -> None:
    bench = place("pip-26")
    await bench.run("install", "alpha[more]")
    assert bench.installed() == {**EVERYTHING, "extra_one": "1.0"}
    await bench.run("install", "--upgrade", "--pre", "alpha")
    assert bench.installed()["alpha"] == "3.0rc1"
    shown = await bench.run("index", "versions", "alpha", "--pre")
    assert "3.0rc1, 2.0, 1.0" in shown.text
    refused = await bench.run("install", "alpha==4.0", check=False)
    assert "Requires-Python >=4" in refused.text


async def test_names_spelt_anyhow(pypi: Running, place: Place) -> None:
    bench = place("pip-26")
    for spelling in ("Odd.Name", "ODD__name"):
        await bench.run("install", "--force-reinstall", spelling)
    assert bench.installed() == {"Odd.Name": "0.1.0"}
    async with aiohttp.ClientSession() as session:
        for spelling in ("odd-name", "Odd.Name", "ODD__name", "odd.-_name"):
            for address in (f"{bench.index}{spelling}", f"{bench.index}{spelling}/"):
                async with session.get(address) as answer:
                    assert answer.status == 200
                    assert str(answer.url) == f"{bench.index}odd-name/"


async def test_an_address_out_of_a_lock_file_on_a_cold_mirror(
    index: Index, pypi: Running, place: Place
) -> None:
    """uv.lock and pylock.toml have addresses of files: no page is asked for before (§11)."""
    bench = place("uv")
    await bench.add("alpha")
    assert bench.index in bench.lockfile.read_text()
    await pypi.stop()
    seen = len(pypi.requests)
    for each in pypi.data_dir.iterdir():
        if each.name.startswith("index."):
            each.unlink()  # as cold as can be, under the same address
    await pypi.start()
    bench.freshen()
    await bench.frozen()
    assert bench.installed() == EVERYTHING
    await pypi.stop()
    pages = [each["path"] for each in pypi.requests[seen:] if each["path"].endswith("/")]
    assert pages in ([], ["/pypi/main/simple/tiny-backend/"])  # to build the sdist with


async def test_a_download_that_breaks_off(index: Index, pypi: Running, place: Place) -> None:
    """lessons #4, #5: nothing of it stays, and the next try is a whole one."""
    index.add("heavy", "1.0", files={"heavy.bin": bytes(range(256)) * 4000})
    path = index.path("heavy-1.0-py3-none-any.whl")
    index.origin.fault(path, *[Truncate(1000)] * 2)
    bench = place("pip-26")
    await bench.run("install", "heavy")
    site = next(bench.project.glob(".venv/lib/*/site-packages"))
    assert (site / "heavy.bin").stat().st_size == 256 * 4000


async def test_a_file_that_is_not_what_was_promised(
    index: Index, pypi: Running, place: Place
) -> None:
    index.add("broken", "1.0", sidecar=False)
    path = index.path("broken-1.0-py3-none-any.whl")
    index.origin.always(path, Flip(20))
    failed = await place("pip-26").run("install", "--retries=0", "broken", check=False)
    assert failed.status != 0
    assert pypi.held("main", "broken") == {}
    assert pypi.held("pypi-store", "broken") == {}
    index.origin.always(path, None)
    await place("pip-26").run("install", "broken")


async def test_what_does_not_exist_and_what_cannot_be_reached(
    index: Index, pypi: Running, place: Place
) -> None:
    """lessons #14: an outage is not an empty index; uv and poetry would go on with another one."""
    bench = place("pip-26")
    missing = await bench.run("install", "no-such-project", check=False)
    assert "No matching distribution found for no-such-project" in missing.text
    await index.cut()
    options = ("install", "--retries=0", "alpha")
    failed = await bench.run(*options, check=False)
    assert failed.status != 0
    uv = await place("uv").run("pip", "install", "alpha", check=False)
    assert "502" in uv.text or "503" in uv.text
    await pypi.stop()
    answers = [each["status"] for each in pypi.requests if each["path"].endswith("/alpha/")]
    assert answers
    assert set(answers) <= {502, 503}


async def test_a_wrong_token(pypi: Running, place: Place, tmp_path: Path) -> None:
    """With any credentials at all they must be right; what people see is the client's own words."""
    pip = await place("pip-26", token="mirror_wrong").run("install", "alpha", check=False)
    assert pip.status != 0
    assert "No matching distribution found for alpha" in pip.text
    uv = await place("uv", token="mirror_wrong").run("pip", "install", "alpha", check=False)
    assert "401" in uv.text
    await pypi.stop()
    assert {each["status"] for each in pypi.requests} == {401}


async def test_with_a_token_only(index: Index, pypi: Running, tmp_path: Path) -> None:
    """pip asks without credentials first unless the address has them; all others send them."""
    await pypi.restart({**pypi.config, "auth": {"anonymous": "none"}})
    token = await pypi.token()
    address = pypi.registry(kind="pypi")
    for client in (*KINDS, "poetry", "pdm"):
        nobody = Bench(client, tmp_path / f"{client}-nobody", address)
        command = ("pip",) if client == "uv" else ()
        if nobody.tool in {"pip", "uv"}:
            failed = await nobody.run(*command, "install", "extra-one", check=False)
            assert failed.status != 0
        bench = Bench(client, tmp_path / client, address, token)
        await bench.add("extra-one")
        assert [*bench.installed().values()] == ["1.0"]
    await pypi.stop()
    assert 401 in {each["status"] for each in pypi.requests}
