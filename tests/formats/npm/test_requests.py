import pytest

from mirror.errors import Invalid, NotFound, Refused
from mirror.formats.changes import Remove, SetTags, SignOut
from mirror.formats.intents import (
    Alter,
    Answer,
    Call,
    ReadAsset,
    ReadPackage,
    Relay,
    Search,
    Submit,
    WhoAmI,
)
from mirror.model import Package
from tests.formats.npm.samples import NPM

SHORT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
SPELLINGS = ["@s/n", "@s%2fn", "@s%2Fn", "%40s/n", "%40s%2Fn", "%40s%2fn"]
SCOPED = Package("npm", "s", "n")
PLAIN = Package("npm", "", "lodash")


def parse(line: str, accept: str | None = None) -> object:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    return NPM.parse(Call(method, path, query, {} if accept is None else {"accept": accept}))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_scope_is_one_package_on_every_route(spelling: str) -> None:
    """lessons #18"""
    assert parse(f"GET {spelling}") == ReadPackage(SCOPED, "full")
    assert parse(f"GET {spelling}/1.0.0") == ReadPackage(SCOPED, "manifest", "1.0.0")
    assert parse(f"GET {spelling}/-/n-1.0.0.tgz") == ReadAsset(SCOPED, "n-1.0.0.tgz", "1.0.0")
    assert parse(f"GET -/package/{spelling}/dist-tags") == ReadPackage(SCOPED, "tags")
    assert parse(f"PUT {spelling}") == Submit("PublishPackageVersion", "packument", SCOPED)
    assert parse(f"DELETE {spelling}/-rev/3-0") == Alter(Remove(SCOPED, revision="3"))
    relay = parse(f"GET -/npm/v1/attestations/{spelling}@1.0.0")
    assert isinstance(relay, Relay)
    assert relay.path == "-/npm/v1/attestations/@s%2fn@1.0.0"
    assert relay.local == ReadPackage(SCOPED, "attestations", "1.0.0")


@pytest.mark.parametrize(
    ("accept", "view"),
    [
        (SHORT, "abbreviated"),
        ("application/vnd.npm.install-v1+json", "abbreviated"),
        ("application/vnd.npm.install-v1+json,application/json;q=0.9", "abbreviated"),
        ("Application/VND.npm.install-v1+json", "abbreviated"),
        ("application/json", "full"),
        ("application/json; q=1.0, */*", "full"),
        ("application/json, application/vnd.npm.install-v1+json; q=0.5", "full"),
        ("application/vnd.npm.install-v1+json; q=0", "full"),
        ("*/*", "full"),
        ("text/html", "full"),
        ("", "full"),
        (";;,,q=nan", "full"),
        (None, "full"),
        ("x, " * 1000 + SHORT, "abbreviated"),
    ],
)
def test_the_accept_header_chooses_and_never_fails(accept: str | None, view: str) -> None:
    """lessons #9"""
    assert parse("GET lodash", accept) == ReadPackage(PLAIN, view)


def test_write_wants_the_full_document_fresh_whatever_is_accepted() -> None:
    assert parse("GET lodash?write=true", SHORT) == ReadPackage(PLAIN, "full", fresh=True)
    assert parse("GET lodash?a=1&write=true") == ReadPackage(PLAIN, "full", fresh=True)
    assert parse("GET lodash?write=false") == ReadPackage(PLAIN, "full")


@pytest.mark.parametrize(
    "path",
    ["lodash", "lodash/latest", "lodash/-/lodash-1.0.0.tgz", "-/ping", "-/whoami",
     "-/package/lodash/dist-tags", "-/npm/v1/keys", "-/npm/v1/attestations/lodash@1.0.0",
     "-/v1/search?text=a", "npm/main/-/npm/v1/attestations/lodash@1.0.0"],
)  # fmt: skip
def test_head_means_what_get_means(path: str) -> None:
    """lessons #10"""
    assert type(parse(f"HEAD {path}")) is type(parse(f"GET {path}"))
    if "whoami" not in path:
        assert parse(f"HEAD {path}") == parse(f"GET {path}")


def test_tarballs() -> None:
    assert parse("GET lodash/-/lodash-1.0.0-rc-1.tgz") == ReadAsset(
        PLAIN, "lodash-1.0.0-rc-1.tgz", "1.0.0-rc-1"
    )
    assert parse("GET lodash/-/lodash-1.0.0%2Bb.tgz") == ReadAsset(
        PLAIN, "lodash-1.0.0+b.tgz", "1.0.0+b"
    )
    assert parse("GET lodash/-/odd.tgz") == ReadAsset(PLAIN, "odd.tgz", None)


def test_the_package_called_hyphen() -> None:
    hyphen = Package("npm", "", "-")
    assert parse("GET -") == ReadPackage(hyphen, "full")
    assert parse("GET -/-/--0.0.1.tgz") == ReadAsset(hyphen, "--0.0.1.tgz", "0.0.1")


def test_one_manifest_by_version_or_tag() -> None:
    assert parse("GET pnpm/latest") == ReadPackage(Package("npm", "", "pnpm"), "manifest", "latest")
    assert parse("GET lodash/1.0.0%2Bb") == ReadPackage(PLAIN, "manifest", "1.0.0+b")


@pytest.mark.parametrize(
    "path",
    ["", "..", "%2e%2e", "%2e%2e%2fetc", "a%00", "a%252fb", "%2540s%2fn", "a%5cb", "a\\b", "@s",
     "@s%2f", "@s/", "@/n", "@s%2f..", "@..%2fn", "@s%2fn%2fm", "a" * 300, "a" * 5000, "%E2%88%95",
     "a%ff", "a%E2%80%AEb", "lodash/..", "lodash/%2e%2e", "lodash/1%2f2", "lodash/-/..",
     "lodash/-/..%2f..%2fetc%2fpasswd", "lodash/-/%2e%2e", "lodash/-/a%00.tgz", "lodash/-/a%5c.tgz",
     "lodash/-/a%252f.tgz", "lodash/-/", "-/npm/v1/attestations/lodash", "-/v1/search?size=x",
     "-/v1/search?size=-1", "-/npm/v1/attestations/..@1.0.0", "-/package/../dist-tags"],
)  # fmt: skip
def test_hostile_paths_are_invalid(path: str) -> None:
    """lessons #19"""
    with pytest.raises((Invalid, NotFound)):
        parse(f"GET {path}")


def test_ping_checks_the_credential() -> None:
    ping = parse("GET -/ping?write=true")
    assert isinstance(ping, Answer)
    assert ping.authenticated
    assert (ping.reply.status, ping.reply.body) == (200, b"{}")


def test_whoami() -> None:
    who = parse("GET -/whoami")
    assert isinstance(who, WhoAmI)
    assert who.reply("bob").body == b'{"username":"bob"}'


def test_search_is_bounded_and_asked_upstream_in_one_spelling() -> None:
    asked = parse("GET -/v1/search?text=a+b%26c&size=9999&from=20&quality=0.65&x=1")
    assert asked == Search(
        "a b&c", 250, 20, "-/v1/search?text=a+b%26c&size=250&from=20&quality=0.65"
    )
    assert parse("GET -/v1/search") == Search("", 20, 0, "-/v1/search?text=&size=20&from=0")


def test_keys_are_relayed_and_kept() -> None:
    keys = parse("GET -/npm/v1/keys")
    assert isinstance(keys, Relay)
    assert (keys.path, keys.lifetime) == ("-/npm/v1/keys", 3600)


@pytest.mark.parametrize("prefix", ["npm/main/", "d/team/npm/main/"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_attestations_under_a_doubled_address(prefix: str, spelling: str) -> None:
    expected = parse("GET -/npm/v1/attestations/@s%2fn@1.0.0")
    assert parse(f"GET {prefix}-/npm/v1/attestations/{spelling}@1.0.0") == expected


@pytest.mark.parametrize("route", ["advisories/bulk", "audits", "audits/quick"])
def test_audits_are_relayed_with_their_encoding(route: str) -> None:
    audit = parse(f"POST -/npm/v1/security/{route}")
    assert isinstance(audit, Relay)
    assert audit.path == f"-/npm/v1/security/{route}"
    assert "content-encoding" in audit.headers
    assert audit.lifetime is None
    assert "nothing was checked" in audit.absent


def test_writes() -> None:
    assert parse("PUT lodash/-rev/7-0") == Submit("DeletePackageVersions", "revision", PLAIN, "7")
    assert parse("DELETE lodash/-/lodash-1.0.0.tgz/-rev/7-0") == Alter(
        Remove(PLAIN, ("1.0.0",), revision="7")
    )
    put = parse("PUT -/package/lodash/dist-tags/next")
    assert put == Submit("PutPackageMetadata", "tag", PLAIN, "next", 4096)
    assert parse("DELETE -/package/lodash/dist-tags/next") == Alter(SetTags(PLAIN, {"next": None}))


def test_tags_are_checked_before_anything_is_read() -> None:
    with pytest.raises(Refused):
        parse("DELETE -/package/lodash/dist-tags/latest")
    with pytest.raises(Invalid):
        parse("PUT -/package/lodash/dist-tags/1.x")


def test_signing_in_and_out() -> None:
    for path in ("org.couchdb.user:bob", "org.couchdb.user%3Abob", "org.couchdb.user:bob/-rev/1-0"):
        intent = parse(f"PUT -/user/{path}")
        assert isinstance(intent, Submit)
        assert (intent.kind, intent.argument, intent.package) == ("login", "bob", None)
    assert parse("DELETE -/user/token/abc%2B") == Alter(SignOut("abc+"))


@pytest.mark.parametrize(
    "line",
    ["POST -/v1/login", "GET -/all", "GET -/npm/v1/tokens", "POST -/npm/v1/tokens",
     "DELETE -/npm/v1/tokens/token/secret1", "GET -/npm/v1/user", "GET -/package/lodash/visibility",
     "POST -/package/lodash/access", "GET -/package/@s%2fn/collaborators", "GET -/org/o/user",
     "PUT -/org/o/team", "PUT -/team/o/t/user", "GET -/user/u/package", "GET -/npm/v1/hooks",
     "POST -/stage/package/lodash", "GET -/user/org.couchdb.user:secret1", "GET -/nonsense/secret1",
     "GET -/user/token/secret1", "POST lodash", "DELETE lodash", "PATCH lodash/1.0.0",
     "PUT lodash/1.0.0", "GET lodash/-rev/1-0", "POST -/ping", "GET -/npm/v1/security/audits",
     "DELETE -/package/lodash/dist-tags", "PUT -/package/lodash/dist-tags",
     "GET npm/main/-/npm/v1/other/x"],
)  # fmt: skip
def test_what_is_not_offered_is_a_404_with_a_sentence(line: str) -> None:
    with pytest.raises(NotFound) as caught:
        parse(line)
    reply = NPM.refuse(caught.value)
    assert reply.status == 404
    assert len(str(caught.value).split()) > 4
    assert b"secret1" not in reply.body
