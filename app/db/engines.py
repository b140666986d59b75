"""How to reach a database. The read engine is refused writes by the database itself; the write engine is the loader's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool


def _sqlite_file(url: str) -> Path | None:
    database = make_url(url).database
    return Path(database) if database and database != ":memory:" else None


def read_engine(url: str) -> Engine:
    """Engine that only reads: one snapshot a transaction, every write refused by the database."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=8,
            connect_args={"check_same_thread": False, "timeout": 5},
        )

        @event.listens_for(engine, "connect")
        def _read_only(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
            # Begin and end are ours: the driver would open no transaction for a SELECT, and then two SELECTs
            # of one request could see two releases.
            connection.isolation_level = None
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA mmap_size = 67108864")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine
    return create_engine(
        url,
        isolation_level="REPEATABLE READ",
        pool_size=8,
        max_overflow=8,
        pool_timeout=1,
        pool_pre_ping=False,
        connect_args={"connect_timeout": 1, "options": "-c default_transaction_read_only=on -c statement_timeout=5000"},
    )


def write_engine(url: str) -> Engine:
    """Engine of the loader and the migrations: foreign keys on, write-ahead log, one writer at a time."""
    if not url.startswith("sqlite"):
        return create_engine(url, connect_args={"connect_timeout": 5})
    if file := _sqlite_file(url):
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _writer(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: two loaders at once wait for each other instead of failing at the first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One read transaction: everything read inside belongs to one release."""
    with engine.connect() as connection, connection.begin():
        yield connection
