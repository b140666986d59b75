"""Read engines: one read transaction per request; the database itself rejects writes."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

# Requests of one process that may read a database server at the same time. More threads would only wait for each other: most
# of a request is work of this process.
MAX_READERS: Final = 4


class ReadTransaction(Protocol):
    """Read transaction: everything that it fetches belongs to one release."""

    def fetch(self, sql: str, params: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement with named parameters (`:name`), as tuples."""


class ReadEngine(Protocol):
    """Read-only access to a database, with a connection pool."""

    # A local SQLite file, not a server.
    is_file: bool

    def transaction(self) -> AbstractContextManager[ReadTransaction]:
        """Read transaction. Opening it and fetching from it raise DatabaseUnavailable (unreachable), DatabaseBusy (no
        connection in time, or the statement timeout), SchemaMissing (no tables yet) or DatabaseError (invalid statement).
        """

    def find_file_id(self) -> tuple[int, int] | None:
        """(device, inode) of the file at the path of a SQLite database; None if there is no file, or for a server.

        Open connections keep reading a file that was replaced. After a restore the engine needs new connections.
        """

    def dispose(self) -> None:
        """Close all connections; those in use are closed when they are returned."""


def create_read_engine(url: str, *, connections: int = MAX_READERS) -> ReadEngine:
    """Read engine for a URL, with a pool of this size for a server.

    Imports only the driver of this database: SQLite needs no SQLAlchemy.
    """
    if url.startswith("sqlite"):
        from app.db.sqlite import SqliteEngine  # noqa: PLC0415

        return SqliteEngine(url)
    from app.db.postgresql import PostgresEngine  # noqa: PLC0415

    return PostgresEngine(url, connections=connections)
