from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mirror.config import ConfigError, Settings, load


@pytest.fixture
def from_text(tmp_path: Path) -> Callable[..., Settings]:
    """Settings from a file with this text, and an environment."""

    def loaded(text: str, environ: Mapping[str, str] | None = None) -> Settings:
        file = tmp_path / "mirror.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, environ or {})

    return loaded


@pytest.fixture
def mistakes(tmp_path: Path, from_text: Callable[..., Settings]) -> Callable[..., list[str]]:
    """The lines of the error that a file with this text, and an environment, leads to."""

    def told(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            from_text(text, environ)
        # A traceback must not show what pydantic's own message repeats.
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return told
