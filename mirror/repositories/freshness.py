"""Whether a cached document may be served, must be asked about again, or is missing. Pure.

Times are epoch seconds and are passed in.
"""

from dataclasses import dataclass
from enum import Enum

ASK_AGAIN = 1.0
"""Seconds between two forced refreshes of one document: a wrong version cannot hammer upstream."""

OUTAGE_PAUSE = 10.0
"""Seconds for which a document that could not be refreshed is served without asking again."""


class Action(Enum):
    """What to do about a document."""

    SERVE = "serve"
    REVALIDATE = "revalidate"
    FETCH = "fetch"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a document. `tried_at` is the last attempt to refresh it, well or not."""

    checked_at: float
    tried_at: float

    @property
    def pause_until(self) -> float:
        """The end of the pause after an attempt that failed; in the past after one that did not."""
        return self.tried_at + OUTAGE_PAUSE if self.tried_at > self.checked_at else 0.0


def decide(
    entry: Entry | None,
    *,
    now: float,
    lifetime: float,
    absent_until: float = 0.0,
    lacking: bool = False,
    forced: bool = False,
) -> Action:
    """The next step for one document.

    `absent_until` ends the memory of a true 404. `lacking`: the request names a version that the
    document does not have, so it is refreshed at once, at most every `ASK_AGAIN` seconds
    (verdaccio#862). `forced`: the client asked for an answer newer than any cache.
    """
    if entry is None:
        return Action.ABSENT if now < absent_until and not forced else Action.FETCH
    since_check = now - entry.checked_at
    if since_check < 0:  # the clock went back: do not trust the stamp for hours
        return Action.REVALIDATE
    if (lacking or forced) and now - entry.tried_at >= ASK_AGAIN:
        return Action.REVALIDATE
    if since_check < lifetime or now < entry.pause_until:
        return Action.SERVE
    return Action.REVALIDATE


def fresh_until(entry: Entry, *, now: float, lifetime: float) -> float:
    """Until when what was prepared from the document may be served without a decision."""
    expiry = entry.checked_at + lifetime
    if entry.checked_at <= now < expiry:  # a stamp in the future is the clock's mistake
        return expiry
    return min(now + OUTAGE_PAUSE, max(expiry, entry.pause_until))
