"""Defaults, the example file, and how values are written."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from mirror.config import Settings, load
from mirror.config.declarations import Domain, Group, Repository, User
from mirror.config.registries import Connection, Credentials, Section
from mirror.config.written import variables

FromText = Callable[..., Settings]
Mistakes = Callable[..., list[str]]

EXAMPLE = Path(__file__).parent.parent.parent / "config.example.yaml"


# ---------------------------------------------------------------- defaults and the example


def test_nothing_needs_to_be_written() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert settings.server.host == "127.0.0.1"
    assert settings.server.port == 8080
    assert settings.data_dir.is_absolute()
    assert settings.data_dir.name == "mirror"
    assert settings.warnings == ()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().server.port = 1


@pytest.mark.parametrize("section", [*Section.__subclasses__()], ids=lambda s: s.__name__)
def test_every_field_says_what_it_is_and_has_a_default(section: type[Section]) -> None:
    for name, field in section.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", ")")), name
        assert not field.is_required(), name


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


def test_the_example_as_it_is_says_nothing(home: None) -> None:
    settings = load(EXAMPLE, {})
    assert settings == Settings()
    assert not settings.written("auth.anonymous")


def test_the_example_states_the_true_defaults(from_text: FromText, home: None) -> None:
    uncommented = re.sub(r"(?m)^( *)#(?=\w)", r"\1", EXAMPLE.read_text(encoding="utf-8"))
    settings = from_text(uncommented)
    assert settings == Settings()
    missing = [".".join(path) for path, _ in variables().values()
               if not settings.written(".".join(path))]  # fmt: skip
    assert missing == []


def test_the_examples_of_what_is_declared_load(from_text: FromText) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)^#   [a-z]+:\n(?:#     .*\n)+", text)
    assert len(blocks) == 5
    yaml = re.sub(r"(?m)^#   ", "", "".join(blocks))
    secrets = dict.fromkeys(re.findall(r"\$\{(\w+)\}", yaml), "hunter2")
    settings = from_text(yaml, secrets)
    connections = settings.connections.values()
    domains = [each.domain for each in settings.declared]
    shown = [
        *connections,
        *(each.auth for each in connections if each.auth),
        *settings.users.values(),
        *settings.domains.values(),
        *(each for domain in domains for each in domain.repositories.values()),
        *(each for domain in domains for each in domain.groups.values()),
    ]
    for kind in (Connection, Credentials, Repository, Group, Domain, User):
        said = {name for each in shown if type(each) is kind for name in each.model_fields_set}
        assert said == set(kind.model_fields), kind.__name__


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30", 30), ("0.5", 0.5), ("30s", 30), ("500 ms", 0.5), ("5m", 300), ("1h", 3600), ("7D", 604800)],
)  # fmt: skip
def test_durations(from_text: FromText, written: str, seconds: float) -> None:
    settings = from_text(f"upstream: {{idle_timeout: {written}}}")
    assert settings.upstream.idle_timeout == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [("1500", 1500), ("64MiB", 64 << 20), ("5 GB", 5 * 10**9), ("1.5kib", 1536), ("1 TiB", 1 << 40)],
)  # fmt: skip
def test_sizes(from_text: FromText, written: str, size: int) -> None:
    assert from_text(f"limits: {{asset_size: {written}}}").limits.asset_size == size


@pytest.mark.parametrize("written", ["64M", "-1", "1e9", "", "many", "0", "٣", ".5", "1" * 30])
def test_sizes_that_are_none(mistakes: Mistakes, written: str) -> None:
    (line,) = mistakes(f"limits: {{asset_size: '{written}'}}")
    assert line.startswith("mirror.yaml:1: limits.asset_size: expected ")


@pytest.mark.parametrize("written", ["nan", "inf", "-1s", "1:30", "5 minutes", "0"])
def test_durations_that_are_none(mistakes: Mistakes, written: str) -> None:
    (line,) = mistakes(f"upstream: {{idle_timeout: '{written}'}}")
    assert line.startswith("mirror.yaml:1: upstream.idle_timeout: expected ")


def test_plain_yaml_values_stay_what_was_written(from_text: FromText) -> None:
    """YAML 1.1 reads 012345670000 as octal and `no` as False."""
    text = (
        "account: 012345670000\nconnections: {c1: {format: npm, url: http://x, auth: {bearer: no}}}"
    )
    settings = from_text(text)
    assert settings.account == "012345670000"
    auth = settings.connections["c1"].auth
    assert auth is not None
    assert auth.authorization() == "Bearer no"


def test_networks_and_addresses(from_text: FromText) -> None:
    settings = from_text(
        "server: {trusted_proxies: [10.0.0.1, 'fd00::/8'], public_url: 'https://m.example/x/'}",
    )
    assert [str(each) for each in settings.server.trusted_proxies] == ["10.0.0.1/32", "fd00::/8"]
    assert settings.server.public_url == "https://m.example/x"


@pytest.mark.parametrize(
    "written",
    ["ftp://x", "x", "http://", "http://a b", "http://x:99999/", "http://x/?q", "http://[", "http://x/#f"],
)  # fmt: skip
def test_addresses_that_are_none(mistakes: Mistakes, written: str) -> None:
    (line,) = mistakes(f"server: {{public_url: '{written}'}}")
    assert line.startswith("mirror.yaml:1: server.public_url: expected an address")


def test_the_data_directory_is_absolute(
    from_text: FromText,
    mistakes: Mistakes,
    tmp_path: Path,
    home: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert from_text("data_dir: ~/d").data_dir == tmp_path / "d"
    assert from_text("data_dir: e").data_dir == tmp_path / "e"
    (line,) = mistakes("data_dir: ~nobody-of-this-name/d")
    assert "is not known" in line


# ---------------------------------------------------------------- anonymous reading off loopback


@pytest.mark.parametrize(
    ("host", "warned"),
    [("0.0.0.0", True), ("::", True), ("mirror.lan", True), ("127.0.0.9", False), ("::1", False), ("localhost", False)],
)  # fmt: skip
def test_open_to_others_without_having_said_so(
    from_text: FromText, host: str, warned: bool
) -> None:
    warnings = from_text(f"server: {{host: '{host}'}}\nauth:").warnings
    assert bool(warnings) is warned
    assert all("auth.anonymous" in warning for warning in warnings)


def test_saying_it_ends_the_warning(from_text: FromText) -> None:
    host = {"MIRROR_SERVER_HOST": "0.0.0.0"}
    assert from_text("auth: {anonymous: read}", host).warnings == ()
    assert load(None, {**host, "MIRROR_AUTH_ANONYMOUS": "none"}).warnings == ()
    assert load(None, host).warnings
