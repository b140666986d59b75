"""How to reach a database to read it: one snapshot a request, every write refused by the database itself."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class ReadTransaction(Protocol):
    """One read transaction: everything fetched from it belongs to one release."""

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement with named parameters (`:name`), as tuples of plain values."""


class ReadEngine(Protocol):
    """A database that is only read, and the connections that wait for the next request."""

    # A file of this machine, not a server.
    is_file: bool

    def transaction(self) -> AbstractContextManager[ReadTransaction]:
        """One read transaction. It and its statements raise DatabaseAway: it cannot be reached, or did not answer in time;
        DatabaseBare: it has no tables yet; DatabaseFault: it refused a statement.
        """

    def file_id(self) -> tuple[int, int] | None:
        """Which file the path of a SQLite database leads to now (device, inode); None: no such file, or a server.

        An open connection follows a file that was moved away: who restores a backup by moving it into place needs new ones.
        """

    def dispose(self) -> None:
        """Close every connection, those at work when they are given back."""


def create_read_engine(url: str) -> ReadEngine:
    """Engine that only reads. Only what this kind of database needs is imported: a file needs no SQLAlchemy."""
    if url.startswith("sqlite"):
        from app.db.sqlite import SqliteEngine  # noqa: PLC0415

        return SqliteEngine(url)
    from app.db.postgresql import PostgresEngine  # noqa: PLC0415

    return PostgresEngine(url)
