"""Release writer: replaces the content in one transaction. If it is killed, the previous release stays intact."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, LargeBinary, Table, delete, insert, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from app import models
from app.db.postgresql import SqlAlchemyReadTransaction
from app.gc_pause import gc_paused
from app.loader.content import CheckedContent
from app.loader.table_rows import Row, iter_first_pages, iter_table_rows
from app.queries.releases import find_release
from app.version import code_fingerprint

# Loaders take turns by this lock; any number that no other program of the database uses.
_ADVISORY_LOCK = 7_061_642_001
# A batch is written at this many rows or bytes: the document of a risk with many procedures has megabytes.
_BATCH_ROWS: Final = 10_000
_BATCH_BYTES: Final = 4_000_000
# Documents above this size (bytes) are written in chunks: SQLite would copy the whole document twice.
_LARGE_DOCUMENT: Final = 8_000_000
_BLOB_CHUNK: Final = 1_000_000
# Attempts to restore the write-ahead log, a tenth of a second apart.
_JOURNAL_ATTEMPTS: Final = 50
ProgressCallback = Callable[[str], None]


@dataclass(frozen=True)
class LoadResult:
    """Result of a load. `written` is False if the database already had this revision, loaded by the same code."""

    version: str
    revision: str
    written: bool
    rows: int


def write_content(
    engine: Engine, content: CheckedContent, *, progress: ProgressCallback = lambda _: None
) -> LoadResult:
    """Replace the content of the database. A no-op if it already has this revision, loaded by the same code."""
    with gc_paused(), _rollback_journal_for_first_load(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        current = find_release(SqlAlchemyReadTransaction(connection))
        if current is not None and (current.revision, current.build) == (content.revision, code_fingerprint()):
            return LoadResult(content.version, content.revision, written=False, rows=0)
        sequence = current.sequence + 1 if current is not None else 1
        list_paths: list[str] = []
        with _defer_indexes(connection):
            _delete_all(connection)
            writer = BatchWriter(connection, progress)
            for model, rows in iter_table_rows(content, list_paths):
                writer.add(model, rows)
            writer.flush()
        written = writer.total
        writer.add(models.Document, iter_first_pages(SqlAlchemyReadTransaction(connection), list_paths))
        writer.flush()
        connection.execute(insert(models.Release), [_build_release_row(content, sequence)])
        _analyze(connection)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
    # First pages and the release row are not counted.
    return LoadResult(content.version, content.revision, written=True, rows=written)


def _analyze(connection: Connection) -> None:
    """Update the statistics of PostgreSQL within the load; until then it plans queries as if the tables were empty."""
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"ANALYZE {', '.join(map(quote, sorted(SQLModel.metadata.tables)))}")


def _build_release_row(content: CheckedContent, sequence: int) -> dict[str, Any]:
    return {
        "current": True,
        "version": content.version,
        "date": content.date,
        "revision": content.revision,
        "build": code_fingerprint(),
        "sequence": sequence,
        "development": content.development,
    }


def _delete_all(connection: Connection) -> None:
    # DELETE, not TRUNCATE, so that readers of the previous release keep their snapshot.
    for table in reversed(SQLModel.metadata.sorted_tables):
        connection.execute(delete(table))


@contextmanager
def _rollback_journal_for_first_load(engine: Engine) -> Iterator[None]:
    """Use a rollback journal for the first load of a SQLite file, so that pages are not written to the log first.

    It is as atomic as the write-ahead log. It locks readers out, but without a release they have nothing to read.
    If another process has the file open, the write-ahead log stays.
    """
    if engine.dialect.name != "sqlite" or not _set_journal(engine, "DELETE", when_empty=True):
        yield
        return
    try:
        yield
    finally:
        # A reader may have the file locked. If every attempt fails, the next writer sets the journal mode.
        for _ in range(_JOURNAL_ATTEMPTS):
            if _set_journal(engine, "WAL"):
                break
            time.sleep(0.1)


def _set_journal(engine: Engine, mode: str, *, when_empty: bool = False) -> bool:
    """Set the journal mode of a SQLite file. Returns False if that failed, as it does while others use the file."""
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        if when_empty and driver.execute("SELECT 1 FROM release").fetchone():
            return False
        return bool(driver.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0] == mode.lower())
    except sqlite3.OperationalError:
        return False
    finally:
        pooled.close()


@contextmanager
def _defer_indexes(connection: Connection) -> Iterator[None]:
    """Drop the indexes of SQLite and rebuild them at the end: sorting all rows is faster than random inserts.

    Schema and rows change in one transaction. On PostgreSQL the indexes stay, because dropping one locks readers out.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    indexes = connection.exec_driver_sql(
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid"
    ).all()
    # Indexes of tables with documents stay: rebuilding them would read every document.
    deferred = [(name, sql) for name, table, sql in indexes if not _find_byte_columns(SQLModel.metadata.tables[table])]
    quote = connection.dialect.identifier_preparer.quote
    for name, _ in deferred:
        connection.exec_driver_sql(f"DROP INDEX {quote(name)}")
    yield
    for _, sql in deferred:
        connection.exec_driver_sql(sql)


@cache
def _find_byte_columns(table: Table) -> list[int]:
    """Positions of binary columns: documents and packed lists."""
    return [position for position, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]


class BatchWriter:
    """Buffer of rows that is written in batches, tables in foreign key order."""

    def __init__(self, connection: Connection, progress: ProgressCallback) -> None:
        self.total = 0
        self._connection = connection
        self._progress = progress
        self._write_rows = _copy if connection.dialect.name == "postgresql" else _insert
        tables = SQLModel.metadata.sorted_tables
        self._pending: dict[Table, list[Any]] = {table: [] for table in tables}
        self._get_values = {table: itemgetter(*(column.name for column in table.columns)) for table in tables}
        self._rows = self._bytes = 0

    def add(self, model: type[SQLModel], rows: Iterable[Row]) -> None:
        """Collect rows, writing whenever a batch is full."""
        table: Table = model.__table__  # type: ignore[attr-defined]
        get_values, byte_columns = self._get_values[table], _find_byte_columns(table)
        for row in rows:
            values = row if isinstance(row, tuple) else get_values(row)
            self._pending[table].append(values)
            self._rows += 1
            for column in byte_columns:
                self._bytes += len(values[column] or b"")
            if self._rows >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
                self.flush()

    def flush(self) -> None:
        """Write all collected rows."""
        for table, rows in self._pending.items():
            if rows:
                self.total += len(rows)
                self._write_rows(self._connection, table, rows)
                self._progress(table.name)
                rows.clear()
        self._rows = self._bytes = 0


def _insert(connection: Connection, table: Table, rows: list[Any]) -> None:
    """Insert rows into SQLite. Values already have the types of the driver."""
    # A row with a large document always ends a batch.
    blob_sizes = {
        column: len(rows[-1][column])
        for column in _find_byte_columns(table)
        if len(rows[-1][column] or b"") > _LARGE_DOCUMENT
    }
    if blob_sizes:
        _insert_large(connection, table, rows.pop(), blob_sizes)
    if rows:
        values = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {_format_target(connection, table)} VALUES ({values})", rows)


def _insert_large(connection: Connection, table: Table, row: tuple[Any, ...], blob_sizes: dict[int, int]) -> None:
    """Insert a row with empty blobs of the right size, then fill them. `blob_sizes` maps column to size in bytes."""
    driver: Any = connection.connection.driver_connection
    values = ", ".join("zeroblob(?)" if column in blob_sizes else "?" for column in range(len(row)))
    params = tuple(blob_sizes.get(column, value) for column, value in enumerate(row))
    cursor = connection.exec_driver_sql(f"INSERT INTO {_format_target(connection, table)} VALUES ({values})", params)
    for column, size in blob_sizes.items():
        document = memoryview(row[column])
        with driver.blobopen(table.name, table.columns[column].name, cursor.lastrowid) as blob:
            for start in range(0, size, _BLOB_CHUNK):
                blob.write(document[start : start + _BLOB_CHUNK])


def _format_target(connection: Connection, table: Table) -> str:
    """Format a table with its columns for INSERT INTO and COPY."""
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.columns)})"


def _copy(connection: Connection, table: Table, rows: list[Any]) -> None:
    """Write rows by COPY in the transaction of the load (PostgreSQL). Raises DBAPIError."""
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {_format_target(connection, table)} FROM STDIN"
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The driver was called directly; callers get the exception that SQLAlchemy raises for other statements.
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error
