"""How to reach a database. The read engine is refused writes by the database itself; the write engine is the loader's."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.db.statements import pyformat

_IDLE_MOST = 8


class Snapshot(Protocol):
    """One read transaction: everything fetched from it belongs to one release."""

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement with named parameters (`:name`), as tuples of plain values."""


class _FileSnapshot:
    """On SQLite the driver is asked itself: SQLAlchemy's objects would cost more than SQLite's whole answer."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        return self._driver.execute(sql, parameters).fetchall()


class Transaction:
    """What an open transaction of SQLAlchemy sees, on either engine."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement."""
        written = sql if self._connection.dialect.name == "sqlite" else pyformat(sql)
        return self._connection.exec_driver_sql(written, dict(parameters)).fetchall()


class ReadEngine:
    """A database that is only read, and the connections that wait for the next request."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_file = engine.dialect.name == "sqlite"
        self._idle: list[sqlite3.Connection] = []
        # Rises when every connection is to be left behind, those at work as well.
        self._generation = 0

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One read transaction. OperationalError: the database cannot be reached, or did not answer in time."""
        if not self.is_file:
            with self.engine.connect() as connection, connection.begin():
                yield Transaction(connection)
            return
        generation = self._generation
        driver = self._take()
        try:
            driver.execute("BEGIN")
            yield _FileSnapshot(driver)
            driver.execute("COMMIT")
        except sqlite3.Error as error:
            driver.close()
            raise OperationalError(None, None, error) from error
        except BaseException:
            driver.close()
            raise
        if len(self._idle) < _IDLE_MOST and generation == self._generation:
            self._idle.append(driver)
        else:
            driver.close()

    def _take(self) -> sqlite3.Connection:
        # Not "pop if there is one": another thread may take it in between.
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        try:
            pooled = self.engine.raw_connection()
        except sqlite3.Error as error:
            raise OperationalError(None, None, error) from error
        driver: Any = pooled.driver_connection
        pooled.detach()
        return driver  # type: ignore[no-any-return]

    def file(self) -> tuple[int, int] | None:
        """Which file the path of a SQLite database leads to now (device, inode); None: no such file, or a server.

        An open connection follows a file that was moved away: who restores a backup by moving it into place needs new ones.
        """
        file = _sqlite_file(str(self.engine.url)) if self.is_file else None
        if file is None:
            return None
        try:
            found = os.stat(file)  # noqa: PTH116 - half the cost of Path.stat, at each poll
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def dispose(self) -> None:
        """Close every connection, those at work when they are given back."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for driver in idle:
            driver.close()
        self.engine.dispose()


def _sqlite_file(url: str) -> Path | None:
    database = make_url(url).database
    return Path(database) if database and database != ":memory:" else None


def _opener(url: str) -> Callable[[], sqlite3.Connection]:
    """Connections to a file that is there: a reader must not make an empty one where the content should be."""
    file = _sqlite_file(url)
    address = f"{file.absolute().as_uri()}?mode=rw" if file else ":memory:"
    # Half of what a caller waits at most: a statement that met a lock is tried once more.
    return lambda: sqlite3.connect(address, timeout=0.8, check_same_thread=False, uri=True)


def read_engine(url: str) -> ReadEngine:
    """Engine that only reads: one snapshot a transaction, every write refused by the database."""
    if url.startswith("sqlite"):
        engine = create_engine(url, poolclass=NullPool, creator=_opener(url))

        @event.listens_for(engine, "connect")
        def _read_only(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
            # Begin and end are ours: the driver would open no transaction for a SELECT, and then two SELECTs
            # of one request could see two releases.
            connection.isolation_level = None
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            # A small file is mapped whole; of a large one, the pages that are asked for stay at hand.
            connection.execute("PRAGMA mmap_size = 67108864")
            connection.execute("PRAGMA cache_size = -32768")

        return ReadEngine(engine)
    return ReadEngine(
        create_engine(
            url,
            isolation_level="REPEATABLE READ",
            pool_size=8,
            max_overflow=8,
            pool_timeout=1,
            # Of several hosts, none is kept for ever: one that came back, or caught up, is found again.
            pool_recycle=60,
            pool_pre_ping=False,
            connect_args={
                # Two seconds for each host is the least that libpq knows.
                "connect_timeout": 2,
                # A host that vanished without a word is noticed in seconds, not in the hours of the system's default.
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 2,
                "tcp_user_timeout": 6000,
                "options": "-c default_transaction_read_only=on -c statement_timeout=5000",
            },
        )
    )


def write_engine(url: str) -> Engine:
    """Engine of the loader and the migrations: foreign keys on, write-ahead log, one writer at a time."""
    if not url.startswith("sqlite"):
        # Of several hosts, the one that takes writes: the primary of this moment.
        one = {"connect_timeout": 5, "target_session_attrs": "read-write", "load_balance_hosts": "disable"}
        return create_engine(url, connect_args=one)
    if file := _sqlite_file(url):
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _writer(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None
        # Of a new file: a document takes fewer pages, and the file is smaller.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        # KiB: a page that more rows go to is written once, not pushed out to the log in between.
        connection.execute("PRAGMA cache_size = -16384")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: two loaders at once wait for each other instead of failing at the first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
