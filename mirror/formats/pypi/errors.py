"""Any error as Python's clients show it: a short plain text (pypi.md §5).

twine prints it with `--verbose`, uv and poetry always; pip shows the status only. JSON would be
printed as it stands, braces and all.
"""

from mirror.errors import Conflict, MirrorError, Unauthenticated
from mirror.formats.format import Reply
from mirror.formats.refusals import retry_after, sentence_of, status_of

PLAIN = "text/plain; charset=utf-8"


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
    return Reply(status, f"{sentence}\n".encode("utf-8", "replace"), headers)
