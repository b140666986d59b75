"""Background tasks of one process (release polling, metrics), and the gauges of its state."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.http.release_watcher import ReleaseWatcher, watch_releases
from app.http.response_cache import ResponseCache
from app.monitoring.metrics import Gauge, Metrics, publish_metrics
from app.monitoring.metrics_server import serve_metrics
from app.settings import Settings


@asynccontextmanager
async def run_in_background(watcher: ReleaseWatcher, metrics: Metrics, settings: Settings) -> AsyncIterator[None]:
    """Poll once, then run the tasks until the block ends."""
    if watcher.preparer:
        watcher.preparer.services.prepares_releases = True
    await watcher.poll(5)
    coroutines = [watch_releases(watcher, settings.release_poll_seconds)]
    if settings.metrics_dir:
        coroutines.append(publish_metrics(metrics))
    if settings.metrics_port:
        coroutines.append(serve_metrics(metrics, settings.host, settings.metrics_port, settings.metrics_token))
    tasks = {asyncio.create_task(coroutine) for coroutine in coroutines}
    yield
    # Until all are done: before Python 3.12, wait_for swallows a cancellation that meets its result.
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=0.5)
    if watcher.preparer:
        await watcher.preparer.stop()


def collect_gauges(cache: ResponseCache, watcher: ReleaseWatcher) -> dict[str, Gauge]:
    """Gauges of the response cache and the current release."""
    entries, cached_bytes = cache.cache_size
    release = watcher.release
    release_labels = f'version="{cache.version}",revision="{cache.revision}"'
    gauges = {
        "kb_cache_entries": Gauge("Cached responses.", entries),
        "kb_cache_bytes": Gauge("Size of the response cache in bytes, as counted for its limit.", cached_bytes),
        "kb_database_reachable": Gauge(
            "Whether the database answered the last poll of every worker.", 0.0 if cache.stale else 1.0, "min"
        ),
        "kb_requests_in_flight": Gauge("In-flight requests.", cache.in_flight),
        f"kb_release_info{{{release_labels}}}": Gauge("Workers that serve this release.", 1.0),
    }
    if release:
        published = dt.datetime.fromisoformat(release.date).replace(tzinfo=dt.UTC).timestamp()
        gauges["kb_release_age_seconds"] = Gauge("Seconds since the release date.", time.time() - published, "max")
        gauges["kb_release_seen_timestamp_seconds"] = Gauge(
            "When this host first saw the release, in seconds since 1970.", watcher.since, "max"
        )
    return gauges
