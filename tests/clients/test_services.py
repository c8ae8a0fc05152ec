"""What clients ask beside packages: who they are, search, audits, keys (npm.md §14.1, 2, 16, 17, 23)."""

import base64
import json
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.clients.clients import package
from tests.clients.conftest import Seat
from tests.clients.registry import Registry
from tests.running import Running

pytestmark = pytest.mark.client

ADVISORY = {
    "left": [
        {
            "id": 1,
            "url": "https://example.com/advisories/1",
            "title": "left turns right",
            "severity": "high",
            "vulnerable_versions": "<3.0.0",
            "cwe": [],
            "cvss": {"score": 7.5, "vectorString": None},
        }
    ]
}


async def test_ping_and_view(mirror: Running, seat: Seat) -> None:
    desk = seat("npm-11")
    assert "PONG" in (await desk.run("ping")).text
    assert (await desk.run("view", "left", "version")).text.strip() == "2.1.0"
    tags = json.loads((await desk.run("view", "left", "dist-tags", "--json")).text)
    assert tags == {"latest": "2.1.0", "next": "3.0.0-beta.1"}
    assert (await desk.run("view", "@tools/deep@1.0.0", "version")).text.strip() == "1.0.0"
    missing = await desk.run("view", "not-there", check=False)
    assert "E404" in missing.text


@pytest.mark.parametrize("client", ["npm-6", "npm-8", "npm-11"])
async def test_a_wrong_token_says_so(client: str, mirror: Running, seat: Seat) -> None:
    """User Guide: `npm ping` verifies the token as well."""
    refused = await seat(client, token="mirror_wrong").run("ping", check=False)
    assert refused.status != 0
    assert "E401" in refused.text
    if client != "npm-6":
        assert "authentication token seems to be invalid" in refused.text


@pytest.mark.parametrize("client", ["npm-6", "npm-11"])
async def test_login_whoami_logout(
    client: str, mirror: Running, seat: Seat, tmp_path: Path
) -> None:
    await mirror.run("user", "create", "jo", "--password", "a long password")
    desk = seat(client)
    answers = {"Username:": "jo", "Password:": "a long password"}
    if client == "npm-6":
        answers["Email:"] = "jo@example.com"
    await desk.run("login", "--auth-type=legacy", answers=answers)
    assert (await desk.run("whoami")).text.split()[-1] == "jo"
    await desk.publish(package(tmp_path / "a", "plain", "1.0.0"))
    token = (desk.home / ".npmrc").read_text().partition("_authToken=")[2].split()[0].strip('"')

    await desk.run("logout")
    assert (await desk.run("whoami", check=False)).status != 0
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{mirror.registry()}-/whoami", headers=headers) as answer:
            assert answer.status == 401
    assert token not in json.dumps(mirror.log)


@pytest.mark.parametrize("client", ["yarn-4", "bun", "pnpm-10"])
async def test_whoami(client: str, mirror: Running, seat: Seat) -> None:
    desk = seat(client, token=await mirror.token("jo"))
    command = {"yarn-4": ("npm", "whoami"), "bun": ("pm", "whoami")}.get(client, ("whoami",))
    assert "jo" in (await desk.run(*command)).text


async def test_a_wrong_password(mirror: Running, seat: Seat) -> None:
    desk = seat("npm-11")
    answers = {"Username:": "admin", "Password:": "wrong"}
    refused = await desk.run("login", "--auth-type=legacy", answers=answers, check=False)
    assert refused.status != 0
    assert "401" in refused.text


async def test_search(registry: Registry, mirror: Running, seat: Seat, tmp_path: Path) -> None:
    """Ours and the upstream's in one list."""
    found = {
        "objects": [
            {
                "package": {
                    "name": "left",
                    "version": "2.1.0",
                    "description": "turns",
                    "date": "2020-02-03T00:00:00.000Z",
                    "publisher": {"username": "somebody"},
                    "maintainers": [],
                    "links": {},
                },
                "score": {"final": 1, "detail": {}},
                "searchScore": 1,
            }
        ],
        "total": 1,
        "time": "2020-02-03T00:00:00.000Z",
    }
    registry.origin.serve_json("/-/v1/search", found)
    await seat("npm-11", token=await mirror.token()).publish(
        package(tmp_path / "a", "turn-left", "1.0.0", description="our own turning")
    )
    for client in ("npm-8", "npm-11"):
        printed = json.loads((await seat(client).run("search", "left", "--json")).text)
        assert {each["name"] for each in printed} == {"left", "turn-left"}


@pytest.mark.parametrize("client", ["npm-8", "npm-11", "pnpm-11", "yarn-4"])
async def test_audit(client: str, registry: Registry, mirror: Running, seat: Seat) -> None:
    """artifact-keeper#3644: npm compresses what it sends, and a lost header reads as "clean"."""
    registry.origin.serve_json("/-/npm/v1/security/advisories/bulk", ADVISORY)
    desk = seat(client)
    await desk.add("left")
    command = ("npm", "audit", "--all", "--recursive") if client == "yarn-4" else ("audit",)
    printed = await desk.run(*command, check=False)
    assert "left turns right" in printed.text


@pytest.mark.parametrize("client", ["npm-6", "npm-11", "pnpm-10", "yarn-4"])
async def test_an_audit_that_nobody_answers_is_not_clean(
    client: str, mirror: Running, seat: Seat
) -> None:
    desk = seat(client)
    await desk.add("left")
    command = ("npm", "audit") if client == "yarn-4" else ("audit",)
    printed = await desk.run(*command, check=False)
    assert printed.status != 0
    assert "found 0" not in printed.text
    # An install with the audit on, as npm's own default has it, passes.
    if desk.tool == "npm":
        await desk.run("install", "right", "--no-update-notifier")


async def test_signatures_survive(registry: Registry, mirror: Running) -> None:
    """npm.md §8: what `npm audit signatures` checks, checked here without its network."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{mirror.registry()}-/npm/v1/keys") as answer:
            keys = {each["keyid"]: each for each in (await answer.json())["keys"]}
        async with session.get(f"{mirror.registry()}left") as answer:
            packument = await answer.json()
    assert packument["versions"].keys() <= packument["time"].keys()  # keys expire, npm compares
    for version, manifest in packument["versions"].items():
        dist = manifest["dist"]
        (signature,) = dist["signatures"]
        key = serialization.load_der_public_key(base64.b64decode(keys[signature["keyid"]]["key"]))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(
            base64.b64decode(signature["sig"]),
            f"left@{version}:{dist['integrity']}".encode(),
            ec.ECDSA(hashes.SHA256()),
        )


async def test_outdated_update_and_exec(registry: Registry, mirror: Running, seat: Seat) -> None:
    registry.add(
        "say",
        "1.0.0",
        bin={"say": "say.js"},
        files={
            "say.js": b"#!/usr/bin/env node\nconsole.log('moo ' + process.argv[2])\n",
        },
    )
    registry.add(
        "create-thing",
        "1.0.0",
        bin={"create-thing": "make.js"},
        files={
            "make.js": b"#!/usr/bin/env node\nconsole.log('a thing was made')\n",
        },
    )
    desk = seat("npm-11")
    desk.describe(dependencies={"left": "^2.0.0"})
    await desk.add("left@2.0.0", "--save-exact")
    desk.describe(dependencies={"left": "^2.0.0"})
    outdated = json.loads((await desk.run("outdated", "--json", check=False)).text)
    assert outdated["left"] == {
        "current": "2.0.0",
        "wanted": "2.1.0",
        "latest": "2.1.0",
        "dependent": "project",
        "location": str(desk.project / "node_modules/left"),
    }
    await desk.run("update", "--no-audit")
    assert desk.installed("left")["version"] == "2.1.0"
    assert "moo there" in (await desk.run("exec", "--yes", "say", "there")).text
    assert "a thing was made" in (await desk.run("init", "--yes", "thing")).text
