"""Which release the database holds."""

from dataclasses import dataclass

from app.db.errors import DatabaseBare
from app.db.read_engine import Snapshot
from app.errors import NotLoaded


@dataclass(frozen=True)
class CurrentRelease:
    """The release of a snapshot: what every response of it is a function of."""

    version: str
    date: str
    revision: str
    build: str
    sequence: int
    development: bool


_SELECT = "SELECT version, date, revision, build, sequence, development FROM release"


def find_release(snapshot: Snapshot) -> CurrentRelease | None:
    """The current release; None: nothing is loaded."""
    try:
        rows = snapshot.fetch(_SELECT, {})
    except DatabaseBare:
        # Nobody migrated it: whoever starts before the first load is as early as one who comes between the two.
        return None
    if not rows:
        return None
    version, date, revision, build, sequence, development = rows[0]
    return CurrentRelease(version, date, revision, build, sequence, development=bool(development))


def get_release(snapshot: Snapshot) -> CurrentRelease:
    """The current release. NotLoaded when the database is empty."""
    found = find_release(snapshot)
    if found is None:
        raise NotLoaded("The database holds no release yet: run `procedure-kb load`.", retry_after=5)
    return found
