"""What the registry answers beside crates: about itself, about tokens, and about owners."""

from urllib.parse import parse_qsl

from mirror.errors import Invalid, Refused
from mirror.formats.cargo.replies import json_reply
from mirror.formats.intents import Answer, Describe, Reply, Search

SEARCH_SIZE, SEARCH_SIZE_MAX = 10, 100  # crates.io's own default and bound
SEARCH_TEXT = 1024  # characters
_SEARCH_OFFSET_MAX = 10_000

_TOKENS = b"""\
A token for this registry is made on its server:

    mirror token create USER

and given to cargo with

    cargo login --registry NAME

where NAME is what your .cargo/config.toml calls this registry. Beside the server,
`mirror login --tool cargo` does both.
"""


def _config(base: str, authenticated: bool) -> Reply:
    """config.json (Cargo Book, "Registry Index"): always our own addresses, never an upstream's.

    Without `auth-required` cargo sends its token with nothing but changes.
    """
    config: dict[str, object] = {
        "dl": f"{base}dl/{{crate}}/{{crate}}-{{version}}.crate",
        "api": base.rstrip("/"),
    }
    if authenticated:
        config["auth-required"] = True
    return json_reply(200, config)


CONFIG = Describe(_config)

TOKENS = Answer(
    Reply(200, _TOKENS, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})
)
"""The page that `cargo login` sends people to."""

OWNERS = Answer(json_reply(200, {"users": []}), authenticated=True)


def refuse_owners() -> Refused:
    """To say "ok" and keep nothing would be a lie about who may publish."""
    return Refused(
        "this registry keeps no owners: who may publish is decided by the policies of the "
        "repository and the domain"
    )


def search(query: str) -> Search:
    """What `cargo search` asks for; raises `Invalid`."""
    try:
        asked = dict(parse_qsl(query, max_num_fields=32))
    except ValueError:
        raise Invalid("a search has at most 32 parameters") from None
    size = min(_number(asked, "per_page", SEARCH_SIZE), SEARCH_SIZE_MAX)
    page = max(_number(asked, "page", 1), 1)
    offset = min((page - 1) * size, _SEARCH_OFFSET_MAX)
    return Search(asked.get("q", "")[:SEARCH_TEXT], size, offset)


def _number(asked: dict[str, str], name: str, default: int) -> int:
    text = asked.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(f"the search parameter '{name}' must be a whole number")
    return int(text)
