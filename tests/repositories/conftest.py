from pathlib import Path

import pytest

from tests.repositories.world import made


@pytest.fixture
async def world(tmp_path: Path):
    async with made(tmp_path) as world:
        yield world
