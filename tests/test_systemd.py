"""The unit file: hardened, and in agreement with the configuration."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mirror.config import Settings, load

UNIT = Path(__file__).parent.parent / "systemd" / "mirror.service"


def directives(name: str) -> list[str]:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def seconds(text: str) -> float:
    number = text.removesuffix("min")
    return float(number) * (60 if number != text else 1)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
def test_exposure_is_at_most_two() -> None:
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", UNIT],
        capture_output=True,
        text=True,
        timeout=30,
    )
    if "unrecognized option" in result.stderr:
        pytest.skip("this systemd-analyze has no --offline")
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
def test_systemd_understands_every_line() -> None:
    result = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", UNIT],
        capture_output=True,
        text=True,
        timeout=30,
    )
    complaints = [line for line in result.stderr.splitlines() if "mirror.service" in line]
    # Nothing is installed at /opt/mirror where tests run.
    assert [line for line in complaints if "is not executable" not in line] == []


def test_the_state_directory_is_where_the_server_keeps_its_data() -> None:
    (name,) = directives("StateDirectory")
    state = f"/var/lib/{name}"
    assert load(None, {"STATE_DIRECTORY": state}).data_dir == Path(state)
    assert f"MIRROR_DATA_DIR={state} " in UNIT.read_text(encoding="utf-8")


def test_shutdown_has_its_grace_before_systemd_kills() -> None:
    (stop,) = directives("TimeoutStopSec")
    assert seconds(stop) >= Settings().server.shutdown_grace + 10
    assert f"systemd unit kills after {stop} s" in Path(
        UNIT.parent.parent / "config.example.yaml"
    ).read_text(encoding="utf-8")


def test_descriptors_suffice_for_the_defaults() -> None:
    (files,) = directives("LimitNOFILE")
    settings = Settings()
    # Clients may each have one file open beside their socket.
    assert int(files) > 2 * settings.server.max_connections + settings.cache.open_files


def test_start_and_watchdog() -> None:
    assert directives("Type") == ["notify"]
    assert directives("Restart") == ["on-failure"]
    assert directives("ExecStart") == [
        "/opt/mirror/bin/mirror serve --config /etc/mirror/mirror.yaml"
    ]
    assert seconds(*directives("WatchdogSec")) >= 30
    assert directives("EnvironmentFile")[0].startswith("-")
