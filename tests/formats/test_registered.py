import ast
from pathlib import Path

import pytest

import mirror.formats
from mirror.formats import FORMATS

IMPURE = {
    "asyncio",
    "aiohttp",
    "aiosqlite",
    "aiofiles",
    "time",
    "random",
    "socket",
    "os",
    "pathlib",
}
FILES = sorted(Path(mirror.formats.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_registered_under_its_own_name(name: str) -> None:
    found = FORMATS[name]
    assert found.name == name
    assert found.lifetime > 0
    assert all(connection.url.endswith("/") for connection in found.connections)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-2:]))
def test_formats_are_pure_and_independent(file: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert not {name.partition(".")[0] for name in imported} & IMPURE
    ours = {name for name in imported if name.startswith("mirror.")}
    allowed = ("mirror.errors", "mirror.model", "mirror.formats")
    assert all(name.startswith(allowed) for name in ours)
    inside = file.relative_to(FILES[0].parent).parts
    if len(inside) > 1:
        others = {name.split(".")[2] for name in ours if name.count(".") >= 3}
        assert others <= {inside[0]}
