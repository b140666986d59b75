"""Write engine of the loader and the migrations."""

import sqlite3
import time
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event

from app.db.encoding import require_utf8
from app.db.errors import DatabaseUnavailable
from app.db.sqlite import parse_sqlite_path, require_writable_directory

# Seconds that a writer of a SQLite file waits for another.
_LOCK_SECONDS: Final = 30


def create_write_engine(url: str) -> Engine:
    """Write engine for a URL. On SQLite: foreign keys, write-ahead log, one writer at a time."""
    if not url.startswith("sqlite"):
        # Of several hosts, the current primary.
        connect_args = {"connect_timeout": 5, "target_session_attrs": "read-write", "load_balance_hosts": "disable"}
        engine = create_engine(url, connect_args=connect_args)
        require_utf8(engine)
        return engine
    if file := parse_sqlite_path(url):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailable(f"{file.parent} cannot be made: {error.strerror}") from error
        require_writable_directory(file)
    engine = create_engine(url, connect_args={"timeout": _LOCK_SECONDS})

    @event.listens_for(engine, "connect")
    def _writer(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None
        # For new files. A document takes fewer pages, and the file is smaller.
        connection.execute("PRAGMA page_size = 8192")
        _set_write_ahead_log(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        # In KiB. Large enough that a page stays in memory until all of its rows are inserted.
        connection.execute("PRAGMA cache_size = -16384")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Statement journals stay in memory: SQLite decides that when a transaction begins. Sorting for an index, which may
        # be large, uses files.
        connection.exec_driver_sql("PRAGMA temp_store = MEMORY")
        # IMMEDIATE: a second loader waits here instead of failing at its first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("PRAGMA temp_store = DEFAULT")

    return engine


def _set_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Set the journal mode, once no other writer holds the file: for that alone, SQLite does not wait by itself."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
