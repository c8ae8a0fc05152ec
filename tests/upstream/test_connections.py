"""Which addresses a connection admits, and where its credentials go."""

import pytest
from yarl import URL

from mirror.upstream.connections import Connection, printable

NPM = Connection(
    "public:npmjs",
    "npm",
    URL("https://registry.npmjs.org/"),
    hosts=(
        "files.example.org",
        "cdn.example.org:8443",
        "*.pkgs.example.net",
        "10.1.2.3",
        "*.0.0.1",
    ),
    authorization="Bearer secret",
)
INSIDE = Connection("inside", "npm", URL("http://10.0.0.7:4873/npm/"))


@pytest.mark.parametrize(
    "url",
    [
        "https://registry.npmjs.org/left-pad/-/left-pad-1.0.0.tgz",
        "https://REGISTRY.npmjs.org./a",
        "https://files.example.org/a",
        "https://cdn.example.org:8443/a",
        "https://eu.pkgs.example.net/a",
        "https://a.b.pkgs.example.net/a",
        "https://10.1.2.3/a",  # an exact entry: administrators point inside on purpose
    ],
)
def test_admitted(url: str) -> None:
    assert NPM.admits(URL(url)) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://registry.npmjs.org/a", "would leave TLS"),
        ("http://files.example.org/a", "would leave TLS"),
        ("https://registry.npmjs.org:8443/a", "not among the hosts"),
        ("https://files.example.org:444/a", "not among the hosts"),
        ("https://cdn.example.org/a", "not among the hosts"),
        ("https://pkgs.example.net/a", "not among the hosts"),
        ("https://evilpkgs.example.net/a", "not among the hosts"),
        ("https://x.pkgs.example.net:22/a", "not among the hosts"),
        ("https://registry.npmjs.org.evil.com/a", "not among the hosts"),
        ("https://169.254.169.254/latest/meta-data", "not among the hosts"),
        ("https://127.0.0.1/a", "not a public address"),  # `*.0.0.1` is a suffix all the same
        ("https://0x7f.0.0.1/a", "not a public address"),
        ("https://2130706433/a", "not among the hosts"),
        ("https://[::1]/a", "not among the hosts"),
        ("https://[::ffff:127.0.0.1]/a", "not among the hosts"),
        ("https://user:pw@registry.npmjs.org/a", "user name or password"),
        ("ftp://registry.npmjs.org/a", "not an http or https address"),
        ("file:///etc/passwd", "not an http or https address"),
        ("/relative", "not an http or https address"),
    ],
)
def test_refused(url: str, reason: str) -> None:
    """Nothing a registry says can make this server fetch from the inside of the network."""
    assert reason in (NPM.admits(URL(url)) or "")


def test_an_inside_base_admits_only_its_own_port() -> None:
    assert INSIDE.admits(URL("http://10.0.0.7:4873/a.tgz")) is None
    assert INSIDE.admits(URL("http://10.0.0.7/a.tgz")) is not None
    assert INSIDE.admits(URL("http://10.0.0.8:4873/a.tgz")) is not None


def test_an_http_base_may_move_to_https() -> None:
    plain = Connection("plain", "npm", URL("http://registry.example.org/"))
    assert plain.admits(URL("https://registry.example.org/a")) is None


def test_only_the_origin_is_owned() -> None:
    """Lessons #24."""
    assert NPM.owns(URL("https://registry.npmjs.org/x"))
    assert not NPM.owns(URL("https://files.example.org/x"))
    assert not NPM.owns(URL("http://registry.npmjs.org/x"))
    assert not NPM.owns(URL("https://registry.npmjs.org:8443/x"))


def test_names_means_without_wildcard() -> None:
    assert NPM.names(URL("https://cdn.example.org:8443/"))
    assert not NPM.names(URL("https://eu.pkgs.example.net/"))


def test_secrets_do_not_show() -> None:
    proxied = Connection("a", "npm", NPM.url, authorization="x secret", proxy=URL("http://u:pw@p"))
    assert "secret" not in repr(proxied)
    assert "pw" not in repr(proxied)
    assert printable(URL("https://u:pw@host/a?token=x#y")) == "https://host/a"
