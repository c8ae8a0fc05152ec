"""Every metric that `/-/metrics` shows, in one registry of its own."""

from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mirror.telemetry.requests import Requests

_UPSTREAM_SECONDS: Final = (0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BATCHES: Final = (1, 2, 5, 10, 25, 50, 100, 250)


class Metrics:
    """Counts what happens; also the upstream client's observer.

    `requests` belong to the event loop's thread; the others may be called from any. Hit ratio and
    bytes saved are for the reader to compute: `mirror_cache_events_total{outcome="hit"}` over all of them, and
    `mirror_sent_bytes_total - mirror_upstream_received_bytes_total`.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self.requests = Requests()
        """What was answered, and what the cache did for it."""

        registry.register(self.requests)
        self._answers = Counter(
            "mirror_upstream_requests",
            "Answers of upstreams.",
            ("connection", "status"),
            registry=registry,
        )
        self._latency = Histogram(
            "mirror_upstream_seconds",
            "From asking an upstream to the head of its answer.",
            ("connection",),
            buckets=_UPSTREAM_SECONDS,
            registry=registry,
        )
        self._received = Counter(
            "mirror_upstream_received_bytes",
            "Body bytes received from upstreams.",
            ("connection",),
            registry=registry,
        )
        self._received_cells: dict[str, Callable[[float], None]] = {}
        self._failures = Counter(
            "mirror_upstream_failures",
            "Upstream requests without a usable answer.",
            ("connection", "reason"),
            registry=registry,
        )
        self._blobs = Gauge("mirror_blobs", "Files in the blob store.", registry=registry)
        self._blob_bytes = Gauge("mirror_blob_bytes", "Bytes in the blob store.", registry=registry)
        self._queue = Gauge(
            "mirror_index_queue", "Writes that wait for the index.", registry=registry
        )
        self._batches = Histogram(
            "mirror_index_batch",
            "Writes of the index that shared one transaction.",
            buckets=_BATCHES,
            registry=registry,
        )
        self._stalls = Counter(
            "mirror_loop_stalls",
            "Times that the event loop was late by more than 50 ms.",
            registry=registry,
        )
        self._stalled = Counter(
            "mirror_loop_stalled_seconds", "Seconds lost in these.", registry=registry
        )

    # -- the upstream client's observer

    def answered(self, connection: str, status: int, seconds: float) -> None:
        """An upstream answered; `seconds` until the head of its answer."""
        # A status is three digits of a stranger's choice: those outside HTTP share one series.
        word = str(status) if 100 <= status < 600 else "other"
        self._answers.labels(connection, word).inc()
        self._latency.labels(connection).observe(seconds)

    def received(self, connection: str, count: int) -> None:
        """So many bytes of a body came in; called per chunk."""
        cell = self._received_cells.get(connection)
        if cell is None:
            cell = self._received_cells[connection] = self._received.labels(connection).inc
        cell(count)

    def failed(self, connection: str, reason: str) -> None:
        """An upstream did not answer well; `reason` is one of the client's own few words."""
        self._failures.labels(connection, reason).inc()

    # -- store

    def stored(self, blobs: int, size: int) -> None:
        """The blob store holds so many files and bytes now."""
        self._blobs.set(blobs)
        self._blob_bytes.set(size)

    def watch_queue(self, length: Callable[[], float]) -> None:
        """Ask `length` for the index's waiting writes whenever metrics are read."""
        self._queue.set_function(length)

    def batch(self, writes: int) -> None:
        """The index committed so many writes together."""
        self._batches.observe(writes)

    # -- event loop

    def stalled(self, seconds: float) -> None:
        """The event loop was late by so many seconds."""
        self._stalls.inc()
        self._stalled.inc(seconds)

    # -- reading

    def render(self) -> tuple[bytes, str]:
        """The Prometheus text format, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
