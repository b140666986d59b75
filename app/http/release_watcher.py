"""Seeing a new release: one question a poll, in the background, never one a request."""

import asyncio
import logging
import time

from app.db.errors import DatabaseFault, said
from app.db.read_engine import ReadEngine
from app.http.response_cache import Answers
from app.queries.release import CurrentRelease, find_release

_log = logging.getLogger("procedure_kb.watch")
# So long a replica may lag before its older release is believed to be the current one (a database restored to earlier).
BELIEVED_AFTER = 30.0


def look(engine: ReadEngine) -> CurrentRelease | None:
    """The release that the database holds now."""
    with engine.snapshot() as snapshot:
        return find_release(snapshot)


class Watch:
    """What one process knows of the current release."""

    def __init__(self, engine: ReadEngine, answers: Answers) -> None:
        self.engine = engine
        self.answers = answers
        self.release: CurrentRelease | None = None
        # When the current release was last met (monotonic), and when first (seconds since 1970, for metrics).
        self._met = 0.0
        self.since = 0.0
        self._reachable = True
        self._file = engine.file()

    async def poll(self, timeout: float) -> None:  # noqa: ASYNC109 - the thread cannot be cancelled, only left
        """Ask once, and tell the answers."""
        file = self.engine.file()
        if file != self._file:
            # Another file stands where the database was (a restored backup), or none: no connection may outlive that.
            self._file = file
            self.engine.dispose()
        try:
            release = await asyncio.wait_for(asyncio.to_thread(look, self.engine), timeout)
        except (DatabaseFault, TimeoutError, OSError) as error:
            if self._reachable:
                _log.warning("the database cannot be reached: %s", said(error))
            self._reachable = False
            self.answers.lose()
            return
        if not self._reachable:
            _log.info("the database is back")
        self._reachable = True
        self.note(release)

    def note(self, release: CurrentRelease | None) -> None:
        """A release was met. Of several replicas one may lag: the sequence says which release is the later."""
        now = time.monotonic()
        behind = release is not None and self.release is not None and release.sequence < self.release.sequence
        if behind and now - self._met < BELIEVED_AFTER:
            self.answers.see(self.answers.revision)
            return
        self._met = now
        if release != self.release:
            self.release, self.since = release, time.time()
            _log.info("release %s is current", release.version if release else "none")
        self.answers.see(*((release.revision, release.version) if release else ("",)))


async def watch(one: Watch, seconds: float) -> None:
    """Poll until cancelled. While the database is away, what is held goes on being answered, marked stale."""
    while True:
        await one.poll(max(1.5, 4 * seconds))
        await asyncio.sleep(seconds)
