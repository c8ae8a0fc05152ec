"""Signing in and out in npm's legacy way, CouchDB user documents (npm.md §2.3)."""

from mirror.errors import Invalid
from mirror.formats.changes import Outcome, SignIn
from mirror.formats.intents import Reply
from mirror.formats.json_text import parse_json
from mirror.formats.npm.replies import json_reply


def identity(user: str) -> Reply:
    """The answer to `npm whoami`."""
    return json_reply(200, {"username": user})


def sign_in(user: str, body: bytes) -> SignIn:
    """What a login document asks for; `user` is the name in the address.

    Raises `Invalid`, in words that repeat nothing of the body: it holds a password.
    """
    try:
        document = parse_json(body)
    except ValueError:
        raise Invalid("the login document is not JSON") from None
    if not isinstance(document, dict):
        raise Invalid("the login document must be a JSON object")
    password = document.get("password")
    if document.get("name") != user:
        raise Invalid("the login document names another user than the address")
    if not isinstance(password, str) or not password:
        raise Invalid("the login document has no password")
    return SignIn(user, password)


def signed_in(change: SignIn, outcome: Outcome) -> Reply:
    """The answer to a login: npm keeps the token and forgets the password."""
    return json_reply(
        201,
        {
            "ok": True,
            "id": f"org.couchdb.user:{change.user}",
            "rev": "_we_dont_use_revs_any_more",  # npmjs' own words; npm 6 wants some text here
            "token": outcome.token,
        },
    )
