"""Who imports whom: formats and decisions stay pure, edges stay apart, one file knows them all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EVERYTHING = "*"
BYTES = "store.batches store.blobs store.files store.writing"
HTTP = "endpoints.bodies endpoints.entity endpoints.exchange endpoints.routing endpoints.sending"
RECORDS = "store.changes store.domains store.users store.health"  # values; rows stay behind them
DECISIONS = (
    "formats.format formats.intents formats.changes repositories.chain repositories.origins"
    " repositories.freshness repositories.merging repositories.groups"
)

# A file follows its longest line here, and may import its own folder, `model`, `errors` and what
# the line names. A file without a line fails: decide where it belongs, then write it down.
RULES = {
    "mirror":                         "",
    "mirror.model":                   "",
    "mirror.errors":                  "",
    "mirror.arns":                    "",
    "mirror.codings":                 "",
    "mirror.formats":                 "",  # pure, and ecosystems never import each other
    "mirror.compute":                 "",
    "mirror.store":                   "",
    "mirror.telemetry":               "",
    "mirror.config":                  "formats",
    "mirror.upstream":                BYTES,
    "mirror.auth":                    "store",
    "mirror.auth.policies":           "",
    "mirror.auth.signatures":         "",
    "mirror.repositories":            "formats store upstream compute",
    "mirror.repositories.chain":      DECISIONS,
    "mirror.repositories.origins":    DECISIONS,
    "mirror.repositories.freshness":  DECISIONS,
    "mirror.repositories.merging":    DECISIONS,
    "mirror.repositories.groups":     DECISIONS,
    "mirror.endpoints":               f"formats repositories auth telemetry {BYTES} {RECORDS}",
    "mirror.api":                     f"formats repositories auth telemetry store {HTTP}",
    "mirror.console":                 "formats repositories auth telemetry",
    "mirror.registries":              "config formats telemetry upstream",
    "mirror.app":                     EVERYTHING,
    "mirror.declared":                "api.api arns auth.policies config repositories.groups store",
    "mirror.declared.first":          "declared.present formats",
    "mirror.declared.present":        "",
    "mirror.setup":                   "config declared.first store",
    "mirror.inspection":              "app formats repositories store",
    "mirror.server":                  "app config declared endpoints setup store telemetry",
    "mirror.authorization":           "app arns auth formats store.users",
    "mirror.login":                   "",
    "mirror.cli":                     "app config declared login setup",
    "mirror.cli.remote":              "api auth.signatures cli",
    "mirror.__main__":                "cli",
}  # fmt: skip

# Bytes and rows in, values out: time, chance and I/O come as arguments.
PURE = (
    "mirror.arns", "mirror.codings", "mirror.auth.policies", "mirror.auth.signatures", "mirror.formats",
    *(name for name, allowed in RULES.items() if allowed == DECISIONS),
)  # fmt: skip
IMPURE = {
    "aiofiles", "aiohttp", "aiosqlite", "asyncio", "concurrent", "multiprocessing", "random",
    "secrets", "socket", "sqlite3", "subprocess", "threading", "time", "urllib.request", "uuid",
    "uvloop",
}  # fmt: skip

# The command line imports what a command needs when it runs, so that `--help` stays quick.
LAZY = ("mirror.cli",)

SHARED = ("mirror.model", "mirror.errors", "mirror.arns", "mirror.codings")


def files() -> list[Path]:
    return sorted((ROOT / "mirror").rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}.")


def rule_of(module: str) -> str | None:
    known = [name for name in RULES if within(module, name)]
    best = max(known, key=len)
    # The package itself has a line, which must not become the rule of every new folder.
    return best if best != "mirror" or module == "mirror" else None


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(imported name, whether at the top of the file); names of modules are spelled in full."""
    module = module_name(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, *filter(None, [node.module])])
            for alias in node.names:
                # `from mirror.store import blobs` names a module, `…blobs import Blobs` does not.
                full = f"{base}.{alias.name}"
                yield full if is_module(full) else base, id(node) not in lazy


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def complaint(module: str, imported: str, at_top: bool) -> str | None:
    """Why `module` must not import `imported`; None where it may."""
    rule = rule_of(module)
    if rule is None:
        return f"{module} has no line in RULES"
    if any(within(module, pure) for pure in PURE):
        if any(within(imported, name) for name in IMPURE):
            return f"{module} is pure and must not import {imported}"
        ecosystem = ecosystem_of(module)
        other = ecosystem_of(imported)
        if ecosystem and other and ecosystem != other:
            return f"{module} must not import another ecosystem's {imported}"
    if not within(imported, "mirror") or imported in SHARED or RULES[rule] == EVERYTHING:
        return None
    if not at_top and any(within(module, lazy) for lazy in LAZY):
        return None
    # A folder is one layer; a file with a line of its own has left it.
    if rule != "mirror" and within(imported, rule):
        return None
    allowed = RULES[rule].split()
    if any(within(imported, f"mirror.{name}") for name in allowed):
        return None
    return f"{module} must not import {imported}"


def ecosystem_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[:2] == ["mirror", "formats"] and len(parts) > 2:
        return parts[2] if (ROOT / "mirror" / "formats" / parts[2]).is_dir() else None
    return None


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_imports_keep_to_the_layers(path: Path) -> None:
    module = module_name(path)
    assert rule_of(module), f"{module} has no line in RULES: decide where it belongs"
    found = [complaint(module, imported, at_top) for imported, at_top in imports(path)]
    assert [each for each in found if each] == []


@pytest.mark.parametrize(
    ("module", "imported", "allowed"),
    [
        ("mirror.model", "mirror.formats", False),
        ("mirror.model", "json", True),
        ("mirror.formats.npm.names", "mirror.formats.digests", True),
        ("mirror.formats.npm.names", "mirror.store.blobs", False),
        ("mirror.formats.npm.names", "time", False),
        ("mirror.formats.npm.names", "asyncio.subprocess", False),
        ("mirror.formats.npm.names", "urllib.parse", True),
        ("mirror.repositories.chain", "mirror.formats.format", True),
        ("mirror.repositories.chain", "mirror.formats.npm", False),
        ("mirror.repositories.chain", "mirror.repositories.origins", True),
        ("mirror.repositories.chain", "mirror.repositories.listings", False),
        ("mirror.store.blobs", "mirror.upstream.client", False),
        ("mirror.upstream.flights", "mirror.store.blobs", True),
        ("mirror.upstream.flights", "mirror.store.database", False),
        ("mirror.telemetry.logs", "mirror.errors", True),
        ("mirror.telemetry.logs", "mirror.config", False),
        ("mirror.endpoints.handler", "mirror.upstream.flights", False),
        ("mirror.endpoints.handler", "mirror.upstream.client", False),
        ("mirror.app", "mirror.endpoints.handler", True),
        ("mirror.cli", "mirror.store.database", False),
        ("mirror.utils.strings", "json", False),
        ("mirror.utils", "mirror.model", False),
    ],
)
def test_the_rules_themselves(module: str, imported: str, allowed: bool) -> None:
    assert (complaint(module, imported, at_top=True) is None) is allowed


def test_the_command_line_may_import_late() -> None:
    assert complaint("mirror.cli", "mirror.store.database", at_top=False) is None
    assert complaint("mirror.store.blobs", "mirror.upstream.client", at_top=False) is not None
