"""Reading a SQLite file through the driver itself: SQLAlchemy's objects would cost more than SQLite's whole answer."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.db.errors import DatabaseUnavailable, SchemaMissing

_MAX_IDLE = 8


def sqlite_file(url: str) -> Path | None:
    """The file that a URL of SQLite names; None: a database in memory."""
    database = url.partition("://")[2].partition("?")[0].removeprefix("/")
    return Path(database) if database and database != ":memory:" else None


class SqliteReadTransaction:
    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver
        self.failed = False

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        try:
            return self._driver.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            self.failed = True
            raise _translate_error(error) from error


def _translate_error(error: sqlite3.Error) -> DatabaseUnavailable:
    # SQLite has one code for all that is wrong with a statement.
    return (SchemaMissing if str(error).startswith("no such table") else DatabaseUnavailable)(str(error))


class SqliteEngine:
    """A SQLite file that is only read."""

    is_file = True

    def __init__(self, url: str) -> None:
        self._file = sqlite_file(url)
        # A file that is there: a reader must not make an empty one where the content should be.
        self._uri = f"{self._file.absolute().as_uri()}?mode=rw" if self._file else ":memory:"
        self._idle: list[sqlite3.Connection] = []
        # Rises when every connection is to be left behind, those at work as well.
        self._generation = 0

    @contextmanager
    def transaction(self) -> Iterator[SqliteReadTransaction]:
        """One read transaction. DatabaseAway: there is no such file, or it did not answer in time; DatabaseBare: no tables."""
        generation = self._generation
        driver = self._acquire()
        taken = SqliteReadTransaction(driver)
        try:
            driver.execute("BEGIN")
            yield taken
            driver.execute("COMMIT")
        except sqlite3.Error as error:
            driver.close()
            raise _translate_error(error) from error
        except BaseException:
            driver.close()
            raise
        if len(self._idle) < _MAX_IDLE and generation == self._generation and not taken.failed:
            self._idle.append(driver)
        else:
            driver.close()

    def _acquire(self) -> sqlite3.Connection:
        # Not "pop if there is one": another thread may take it in between.
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        try:
            # Half of what a caller waits at most: a statement that met a lock is tried once more.
            driver = sqlite3.connect(self._uri, timeout=0.8, check_same_thread=False, uri=True)
        except sqlite3.Error as error:
            raise _translate_error(error) from error
        try:
            # Begin and end are ours: the driver would open no transaction for a SELECT, and then two SELECTs
            # of one request could see two releases.
            driver.isolation_level = None
            driver.execute("PRAGMA query_only = ON")
            driver.execute("PRAGMA foreign_keys = ON")
            # A small file is mapped whole; of a large one, the pages that are asked for stay at hand.
            driver.execute("PRAGMA mmap_size = 67108864")
            driver.execute("PRAGMA cache_size = -32768")
        except sqlite3.Error as error:
            driver.close()
            raise _translate_error(error) from error
        return driver

    def file_id(self) -> tuple[int, int] | None:
        """Which file the path leads to now (device, inode); None: none."""
        if self._file is None:
            return None
        try:
            found = os.stat(self._file)  # noqa: PTH116 - half the cost of Path.stat, at each poll
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def dispose(self) -> None:
        """Close every connection, those at work when they are given back."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for driver in idle:
            driver.close()
