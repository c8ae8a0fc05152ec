"""What every test has."""

import pytest

LONGEST_ID = 40
"""Bytes that a parameter may have for its own text to name the test."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that talk to the real registries run only when asked for: `-m live`."""
    if config.option.markexpr:
        return
    live = [item for item in items if item.get_closest_marker("live")]
    if live:
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if item not in live]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Large bytes are named by their parameter: every process must give a test the same name.

    Archives made at import hold the second of their making, and pytest-xdist refuses workers
    that collected different names.
    """
    return argname if isinstance(val, bytes) and len(val) > LONGEST_ID else None
