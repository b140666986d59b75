"""Writing a release: one transaction, the release row last. Killed at any moment, the release before is whole."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, LargeBinary, Table, bindparam, delete, insert, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from app import models
from app.build import build_id
from app.db.engines import Transaction
from app.loader.collecting import collector_at_rest
from app.loader.state import State
from app.loader.tables import Row, tables_of
from app.queries.release import find_release

# Two loaders take turns by this number (any that no other program of the database uses).
_ADVISORY_LOCK = 7_061_642_001
# Rows are written when so many wait, or when their documents weigh so much: a risk of many procedures has megabytes.
_MOST_ROWS: Final = 10_000
_MOST_BYTES: Final = 4_000_000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """What a load did: `written` is False when the database held this very state already."""

    version: str
    revision: str
    written: bool
    rows: int


def write(engine: Engine, state: State, *, progress: Progress = lambda _: None) -> Loaded:
    """Put a checked state into the database. The same state twice is a no-op."""
    with collector_at_rest(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        held = find_release(Transaction(connection))
        if held is not None and (held.revision, held.build) == (state.revision, build_id()):
            return Loaded(state.version, state.revision, written=False, rows=0)
        sequence = held.sequence + 1 if held is not None else 1
        with _indexes_last(connection):
            _empty(connection)
            gathered = _Gathered(connection, progress)
            for model, part in tables_of(state):
                gathered.put(model, part)
            gathered.write()
        # Not counted: what was loaded is the content.
        rows = gathered.total
        gathered.put(models.Release, [_release_row(state, sequence)])
        gathered.write()
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
    return Loaded(state.version, state.revision, written=True, rows=rows)


def _release_row(state: State, sequence: int) -> dict[str, Any]:
    return {
        "current": True,
        "version": state.version,
        "date": state.date,
        "revision": state.revision,
        "build": build_id(),
        "sequence": sequence,
        "development": state.development,
    }


def _empty(connection: Connection) -> None:
    # DELETE and not TRUNCATE: readers of the release before keep their snapshot.
    for table in reversed(SQLModel.metadata.sorted_tables):
        connection.execute(delete(table))


@contextmanager
def _indexes_last(connection: Connection) -> Iterator[None]:
    """SQLite sorts an index made over all rows; kept up row by row it costs a look into a random page each.

    Still one transaction: schema and rows change together or not at all. On PostgreSQL, where dropping an index shuts
    out readers until the end, the indexes stay.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    made = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid"
    ).all()
    quote = connection.dialect.identifier_preparer.quote
    for name, _ in made:
        connection.exec_driver_sql(f"DROP INDEX {quote(name)}")
    yield
    for _, sql in made:
        connection.exec_driver_sql(sql)


class _Gathered:
    """Rows on their way: those of many small lists go to the database together, tables in the order of foreign keys."""

    def __init__(self, connection: Connection, progress: Progress) -> None:
        self.total = 0
        self._connection = connection
        self._progress = progress
        self._put = _copy if connection.dialect.name == "postgresql" else _execute_many
        tables = SQLModel.metadata.sorted_tables
        self._waiting: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in tables}
        self._take = {table: itemgetter(*(column.name for column in table.columns)) for table in tables}
        self._heavy = {
            table: [place for place, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]
            for table in tables
        }
        self._rows = self._bytes = 0

    def put(self, model: type[SQLModel], rows: Iterable[Row]) -> None:
        """Take rows, and write what waits whenever it is enough."""
        table: Table = model.__table__  # type: ignore[attr-defined]
        waiting, take, heavy = self._waiting[table], self._take[table], self._heavy[table]
        coming: Iterator[Any] = iter(rows)
        # Rows without documents are alike: they are taken many at a time.
        while chunk := list(islice(coming, 1 if heavy else _MOST_ROWS - self._rows)):
            waiting += chunk if isinstance(chunk[0], tuple) else map(take, chunk)
            self._rows += len(chunk)
            for place in heavy:
                self._bytes += len(waiting[-1][place] or b"")
            if self._rows >= _MOST_ROWS or self._bytes >= _MOST_BYTES:
                self.write()

    def write(self) -> None:
        """Write what waits."""
        for table, waiting in self._waiting.items():
            if waiting:
                self._put(self._connection, table, waiting)
                self.total += len(waiting)
                self._progress(table.name)
                waiting.clear()
        self._rows = self._bytes = 0


def _execute_many(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """The driver's own bulk insert: the rows hold plain values of the columns' types already."""
    written = insert(table).values({column.name: bindparam(column.name) for column in table.columns})
    connection.exec_driver_sql(str(written.compile(dialect=connection.dialect)), rows)


def _copy(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """PostgreSQL's COPY, inside the same transaction."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {quote(table.name)} ({names}) FROM STDIN"
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The driver was asked itself: what it says becomes what every other statement would have raised.
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error
