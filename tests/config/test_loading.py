"""The file and the environment, and mistakes in either."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mirror.config import ConfigError, Settings, load
from mirror.config.registries import Section
from mirror.config.written import variables

FromText = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


# ---------------------------------------------------------------- environment


def test_every_setting_has_a_variable() -> None:
    names = variables()
    for expected in (
        "MIRROR_DATA_DIR",
        "MIRROR_SERVER_PORT",
        "MIRROR_AUTH_ANONYMOUS",
        "MIRROR_CONNECTIONS",
    ):
        assert expected in names
    sections = {name: kind.annotation for name, kind in Settings.model_fields.items()}
    leaves = sum(
        len(kind.model_fields) if isinstance(kind, type) and issubclass(kind, Section) else 1
        for kind in sections.values()
    )
    assert len(names) == leaves


def test_the_environment_wins_over_the_file(from_text: FromText) -> None:
    settings = from_text(
        "server: {port: 1, host: '::1'}",
        {
            "MIRROR_SERVER_PORT": "9000",
            "MIRROR_SERVER_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16",
            "MIRROR_CACHE_LIFETIMES": "{npm: 10m}",
            "MIRROR_REPOSITORIES": '{"team": {"upstreams": ["npm-store"]}}',
            "MIRROR_LOG_LEVEL": "",
        },
    )
    assert settings.server.port == 9000
    assert settings.server.host == "::1"
    assert [str(each) for each in settings.server.trusted_proxies] == ["10.0.0.1/32", "10.1.0.0/16"]
    assert settings.cache.lifetimes == {"npm": 600}
    assert settings.repositories["team"].upstreams == ("npm-store",)
    assert settings.log.level == "info"
    assert settings.written("server.port")
    assert not settings.written("log.level")


def test_mistakes_in_variables_name_the_variable(mistakes: Mistakes) -> None:
    lines = mistakes(
        "connections: {old: {}}\ncache: {open_files: 5}",
        {
            "MIRROR_SERVER_PORT": "http",
            "MIRROR_CONNECTIONS": "{corp: {format: npm, url: nowhere, url: again}}",
            "MIRROR_REPOSITORIES": "{team: [",
            "MIRROR_CACHE_LIFETIMES": "npm",
        },
    )
    assert [line.split(": ")[:2] for line in lines] == [
        ["MIRROR_CACHE_LIFETIMES", "cache.lifetimes"],
        ["MIRROR_CONNECTIONS", "connections.corp.url"],
        ["MIRROR_CONNECTIONS", "connections.corp.url"],
        ["MIRROR_REPOSITORIES", "not YAML"],
        ["MIRROR_SERVER_PORT", "server.port"],
    ]


def test_unknown_variables_warn() -> None:
    """A Kubernetes service named `mirror` puts MIRROR_PORT and more into every container."""
    settings = load(
        None, {"MIRROR_PORT": "tcp://10.0.0.1:80", "MIRROR_CONFIG": "x", "MIRROR_SERVER_PROT": "1"}
    )
    assert settings.server.port == 8080
    assert [warning.split(" is ")[0].split()[-1] for warning in settings.warnings] == [
        "MIRROR_PORT",
        "MIRROR_SERVER_PROT",
    ]
    assert "did you mean MIRROR_SERVER_PORT?" in settings.warnings[1]


def test_systemds_state_directory_is_the_default(from_text: FromText) -> None:
    state = {"STATE_DIRECTORY": "/var/lib/mirror:/var/lib/other"}
    assert load(None, state).data_dir == Path("/var/lib/mirror")
    assert from_text("data_dir: /srv/m", state).data_dir == Path("/srv/m")
    both = {**state, "MIRROR_DATA_DIR": "/data"}
    assert load(None, both).data_dir == Path("/data")


# ---------------------------------------------------------------- mistakes in the file


def test_every_mistake_is_told_at_once_with_its_line(mistakes: Mistakes) -> None:
    text = """\
server:
  port: 99999
  prot: 3
  port: 12
upstream:
  retries: x
auth: {anonymous: nobody}
anonymous: read
log: 5
account: 12
"""
    assert mistakes(text) == [
        "mirror.yaml:2: server.port: expected less than or equal to 65535, found '99999'",
        "mirror.yaml:3: server.prot: no such setting; did you mean port?",
        "mirror.yaml:4: server.port: written twice, first on line 2",
        "mirror.yaml:6: upstream.retries: expected a valid integer, unable to parse string as an integer, found 'x'",
        "mirror.yaml:7: auth.anonymous: expected 'read' or 'none', found 'nobody'",
        "mirror.yaml:8: anonymous: no such setting; did you mean auth.anonymous?",
        "mirror.yaml:9: log: expected 'key: value' lines below it, found '5'",
        "mirror.yaml:10: account: expected twelve digits, found '12'",
    ]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("server:\n  port: [", "mirror.yaml:2: not YAML"),
        ("a: 1\n\tb: 2", "mirror.yaml:2: not YAML"),
        ("a: 1\n---\nb: 2", "mirror.yaml:2: not YAML"),
        ("a: 1\nb: \x07", "mirror.yaml:2: a character"),
        ("- a", "mirror.yaml:1: expected"),
        ("just text", "mirror.yaml:1: expected"),
        ("? [a]\n: b", "mirror.yaml:1: expected a name"),
        ("server: &s\n  host: *s", "mirror.yaml:2: server.host"),
        ("server: &s\n  x: *s", "mirror.yaml:2: server.x"),
        ("cache: {lifetimes: {npn: 5}}", "mirror.yaml:1: cache.lifetimes.npn: expected 'npm'"),
        ("server: {trusted_proxies: [10.0.0.1,\n 10.0.0.1/8]}", "mirror.yaml:2: server.trusted_proxies.1:"),
        ("limits: {direct_upstreams: 30}", "mirror.yaml:1: limits.searched_upstreams: expected at least"),
        ("repositories: {x: {}}", "mirror.yaml:1: repositories.x: "),
    ],
)  # fmt: skip
def test_mistakes(mistakes: Mistakes, text: str, start: str) -> None:
    assert any(line.startswith(start) for line in mistakes(text))


def test_empty_files_say_nothing(from_text: FromText) -> None:
    assert from_text("") == from_text("# nothing\n") == Settings()
    assert from_text("\ufeffserver:\n  port: 1").server.port == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        load(tmp_path / "none.yaml", {})
    (tmp_path / "latin.yaml").write_bytes(b"region: \xe9")
    with pytest.raises(ConfigError, match=r"latin\.yaml: not UTF-8"):
        load(tmp_path / "latin.yaml", {})
