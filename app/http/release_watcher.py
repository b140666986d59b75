"""Release watcher: polls the database for its current release in the background, never once a request."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from app.db.errors import DatabaseError, first_line
from app.db.read_engine import ReadEngine
from app.http.gateway import HttpGateway
from app.http.preparation import ReleasePreparer
from app.queries.releases import LoadedRelease, find_release

_log = logging.getLogger("procedure_kb.watch")
# Seconds that a replica may lag before its older release counts as the current one (a database restored to earlier).
REPLICA_LAG_TOLERANCE = 30.0
# Seconds that a new release may take to prepare before it is served all the same.
PREPARATION_LIMIT = 120.0
# Polls that may hang at the same time.
_MAX_POLLS: Final = 4


def read_current_release(engine: ReadEngine) -> LoadedRelease | None:
    """Release that the database holds now; None if none is loaded."""
    with engine.transaction() as transaction:
        return find_release(transaction)


class ReleaseWatcher:
    """Current release known to this process.

    With a preparer, cached responses of the release before are served until the current one is prepared. A process that
    serves no release yet serves the current one at once.
    """

    def __init__(self, engine: ReadEngine, gateway: HttpGateway, preparer: ReleasePreparer | None = None) -> None:
        self.engine = engine
        self.gateway = gateway
        self.preparer = preparer
        self.release: LoadedRelease | None = None
        # Seconds since 1970 when the current release was first seen, for metrics.
        self.since = 0.0
        # Monotonic seconds when the current release was first and last seen.
        self._first_seen = self._last_seen = 0.0
        self._reachable = True
        # Threads of its own: those of requests may all be busy. More than one, because a thread that hangs cannot be stopped.
        self._threads = ThreadPoolExecutor(_MAX_POLLS, thread_name_prefix="release-watcher")
        self._file = engine.find_file_id()

    async def poll(self, timeout: float) -> None:  # noqa: ASYNC109 - the thread cannot be cancelled, only left
        """Read the current release once, and tell the gateway."""
        file = self.engine.find_file_id()
        if file != self._file:
            # The path leads to another file (a restored backup), or to none: no connection may outlive that.
            self._file = file
            self.engine.dispose()
        try:
            poll = asyncio.get_running_loop().run_in_executor(self._threads, read_current_release, self.engine)
            release = await asyncio.wait_for(poll, timeout)
        except (DatabaseError, TimeoutError, OSError) as error:
            if self._reachable:
                _log.warning("database unreachable: %s", first_line(error))
            self._reachable = False
            self.gateway.mark_database_unreachable()
            return
        if not self._reachable:
            _log.info("database reachable again")
        self._reachable = True
        if self.preparer is not None:
            await self.preparer.check_files()
        self.observe(release)

    def observe(self, release: LoadedRelease | None) -> None:
        """Adopt a release that was just read. A replica may lag: the sequence says which release is the later one."""
        self.gateway.mark_database_reachable()
        now = time.monotonic()
        behind = release is not None and self.release is not None and release.sequence < self.release.sequence
        if behind and now - self._last_seen < REPLICA_LAG_TOLERANCE:
            return
        self._last_seen = now
        if release != self.release:
            self.release, self.since, self._first_seen = release, time.time(), now
            _log.info("release %s is current", release.version if release else "none")
        if release is None:
            self.gateway.adopt_release("")
            return
        if self.preparer is not None and not self.preparer.is_prepared(release.revision):
            self.preparer.start(release.revision)
        if self._may_adopt(release.revision, now):
            self.gateway.adopt_release(release.revision, release.version)

    def _may_adopt(self, revision: str, now: float) -> bool:
        is_prepared = self.preparer is None or self.preparer.is_prepared(revision)
        if is_prepared or self.gateway.revision in {"", revision}:
            return True
        if now - self._first_seen < PREPARATION_LIMIT:
            return False
        _log.warning("the release is served without being prepared: that took more than %.0f s", PREPARATION_LIMIT)
        return True


async def watch_releases(watcher: ReleaseWatcher, seconds: float) -> None:
    """Poll until cancelled. While the database is unreachable, cached responses are served, marked as possibly stale."""
    while True:
        await watcher.poll(max(1.5, 4 * seconds))
        await asyncio.sleep(seconds)
