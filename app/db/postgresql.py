"""Reading a PostgreSQL server, through SQLAlchemy's pool."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.errors import DatabaseError, DatabaseUnavailable, SchemaMissing
from app.db.statements import to_pyformat

# undefined_table, as PostgreSQL numbers it.
_UNDEFINED_TABLE: Final = "42P01"


class SqlAlchemyReadTransaction:
    """What an open transaction of SQLAlchemy sees, on either engine."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement."""
        written = sql if self._connection.dialect.name == "sqlite" else to_pyformat(sql)
        with _translated_errors():
            return self._connection.exec_driver_sql(written, dict(parameters)).fetchall()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise DatabaseUnavailable(str(error)) from error
    except SQLAlchemyError as error:
        code = getattr(getattr(error, "orig", None), "sqlstate", None)
        raise (SchemaMissing if code == _UNDEFINED_TABLE else DatabaseError)(str(error)) from error


class PostgresEngine:
    """A PostgreSQL server that is only read."""

    is_file = False

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
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

    @contextmanager
    def transaction(self) -> Iterator[SqlAlchemyReadTransaction]:
        """One read transaction. DatabaseAway: it cannot be reached, or did not answer in time; DatabaseBare: no tables."""
        with _translated_errors(), self._engine.connect() as connection, connection.begin():
            yield SqlAlchemyReadTransaction(connection)

    def file_id(self) -> None:
        """No file."""

    def dispose(self) -> None:
        """Close every connection, those at work when they are given back."""
        self._engine.dispose()
