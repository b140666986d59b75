"""Metrics of this process and of the other workers of its host, kept by `prometheus_client`.

A scrape reaches one worker. Workers that share a directory keep their values in files there, and each can show those of all.
The library decides between files and memory when it is imported: so that is done here when a process builds its metrics, after
`settings.share_metrics_directory`.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from prometheus_client import Metric

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# As the library names them; nothing else in the directory is read or removed.
_WORKER_FILE: Final = re.compile(r"(?:counter|histogram|gauge_[a-z]+)_([0-9]+)\.db")


class Metrics:
    """Metrics of this process, and with a directory those of every worker that shares it.

    How the gauges of several workers combine is in their `multiprocess_mode`; a worker that ended has none.
    """

    def __init__(self, directory: Path | None = None) -> None:
        import prometheus_client as library  # noqa: PLC0415 - see above

        library.disable_created_metrics()
        self._directory = directory
        self._registry = registry = library.CollectorRegistry()
        counter = partial(library.Counter, registry=registry)
        gauge = partial(library.Gauge, registry=registry)
        # Plain integers, published once a second: a call of the library would cost a third of a cache hit, in files two thirds.
        self.hits = self.misses = 0
        self._published_hits = self._published_misses = 0
        self._hits = counter("kb_cache_hits", "Cache hits.")
        self._misses = counter("kb_cache_misses", "Cache misses.")
        self._responses = counter("kb_responses", "Computed responses by route and status.", ["route", "status"])
        self._seconds = library.Histogram(
            "kb_response_seconds",
            "Seconds to compute a response, by route.",
            ["route"],
            registry=registry,
            buckets=_BUCKETS,
        )
        self._workers = gauge("kb_workers", "Worker processes.", multiprocess_mode="livesum")
        self.cache_entries = gauge("kb_cache_entries", "Cached responses.", multiprocess_mode="livesum")
        self.cache_bytes = gauge(
            "kb_cache_bytes",
            "Size of the response cache in bytes, as counted for its limit.",
            multiprocess_mode="livesum",
        )
        self.database_reachable = gauge(
            "kb_database_reachable",
            "Whether the database answered the last poll of every worker.",
            multiprocess_mode="livemin",
        )
        # Until the first poll: a gauge begins at 0, and a worker that starts is no reason for an alert.
        self.database_reachable.set(1)
        self.requests_in_flight = gauge("kb_requests_in_flight", "In-flight requests.", multiprocess_mode="livesum")
        self.release_age = gauge(
            "kb_release_age_seconds", "Seconds since the release date.", multiprocess_mode="livemax"
        )
        self.release_seen = gauge(
            "kb_release_seen_timestamp_seconds",
            "When this host first saw the release, in seconds since 1970.",
            multiprocess_mode="livemax",
        )
        self._release_info = gauge(
            "kb_release_info",
            "Workers that serve this release.",
            ["version", "revision"],
            multiprocess_mode="livesum",
        )
        self._release = ("", "")
        # Not the threads of the loop: all of them may wait for a database that hangs.
        self._renderer = ThreadPoolExecutor(1, thread_name_prefix="kb-metrics")
        # Sets the gauges above to the state of this process.
        self.update_gauges: Callable[[], None] = lambda: None

    def observe(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count one computed response, under the template of its route."""
        route = getattr(scope.get("route"), "path", None) or "unrouted"
        self._responses.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def set_release(self, version: str, revision: str) -> None:
        """Name the release that this process serves."""
        if self._release != (version, revision):
            self._release_info.labels(*self._release).set(0)
            self._release = (version, revision)
        self._release_info.labels(*self._release).set(1)

    def publish(self) -> None:
        """Give the library what this process counts itself."""
        hits, misses = self.hits, self.misses
        self._hits.inc(hits - self._published_hits)
        self._misses.inc(misses - self._published_misses)
        self._published_hits, self._published_misses = hits, misses
        self._workers.set(1)
        self.update_gauges()

    async def render(self) -> bytes:
        """Prometheus text of all workers that share the directory."""
        from prometheus_client import generate_latest  # noqa: PLC0415 - see above

        self.publish()
        # Many workers with many routes take tens of milliseconds, during which requests go on.
        return await asyncio.get_running_loop().run_in_executor(self._renderer, generate_latest, self)

    def collect(self) -> Iterator["Metric"]:
        """Each metric with its samples, as the library asks a collector for them."""
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - see above

        if self._directory is None:
            metrics = self._registry.collect()
        else:
            # The counts of a worker that ended stay, so that no counter falls; its gauges go.
            files = [
                str(file)
                for file, pid in _find_worker_files(self._directory)
                if not file.name.startswith("gauge_") or _is_running(pid)
            ]
            metrics = MultiProcessCollector.merge(files)
        for metric in metrics:
            if metric.name.startswith("kb_release_"):
                # The library cannot take a gauge back from a file: 0 stands for no release, and for one that is no longer served.
                metric.samples = [sample for sample in metric.samples if sample.value]
            yield metric


def _find_worker_files(directory: Path) -> Iterator[tuple[Path, int]]:
    """Files of the library in a directory, each with the id of its process."""
    for file in directory.glob("*.db"):
        if match := _WORKER_FILE.fullmatch(file.name):
            yield file, int(match.group(1))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # It runs as another user.
    return True


def remove_dead_workers(directory: Path) -> None:
    """Remove the files of workers that ended. For the start of a server: while one runs, its counters would fall."""
    for file, pid in _find_worker_files(directory):
        if not _is_running(pid):
            file.unlink(missing_ok=True)


async def publish_metrics(metrics: Metrics) -> None:
    """Publish once a second until cancelled."""
    while True:
        metrics.publish()
        await asyncio.sleep(1)
