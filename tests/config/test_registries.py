"""Connections and repositories, and that their secrets stay secret."""

from collections.abc import Callable
from importlib import import_module

import pytest

from mirror.config import Settings
from mirror.config.registries import PUBLIC

FromText = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


def test_connections(from_text: FromText) -> None:
    text = """\
connections:
  corp:
    format: npm
    url: https://npm.corp.example/r/
    hosts: [Files.corp.example, "*.cdn.example", "x:8443"]
    auth: {username: me, password: "a${PASSWORD}z"}
    proxy: "http://u:${PASSWORD}@proxy:3128"
  vendor: {format: npm, url: http://v, auth: {header: Key abc}}
  public:npmjs: {url: "http://127.0.0.1:9", auth: none}
"""
    settings = from_text(text, {"PASSWORD": "hunter2$"})
    corp = settings.connections["corp"]
    assert corp.url == "https://npm.corp.example/r"
    assert corp.hosts == ("files.corp.example", "*.cdn.example", "x:8443")
    assert corp.auth is not None
    assert corp.auth.authorization() == "Basic bWU6YWh1bnRlcjIkeg=="
    assert corp.proxy is not None
    assert corp.proxy.get_secret_value() == "http://u:hunter2$@proxy:3128"
    vendor = settings.connections["vendor"].auth
    assert vendor is not None
    assert vendor.authorization() == "Key abc"
    assert settings.connections["public:npmjs"].auth is None
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        ("{format: npm}", "'url' is missing"),
        ("{url: http://x}", "'format' is missing"),
        ("{format: npm, url: 'http://me:hunter2@x'}", "under 'auth'"),
        ("{format: npm, url: http://x, auth: hunter2}", "auth: expected 'key: value'"),
        ("{format: npm, url: http://x, auth: {}}", "expected 'bearer', or"),
        ("{format: npm, url: http://x, auth: {bearer: hunter2, username: hunter2}}", "expected 'bearer', or"),
        ("{format: npm, url: http://x, auth: {bearer: [hunter2]}}", "auth.bearer: "),
        ("{format: npm, url: http://x, auth: {bearer: *hunter2}}", "quote a value"),
        ("{format: npm, url: http://x, auth: {bearer: '${NOT_SET}'}}", "NOT_SET is not set"),
        ("{format: npm, url: http://x, auth: {bearer: '${LINES}'}}", "line break"),
        ("{format: npm, url: http://x, auth: {baerer: hunter2}}", "did you mean bearer?"),
        ("{format: npm, url: http://x, proxy: hunter2}", "proxy: expected an address"),
        ("{format: npm, url: http://x, hosts: ['http://x/']}", "hosts.0: "),
        ("{format: generic, url: http://x}", "format: expected 'npm', "),
        ("hunter2", "expected 'key: value'"),
    ],
)  # fmt: skip
def test_mistakes_in_connections_never_show_a_secret(
    mistakes: Mistakes, connection: str, expected: str
) -> None:
    lines = mistakes(f"\nconnections: {{corp: {connection}}}", {"LINES": "hunter2\r\nX: y"})
    assert any(expected in line and line.startswith("mirror.yaml:2: ") for line in lines)
    assert "hunter2" not in "".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("connections: {public:npmsj: {url: http://x}}", "connections.public:npmsj: no public connection"),
        ("connections: {public:npmjs: {format: pypi}}", "connections.public:npmjs.format: 'public:npmjs' speaks npm"),
        ("repositories: {team: {connection: corp}}", "repositories.team.connection: there is no connection 'corp'"),
        ("repositories: {team: {connection: public:npmjs, upstreams: [main]}}", "repositories.team: a repository has"),
        ("repositories: {team: {upstreams: [team]}}", "repositories.team.upstreams: a repository cannot"),
        (f"repositories: {{team: {{upstreams: {[f'r{n}' for n in range(11)]}}}}}", "upstreams: 11 are more than"),
    ],
)  # fmt: skip
def test_contradictions(mistakes: Mistakes, text: str, expected: str) -> None:
    (line,) = mistakes(text)
    assert line.startswith("mirror.yaml:1: ")
    assert expected in line


def test_the_formats_public_connections_are_known() -> None:
    formats = getattr(import_module("mirror.formats"), "FORMATS", None)
    if formats is None:
        pytest.skip("mirror.formats has no FORMATS yet")
    for each in formats.values():
        for connection in each.connections:
            assert PUBLIC[connection.name] == each.name
