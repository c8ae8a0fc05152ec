"""More than forty projects with their dependencies from the real PyPI, through us.

Cold, then warm with empty client caches, then the same with PyPI out of reach. Run with
`pytest -m live tests/clients/test_pypi_live.py -rP`, which shows the wall times.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from tests.clients.pythons import Bench
from tests.running import Running

pytestmark = pytest.mark.live

PROJECTS = (
    "aiohttp", "alembic", "attrs", "beautifulsoup4", "black", "boto3", "celery", "click",
    "cryptography", "django", "fastapi", "flake8", "flask", "gunicorn", "httpx", "isort", "jinja2",
    "jsonschema", "lxml", "markdown", "marshmallow", "networkx", "numpy", "packaging", "pandas",
    "paramiko", "pillow", "psutil", "pydantic", "pylint", "pytest", "pytest-cov", "pyyaml", "redis",
    "requests", "rich", "ruamel.yaml", "sphinx", "sqlalchemy", "tornado", "tox", "tqdm", "typer",
    "uvicorn", "virtualenv", "zope.interface",
)  # fmt: skip
BIG = "nvidia-cudnn-cu12==9.10.2.21"  # 707 MB
MIB = 1024**2
# A connection's address is part of what its pages are kept under, so it must stay: instead the
# way there is closed, and every page is old enough to be asked for again.
CUT = {
    "connections": {"public:pypi": {"proxy": "http://127.0.0.1:9"}},
    "cache": {"lifetimes": {"pypi": 0}},
}


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "mirror") as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.mark.parametrize("client", ["pip-26", "pip-23", "uv"])
async def test_resolved_anew_each_time(client: str, live: Running, tmp_path: Path) -> None:
    bench = Bench(client, tmp_path / client, live.registry(kind="pypi"))
    command = ("pip", "install") if client == "uv" else ("install", "--prefer-binary")

    await _timed(f"{client} cold", bench.run(*command, *PROJECTS))
    chosen = bench.installed()
    assert len(chosen) > len(PROJECTS) + 40
    asked = _misses(live)

    bench.freshen()
    await _timed(f"{client} warm", bench.run(*command, *PROJECTS))
    assert bench.installed() == chosen
    await live.stop()  # the last lines of its log are written
    assert _misses(live) == asked  # not a single file was asked for again

    await live.start()
    await live.restart(CUT)
    bench.freshen()
    await _timed(f"{client} with PyPI out of reach", bench.run(*command, *PROJECTS))
    assert bench.installed() == chosen
    bench.leave()


@pytest.mark.parametrize("client", ["poetry", "pdm", "uv"])
async def test_locked(client: str, live: Running, tmp_path: Path) -> None:
    bench = Bench(client, tmp_path / client, live.registry(kind="pypi"))
    # Without this poetry settles for the latest of each before it looks whether they fit.
    wanted = [f"{each}>=0" for each in PROJECTS] if client == "poetry" else PROJECTS
    await _timed(f"{client} cold", bench.add(*wanted))
    chosen, lock = bench.installed(), bench.lockfile.read_text()
    assert len(chosen) > len(PROJECTS) + 40

    bench.freshen()
    await _timed(f"{client} warm", bench.frozen())
    assert bench.installed() == chosen

    await live.restart(CUT)
    bench.freshen()
    await _timed(f"{client} with PyPI out of reach", bench.frozen())
    assert bench.installed() == chosen
    assert bench.lockfile.read_text() == lock
    bench.leave()


async def test_no_wheel_for_its_metadata_alone(live: Running, tmp_path: Path) -> None:
    """Once a wheel is here its METADATA is beside it, whether or not the upstream has sidecars."""
    address = live.registry(kind="pypi")
    first = Bench("uv", tmp_path / "first", address)
    await first.run("pip", "install", *PROJECTS)
    second = Bench("uv", tmp_path / "second", address)
    await live.stop()
    before = len(live.requests)
    await live.start()
    await second.run("pip", "install", *PROJECTS)
    await live.stop()
    asked = [each["path"] for each in live.requests[before:]]
    wheels = [path for path in asked if path.endswith(".whl")]
    assert [path for path in asked if path.endswith(".metadata")]
    assert len(wheels) == len(set(wheels)) == len(second.installed())


async def test_required_hashes(live: Running, tmp_path: Path) -> None:
    bench = Bench("uv", tmp_path / "uv", live.registry(kind="pypi"))
    (bench.project / "wanted").write_text("\n".join(PROJECTS))
    await bench.run("pip", "compile", "--generate-hashes", "-o", "locked", "wanted")
    pip = Bench("pip-26", tmp_path / "pip", live.registry(kind="pypi"))
    locked = str(bench.project / "locked")
    await _timed("pip with hashes", pip.run("install", "--require-hashes", "-r", locked))
    assert len(pip.installed()) > len(PROJECTS) + 40


async def test_a_big_wheel(live: Running, tmp_path: Path) -> None:
    """Its first bytes leave before its last ones arrive, and memory does not know its size."""
    bench = Bench("pip-26", tmp_path / "pip", live.registry(kind="pypi"))
    await bench.run("index", "versions", "requests")  # the code is loaded, one page was read
    before = live.memory()
    most, early = before, False
    options = ("--no-deps", "--only-binary=:all:", "--platform=manylinux_2_27_x86_64")
    download = asyncio.ensure_future(_timed("707 MB", bench.run("download", *options, BIG)))
    while not download.done():
        most = max(most, live.memory())
        arrived = sum(each.stat().st_size for each in bench.temporary.rglob("*.whl"))
        if arrived > MIB and not live.held("main", "nvidia-cudnn-cu12"):
            early = True
        await asyncio.sleep(0.1)
    await download
    size = next(bench.project.glob("*.whl")).stat().st_size
    print(f"{size / MIB:.0f} MiB, memory grew by {(most - before) / MIB:.1f} MiB")
    assert size > 500_000_000
    assert most - before < 64 * MIB
    assert early
    bench.leave()


def _misses(mirror: Running) -> int:
    return sum(
        each["cache"] == "miss" and not each["path"].endswith("/") for each in mirror.requests
    )


async def _timed(what: str, work: Awaitable[object]) -> None:
    started = time.perf_counter()
    await work
    print(f"{what}: {time.perf_counter() - started:.1f} s")
