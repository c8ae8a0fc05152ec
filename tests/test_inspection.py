"""`mirror why` and `mirror verify`, over a real data directory and a fake registry."""

import contextlib
from pathlib import Path

import pytest

from mirror.app import assembled
from mirror.config import load
from mirror.inspection import explain, verify_store
from mirror.model import OriginControls, Package
from mirror.setup import first_start
from mirror.store import secrecy
from mirror.store.verify import Trouble
from mirror.store.versions import add_version, put_package, put_tags
from tests.origin import Origin, Status
from tests.repositories.registry import packument
from tests.store.rows import version

PAD = Package("npm", "", "left-pad")


@contextlib.asynccontextmanager
async def opened(folder: Path, url: str):
    file = folder / "mirror.yaml"
    file.write_text(
        f"data_dir: {folder / 'data'}\n"
        f"connections: {{'public:npmjs': {{url: '{url}'}}}}\n"
        "repositories: {team: {upstreams: [npm-store]}}\n"
    )
    settings = load(file, {})
    async with assembled(settings) as parts:
        await first_start(parts.database, parts.users, settings, folder / "data")
        yield parts


@pytest.fixture
async def origin():
    async with Origin() as origin:
        yield origin


@pytest.fixture
async def parts(tmp_path: Path, origin, monkeypatch):
    monkeypatch.setitem(secrecy._COST, "n", 2**4)
    async with opened(tmp_path, str(origin.url)) as parts:
        yield parts


async def hold(parts, number: str, status: str = "Published", controls=None) -> None:
    """A version in the repository `main`."""
    repository = await parts.search.repository("default", "main")

    async def work(transaction):
        package = await put_package(
            transaction, repository.id, PAD, controls or OriginControls(), advance=True
        )
        await add_version(transaction, package, version(number, number.encode(), status=status))
        await put_tags(transaction, package, {"latest": number})

    await parts.database.write(work)


async def why(parts, asked: str) -> str:
    found = await explain(parts, "default", "main", "npm", asked)
    stores = ("npm-store", "main", "left-pad")  # formats that come later have stores of their own
    return "\n".join(line for line in found if line.strip().startswith(stores))


async def test_every_version_and_where_it_comes_from(parts, origin) -> None:
    origin.serve_json("/left-pad", packument({"1.0.0": b"1", "1.1.0": b"2", "2.0.0": b"3"}))
    await hold(parts, "1.0.0")
    await hold(parts, "1.1.0", "Archived")
    assert await why(parts, "left-pad") == (
        "left-pad through 'main': 2 versions, tags latest=2.0.0\n"
        "  main: 2 versions, not from here: 1.1.0 (status Archived)\n"
        "  npm-store: 0 versions\n"
        "  npm-store -> public:npmjs: 3 versions, fresh, not from here:"
        " 1.0.0 (a nearer source has it), 1.1.0 (a nearer source has it)"
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "1.0.0",
            (
                "left-pad@1.0.0 through 'main' is there\n"
                "  main: shown\n"
                "  npm-store: does not have this version\n"
                "  npm-store -> public:npmjs: a nearer source has it"
            ),
        ),
        (
            "1.1.0",
            (
                "left-pad@1.1.0 through 'main' is NOT listed\n"
                "  main: status Archived\n"
                "  npm-store: does not have this version\n"
                "  npm-store -> public:npmjs: a nearer source has it"
            ),
        ),
        (
            "9.9.9",
            (
                "left-pad@9.9.9 through 'main' is NOT listed\n"
                "  main: does not have this version\n"
                "  npm-store: does not have this version\n"
                "  npm-store -> public:npmjs: does not have this version"
            ),
        ),
    ],
)
async def test_one_version(parts, origin, asked, told) -> None:
    origin.serve_json("/left-pad", packument({"1.0.0": b"1", "1.1.0": b"2"}))
    await hold(parts, "1.0.0")
    await hold(parts, "1.1.0", "Archived")
    assert await why(parts, f"left-pad@{asked}") == told


async def test_a_private_package_is_asked_of_nobody(parts, origin) -> None:
    await hold(parts, "1.0.0", controls=OriginControls("ALLOW", "BLOCK"))
    reason = "not asked (origin control upstream=BLOCK of the package in 'main')"
    assert await why(parts, "left-pad") == (
        "left-pad through 'main': 1 versions, tags latest=1.0.0\n"
        "  main: 1 versions\n"
        f"  npm-store: {reason}\n"
        f"  npm-store -> public:npmjs: {reason}"
    )
    assert origin.requests == []


async def test_an_upstream_that_does_not_have_it_or_refuses(parts, origin) -> None:
    assert (await why(parts, "left-pad")).splitlines()[-1] == (
        "  npm-store -> public:npmjs: absent (public:npmjs does not have npm/left-pad)"
    )
    origin.always("/@acme/ui", Status(403))
    origin.always("/@acme%2fui", Status(403))
    found = await explain(parts, "default", "npm-store", "npm", "@acme/ui@1.0.0")
    assert found[0] == "@acme/ui@1.0.0 through 'npm-store' is NOT listed"
    assert "unavailable (public:npmjs answered 403 for " in found[-1]


async def test_verify_tells_and_repairs(parts) -> None:
    async with parts.blobs.writer() as writer:
        await writer.write(b"1.0.0")
        digests = await writer.seal()
        await hold(parts, "1.0.0")
        await writer.settle()
    assert await verify_store(parts, repair=False) == []
    path = parts.blobs.path(digests.sha256)
    path.unlink()
    path.write_bytes(b"9.9.9")
    await hold(parts, "2.0.0")  # a row whose bytes were never there
    found = {each.trouble for each in await verify_store(parts, repair=False)}
    assert found == {Trouble.DAMAGED, Trouble.MISSING}
    assert path.exists()
    await verify_store(parts, repair=True)
    assert not path.exists()
    assert parts.blobs.damaged(digests.sha256).read_bytes() == b"9.9.9"
    found = {each.trouble for each in await verify_store(parts, repair=False)}
    assert found == {Trouble.ASIDE, Trouble.MISSING}
