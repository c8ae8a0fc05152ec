"""The circuit breaker, told the time."""

from mirror.upstream.breaker import FIRST_PAUSE, LONGEST_PAUSE, LONGEST_REST, Breaker


def opened(now: float = 100.0) -> Breaker:
    breaker = Breaker(threshold=3)
    for _ in range(3):
        assert breaker.permits(now)
        breaker.failed(now)
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    assert not opened().permits(100.0)
    assert opened().remaining(100.0) == FIRST_PAUSE


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = Breaker(threshold=2)
    for _ in range(10):
        breaker.failed(100.0)
        breaker.succeeded()
    assert breaker.permits(100.0)


def test_it_half_opens_by_itself_with_one_trial() -> None:
    """Lessons #30."""
    breaker = opened()
    assert breaker.permits(101.0)
    assert not breaker.permits(101.0)
    breaker.succeeded()
    assert breaker.permits(101.0)
    assert breaker.permits(101.0)


def test_failed_trials_make_the_pause_grow_up_to_a_cap() -> None:
    breaker, now, pauses = opened(), 100.0, []
    for _ in range(9):
        pauses.append(breaker.remaining(now))
        now += breaker.remaining(now)
        assert breaker.permits(now)
        breaker.failed(now)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE]


def test_a_trial_that_never_reports_is_followed_by_another() -> None:
    breaker = opened()
    assert breaker.permits(101.0)
    assert not breaker.permits(101.9)
    assert breaker.permits(102.0)


def test_late_failures_of_earlier_requests_do_not_make_it_grow() -> None:
    breaker = opened()
    for _ in range(50):
        breaker.failed(100.5)
    assert breaker.permits(101.0)


def test_a_rest_that_the_upstream_asked_for() -> None:
    breaker = Breaker()
    breaker.asked_to_rest(100.0, 30, 429)
    breaker.asked_to_rest(100.0, 5, 503)
    assert breaker.rest(110.0) == (20.0, 429)
    assert breaker.rest(130.0) is None


def test_an_upstream_cannot_switch_itself_off() -> None:
    breaker = Breaker()
    breaker.asked_to_rest(100.0, 1e9, 429)
    assert breaker.rest(100.0 + LONGEST_REST) is None
