"""Any error in npm's words and statuses (npm.md §5)."""

from mirror.errors import MirrorError, Unauthenticated
from mirror.formats.intents import Reply
from mirror.formats.npm.replies import json_reply
from mirror.formats.refusals import retry_after, sentence_of, status_of


def refuse(error: MirrorError) -> Reply:
    """The reply: the same sentence under the three keys that clients read.

    npm and berry print `error`, yarn 1 also `message`, CouchDB-era clients `reason`; to a 403 npm
    adds "forbidden by your security policy".
    """
    sentence, status = sentence_of(error), status_of(error)
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="mirror"'
    seconds = retry_after(error, status)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return json_reply(status, {"error": sentence, "message": sentence, "reason": sentence}, headers)
