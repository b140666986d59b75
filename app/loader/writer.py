"""Writing a release: one transaction, the release row last. Killed at any moment, the release before is whole."""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
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
from app.loader.first_pages import iter_first_pages
from app.loader.table_rows import Row, iter_derived_documents, iter_table_rows
from app.queries.releases import find_release
from app.version import code_fingerprint

# Two loaders take turns by this number (any that no other program of the database uses).
_ADVISORY_LOCK = 7_061_642_001
# Rows are written when so many wait, or when their documents weigh so much: a risk of many procedures has megabytes.
_BATCH_ROWS: Final = 10_000
_BATCH_BYTES: Final = 4_000_000
# Rows with a few bytes each are taken so many at a time.
_CHUNK_ROWS: Final = 100
# Of documents that are made because the writer is busy, and of those that it writes.
_MAX_BUFFERED: Final = 12_000_000
# Values of one statement on SQLite, which takes 32 766 of them everywhere.
_STATEMENT_VALUES: Final = 6_000
# A document of so many bytes is written piece by piece: SQLite would copy the whole of it twice.
_LARGE_DOCUMENT: Final = 8_000_000
_BLOB_CHUNK: Final = 1_000_000
# Seconds after which a thread that made its rows lets the one that writes go on.
_SWITCH_INTERVAL: Final = 0.0005
# Of a tenth of a second each.
_JOURNAL_ATTEMPTS: Final = 50
Progress = Callable[[str], None]


@dataclass(frozen=True)
class LoadResult:
    """What a load did: `written` is False when the database held this very state already."""

    version: str
    revision: str
    written: bool
    rows: int


def write_content(engine: Engine, state: CheckedContent, *, progress: Progress = lambda _: None) -> LoadResult:
    """Put a checked state into the database. The same state twice is a no-op."""
    with gc_paused(), _rollback_journal_for_first_load(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        held = find_release(SqlAlchemyReadTransaction(connection))
        if held is not None and (held.revision, held.build) == (state.revision, code_fingerprint()):
            return LoadResult(state.version, state.revision, written=False, rows=0)
        sequence = held.sequence + 1 if held is not None else 1
        lists: list[str] = []
        with _defer_indexes(connection):
            _delete_all(connection)
            with _write_in_batches(connection, progress, iter_derived_documents(state)) as gathered:
                for model, part in iter_table_rows(state, lists):
                    gathered.add(model, part)
        for pages in iter_first_pages(SqlAlchemyReadTransaction(connection), lists):
            connection.execute(insert(models.Document), pages)
        connection.execute(insert(models.Release), [_build_release_row(state, sequence)])
        _analyze(connection)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
    # What was loaded is the content: its first pages and the row of the release are not counted.
    return LoadResult(state.version, state.revision, written=True, rows=gathered.total)


def _analyze(connection: Connection) -> None:
    """PostgreSQL looks at what was loaded in the same transaction: until then it plans as if the tables were still empty."""
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"ANALYZE {', '.join(map(quote, sorted(SQLModel.metadata.tables)))}")


def _build_release_row(state: CheckedContent, sequence: int) -> dict[str, Any]:
    return {
        "current": True,
        "version": state.version,
        "date": state.date,
        "revision": state.revision,
        "build": code_fingerprint(),
        "sequence": sequence,
        "development": state.development,
    }


def _delete_all(connection: Connection) -> None:
    # DELETE and not TRUNCATE: readers of the release before keep their snapshot.
    for table in reversed(SQLModel.metadata.sorted_tables):
        connection.execute(delete(table))


@contextmanager
def _rollback_journal_for_first_load(engine: Engine) -> Iterator[None]:
    """On SQLite a first load goes into the file itself, every page once, and not into the write-ahead log before.

    A rollback journal is as atomic; it shuts readers out meanwhile, but while there is no release they have nothing to read.
    Where another process has the file open, the write-ahead log stays.
    """
    if engine.dialect.name != "sqlite" or not _set_journal(engine, "DELETE", when_empty=True):
        yield
        return
    try:
        yield
    finally:
        # A reader may be asking just now; whoever writes next would set it too.
        for _ in range(_JOURNAL_ATTEMPTS):
            if _set_journal(engine, "WAL"):
                break
            time.sleep(0.1)


def _set_journal(engine: Engine, mode: str, *, when_empty: bool = False) -> bool:
    """Was the journal of a SQLite file set. It cannot be while others are at work on it."""
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
    """SQLite sorts an index made over all rows; kept up row by row it costs a look into a random page each.

    Still one transaction: schema and rows change together or not at all. On PostgreSQL, where dropping an index shuts
    out readers until the end, the indexes stay.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    made = connection.exec_driver_sql(
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid"
    ).all()
    # An index of a table that holds documents stays: making it later would read every one of them.
    light = [(name, sql) for name, table, sql in made if not _find_byte_columns(SQLModel.metadata.tables[table])]
    quote = connection.dialect.identifier_preparer.quote
    for name, _ in light:
        connection.exec_driver_sql(f"DROP INDEX {quote(name)}")
    yield
    for _, sql in light:
        connection.exec_driver_sql(sql)


@cache
def _find_byte_columns(table: Table) -> list[int]:
    """Places of the columns that hold bytes: documents, and what is packed."""
    return [place for place, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]


@contextmanager
def _write_in_batches(connection: Connection, progress: Progress, meanwhile: Iterator[Row]) -> Iterator["BatchWriter"]:
    """Rows on their way. A second thread writes, so that making rows and writing them take two cores, in the same order.

    Both end before the block does: whatever fails, nothing is written after it.
    """
    turn = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="write") as writer:
            gathered = BatchWriter(connection, progress, meanwhile, writer)
            yield gathered
            gathered.finish()
    finally:
        sys.setswitchinterval(turn)


class BatchWriter:
    """Rows on their way: those of many small lists go to the database together, tables in the order of foreign keys."""

    def __init__(
        self, connection: Connection, progress: Progress, meanwhile: Iterator[Row], writer: ThreadPoolExecutor
    ) -> None:
        self.total = 0
        # Documents that may be written at any time: they are made while the writer is busy, and the rest at the end.
        self._derived_documents = meanwhile
        self._connection = connection
        self._progress = progress
        self._writer = writer
        self._flushed: Future[None] | None = None
        self._insert_rows = _copy if connection.dialect.name == "postgresql" else _insert_batch
        tables = SQLModel.metadata.sorted_tables
        self._pending: dict[Table, list[Any]] = {table: [] for table in tables}
        self._get_values = {table: itemgetter(*(column.name for column in table.columns)) for table in tables}
        self._rows = self._bytes = 0
        self._bytes_in_flight = 0

    def add(self, model: type[SQLModel], rows: Iterable[Row]) -> None:
        """Take rows, and write what waits whenever it is enough."""
        for _ in self._collect(model, rows):
            if self._rows >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
                self.flush()

    def _collect(self, model: type[SQLModel], rows: Iterable[Row]) -> Iterator[None]:
        """Take rows, some at a time."""
        table: Table = model.__table__  # type: ignore[attr-defined]
        take, heavy = self._get_values[table], _find_byte_columns(table)
        coming: Iterator[Any] = iter(rows)
        # Documents weigh what they like and come one by one; what else holds bytes, some at a time; other rows are all alike.
        some = 1 if model is models.Document else _CHUNK_ROWS if heavy else None
        while chunk := list(islice(coming, some or _BATCH_ROWS - self._rows)):
            waiting = self._pending[table]
            waiting += map(take, chunk) if isinstance(chunk[0], dict) else chunk
            self._rows += len(chunk)
            self.total += len(chunk)
            for place in heavy:
                self._bytes += sum(len(row[place] or b"") for row in waiting[-len(chunk) :])
            yield

    def flush(self) -> None:
        """Let what waits be written, as soon as what waited before is."""
        made = self._collect(models.Document, self._derived_documents)
        while self._writer_busy() and next(made, "none is left") is None:
            pass
        self.wait()
        waiting = {table: rows for table, rows in self._pending.items() if rows}
        self._pending = {table: [] for table in self._pending}
        self._flushed = self._writer.submit(self._write, waiting)
        self._bytes_in_flight = self._bytes
        self._rows = self._bytes = 0

    def finish(self) -> None:
        """Write all that is left. Raises what writing raised."""
        self.add(models.Document, self._derived_documents)
        self.flush()
        self.wait()

    def _writer_busy(self) -> bool:
        """Is the writer busy, and not so much held already that it must be waited for."""
        held = self._bytes + self._bytes_in_flight
        return self._flushed is not None and not self._flushed.done() and held < _MAX_BUFFERED

    def wait(self) -> None:
        """Until all that was to be written is. Raises what writing raised."""
        if self._flushed is not None:
            self._flushed.result()

    def _write(self, waiting: dict[Table, list[Any]]) -> None:
        for table, rows in waiting.items():
            self._insert_rows(self._connection, table, rows)
            self._progress(table.name)


def _insert_batch(connection: Connection, table: Table, rows: list[Any]) -> None:
    """Many rows in one statement: other threads run meanwhile. The rows hold plain values of the columns' types already."""
    into, columns = _build_target(connection, table), len(table.columns)
    # A row with a large document is the last of those that are written together.
    room = {
        place: len(rows[-1][place])
        for place in _find_byte_columns(table)
        if len(rows[-1][place] or b"") > _LARGE_DOCUMENT
    }
    _insert_rows(connection, into, columns, rows[:-1] if room else rows)
    if room:
        _insert_large(connection, table, rows[-1], room)


def _insert_large(connection: Connection, table: Table, row: tuple[Any, ...], room: dict[int, int]) -> None:
    """A row with large documents, `room` holds place -> size of each: room for them first, and then they themselves."""
    driver: Any = connection.connection.driver_connection
    values = ", ".join("zeroblob(?)" if place in room else "?" for place in range(len(row)))
    given = tuple(room.get(place, value) for place, value in enumerate(row))
    made = connection.exec_driver_sql(f"INSERT INTO {_build_target(connection, table)} VALUES ({values})", given)
    for place, size in room.items():
        document = memoryview(row[place])
        with driver.blobopen(table.name, table.columns[place].name, made.lastrowid) as blob:
            for start in range(0, size, _BLOB_CHUNK):
                blob.write(document[start : start + _BLOB_CHUNK])


def _insert_rows(connection: Connection, into: str, columns: int, rows: list[tuple[Any, ...]]) -> None:
    start, left = 0, len(rows)
    # By powers of two: few statements for any number of rows, and few for the driver to keep.
    many = 1 << (_STATEMENT_VALUES // columns).bit_length() - 1
    while left:
        while many > left:
            many >>= 1
        connection.exec_driver_sql(
            _build_insert(into, columns, many), tuple(chain.from_iterable(rows[start : start + many]))
        )
        start, left = start + many, left - many


@cache
def _build_insert(into: str, columns: int, rows: int) -> str:
    one = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([one] * rows)}"


def _build_target(connection: Connection, table: Table) -> str:
    """A table and its columns, as both engines are told where rows go."""
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.columns)})"


def _copy(connection: Connection, table: Table, rows: list[Any]) -> None:
    """PostgreSQL's COPY, inside the same transaction."""
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {_build_target(connection, table)} FROM STDIN"
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The driver was asked itself: what it says becomes what every other statement would have raised.
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error
