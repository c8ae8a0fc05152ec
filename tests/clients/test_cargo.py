"""cargo against a mirror of a crates registry (cargo.md §11)."""

import pytest

from tests.clients.cargos import CARGOS
from tests.clients.conftest import Shop
from tests.crates import Crates
from tests.running import Running

THEIRS = '{ version = "^1", registry = "mirror" }'


@pytest.mark.parametrize("client", CARGOS)
async def test_cold_warm_and_cut(client: str, crates: Crates, workshop: Shop) -> None:
    shop = workshop(client, instead=True)
    await shop.run("add", "alpha")
    await shop.run("build")
    assert shop.locked == {"alpha": "1.1.0", "bench": "0.1.0", "beta": "1.0.3", "c": "0.1.0"}
    asked = crates.downloads()
    assert set(asked.values()) == {1}

    shop.freshen()
    await shop.run("build", "--locked")
    await crates.cut()
    shop.freshen()
    await shop.run("build", "--locked")
    assert crates.downloads() == asked
    # With a mirror in its place, a lock file names crates.io, and is good without the mirror.
    lock = (shop.project / "Cargo.lock").read_text()
    assert lock.count('"registry+https://github.com/rust-lang/crates.io-index"') == 3

    # Nobody knows whether it exists: that is not "no such crate".
    unknown = await shop.run("add", "delta", fails=True)
    assert "could not be found" not in unknown.text


@pytest.mark.parametrize("client", CARGOS)
async def test_published_and_seen_at_once(
    client: str, crate_mirror: Running, workshop: Shop
) -> None:
    shop = workshop(client, token=await crate_mirror.token())
    shop.make("ours", "1.0.0", {"alpha": THEIRS})
    await shop.run("publish", "--allow-dirty")
    # The same once more: new ones look at the index first, old ones are told that all is well.
    await shop.run("publish", "--allow-dirty", fails=client != "cargo-1.74.1")

    shop.make("bench", "0.1.0", {})
    await shop.run("add", "ours")
    await shop.run("build")
    assert shop.locked["ours"] == "1.0.0"
    assert shop.locked["beta"] == "1.0.3"
    assert "Says ours" in (await shop.run("search", "ours")).text


async def test_yanked_and_back(crate_mirror: Running, workshop: Shop) -> None:
    shop = workshop(token=await crate_mirror.token())
    shop.make("ours", "1.0.0", {})
    await shop.run("publish", "--allow-dirty")
    shop.make("bench", "0.1.0", {"ours": THEIRS})
    await shop.run("build")

    await shop.run("yank", "--version", "1.0.0", "ours")
    shop.freshen()
    await shop.run("build", "--locked")  # who has it in a lock file is not broken
    (shop.project / "Cargo.lock").unlink()
    refused = await shop.run("build", fails=True)
    assert "yanked" in refused.text

    await shop.run("yank", "--undo", "--version", "1.0.0", "ours")
    await shop.run("build")


async def test_an_upstream_yank_arrives(
    crates: Crates, crate_mirror: Running, workshop: Shop
) -> None:
    await crate_mirror.restart({**crate_mirror.config, "cache": {"lifetimes": {"cargo": 0}}})
    shop = workshop(instead=True)
    await shop.run("add", "alpha")
    await shop.run("build")
    crates.change("alpha", "1.1.0", yanked=True)
    other = workshop(instead=True)
    await other.run("add", "alpha")
    await other.run("build")
    assert other.locked["alpha"] == "1.0.0"
    await shop.run("build", "--locked")
