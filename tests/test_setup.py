"""The first start, and what the file declares."""

from pathlib import Path

import pytest

from mirror.config import load
from mirror.errors import Conflict, NotFound
from mirror.setup import KEY_FILE, first_start, reconcile
from mirror.store import secrecy
from mirror.store.domains import Domains
from mirror.store.users import Users
from tests.store.rows import OWNER, dump, opened


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setitem(secrecy._COST, "n", 2**4)


@pytest.fixture
async def database(tmp_path: Path):
    async with opened(tmp_path / "index.sqlite3") as database:
        yield database


@pytest.fixture
def users(database) -> Users:
    return Users(database, OWNER)


async def start(database, users, folder: Path):
    return await first_start(database, users, load(None, {}), folder)


async def declared(database, tmp_path: Path, text: str) -> dict[str, tuple[list[str], str | None]]:
    """Reconcile with a file of this text; every repository's upstreams and connection."""
    file = tmp_path / "mirror.yaml"
    file.write_text(text, encoding="utf-8")
    await reconcile(database, load(file, {}))
    topology = await Domains(database).topology()
    return {
        each.name: ([topology.repositories[id_].name for id_ in each.upstreams], each.connection)
        for each in topology.repositories.values()
    }


async def test_what_exists_before_anyone_configured_anything(database, users, tmp_path) -> None:
    first = await start(database, users, tmp_path)
    assert first is not None
    found = await dump(database)
    assert sorted(found) == [
        "access_key",
        "domain",
        "package_group",
        "principal",
        "repository",
        "repository_connection",
        "repository_upstream",
    ]
    topology = await Domains(database).topology()
    main = topology.find("default", "main")
    stores = [topology.repositories[each] for each in main.upstreams]
    assert "npm-store" in [each.name for each in stores]
    assert all(each.connection for each in stores)
    assert main.connection is None
    assert await users.by_password("admin", first.password)
    [key] = found["access_key"]
    assert key["id"] == first.access_key
    assert secrecy.unseal(key["secret"], tmp_path / KEY_FILE) == first.secret


async def test_the_second_start_is_none(database, users, tmp_path) -> None:
    await start(database, users, tmp_path)
    before = await dump(database)
    assert await start(database, users, tmp_path) is None
    assert await dump(database) == before


async def test_a_first_start_that_was_cut_short(database, users, tmp_path) -> None:
    await users.create("admin", "lost")
    first = await start(database, users, tmp_path)
    assert first is not None
    assert await users.by_password("admin", first.password)


async def test_users_that_were_made_before_the_first_start(database, users, tmp_path) -> None:
    await users.create("ci", "one")
    first = await start(database, users, tmp_path)
    assert first is not None
    assert await users.names() == [("admin", True), ("ci", True)]
    assert await users.by_password("ci", "one")


async def test_nothing_declared_changes_nothing(database, users, tmp_path) -> None:
    await start(database, users, tmp_path)
    before = await dump(database)
    await declared(database, tmp_path, "server: {}\n")
    assert await dump(database) == before


async def test_declared_is_made_and_the_rest_left_alone(database, users, tmp_path) -> None:
    await start(database, users, tmp_path)
    text = """
connections:
  vendor: {format: npm, url: "https://npm.vendor.example"}
repositories:
  team: {description: ours, upstreams: [vendor-store, npm-store]}
  vendor-store: {connection: vendor}
"""
    before = await declared(database, tmp_path, "repositories: {}")
    found = await declared(database, tmp_path, text)
    assert found == before | {
        "team": (["vendor-store", "npm-store"], None),
        "vendor-store": ([], "vendor"),
    }
    assert await declared(database, tmp_path, text) == found
    assert await declared(database, tmp_path, "repositories: {team: {description: x}}") == found


async def test_upstreams_can_be_taken_away_and_change_places(database, users, tmp_path) -> None:
    await start(database, users, tmp_path)
    await declared(database, tmp_path, "repositories: {aa: {upstreams: [bb]}, bb: {}}")
    found = await declared(
        database, tmp_path, "repositories: {bb: {upstreams: [aa]}, aa: {upstreams: []}}"
    )
    assert (found["aa"], found["bb"]) == (([], None), (["aa"], None))


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (
            "repositories: {aa: {upstreams: [bb]}, bb: {upstreams: [aa]}}",
            Conflict,
            "repository 'bb' would be its own upstream: aa",
        ),
        (
            "repositories: {aa: {upstreams: [nobody]}}",
            NotFound,
            "upstream 'nobody' of 'aa' does not exist",
        ),
        (
            "repositories: {aa: {upstreams: [main, main]}}",
            Conflict,
            "repository 'aa' names an upstream twice: main, main",
        ),
    ],
)
async def test_a_mistake_changes_nothing(database, users, tmp_path, text, error, said) -> None:
    await start(database, users, tmp_path)
    before = await dump(database)
    with pytest.raises(error) as caught:
        await declared(database, tmp_path, text)
    assert str(caught.value) == said
    assert await dump(database) == before
