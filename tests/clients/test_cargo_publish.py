"""What cargo publishes, and what others try to (cargo.md §3, §11)."""

import asyncio
import json
import struct
from typing import Any

import aiohttp

from tests.clients.conftest import Shop
from tests.crates import Crates, packed, place
from tests.running import Running

HERE = 'registry = "mirror"'
RICH = """
[dependencies.other]
package = "alpha"
version = "1"
registry = "mirror"
optional = true

[target.'cfg(unix)'.dependencies]
c = { version = "0.1", registry = "mirror", default-features = false }

[dev-dependencies]
beta = { version = "=1.0.3", registry = "mirror" }

[build-dependencies]
beta = { version = "1", registry = "mirror" }

[features]
default = ["weak"]
weak = ["other?/std"]
strong = ["dep:other"]
"""


async def test_everything_that_a_manifest_says(
    crates: Crates, workshop: Shop, crate_mirror
) -> None:
    """Renamed, optional, platform's, development's (gitea#31500, cargo#14148)."""
    crates.add("alpha", "1.2.0", features={"std": []})
    shop = workshop(token=await crate_mirror.token())
    root = shop.make("rich", "1.0.0-rc.1+build.5", {}, RICH)
    text = (root / "Cargo.toml").read_text()
    more = 'rust-version = "1.60"\nlinks = "rich"\nbuild = "build.rs"\n'
    (root / "Cargo.toml").write_text(text.replace('license = "MIT"\n', f'license = "MIT"\n{more}'))
    (root / "build.rs").write_text("fn main() {}\n")
    await shop.run("publish", "--allow-dirty", "--no-verify")
    [line] = await lines(crate_mirror, "rich")
    assert (line["vers"], line["links"], line["rust_version"]) == (
        "1.0.0-rc.1+build.5",
        "rich",
        "1.60",
    )
    found = {(each["name"], each["kind"]): each for each in line["deps"]}
    assert found["other", "normal"]["package"] == "alpha"
    assert found["other", "normal"]["optional"] is True
    assert found["c", "normal"]["target"] == "cfg(unix)"
    assert found["c", "normal"]["default_features"] is False
    assert found["beta", "dev"]["req"] == "=1.0.3"
    assert found["beta", "build"]["kind"] == "build"
    assert not any(each.get("registry") for each in line["deps"])
    shop.make("bench", "0.1.0", {"rich": f'{{ version = "=1.0.0-rc.1", {HERE} }}'})
    await shop.run("fetch")
    assert shop.locked["rich"] == "1.0.0-rc.1+build.5"
    assert shop.locked["alpha"] == "1.2.0"


async def test_a_workspace_whose_members_need_one_another(workshop: Shop, crate_mirror) -> None:
    """The second crate finds the first at once (cargo 1.90's `--workspace`)."""
    shop = workshop(token=await crate_mirror.token())
    (shop.project / "Cargo.toml").write_text(
        '[workspace]\nresolver = "2"\nmembers = ["first", "second"]\n'
    )
    shop.make("first", "1.0.0", {}, folder="first")
    needs = f'{{ version = "1", path = "../first", {HERE} }}'
    shop.make("second", "1.0.0", {"first": needs}, folder="second")
    async with asyncio.timeout(45):  # it would wait for a minute to see what it published
        await shop.run("publish", "--workspace", "--allow-dirty")
    [line] = await lines(crate_mirror, "second")
    assert [each["name"] for each in line["deps"]] == ["first"]


async def test_what_is_published_stays_as_it_is(crate_mirror: Running) -> None:
    token = await crate_mirror.token()
    data = packed("ours", "1.0.0", {})
    async with aiohttp.ClientSession() as session:
        for expected, version, crate in (
            (200, "1.0.0", data),
            (200, "1.0.0", data),
            (409, "1.0.0", packed("ours", "1.0.0", {"alpha": "1"})),
            (409, "1.0.0+other", packed("ours", "1.0.0+other", {})),
            (200, "1.0.1+other", packed("ours", "1.0.1+other", {})),
            (400, "1.0.2", packed("ours", "1.0.3", {})),
            (400, "1.0", packed("ours", "1.0", {})),
        ):
            status, said = await put(session, crate_mirror, token, frame("ours", version, crate))
            assert status == expected, said
            assert (status == 200) is ("errors" not in said)
    assert [each["vers"] for each in await lines(crate_mirror, "ours")] == ["1.0.0", "1.0.1+other"]


async def test_a_name_from_outside_is_not_published_over(
    crates: Crates, crate_mirror: Running
) -> None:
    token = await crate_mirror.token()
    data = packed("alpha", "1.0.0", {})
    async with aiohttp.ClientSession() as session:
        status, said = await put(session, crate_mirror, token, frame("alpha", "1.0.0", data))
        assert status == 409
        assert "public:crates-io" in said["errors"][0]["detail"]
        crates.add("later", "0.1.0")
        ours = packed("later", "9.0.0", {})
        assert (await put(session, crate_mirror, token, frame("later", "9.0.0", ours)))[0] == 200
        alike = packed("la-ter", "1.0.0", {})
        assert (await put(session, crate_mirror, token, frame("la-ter", "1.0.0", alike)))[0] == 200
        twin = packed("la_ter", "1.0.0", {})
        status, said = await put(session, crate_mirror, token, frame("la_ter", "1.0.0", twin))
        assert status == 409
        assert "'la-ter'" in said["errors"][0]["detail"]
    # Published here first: the name is ours, whoever takes it outside (dependency confusion).
    assert [each["vers"] for each in await lines(crate_mirror, "later")] == ["9.0.0"]


async def test_frames_that_are_no_publication(crate_mirror: Running) -> None:
    token = await crate_mirror.token()
    good = frame("ours", "1.0.0", packed("ours", "1.0.0", {}))
    async with aiohttp.ClientSession() as session:
        for body in (
            b"",
            good[:-1],
            good + b"x",
            struct.pack("<I", 2**32 - 1) + good[4:],
            struct.pack("<I", 2) + b"[]" + struct.pack("<I", 0),
            frame("ours", "1.0.0", b"no archive"),
        ):
            status, said = await put(session, crate_mirror, token, body)
            assert status in (400, 413), said
            assert said["errors"][0]["detail"]
        anonymous, said = await put(session, crate_mirror, None, good)
        assert anonymous == 401
        assert "mirror token create" in said["errors"][0]["detail"]
    assert await lines(crate_mirror, "ours") == []


async def test_twenty_at_once(crate_mirror: Running) -> None:
    """nora#650 lost versions: each read the index, and wrote it back."""
    token = await crate_mirror.token()
    versions = [f"1.0.{number}" for number in range(20)]
    async with aiohttp.ClientSession() as session:
        frames = (frame("ours", each, packed("ours", each, {})) for each in versions)
        done = await asyncio.gather(*(put(session, crate_mirror, token, body) for body in frames))
    assert {status for status, _ in done} == {200}
    assert sorted(each["vers"] for each in await lines(crate_mirror, "ours")) == sorted(versions)


def frame(name: str, version: str, crate: bytes, **more: Any) -> bytes:
    """A publish request's body."""
    said = json.dumps({"name": name, "vers": version, "deps": [], "features": {}, **more}).encode()
    return struct.pack("<I", len(said)) + said + struct.pack("<I", len(crate)) + crate


async def put(
    session: aiohttp.ClientSession, mirror: Running, token: str | None, body: bytes
) -> tuple[int, dict[str, Any]]:
    """Publish; the status and what was answered."""
    headers = {} if token is None else {"Authorization": token}
    address = f"{mirror.registry(kind='cargo')}api/v1/crates/new"
    async with session.put(address, data=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def lines(mirror: Running, name: str) -> list[dict[str, Any]]:
    """What the index says of a crate."""
    address = f"{mirror.registry(kind='cargo')}{place(name)}"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        text = await answer.text()
        return [json.loads(line) for line in text.splitlines()] if answer.status == 200 else []
