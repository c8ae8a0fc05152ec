"""When to stop asking an upstream for a while. Pure: the caller tells the time."""

THRESHOLD = 5
"""Failures in a row after which an origin is left alone."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds; the pause doubles with every trial that fails."""

LONGEST_REST = 300.0
"""Seconds of a Retry-After that are honoured: an upstream must not be able to switch itself off."""


class Breaker:
    """A circuit breaker for one origin, on a monotonic clock in seconds.

    A failure is a request that nobody answered or that ended in a 5xx; an answer such as 403 or
    404 is a success here: it says that the upstream lives.
    """

    def __init__(self, threshold: int = THRESHOLD, longest_pause: float = LONGEST_PAUSE) -> None:
        self._threshold = threshold
        self._longest_pause = longest_pause
        self._failures = 0
        self._pause = 0.0
        self._until = 0.0
        self._trial = False
        self._rest_until = 0.0
        self._rest_status = 429

    def rest(self, now: float) -> tuple[float, int] | None:
        """Seconds for which the upstream asked to be left alone, and the status it gave."""
        if now < self._rest_until:
            return self._rest_until - now, self._rest_status
        return None

    def permits(self, now: float) -> bool:
        """Whether to ask. When a pause is over, one caller is let through as a trial.

        The trial moves the end of the pause forward, so a trial that never reports (its caller
        was cancelled) is followed by another after the same pause.
        """
        if self._failures < self._threshold:
            return True
        if now < self._until:
            return False
        self._until = now + self._pause
        self._trial = True
        return True

    def remaining(self, now: float) -> float:
        """Seconds until the next trial."""
        return max(0.0, self._until - now)

    def succeeded(self) -> None:
        """The upstream answered."""
        self._failures = 0
        self._pause = 0.0
        self._trial = False

    def failed(self, now: float) -> None:
        """Nobody answered, or a 5xx."""
        self._failures += 1
        # Requests that were under way when it opened fail too; only a trial makes it grow.
        if self._failures == self._threshold or self._trial:
            self._trial = False
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), self._longest_pause)
            self._until = now + self._pause

    def asked_to_rest(self, now: float, seconds: float, status: int) -> None:
        """A 429 or 503 with Retry-After."""
        until = now + min(seconds, LONGEST_REST)
        if until > self._rest_until:
            self._rest_until, self._rest_status = until, status
