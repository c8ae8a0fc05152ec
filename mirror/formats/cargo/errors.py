"""Any error in cargo's words and statuses (cargo.md §2.2, §3)."""

from mirror.errors import Blocked, MirrorError, Unauthenticated
from mirror.formats.cargo.replies import json_reply
from mirror.formats.intents import Reply
from mirror.formats.refusals import retry_after, sentence_of, status_of


def refuse(error: MirrorError) -> Reply:
    """The reply; cargo prints `detail`, whatever the status is.

    A version that may not be published here is a 409, as CodeArtifact has it, for nobody's rights
    would change that. To a 401, and to nothing else, cargo answers with its token.
    """
    status = 409 if isinstance(error, Blocked) else status_of(error)
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Cargo realm="mirror"'
    seconds = retry_after(error, status)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    sentence = sentence_of(error).encode("utf-8", "replace").decode()
    return json_reply(status, {"errors": [{"detail": sentence}]}, headers)
