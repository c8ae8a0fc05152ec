"""Uploading with every client, and installing it with another (pypi.md §13.7-11, 13.19, 13.23)."""

import os
from pathlib import Path

import aiohttp
import pytest

from tests.clients.conftest import Place
from tests.clients.pythons import KINDS, UPLOADERS, prepare
from tests.distributions import PYPROJECT, described, sdist, wheel
from tests.index import Index
from tests.running import Running

pytestmark = pytest.mark.client

# Who installs what the client before uploaded: each installer at least once.
READERS = dict(
    zip(UPLOADERS, ("uv", "pip-26", "poetry", "pdm", "pip-23", "uv", "pip-26"), strict=True)
)
NAME = "Made.Here"


def _folder(root: Path, name: str, version: str, text: str = "1") -> Path:
    """A wheel and an sdist to upload, and a folder around them."""
    module = name.lower().replace("-", "_").replace(".", "_")
    files = {f"{module}.py": f'"""Made for a test."""\nVERSION = {text!r}\n'.encode()}
    made = dict((wheel(name, version, files=files), sdist(name, version, files=files)))
    folder = prepare(root, name, version, made)
    (folder / f"{module}.py").write_bytes(next(iter(files.values())))
    return folder


@pytest.mark.parametrize("client", UPLOADERS)
async def test_upload_again_and_changed(
    client: str, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """khora#495: a retry after a lost answer succeeds, another content never."""
    bench = place(client, token=await pypi.token())
    folder = _folder(tmp_path / "one", NAME, "1.0")
    await bench.publish(folder)
    assert pypi.held("main", "made-here") == {"1.0": "Published"}
    await bench.publish(folder)

    changed = await bench.publish(_folder(tmp_path / "two", NAME, "1.0", "2"), check=False)
    if client == "hatch":  # it looks first, and leaves out what it finds
        assert "already exist" in changed.text
    else:
        assert changed.status != 0, changed.text
        assert "already exist" in changed.text or "409" in changed.text

    reader = place(READERS[client])
    await reader.add(NAME)
    assert [*reader.installed().values()] == ["1.0"]
    site = next(reader.project.glob(".venv/lib/*/site-packages"))
    assert "VERSION = '1'" in (site / "made_here.py").read_text()
    await pypi.stop()  # the last lines of its log are written
    posts = [each["status"] for each in pypi.requests if each["method"] == "POST"]
    assert set(posts) <= {200, 409}
    assert posts[:2] == [200, 200]


async def test_existing_files_are_skipped_where_the_client_can(
    pypi: Running, place: Place, tmp_path: Path
) -> None:
    """They look for our status and words, or at our page. twine does so for PyPI only."""
    token = await pypi.token()
    await place("twine-7", token=token).publish(_folder(tmp_path / "one", NAME, "1.0"))
    changed = _folder(tmp_path / "two", NAME, "1.0", "2")
    for client in ("poetry", "pdm"):
        skipped = await place(client, token=token).publish(changed, "--skip-existing")
        assert "kip" in skipped.text, skipped.text
    uv = place("uv", token=token)
    again = await uv.publish(tmp_path / "one", "--check-url", uv.index)
    assert "already exists, skipping" in again.text
    refused = await uv.publish(changed, "--check-url", uv.index, check=False)
    assert refused.status != 0


async def test_our_sentence_is_seen(
    index: Index, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """User Guide, "Publishing package versions and upstream repositories"."""
    token = await pypi.token()
    taken = _folder(tmp_path / "taken", "beta", "1.5")
    for client in ("twine-5", "twine-7", "uv", "poetry"):
        refused = await place(client, token=token).publish(taken, check=False)
        assert refused.status != 0
        assert "409" in refused.text
        assert "public:pypi" in refused.text, refused.text

    await place("pip-26").add("beta<2")
    blocked = _folder(tmp_path / "blocked", "beta", "9.9")
    for client in ("twine-7", "uv", "poetry"):
        refused = await place(client, token=token).publish(blocked, check=False)
        assert "403" in refused.text
        assert "origin controls" in refused.text
    assert "9.9" not in pypi.held("main", "beta")

    # Some print the status line and nothing else.
    quiet = place("twine-7", token=token)
    file = str(next((blocked / "dist").glob("*.whl")))
    command = ("upload", "--non-interactive", "-r", "mirror", file)
    refused = await quiet.run(*command, check=False)
    assert "403 Forbidden" in refused.text
    assert "origin controls" in refused.text


async def test_without_the_right_to(pypi: Running, place: Place, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "one", NAME, "1.0")
    reader = (await pypi.run("token", "create", "admin", "--read-only")).strip()
    for client in ("twine-7", "uv", "poetry", "hatch", "pdm", "flit"):
        liar = await place(client, token="mirror_wrong").publish(folder, check=False)
        assert liar.status != 0
        assert "401" in liar.text, liar.text
        refused = await place(client, token=reader).publish(folder, check=False)
        assert refused.status != 0
        assert "403" in refused.text, refused.text
    assert pypi.held("main", "made-here") == {}


async def test_any_name_with_the_token(pypi: Running, place: Place, tmp_path: Path) -> None:
    """`aws` in the Guide, `__token__` for PyPI: the user's name says nothing."""
    folder = _folder(tmp_path / "one", NAME, "1.0")
    bench = place("uv")
    token = await pypi.token()
    await bench.publish(folder, "--username", "__token__", "--password", token)
    assert pypi.held("main", "made-here") == {"1.0": "Published"}


async def test_build_with_a_backend_from_here(
    index: Index, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """`python -m build` takes its backend from us, and what it makes goes to us."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PYPROJECT.format(name="fresh", version="1.0"))
    (source / "PKG-INFO").write_bytes(described("fresh", "1.0", requires=["extra-one"]))
    (source / "fresh.py").write_text("VERSION = '1.0'\n")
    await place("build").run(str(source))
    assert sorted(each.name for each in (source / "dist").iterdir()) == [
        "fresh-1.0-py3-none-any.whl",
        "fresh-1.0.tar.gz",
    ]
    await place("hatch", token=await pypi.token()).publish(source)
    for client in KINDS:
        bench = place(client)
        await bench.add("fresh")
        assert bench.installed() == {"fresh": "1.0", "extra_one": "1.0"}
    from_source = place("pip-26")
    await from_source.run("install", "--no-binary=fresh", "fresh")
    assert from_source.installed()["fresh"] == "1.0"


async def test_odd_versions(pypi: Running, place: Place, tmp_path: Path) -> None:
    """pypi.md §13.19: a local version, an epoch, a post release, a prerelease and nothing else."""
    token = await pypi.token()
    publisher = place("twine-7", token=token)
    for number, (name, version) in enumerate(
        {"local": "1.0+cpu.1", "epoch": "1!1.0", "post": "1.0.post1", "pre": "1.0a1"}.items()
    ):
        await publisher.publish(_folder(tmp_path / str(number), name, version))
    for client in KINDS:
        bench = place(client)
        await bench.add("local==1.0+cpu.1", "epoch>=1!0", "post>=1.0", "pre>=1.0a0")
        assert bench.installed() == {
            "local": "1.0+cpu.1", "epoch": "1!1.0", "post": "1.0.post1", "pre": "1.0a1"
        }  # fmt: skip


async def test_a_wheel_for_another_machine_joins(
    pypi: Running, place: Place, tmp_path: Path
) -> None:
    token = await pypi.token()
    first = prepare(tmp_path / "a", NAME, "1.0", dict([wheel(NAME, "1.0", tag="cp399-none-any")]))
    await place("twine-7", token=token).publish(first)
    missing = await place("pip-26").run("install", NAME, check=False)
    assert missing.status != 0
    second = prepare(tmp_path / "b", NAME, "1.0", dict([wheel(NAME, "1.0")]))
    await place("uv", token=token).publish(second)
    for client in KINDS:
        bench = place(client)
        await bench.add(NAME)
        assert bench.installed() == {NAME: "1.0"}


async def test_what_was_uploaded_just_now(pypi: Running, place: Place, tmp_path: Path) -> None:
    """With the client's own cache warm: pip 26 believes our Cache-Control, uv has its own ideas."""
    publisher = place("twine-7", token=await pypi.token())
    await publisher.publish(_folder(tmp_path / "1.0", NAME, "1.0"))
    benches = [place(client) for client in KINDS]
    for bench in benches:
        await bench.add(NAME)
    await publisher.publish(_folder(tmp_path / "1.1", NAME, "1.1"))
    for bench in benches:
        command = ("pip",) if bench.tool == "uv" else ()
        if bench.tool in {"pip", "uv"}:
            await bench.run(*command, "install", f"{NAME}==1.1")
        else:
            await bench.add(f"{NAME}==1.1")
        assert bench.installed() == {NAME: "1.1"}


async def test_a_time_limit(pypi: Running, place: Place, tmp_path: Path) -> None:
    """uv refuses every file without `upload-time` when it is told of a limit (astral-sh/uv#18847)."""
    await place("twine-7", token=await pypi.token()).publish(_folder(tmp_path / "a", NAME, "1.0"))
    bench = place("uv")
    await bench.run("pip", "install", "--exclude-newer=2021-01-01", "alpha<4")
    assert bench.installed()["alpha"] == "2.0"
    refused = await bench.run("pip", "install", "--exclude-newer=2021-01-01", NAME, check=False)
    assert refused.status != 0
    await bench.run("pip", "install", "--exclude-newer=2999-01-01", NAME)


async def test_sidecars_of_what_was_uploaded(pypi: Running, place: Place, tmp_path: Path) -> None:
    """devpi#1018: private wheels are not downloaded for their metadata either."""
    made = dict([wheel("private", "1.0", requires=["extra-one"])])
    await place("twine-7", token=await pypi.token()).publish(
        prepare(tmp_path / "a", "private", "1.0", made)
    )
    await place("pip-26").run("install", "--dry-run", "private")
    await pypi.stop()
    asked = [each["path"] for each in pypi.requests if each["path"].endswith((".whl", "data"))]
    assert [path.rpartition("/")[2] for path in asked] == [
        "private-1.0-py3-none-any.whl.metadata",
        "extra_one-1.0-py3-none-any.whl.metadata",
    ]


async def test_a_big_one(pypi: Running, place: Place, tmp_path: Path) -> None:
    data = os.urandom(40_000_000)
    made = dict([wheel("big", "1.0", files={"big.bin": data})])
    await place("twine-7", token=await pypi.token()).publish(
        prepare(tmp_path / "a", "big", "1.0", made)
    )
    bench = place("uv")
    await bench.add("big")
    site = next(bench.project.glob(".venv/lib/*/site-packages"))
    assert (site / "big.bin").read_bytes() == data


async def test_an_upstream_that_is_down_keeps_nobody_from_uploading(
    index: Index, pypi: Running, place: Place, tmp_path: Path
) -> None:
    """verdaccio#381; the User Guide says that such a publish may pass."""
    bench = place("twine-7", token=await pypi.token())
    await index.cut()
    await bench.publish(_folder(tmp_path / "one", NAME, "1.0"))
    assert pypi.held("main", "made-here") == {"1.0": "Published"}


async def test_the_list_of_projects(pypi: Running, place: Place, tmp_path: Path) -> None:
    """What is held here, for `poetry search` and mirrors; nothing of the upstream's list."""
    await place("twine-7", token=await pypi.token()).publish(_folder(tmp_path / "one", NAME, "1.0"))
    found = await place("poetry").run("search", "made")
    assert "made-here" in found.text
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{pypi.registry(kind='pypi')}simple/") as answer,
    ):
        text = await answer.text()
    assert answer.status == 200
    assert "made-here" in text
    assert "alpha" not in text
