"""When a document is served, asked about again, or missing."""

import pytest

from mirror.repositories.freshness import Action, Entry, decide, fresh_until

NOW, LIFETIME = 10_000.0, 300.0
SERVE, REVALIDATE, FETCH, ABSENT = (
    Action.SERVE,
    Action.REVALIDATE,
    Action.FETCH,
    Action.ABSENT,
)


def entry(checked_ago: float, tried_ago: float | None = None) -> Entry:
    """Checked and, perhaps later and in vain, tried so many seconds ago."""
    checked = NOW - checked_ago
    return Entry(checked, checked if tried_ago is None else NOW - tried_ago)


@pytest.mark.parametrize(
    ("known", "options", "expected"),
    [
        # nothing known
        (None, {}, FETCH),
        (None, {"absent_until": NOW + 1}, ABSENT),
        (None, {"absent_until": NOW}, FETCH),
        (None, {"absent_until": NOW + 1, "forced": True}, FETCH),
        # within and past its lifetime
        (entry(0), {}, SERVE),
        (entry(299.9), {}, SERVE),
        (entry(300), {}, REVALIDATE),
        (entry(299.9), {"absent_until": NOW + 60}, SERVE),
        # lessons #3: the request names a version that is not there, at most once a second
        (entry(10), {"lacking": True}, REVALIDATE),
        (entry(0.5), {"lacking": True}, SERVE),
        (entry(200, tried_ago=0.5), {"lacking": True}, SERVE),
        (entry(200, tried_ago=1.0), {"lacking": True}, REVALIDATE),
        # the client asks past all caches
        (entry(10), {"forced": True}, REVALIDATE),
        (entry(0.5), {"forced": True}, SERVE),
        # the upstream failed a moment ago: do not make everyone wait for it again
        (entry(1000, tried_ago=5), {}, SERVE),
        (entry(1000, tried_ago=10), {}, REVALIDATE),
        (entry(1000, tried_ago=5), {"lacking": True}, REVALIDATE),
        # the clock went back
        (entry(-5), {}, REVALIDATE),
        (entry(-86400), {}, REVALIDATE),
    ],
)
def test_decide(known, options, expected) -> None:
    assert decide(known, now=NOW, lifetime=LIFETIME, **options) is expected


def test_a_lifetime_of_zero_asks_every_time() -> None:
    assert decide(entry(0.01), now=NOW, lifetime=0.0) is REVALIDATE


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        (entry(0), 300),
        (entry(100), 200),
        (entry(100, tried_ago=1), 200),
        (entry(1000, tried_ago=0), 10),  # served stale: for the length of the pause
        (entry(1000, tried_ago=4), 6),
        (entry(-86400), 10),  # a stamp in the future must not keep an answer for hours
    ],
)
def test_fresh_until(known, seconds) -> None:
    assert fresh_until(known, now=NOW, lifetime=LIFETIME) == NOW + seconds


def test_what_is_past_its_pause_is_not_kept() -> None:
    assert fresh_until(entry(1000), now=NOW, lifetime=LIFETIME) <= NOW
