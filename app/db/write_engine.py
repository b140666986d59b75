"""How the loader and the migrations reach a database."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from app.db.sqlite import sqlite_file


def create_write_engine(url: str) -> Engine:
    """Engine of the loader and the migrations: foreign keys on, write-ahead log, one writer at a time."""
    if not url.startswith("sqlite"):
        # Of several hosts, the one that takes writes: the primary of this moment.
        one = {"connect_timeout": 5, "target_session_attrs": "read-write", "load_balance_hosts": "disable"}
        return create_engine(url, connect_args=one)
    if file := sqlite_file(url):
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
        # What a statement of many rows needs to be undone by itself stays in memory: that is decided when a transaction
        # begins. Sorting for an index, which may be large, goes to files.
        connection.exec_driver_sql("PRAGMA temp_store = MEMORY")
        # IMMEDIATE: two loaders at once wait for each other instead of failing at the first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("PRAGMA temp_store = DEFAULT")

    return engine
