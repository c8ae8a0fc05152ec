"""Registries for people with a token only, and odd names (cargo.md §2.1, §4, §5)."""

import asyncio
import json
from pathlib import Path

import aiohttp

from tests.clients.conftest import Shop
from tests.crates import Crates, place
from tests.origin import Flip
from tests.running import Running

GUARDED = {"auth": {"anonymous": "none"}}
FROM_STDOUT = 'credential-provider = ["cargo:token-from-stdout", "{script}"]'


async def test_a_token_is_asked_for_and_sent_everywhere(
    crate_mirror: Running, workshop: Shop, tmp_path: Path
) -> None:
    """nora#857, gitea#26729: without `auth-required` cargo would never show it."""
    token = await crate_mirror.token()
    await crate_mirror.restart({**crate_mirror.config, **GUARDED})
    nobody = workshop()
    said = await nobody.run("add", "alpha", fails=True)
    assert "cargo login" in said.text
    stranger = workshop(token="wrong")
    said = await stranger.run("add", "alpha", fails=True)
    assert "token rejected" in said.text

    friend = workshop(token=token)
    await friend.run("add", "alpha")
    await friend.run("build")
    assert friend.locked["alpha"] == "1.1.0"

    script = tmp_path / "token"
    script.write_text(f"#!/bin/sh\nprintf '{token}\\n'\n")
    script.chmod(0o755)
    helped = workshop(provider=FROM_STDOUT.format(script=script))
    await helped.run("add", "alpha")
    await helped.run("build")
    helped.make("ours", "1.0.0", {})
    await helped.run("publish", "--allow-dirty")


async def test_names_of_all_lengths_and_spellings(
    crates: Crates, crate_mirror: Running, workshop: Shop
) -> None:
    for name in ("a", "bb", "ccc", "under_score", "AaLib"):
        crates.add(name, "1.0.0+b1")
    shop = workshop(instead=True)
    await shop.run("add", "a", "bb", "ccc", "under-score", "AaLib", "c")
    await shop.run("build")
    assert shop.locked["AaLib"] == "1.0.0+b1"
    assert shop.locked["under_score"] == "1.0.0+b1"
    assert set(crates.downloads().values()) == {1}


async def test_statuses_are_seen(crate_mirror: Running, workshop: Shop) -> None:
    shop = workshop(token=await crate_mirror.token())
    shop.make("ours", "1.0.0", {})
    await shop.run("publish", "--allow-dirty")
    address = f"{crate_mirror.registry(kind='cargo')}{place('ours')}"
    file = f"{crate_mirror.registry(kind='cargo')}dl/ours/ours-1.0.0.crate"

    async def seen() -> tuple[int, int, object]:
        """Of the index file and the crate the status, and whether the first one says yanked."""
        async with aiohttp.ClientSession() as session:
            async with session.get(address) as index:
                yanked = json.loads(await index.read()).get("yanked")
            async with session.get(file) as crate:
                return index.status, crate.status, yanked

    assert await seen() == (200, 200, False)
    for status, expected in (("unlisted", (200, 200, True)), ("archived", (404, 404, None))):
        await crate_mirror.run("package", "status", "cargo", "ours", status, "1.0.0")
        async with asyncio.timeout(30):  # until the server sees what the command line wrote
            while await seen() != expected:
                await asyncio.sleep(0.1)


async def test_a_file_that_contradicts_the_index_is_nobodys(
    crates: Crates, crate_mirror: Running, workshop: Shop
) -> None:
    """kellnr#311, crates.io#14219."""
    crates.files.always(crates.path("c", "0.1.0"), Flip(3))
    shop = workshop(instead=True)
    await shop.run("add", "c")
    said = await shop.run("build", fails=True)
    assert "502" in said.text
    assert crate_mirror.held("main", "c") == {}
    crates.files.always(crates.path("c", "0.1.0"), None)
    await shop.run("build")


async def test_owners_are_nobody_and_stay_so(crate_mirror: Running, workshop: Shop) -> None:
    shop = workshop(token=await crate_mirror.token())
    await shop.run("owner", "--list", "alpha")
    said = await shop.run("owner", "--add", "somebody", "alpha", fails=True)
    assert "policies" in said.text
