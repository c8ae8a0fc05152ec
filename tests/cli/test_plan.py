"""What start-up would change."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mirror.cli import main
from tests.cli.conftest import Run, said


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mirror.yaml"
    path.write_text("repositories: {team: {upstreams: [main]}, main: {description: all}}")
    return str(path)


def test_the_steps_are_shown_and_not_made(run: Run, file: str) -> None:
    for _ in range(2):
        said(
            run("plan", "--config", file),
            "~ description of repository 'main': all\n+ repository 'team' with upstreams main\n",
        )
    assert "team" not in run("repo", "list").output


def test_steps_for_scripts(run: Run, file: str) -> None:
    steps = json.loads(run("plan", "--json", "--config", file).output)
    assert steps[1] == {
        "sign": "+",
        "says": "repository 'team' with upstreams main",
        "operation": "CreateRepository",
        "members": {
            "domain": "default",
            "repository": "team",
            "upstreams": [{"repositoryName": "main"}],
        },
        "path": ["repositories", "team"],
    }


def test_nothing_to_do(run: Run) -> None:
    said(run("plan"), "nothing to do: everything is as the configuration declares\n")
    said(run("plan", "--json"), "[]\n")


def test_before_the_first_start_it_is_taken_for_granted(tmp_path: Path, file: str) -> None:
    result = CliRunner().invoke(main, ["plan", "--config", file, "--data-dir", str(tmp_path / "n")])
    assert result.output.endswith("+ repository 'team' with upstreams main\n")
    assert result.output.count("\n") == 2


def test_a_conflict_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mirror.yaml"
    file.write_text("repositories:\n  npm-store: {upstreams: [main]}")
    result = run("plan", "--config", str(file))
    assert result.exit_code == 1
    assert (
        f"{file}:2: repositories.npm-store.upstreams: repository 'npm-store' has" in result.output
    )
