"""Loaded release and release history."""

from dataclasses import dataclass
from typing import Any

import orjson

from app.db.errors import SchemaMissing
from app.db.packing import compute_list_id
from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.domain.documents import DocumentType
from app.domain.record_types import RECORD_TYPES
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


def list_release_dates(transaction: ReadTransaction) -> dict[str, str]:
    """Date of each release by its version."""
    sql = "SELECT slug, summary FROM document WHERE type = :type"
    rows = transaction.fetch(sql, {"type": DocumentType.RELEASE})
    return {version: orjson.loads(bytes(summary))["date"] for version, summary in rows}


def list_change_versions(transaction: ReadTransaction) -> dict[tuple[str, str], str]:
    """Version of the last change of each record that has one, by record type and slug."""
    params: dict[str, Any] = {}
    sql = f"SELECT type, slug, summary FROM document WHERE type IN ({bind_list('t', tuple(RECORD_TYPES), params)})"
    rows = transaction.fetch(sql, params)
    return {(record_type, slug): orjson.loads(bytes(summary))["last_changed_in"] for record_type, slug, summary in rows}
