"""Seeing a new release: one question a poll, in the background, never one a request."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from app.db.engines import ReadEngine
from app.http.answers import Answers
from app.queries.release import CurrentRelease, find_release

_log = logging.getLogger("procedure_kb.watch")


def look(engine: ReadEngine) -> CurrentRelease | None:
    """The release that the database holds now."""
    with engine.snapshot() as snapshot:
        return find_release(snapshot)


async def watch(engine: ReadEngine, answers: Answers, seconds: float) -> None:
    """Poll until cancelled. While the database is away, what is held goes on being answered, marked stale."""
    reachable = True
    while True:
        try:
            release = await asyncio.wait_for(asyncio.to_thread(look, engine), timeout=max(3.0, 4 * seconds))
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            if reachable:
                _log.warning(
                    "the database cannot be reached: %s", str(error).splitlines()[0] if str(error) else "timeout"
                )
            reachable = False
            answers.lose()
        else:
            if not reachable:
                _log.info("the database is back")
            reachable = True
            answers.see(release.revision if release else "")
        await asyncio.sleep(seconds)
