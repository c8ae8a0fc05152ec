"""Any error as Python's clients show it: a short plain text (pypi.md §5).

uv and poetry print it; twine does with `--verbose`, and otherwise the reason phrase, as hatch and
pip do: so what a publisher has to know is said there as well. JSON would be printed as it stands,
braces and all.
"""

import re

from mirror.errors import Conflict, Exceeded, Invalid, MirrorError, Refused, Unauthenticated
from mirror.formats.intents import Reply
from mirror.formats.refusals import retry_after, sentence_of, status_of

PLAIN = "text/plain; charset=utf-8"

_PUBLISHING = (Conflict, Exceeded, Invalid, Refused)
_REASON_LENGTH = 250  # characters; some proxies take no status line over 1 KB, terminals much less
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def refuse(error: MirrorError) -> Reply:
    """The reply to an error."""
    sentence = sentence_of(error)
    if isinstance(error, Conflict) and "already exist" not in sentence:
        # twine, poetry and pdm look for these two words before they skip a file (twine#1251).
        sentence = f"File already exists: {sentence}"
    status = status_of(error)
    headers = {"Content-Type": PLAIN, "Cache-Control": "no-store"}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Basic realm="mirror"'
    seconds = retry_after(error, status)
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    reason = _UNPRINTABLE.sub("?", sentence)[:_REASON_LENGTH] if _tells(error) else ""
    return Reply(status, f"{sentence}\n".encode("utf-8", "replace"), headers, reason)


def _tells(error: MirrorError) -> bool:
    return isinstance(error, _PUBLISHING) and not isinstance(error, Unauthenticated)
