"""The routes under `-/`: what a registry answers beside packages."""

from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlencode

from mirror.errors import Invalid, NotFound
from mirror.formats.changes import SetTags, SignOut
from mirror.formats.intents import (
    Alter,
    Answer,
    Call,
    Intent,
    ReadPackage,
    Relay,
    Search,
    Submit,
    WhoAmI,
)
from mirror.formats.npm import accounts, names
from mirror.formats.npm.replies import json_reply

KEYS_LIFETIME = 3600.0  # seconds; keys rotate over years (npm.md §9)
ATTESTATIONS_LIFETIME = 3600.0  # seconds
TAG_LIMIT = 4096  # bytes; the body is one JSON string with a version in it
LOGIN_LIMIT = 65536  # bytes
SEARCH_SIZE, SEARCH_SIZE_MAX = 20, 250  # npmjs' own default and bound
SEARCH_TEXT = 1024  # characters
_SEARCH_OFFSET_MAX = 10_000

_USER = "org.couchdb.user:"
_AUDITS = frozenset({"advisories/bulk", "audits", "audits/quick"})
_NO_AUDIT = "this repository has no upstream that answers audits; nothing was checked"
# What npmjs has beside packages and this server has not, by how the path below `-/` begins.
_ABSENT = (
    ("all", "listing every package is not offered; use search"),
    ("v1/login", "signing in with a browser is not offered; use `npm login --auth-type=legacy`"),
    ("npm/v1/tokens", "tokens are managed with `mirror token` on the server, not through npm"),
    ("npm/v1/user", "profiles are not kept; users are declared in the server's configuration"),
    ("npm/v1/hooks", "hooks are not offered; webhooks are part of the server's configuration"),
    ("org/", "organisations are not kept; access is decided by repository policies"),
    ("team/", "teams are not kept; access is decided by repository policies"),
    ("user/", "user documents are not kept; access is decided by repository policies"),
    ("stage", "staged publishing is not offered; publish directly"),
    ("package/", "access lists are not kept; access is decided by repository policies"),
)


def parse(call: Call) -> Intent:
    """The intent of a path that begins with `-/`; raises `NotFound` with a sentence that helps."""
    path = call.path[2:]
    reading = call.method in ("GET", "HEAD")
    if reading and path in _READS:
        return _READS[path](call)
    if reading and path.startswith("npm/v1/attestations/"):
        return attestations(path.removeprefix("npm/v1/attestations/"))
    if call.method == "POST" and path.removeprefix("npm/v1/security/") in _AUDITS:
        return Relay(f"-/{path}", absent=_NO_AUDIT)
    if path.startswith("package/") and (found := _tags(call.method, path)):
        return found
    if path.startswith("user/") and (found := _user(call.method, path)):
        return found
    for beginning, sentence in _ABSENT:
        if path.startswith(beginning):
            raise NotFound("endpoint", f"-/{beginning}", sentence)
    raise NotFound("endpoint", "-/", "the npm registry protocol has nothing at this address")


def attestations(subject: str) -> Relay:
    """Provenance of `name@version`: our own where we keep it, else the upstream's.

    `subject` is raw; both spellings of a scope lead to one upstream address, hence one cache entry.
    """
    name, at, version = unquote(subject).rpartition("@")
    if not at or not name or not names.is_version(version):
        raise Invalid("attestations are asked for by name@version")
    package = names.split(name)
    return Relay(
        f"-/npm/v1/attestations/{names.escaped(package)}@{version}",
        lifetime=ATTESTATIONS_LIFETIME,
        local=ReadPackage(package, "attestations", version),
        absent=f"no attestations are known for {names.address(package)}@{version}",
    )


def _ping(_call: Call) -> Intent:
    return Answer(json_reply(200, {}), authenticated=True)


def _who(_call: Call) -> Intent:
    return WhoAmI(accounts.identity)


def _keys(_call: Call) -> Intent:
    return Relay(
        "-/npm/v1/keys",
        lifetime=KEYS_LIFETIME,
        absent="this repository has no upstream that offers signing keys",
    )


def _search(call: Call) -> Intent:
    try:
        asked = dict(parse_qsl(call.query, max_num_fields=32))
    except ValueError:
        raise Invalid("a search has at most 32 parameters") from None
    text = asked.get("text", "")[:SEARCH_TEXT]
    size = min(_number(asked, "size", SEARCH_SIZE), SEARCH_SIZE_MAX)
    offset = min(_number(asked, "from", 0), _SEARCH_OFFSET_MAX)
    question: dict[str, object] = {"text": text, "size": size, "from": offset}
    question |= {k: asked[k] for k in ("quality", "popularity", "maintenance") if k in asked}
    return Search(text, size, offset, f"-/v1/search?{urlencode(question)}")


_READS: dict[str, Callable[[Call], Intent]] = {
    "ping": _ping,
    "whoami": _who,
    "v1/search": _search,
    "npm/v1/keys": _keys,
}


def _number(asked: dict[str, str], name: str, default: int) -> int:
    text = asked.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(f"the search parameter '{name}' must be a whole number")
    return int(text)


def _tags(method: str, path: str) -> Intent | None:
    """`package/{pkg}/dist-tags` and `…/{tag}`; None for what else hangs below a package."""
    whole, found, tag = path.removeprefix("package/").partition("/dist-tags")
    if not found or (tag and not tag.startswith("/")):
        return None
    package = names.split(unquote(whole))
    tag = unquote(tag[1:])
    if not tag:
        return ReadPackage(package, "tags") if method in ("GET", "HEAD") else None
    if method == "PUT":
        names.check_tag(tag)
        return Submit("PutPackageMetadata", "tag", package, tag, TAG_LIMIT)
    if method == "DELETE":
        names.check_removable(tag)
        return Alter(SetTags(package, {tag: None}))
    return None


def _user(method: str, path: str) -> Intent | None:
    """Signing in and out. Neither a name nor a token of such a path may reach a message or a log."""
    match method, path.split("/"):
        case "DELETE", ["user", "token", token] if token:
            return Alter(SignOut(unquote(token)))
        case "PUT", ["user", document, *rest] if not rest or rest[0] == "-rev":
            user = unquote(document)
            if user.startswith(_USER) and len(user) > len(_USER):
                # No permission is needed to ask: the credentials are in the body.
                action = "GetAuthorizationToken"
                return Submit(action, "login", None, user[len(_USER) :], LOGIN_LIMIT)
    return None
