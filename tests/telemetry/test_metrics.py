import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mirror.telemetry.metrics import Metrics
from mirror.telemetry.stalls import watch_stalls

if TYPE_CHECKING:
    from mirror.upstream.response import Observer


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics)[name, tuple(sorted(labels.items()))]


def test_requests_by_format_route_and_status() -> None:
    metrics = Metrics()
    metrics.requests.tally("npm", "asset", 200, "hit").add(0.0005, 100)
    metrics.requests.tally("npm", "asset", 200, "miss").add(0.001, 50)
    metrics.requests.tally("npm", "asset", 404, "").add(3.0, 7)
    metrics.requests.tally("pypi", "package", 200, "").add(100.0, 1)
    count = "mirror_requests_total"
    assert value(metrics, count, format="npm", route="asset", status="200") == 2
    assert value(metrics, count, format="npm", route="asset", status="404") == 1
    assert value(metrics, "mirror_sent_bytes_total", format="npm") == 157

    def bucket(le: str) -> float:
        return value(metrics, "mirror_request_seconds_bucket", format="npm", route="asset", le=le)

    # Bounds are inclusive and buckets cumulative, over all statuses.
    assert [bucket(le) for le in ("0.001", "0.005", "2.5", "10.0", "+Inf")] == [2, 2, 2, 3, 3]
    labels = {"format": "npm", "route": "asset"}
    assert value(metrics, "mirror_request_seconds_count", **labels) == 3
    assert value(metrics, "mirror_request_seconds_sum", **labels) == pytest.approx(3.0015)
    beyond = {"format": "pypi", "route": "package"}
    assert value(metrics, "mirror_request_seconds_bucket", **beyond, le="60.0") == 0
    assert value(metrics, "mirror_request_seconds_bucket", **beyond, le="+Inf") == 1


def test_cache_events() -> None:
    metrics = Metrics()
    metrics.requests.tally("npm", "asset", 200, "hit").add(0.001, 1)
    for _ in range(2):
        metrics.requests.tally("npm", "asset", 304, "hit").add(0.001, 1)
    metrics.requests.tally("npm", "asset", 200, "stale").add(0.001, 1)
    metrics.requests.tally("npm", "asset", 404, "").add(0.001, 1)
    assert value(metrics, "mirror_cache_events_total", format="npm", outcome="hit") == 3
    assert value(metrics, "mirror_cache_events_total", format="npm", outcome="stale") == 1
    assert not [labels for _, labels in samples(metrics) if ("outcome", "") in labels]


def test_it_observes_the_upstream_client() -> None:
    metrics = Metrics()
    observer: Observer = metrics
    observer.answered("public:npmjs", 200, 0.3)
    observer.answered("public:npmjs", 799, 0.3)
    observer.answered("public:npmjs", 600, 0.3)
    observer.received("public:npmjs", 1000)
    observer.received("public:npmjs", 24)
    observer.failed("public:npmjs", "timeout")
    name = {"connection": "public:npmjs"}
    assert value(metrics, "mirror_upstream_requests_total", **name, status="200") == 1
    assert value(metrics, "mirror_upstream_requests_total", **name, status="other") == 2
    assert value(metrics, "mirror_upstream_received_bytes_total", **name) == 1024
    assert value(metrics, "mirror_upstream_failures_total", **name, reason="timeout") == 1
    assert value(metrics, "mirror_upstream_seconds_count", **name) == 3


def test_store_and_index() -> None:
    metrics = Metrics()
    waiting = [1, 2, 3]
    metrics.stored(5, 4096)
    metrics.watch_queue(lambda: len(waiting))
    metrics.batch(7)
    assert value(metrics, "mirror_blobs") == 5
    assert value(metrics, "mirror_blob_bytes") == 4096
    assert value(metrics, "mirror_index_queue") == 3
    waiting.clear()
    assert value(metrics, "mirror_index_queue") == 0
    assert value(metrics, "mirror_index_batch_sum") == 7


def test_the_process_is_described_and_registries_are_apart() -> None:
    first, second = Metrics(), Metrics()
    first.requests.tally("npm", "asset", 200, "hit").add(0.001, 1)
    assert any(name == "process_resident_memory_bytes" for name, _ in samples(first))
    assert ("mirror_cache_events_total", (("format", "npm"), ("outcome", "hit"))) not in samples(
        second
    )


def test_counting_a_request_is_cheap() -> None:
    """The budget is half a µs; thirty times that still tells additions from a label search."""
    tally = Metrics().requests.tally("npm", "asset", 200, "hit")
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(2000):
            tally.add(0.0005, 100)
        best = min(best, (time.perf_counter() - begin) / 2000)
    assert best < 15e-6


async def test_a_blocked_loop_is_noticed() -> None:
    heard: list[float] = []
    watcher = asyncio.create_task(watch_stalls(heard.append))
    await asyncio.sleep(0.12)
    calm = len(heard)
    time.sleep(0.2)
    await asyncio.sleep(0.01)
    watcher.cancel()
    assert len(heard) == calm + 1
    assert 0.05 < heard[-1] < 5


def test_stalls_are_counted() -> None:
    metrics = Metrics()
    metrics.stalled(0.25)
    assert value(metrics, "mirror_loop_stalls_total") == 1
    assert value(metrics, "mirror_loop_stalled_seconds_total") == 0.25
