"""Loaded release and release history."""

from dataclasses import dataclass

from app.db.errors import SchemaMissing
from app.db.packing import compute_list_id
from app.db.read_engine import ReadTransaction
from app.errors import NotLoaded


@dataclass(frozen=True)
class LoadedRelease:
    """The release row of a database. Every response is a function of its revision and build."""

    version: str
    date: str
    revision: str
    build: str
    sequence: int
    development: bool


def find_release(transaction: ReadTransaction) -> LoadedRelease | None:
    """The loaded release; None if no release is loaded."""
    try:
        rows = transaction.fetch("SELECT version, date, revision, build, sequence, development FROM release", {})
    except SchemaMissing:
        # A service may start before the first migration: that is the same to it as an empty database.
        return None
    if not rows:
        return None
    version, date, revision, build, sequence, development = rows[0]
    return LoadedRelease(version, date, revision, build, sequence, development=bool(development))


def get_release(transaction: ReadTransaction) -> LoadedRelease:
    """The loaded release. Raises NotLoaded if no release is loaded."""
    release = find_release(transaction)
    if release is None:
        raise NotLoaded("No release is loaded: run `procedure-kb load`.", retry_after=5)
    return release


def list_versions(transaction: ReadTransaction) -> list[str]:
    """Versions of all releases, oldest first."""
    sql = "SELECT record_slug FROM list_row WHERE list_id = :list_id ORDER BY position DESC"
    return [version for (version,) in transaction.fetch(sql, {"list_id": compute_list_id("releases")})]
