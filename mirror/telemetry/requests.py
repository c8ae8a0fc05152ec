"""Request metrics at the price of a few additions.

A prometheus_client counter takes 0.35 µs, a histogram 0.66: three of them are a fifth of what a
warm answer may cost. So requests are counted in plain numbers, and this collector turns those into
metric families when somebody asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
"""Seconds: memory, disk, a near upstream, a far one, a large file."""

_LABELS = ("format", "route", "status")


class Tally:
    """Requests that have all labels in common."""

    __slots__ = ("counts", "seconds", "sent")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.sent = 0

    def add(self, seconds: float, sent: int) -> None:
        """One answered request: its time in seconds and the bytes of body sent."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
        self.sent += sent


class Requests(Collector):
    """Counts requests on the event loop's thread; not to be called from any other."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, int, str], Tally] = {}

    def tally(self, format: str, route: str, status: int, outcome: str) -> Tally:  # noqa: A002 - the label's name
        """Where to count such requests; `outcome` is what the cache did, empty if not asked.

        `hit` had it, `miss` had to fetch it, `stale` served it past its time, `coalesced` joined a
        running fetch, `revalidated` heard that it is unchanged. All are words from our own code,
        never text of a client: each new combination is kept for ever.
        """
        key = (format, route, status, outcome)
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally()
        return found

    def collect(self) -> Iterator[Metric]:
        total = CounterMetricFamily("mirror_requests", "Requests answered.", labels=_LABELS)
        sent = CounterMetricFamily("mirror_sent_bytes", "Body bytes sent.", labels=_LABELS[:1])
        events = CounterMetricFamily(
            "mirror_cache_events", "What the cache did.", labels=("format", "outcome")
        )
        times = HistogramMetricFamily(
            "mirror_request_seconds", "From request head to last byte.", labels=_LABELS[:2]
        )
        answered: Counter[tuple[str, str, str]] = Counter()
        bytes_of: Counter[str] = Counter()
        outcomes: Counter[tuple[str, str]] = Counter()
        merged: dict[tuple[str, str], Tally] = {}
        for (format_, route, status, outcome), tally in list(self._tallies.items()):
            count = sum(tally.counts)
            answered[format_, route, str(status)] += count
            bytes_of[format_] += tally.sent
            if outcome:
                outcomes[format_, outcome] += count
            both = merged.setdefault((format_, route), Tally())
            both.counts = [a + b for a, b in zip(both.counts, tally.counts, strict=True)]
            both.seconds += tally.seconds
        for each, count in answered.items():
            total.add_metric(each, count)
        for format_, size in bytes_of.items():
            sent.add_metric((format_,), size)
        for pair, count in outcomes.items():
            events.add_metric(pair, count)
        bounds = [*map(str, BOUNDS), "+Inf"]
        for labels, tally in merged.items():
            buckets = list(zip(bounds, accumulate(tally.counts), strict=True))
            times.add_metric(labels, buckets, sum_value=tally.seconds)
        yield from (total, sent, events, times)
