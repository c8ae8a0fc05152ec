"""A server that declares: when it starts, when it is told to read the file again, and mistakes."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.server import Mirror

NOBODY = {"connections": {"public:npmjs": {"url": "http://127.0.0.1:9"}}}
SECONDS = 20.0


def declaring(**declared: Any) -> dict[str, Any]:
    return {**NOBODY, **declared}


async def until_said(mirror: Mirror, text: str) -> None:
    async with asyncio.timeout(SECONDS):
        while text not in mirror.said():
            await asyncio.sleep(0.05)


async def test_what_the_file_declares_is_there_and_follows_the_file(tmp_path: Path) -> None:
    config = declaring(repositories={"team": {"upstreams": ["main"]}}, users={"ci": {}})
    async with Mirror(tmp_path, config) as mirror:
        assert (await mirror.get("/npm/team/-/ping")).status == 200
        assert (await mirror.get("/npm/later/-/ping")).status == 404
        assert await mirror.cli("user", "list") == (0, "admin\nci\n")
        assert (await mirror.cli("plan"))[1].startswith("nothing to do")

        mirror.config.write_text(json.dumps({**config, "repositories": {"later": {}}}))
        assert await mirror.cli("plan") == (0, "+ repository 'later'\n")
        assert mirror.process is not None
        mirror.process.send_signal(signal.SIGHUP)
        await until_said(mirror, "everything is as it declares")
        assert (await mirror.get("/npm/later/-/ping")).status == 200
        assert (await mirror.get("/npm/team/-/ping")).status == 200

        mirror.config.write_text("repositories: {npm-store: {upstreams: [main]}}")
        mirror.process.send_signal(signal.SIGHUP)
        await until_said(mirror, "the configuration was not reloaded: ")
        assert "mirror.yaml:1: repositories.npm-store.upstreams: " in mirror.said()
        assert (await mirror.get("/npm/later/-/ping")).status == 200
        assert await mirror.stop() == 0


async def test_a_server_does_not_start_as_something_else_than_declared(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path, declaring(repositories={"team": {"upstreams": ["nobody"]}}))
    with pytest.raises(RuntimeError) as caught:
        await mirror.start()
    *_, last = str(caught.value).splitlines()
    assert last.startswith("Error: ")
    assert "mirror.yaml:1: repositories.team.upstreams: there is no repository 'nobody'" in last
    assert await mirror.cli("user", "list") == (0, "")  # nobody missed the first start's secrets
