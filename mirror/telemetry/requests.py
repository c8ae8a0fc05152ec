"""Request metrics at the price of one dict lookup.

A prometheus_client counter takes 0.35 µs, a histogram 0.66: three of them are a fifth of what a
warm answer may cost. So requests are counted in plain lists, and this collector turns those into
metric families when somebody asks.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
"""Seconds: memory, disk, a near upstream, a far one, a large file."""

_LABELS = ("format", "route", "status")


class _Tally:
    __slots__ = ("counts", "seconds", "sent")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.sent = 0


class Requests(Collector):
    """Counts requests on the event loop's thread; not to be called from any other."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, int], _Tally] = {}

    def count(self, format: str, route: str, status: int, seconds: float, sent: int) -> None:  # noqa: A002 - the label's name
        """One answered request: its time in seconds and the bytes of body sent.

        `format` and `route` are words from our own code, never text of a client: each new
        combination is kept for ever.
        """
        key = (format, route, status)
        try:
            tally = self._tallies[key]
        except KeyError:
            tally = self._tallies[key] = _Tally()
        tally.counts[bisect_left(BOUNDS, seconds)] += 1
        tally.seconds += seconds
        tally.sent += sent

    def collect(self) -> Iterator[Metric]:
        total = CounterMetricFamily("mirror_requests", "Requests answered.", labels=_LABELS)
        sent = CounterMetricFamily("mirror_sent_bytes", "Body bytes sent.", labels=_LABELS[:1])
        times = HistogramMetricFamily(
            "mirror_request_seconds", "From request head to last byte.", labels=_LABELS[:2]
        )
        bytes_of: dict[str, int] = {}
        merged: dict[tuple[str, str], _Tally] = {}
        for (format_, route, status), tally in list(self._tallies.items()):
            total.add_metric((format_, route, str(status)), sum(tally.counts))
            bytes_of[format_] = bytes_of.get(format_, 0) + tally.sent
            both = merged.setdefault((format_, route), _Tally())
            both.counts = [a + b for a, b in zip(both.counts, tally.counts, strict=True)]
            both.seconds += tally.seconds
        for format_, count in bytes_of.items():
            sent.add_metric((format_,), count)
        bounds = [*map(str, BOUNDS), "+Inf"]
        for labels, tally in merged.items():
            buckets = list(zip(bounds, accumulate(tally.counts), strict=True))
            times.add_metric(labels, buckets, sum_value=tally.seconds)
        yield from (total, sent, times)
