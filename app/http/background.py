"""Background tasks of one process (release polling, metrics), and the gauges of its state."""

import asyncio
import datetime as dt
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.http.gateway import HttpGateway
from app.http.release_watcher import ReleaseWatcher, watch_releases
from app.monitoring.metrics import Metrics, publish_metrics
from app.monitoring.metrics_server import serve_metrics
from app.settings import Settings

_log = logging.getLogger("procedure_kb.watch")


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
    if parent := multiprocessing.parent_process():
        # The process id that the parent had when it started this worker: if it ended since, os.getppid() already names another.
        coroutines.append(_end_with_parent(parent.pid))
    tasks = {asyncio.create_task(coroutine) for coroutine in coroutines}
    yield
    # Until all are done: before Python 3.12, wait_for swallows a cancellation that meets its result.
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=0.5)
    if watcher.preparer:
        await watcher.preparer.stop()


async def _end_with_parent(parent: int | None) -> None:
    """Finish and end when the process that started this worker is gone, however it ended: nobody else would stop it."""
    while os.getppid() == parent:  # noqa: ASYNC110 - no event tells of it everywhere
        await asyncio.sleep(0.5)
    _log.warning("the supervisor is gone, so this worker ends")
    signal.raise_signal(signal.SIGTERM)


def update_gauges(metrics: Metrics, gateway: HttpGateway, watcher: ReleaseWatcher) -> None:
    """Set the gauges of the response cache and the current release."""
    entries, cached_bytes = gateway.cache.size
    metrics.cache_entries.set(entries)
    metrics.cache_bytes.set(cached_bytes)
    metrics.database_reachable.set(not gateway.database_unreachable)
    metrics.requests_in_flight.set(gateway.in_flight)
    metrics.set_release(gateway.version, gateway.revision)
    if release := watcher.release:
        published = dt.datetime.fromisoformat(release.date).replace(tzinfo=dt.UTC).timestamp()
        metrics.release_age.set(time.time() - published)
        metrics.release_seen.set(watcher.since)
