"""Read engine for PostgreSQL, with SQLAlchemy's connection pool."""

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.encoding import require_utf8
from app.db.errors import DatabaseBusy, DatabaseError, DatabaseUnavailable, SchemaMissing
from app.db.read_engine import MAX_READERS
from app.db.statements import to_pyformat

# SQLSTATE of undefined_table.
_UNDEFINED_TABLE: Final = "42P01"
# SQLSTATEs of query_canceled (the statement timeout) and of too_many_connections.
_BUSY: Final = frozenset({"57014", "53300"})
# Connections that a pool may open beside those of the requests that hold a slot: for readiness checks, MCP and preparation.
_SPARE_CONNECTIONS: Final = 4


class SqlAlchemyReadTransaction:
    """Read transaction on a SQLAlchemy connection to either database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fetch(self, sql: str, params: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement."""
        driver_sql = sql if self._connection.dialect.name == "sqlite" else to_pyformat(sql)
        with _translated_errors():
            return self._connection.exec_driver_sql(driver_sql, dict(params)).fetchall()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseBusy("no connection was free in time") from error
    except SQLAlchemyError as error:
        code = getattr(getattr(error, "orig", None), "sqlstate", None)
        # PendingRollbackError: the connection was lost before, and the transaction is used or ended as if it were not.
        if isinstance(error, OperationalError | InterfaceError | PendingRollbackError):
            raise (DatabaseBusy if code in _BUSY else DatabaseUnavailable)(str(error)) from error
        raise (SchemaMissing if code == _UNDEFINED_TABLE else DatabaseError)(str(error)) from error


def _refuse_closed_connection(connection: Any, *_: object) -> None:  # noqa: ANN401 - psycopg's own connection
    """Have the pool replace a connection that the server has closed. Costs a system call; a ping would cost a round trip.

    A server that ends sends its last word and closes the socket: either makes it readable, and nothing else does between requests.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("the server closed the connection")


class PostgresEngine:
    """Read-only access to a PostgreSQL server."""

    is_file = False

    def __init__(self, url: str, *, connections: int = MAX_READERS) -> None:
        self._engine = create_engine(
            url,
            isolation_level="REPEATABLE READ",
            pool_size=connections,
            max_overflow=_SPARE_CONNECTIONS,
            pool_timeout=2,
            # Reconnects regularly, so that a host that recovered or caught up is used again.
            pool_recycle=60,
            pool_pre_ping=False,
            connect_args={
                # Per host. libpq accepts no less than two seconds.
                "connect_timeout": 2,
                # Detects a lost host within seconds; the system defaults would take hours.
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 2,
                "tcp_user_timeout": 6000,
                # What is set here takes precedence over settings of the role, which it could change itself.
                "options": "-c default_transaction_read_only=on -c statement_timeout=5000 -c search_path=public",
            },
        )

        require_utf8(self._engine)
        event.listen(self._engine, "checkout", _refuse_closed_connection)

    @contextmanager
    def transaction(self) -> Iterator[SqlAlchemyReadTransaction]:
        """Read transaction. Raises DatabaseUnavailable (unreachable), DatabaseBusy, SchemaMissing (no tables) or DatabaseError."""
        pool = self._engine.pool
        with _translated_errors(), self._engine.connect() as connection:
            try:
                with connection.begin():
                    yield SqlAlchemyReadTransaction(connection)
            finally:
                # Disposed meanwhile: the pool that would take the connection back is not used any more.
                if self._engine.pool is not pool:
                    connection.invalidate()

    def find_file_id(self) -> None:
        """None: a server has no file."""

    def dispose(self) -> None:
        """Close all connections; those in use are closed when they are returned."""
        self._engine.dispose()
