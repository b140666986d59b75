"""Read engine for SQLite. It uses the driver directly, because SQLAlchemy would take longer than SQLite itself."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.db.errors import DatabaseUnavailable, DirectoryReadOnly, SchemaMissing

_MAX_IDLE = 8


def parse_sqlite_path(url: str) -> Path | None:
    """Path of the file in a SQLite URL; None for an in-memory database."""
    database = url.partition("://")[2].partition("?")[0].removeprefix("/")
    return Path(database) if database and database != ":memory:" else None


def require_writable_directory(path: Path) -> None:
    """Raise DirectoryReadOnly if the directory of a SQLite file exists and cannot be written: a read-only medium, or no permission."""
    if path.parent.exists() and not os.access(path.parent, os.W_OK):
        raise DirectoryReadOnly(
            f"{path.parent} cannot be written, and SQLite makes files beside {path.name}. "
            "docs/operations/database.md says how to serve from a read-only medium"
        )


class SqliteReadTransaction:
    """Read transaction on a SQLite connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self._connection, self._path = connection, path
        self.failed = False

    def fetch(self, sql: str, params: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement."""
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            self.failed = True
            raise _translate_error(error, self._path) from error


def _translate_error(error: sqlite3.Error, path: Path | None) -> DatabaseUnavailable:
    if path and getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}:
        try:
            require_writable_directory(path)
        except DirectoryReadOnly as refusal:
            return refusal
    # SQLite has a single error code for every invalid statement.
    return (SchemaMissing if str(error).startswith("no such table") else DatabaseUnavailable)(str(error))


class SqliteEngine:
    """Read-only access to a SQLite file."""

    is_file = True

    def __init__(self, url: str) -> None:
        self._path = parse_sqlite_path(url)
        # mode=rw requires an existing file: a reader must not create an empty database.
        self._uri = f"{self._path.absolute().as_uri()}?mode=rw" if self._path else ":memory:"
        self._idle: list[sqlite3.Connection] = []
        # Incremented to retire all connections, including those in use.
        self._generation = 0
        self._stamp = self._find_stamp()

    @contextmanager
    def transaction(self) -> Iterator[SqliteReadTransaction]:
        """Read transaction. Raises DatabaseUnavailable (no such file, locked for too long) or SchemaMissing (no tables)."""
        connection = self._acquire()
        generation = self._generation
        transaction = SqliteReadTransaction(connection, self._path)
        try:
            connection.execute("BEGIN")
            yield transaction
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            raise _translate_error(error, self._path) from error
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < _MAX_IDLE and generation == self._generation and not transaction.failed:
            self._idle.append(connection)
        else:
            connection.close()

    def _acquire(self) -> sqlite3.Connection:
        # Pages that connections hold in memory belong to the file as it was: one that was copied over has others.
        stamp = self._find_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self.dispose()
        # No check before the pop: another thread may take the last connection in between.
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        try:
            # Half of the longest wait of a request: a statement that met a lock is retried once.
            connection = sqlite3.connect(self._uri, timeout=0.8, check_same_thread=False, uri=True)
        except sqlite3.Error as error:
            raise _translate_error(error, self._path) from error
        try:
            # Explicit transactions: the driver opens none for a SELECT, so two SELECTs of a request could see two releases.
            connection.isolation_level = None
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            # Not mapped into memory: a file that is cut short under a mapping ends the process.
            connection.execute("PRAGMA mmap_size = 0")
            connection.execute("PRAGMA cache_size = -32768")
        except sqlite3.Error as error:
            connection.close()
            raise _translate_error(error, self._path) from error
        return connection

    def _find_stamp(self) -> tuple[int, ...]:
        if self._path is None:
            return ()
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - half the cost of Path.stat, in each request that is not cached
        except OSError:
            return ()
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

    def find_file_id(self) -> tuple[int, int] | None:
        """(device, inode) of the file at the path; None if there is none."""
        if self._path is None:
            return None
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - half the cost of Path.stat, at each poll
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def dispose(self) -> None:
        """Close all connections; those in use are closed when they are returned."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
