"""Which release the database holds."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from app.errors import NotLoaded
from app.models import Release

_release: Any = Release


@dataclass(frozen=True)
class CurrentRelease:
    """The release of a snapshot: what every response of it is a function of."""

    version: str
    date: str
    revision: str
    build: str
    sequence: int
    development: bool


_SELECT = select(
    _release.version,
    _release.date,
    _release.revision,
    _release.build,
    _release.sequence,
    _release.development,
)


def find_release(connection: Connection) -> CurrentRelease | None:
    """The current release; None: nothing is loaded."""
    row = connection.execute(_SELECT).first()
    return None if row is None else CurrentRelease(*row)


def get_release(connection: Connection) -> CurrentRelease:
    """The current release. NotLoaded when the database is empty."""
    found = find_release(connection)
    if found is None:
        raise NotLoaded("The database holds no release yet: run `procedure-kb load`.", retry_after=5)
    return found
