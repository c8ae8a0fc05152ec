"""A public registry and a mirror of it, for each test anew; the same for an index."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.aws import INSTALLATION, Aws, Boto, Worker
from tests.clients.cargos import Workshop
from tests.clients.clients import Desk
from tests.clients.people import access_key, empty
from tests.clients.pythons import Bench
from tests.clients.registry import Registry, universe
from tests.clients.stocking import Shelf
from tests.crates import Crates
from tests.index import Index
from tests.index import universe as projects
from tests.running import Running

Seat = Callable[..., Desk]
Place = Callable[..., Bench]
Shop = Callable[..., Workshop]


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with Registry() as registry:
        universe(registry)
        yield registry


@pytest.fixture
async def mirror(registry: Registry, tmp_path: Path) -> AsyncIterator[Running]:
    async with Running(tmp_path / "mirror", registry.connection()) as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.fixture
def seat(mirror: Running, tmp_path: Path) -> Seat:
    """Makes a desk for a client: `seat("npm-11", token=…, repository=…)`."""
    taken = 0

    def make(client: str, *, token: str | None = None, repository: str = "main") -> Desk:
        nonlocal taken
        taken += 1
        return Desk(client, tmp_path / f"{client}.{taken}", mirror.registry(repository), token)

    return make


@pytest.fixture
async def index() -> AsyncIterator[Index]:
    async with Index() as index:
        projects(index)
        yield index


@pytest.fixture
async def pypi(index: Index, tmp_path: Path) -> AsyncIterator[Running]:
    """A mirror of the index."""
    async with Running(tmp_path / "mirror", index.connection()) as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.fixture
def place(pypi: Running, tmp_path: Path) -> Place:
    """Makes a bench for a client: `place("uv", token=…, repository=…)`."""
    taken = 0

    def make(client: str, *, token: str | None = None, repository: str = "main") -> Bench:
        nonlocal taken
        taken += 1
        address = pypi.registry(repository, "pypi")
        return Bench(client, tmp_path / f"{client}.{taken}", address, token)

    return make


@pytest.fixture
async def crates() -> AsyncIterator[Crates]:
    async with Crates() as crates:
        crates.add("c", "0.1.0")
        crates.add("beta", "1.0.3", deps={"c": "^0.1"})
        crates.add("alpha", "1.0.0", deps={"beta": "^1"})
        crates.add("alpha", "1.1.0", deps={"beta": "^1", "c": "0.1"})
        yield crates


@pytest.fixture
async def crate_mirror(crates: Crates, tmp_path: Path) -> AsyncIterator[Running]:
    """A mirror of the crates."""
    async with Running(tmp_path / "mirror", crates.connection()) as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.fixture
def workshop(crate_mirror: Running, tmp_path: Path) -> Shop:
    """Makes a workshop: `workshop("cargo-1.74.1", token=…, repository=…)`."""
    taken = 0

    def make(client: str = "cargo", *, repository: str = "main", **more: Any) -> Workshop:
        nonlocal taken
        taken += 1
        address = crate_mirror.registry(repository, "cargo")
        return Workshop(client, tmp_path / f"{client}.{taken}", address, **more)

    return make


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The mirror that `service` is, with account and region of the User Guide's examples; it has
    no upstreams, and shows nothing to people without credentials.
    """
    nowhere = {"public:npmjs": {"url": "http://127.0.0.1:9/"}}
    config = {**INSTALLATION, "auth": {"anonymous": "none"}, "connections": nowhere}
    mirror = Running(tmp_path_factory.mktemp("house") / "mirror", config)
    with asyncio.Runner() as runner:
        runner.run(mirror.start())
        yield mirror
        runner.run(mirror.kill())


@pytest.fixture
async def service(house: Running) -> AsyncIterator[Running]:
    """A mirror with nothing but the default domain in it; all tests have the same, one by one."""
    yield house
    await empty(house)
    assert house.troubles == []


@pytest.fixture
async def connected(registry: Registry, tmp_path: Path) -> AsyncIterator[Running]:
    """As `service`, but a mirror of the registry, and of this test alone."""
    config = {**INSTALLATION, **registry.connection()}
    async with Running(tmp_path / "mirror", config) as mirror:
        yield mirror
        assert mirror.troubles == []


@pytest.fixture
async def aws(service: Running, worker: Worker, tmp_path: Path) -> Aws:
    """The administrator at a terminal."""
    return Aws(worker, service.url, await access_key(service), tmp_path / "terminal")


@pytest.fixture
async def boto(service: Running) -> Boto:
    """The administrator's program."""
    return Boto(service.url, await access_key(service))


@pytest.fixture
async def shelf(service: Running, boto: Boto) -> Shelf:
    """The Guide's repository my_repo in my_domain, with a token of the administrator."""
    await boto.create_domain(domain="my_domain")
    await boto.create_repository(domain="my_domain", repository="my_repo")
    answer = await boto.get_authorization_token(domain="my_domain")
    return Shelf(service, answer["authorizationToken"], "my_repo")
