"""How often operations may be called: CodeArtifact's own quotas, where they are switched on."""

import math
import time
from collections.abc import Callable, Mapping

from mirror.errors import Throttled

PER_SECOND: Mapping[str, int] = {
    "CopyPackageVersions": 5,
    "PublishPackageVersion": 10,
    "GetAuthorizationToken": 40,
    "GetPackageVersionAsset": 50,
    "ListPackages": 200,
    "ListPackageVersions": 200,
    "ListPackageVersionAssets": 200,
}
"""Calls a second that one account may make of an operation (API contract §18)."""

READS, WRITES = 800, 100
"""Calls a second of one account: those that change nothing, and all others."""


class Bucket:
    """Holds a second's worth of calls, and fills up again at that rate."""

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._level = float(rate)
        self._filled_at = now

    def wait(self, now: float) -> float:
        """Seconds until a call may be taken; zero where one may be now."""
        self._level = min(self._rate, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return max(0.0, (1 - self._level) / self._rate)

    def take(self) -> None:
        """Count a call that may be taken."""
        self._level -= 1


class Rates:
    """Counts calls by account, and refuses what is too often; without `limited`, nothing is."""

    def __init__(self, *, limited: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._limited = limited
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def take(self, operation: str, account: str) -> None:
        """Count a call; raises `Throttled`, and counts nothing, where it comes too soon."""
        if not self._limited:
            return
        now = self._clock()
        buckets = [self._bucket(account, name, rate, now) for name, rate in _limits(operation)]
        wait = max(bucket.wait(now) for bucket in buckets)
        if wait > 0:
            raise Throttled(
                f"account {account} calls {operation} more often than limits.api_rates allows",
                math.ceil(wait),
            )
        for bucket in buckets:
            bucket.take()

    def _bucket(self, account: str, name: str, rate: int, now: float) -> Bucket:
        key = (account, name)
        if key not in self._buckets:
            self._buckets[key] = Bucket(rate, now)
        return self._buckets[key]


def _limits(operation: str) -> list[tuple[str, int]]:
    """What a call counts against. Making a token changes something, whatever its name says."""
    reads = operation.startswith(("Describe", "Get", "List"))
    reads = reads and operation != "GetAuthorizationToken"
    both = ("reads", READS) if reads else ("writes", WRITES)
    own = PER_SECOND.get(operation)
    return [both] if own is None else [both, (operation, own)]
