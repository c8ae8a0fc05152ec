"""From a raw target to a place, and our own addresses as the client sees them; all hostile."""

import contextlib
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.endpoints.routing import Bases, Route, checked_host, domain_of, split
from mirror.errors import Invalid, NotFound

PROXY = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/npm/main/left-pad", Route("npm", None, "main", "left-pad", "", "/npm/main/")),
        ("/npm/main/", Route("npm", None, "main", "", "", "/npm/main/")),
        ("/npm/main", Route("npm", None, "main", "", "", "/npm/main/")),
        ("/npm/main/a?x=/y?z", Route("npm", None, "main", "a", "x=/y?z", "/npm/main/")),
        # lessons #18: what is encoded stays so, for the format to decode once
        ("/npm/main/@a%2fb/-/c", Route("npm", None, "main", "@a%2fb/-/c", "", "/npm/main/")),
        ("/npm/main/%2e%2e/x", Route("npm", None, "main", "%2e%2e/x", "", "/npm/main/")),
        ("/npm/main//x", Route("npm", None, "main", "/x", "", "/npm/main/")),
        ("/d/acme/npm/main/x", Route("npm", "acme", "main", "x", "", "/d/acme/npm/main/")),
        ("/d/acme/npm/main", Route("npm", "acme", "main", "", "", "/d/acme/npm/main/")),
        ("/d/acme", Route("d", None, "acme", "", "", "/d/acme/")),
    ],
)
def test_split(target: str, expected: Route) -> None:
    assert split(target) == expected


@pytest.mark.parametrize(
    "target",
    ["", "/", "//", "/npm", "/npm/", "//npm/main/x", "npm/main/x", "http://here/npm/main/x", "*",
     "/d/acme/npm/", "/d/acme//x", "/?/npm/main/x"],
)  # fmt: skip
def test_no_place(target: str) -> None:
    with pytest.raises(NotFound) as caught:
        split(target)
    assert caught.value.kind == "endpoint"


def test_what_is_told_of_an_address_is_bounded() -> None:
    with pytest.raises(NotFound) as caught:
        split("x" * 5000)
    assert len(caught.value.name) == 200


@given(st.text())
def test_any_target_is_a_place_or_not_found(target: str) -> None:
    with contextlib.suppress(NotFound):
        route = split(target)
        assert target.partition("?")[0].startswith(route.prefix.rstrip("/"))


HERE = ("default", "")
OWNER = "111122223333"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("acme-111122223333.d.codeartifact.us-west-2.amazonaws.com", ("acme", OWNER)),
        ("my-domain-111122223333.mirror.lan:8080", ("my-domain", OWNER)),
        ("a1-111122223333.x", ("a1", OWNER)),
        ("acme-11112222333.x", HERE),
        ("acme-1111222233334.x", HERE),
        ("acme-111122223333", HERE),
        ("Acme-111122223333.x", HERE),
        ("a-111122223333.x", HERE),
        (f"{'a' * 51}-111122223333.x", HERE),
        ("acme-١١١١٢٢٢٢٣٣٣٣.x", HERE),
        ("", HERE),
    ],
)
def test_domains_in_host_names(host: str, domain: tuple[str, str]) -> None:
    assert domain_of(split("/npm/main/x"), host) == domain


@pytest.mark.parametrize(
    ("target", "domain"),
    [
        ("/d/acme/npm/main/x", ("acme", "")),
        ("/d/acme-111122223333/npm/main/x", ("acme", OWNER)),
        ("/d/acme-2222/npm/main/x", ("acme-2222", "")),
    ],
)
def test_the_path_decides_on_the_domain(target: str, domain: tuple[str, str]) -> None:
    assert domain_of(split(target), "other-444455556666.mirror.lan") == domain


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", "10.9.9.9", "192.0.2.1"),
        ("10.0.0.5", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.5", "198.51.100.1, 192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("10.0.0.5", "", "10.0.0.5"),
    ],
)
def test_the_source_address_is_the_nearest_that_is_no_proxy(
    remote: str, forwarded: str, client: str
) -> None:
    """What stands before it in the header, anybody could have written."""
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    facts = Bases(None, PROXY).facts(remote, headers)
    assert facts["aws:sourceip"] == (client,)
    assert facts["aws:securetransport"] == ("true" if remote.startswith("10.") else "false",)


@pytest.mark.parametrize(
    "host", ["here", "here:8080", "10.0.0.1:80", "[::1]", "[fd00::1]:8080", "a_b.c-d~e"]
)
def test_hosts(host: str) -> None:
    assert checked_host(host) == host


@pytest.mark.parametrize(
    "host",
    ["", "a b", "a/b", "a@b", "a\r\nb", "a\n", "here:", "here:123456", "here:٨٠", "<script>", "a'b",
     'a"b', "a\\b", "a?b", "a#b", "[::1", "::1", "é", "a,b", "a%00"],
)  # fmt: skip
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(Invalid, match="Host header is missing or is not a host name"):
        checked_host(host)


FORWARDED = {
    "Host": "inside:8080",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "npm.acme.org",
    "X-Forwarded-Prefix": "/mirror/",
}


@pytest.mark.parametrize(
    ("remote", "headers", "expected"),
    [
        ("192.0.2.1", {"Host": "here:8080"}, "http://here:8080"),
        ("192.0.2.1", FORWARDED, "http://inside:8080"),  # no proxy of ours
        ("", FORWARDED, "http://inside:8080"),
        ("10.1.2.3", FORWARDED, "https://npm.acme.org/mirror"),
        ("fd00::1", FORWARDED, "https://npm.acme.org/mirror"),
        ("10.1.2.3", {"Host": "here"}, "http://here"),
        ("10.1.2.3", {"Host": "here:80"}, "http://here"),
        ("10.1.2.3", {"Host": "here:443", "X-Forwarded-Proto": "https"}, "https://here"),
        ("10.1.2.3", {"Host": "here:443", "X-Forwarded-Proto": "http"}, "http://here:443"),
        ("10.1.2.3", {"Host": "here:8080"}, "http://here:8080"),
        # several proxies: the first value is the client's side (verdaccio#695)
        ("10.1.2.3", {"Host": "a", "X-Forwarded-Proto": "https, http"}, "https://a"),
        ("10.1.2.3", {"Host": "a", "X-Forwarded-Host": "b, c"}, "http://b"),
        ("10.1.2.3", {"Host": "a", "X-Forwarded-Proto": "javascript"}, "http://a"),
        ("10.1.2.3", {"Host": "a", "X-Forwarded-Port": "8443"}, "http://a:8443"),
        ("10.1.2.3", {"Host": "a:1", "X-Forwarded-Port": "8443"}, "http://a:1"),
        ("10.1.2.3", {"Host": "[::1]", "X-Forwarded-Port": "8443"}, "http://[::1]:8443"),
        ("10.1.2.3", {"Host": "a", "X-Forwarded-Port": "x"}, "http://a"),
    ],
)
def test_our_address(remote: str, headers: dict[str, str], expected: str) -> None:
    """lessons #22."""
    assert Bases(None, PROXY).base(remote, headers, "/npm/main/") == f"{expected}/npm/main/"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "evil/"},
        {"Host": "a", "X-Forwarded-Host": "a b"},
        {"Host": "a", "X-Forwarded-Port": "٨٠"},
        {"Host": "a", "X-Forwarded-Port": "1234567"},
        {"Host": "a", "X-Forwarded-Prefix": "no-slash"},
        {"Host": "a", "X-Forwarded-Prefix": "/a//b"},
        {"Host": "a", "X-Forwarded-Prefix": '/"><script>'},
        {"Host": "a", "X-Forwarded-Prefix": "//evil"},
    ],
)
def test_what_could_not_stand_in_a_document(headers: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        Bases(None, PROXY).base("10.1.2.3", headers, "/npm/main/")


def test_the_configured_address_wins() -> None:
    bases = Bases("https://npm.acme.org/x/", PROXY)
    assert bases.base("10.1.2.3", FORWARDED, "/npm/main/") == "https://npm.acme.org/x/npm/main/"
    assert bases.base("", {"Host": "bad host"}, "/npm/main/") == "https://npm.acme.org/x/npm/main/"
