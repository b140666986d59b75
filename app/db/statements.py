"""Statements written as SQL text with named parameters (`:name`), run with the least between them and the driver."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError


@lru_cache(maxsize=4096)
def _pyformat(sql: str) -> str:
    return re.sub(r"(?<![:\w]):([a-z_][a-z0-9_]*)", r"%(\1)s", sql)


def fetch(connection: Connection, sql: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """All rows of a statement, as tuples of plain values. Values are bound, never written into the text."""
    if connection.dialect.name == "sqlite":
        # SQLAlchemy's own result object costs more than SQLite's whole answer.
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute(sql, parameters or {}).fetchall()  # type: ignore[no-any-return]
        except sqlite3.Error as error:
            raise OperationalError(sql, dict(parameters or {}), error) from error
    return connection.exec_driver_sql(_pyformat(sql), dict(parameters or {})).fetchall()


def named(prefix: str, values: Sequence[Any], into: dict[str, Any]) -> str:
    """Names of parameters for several values (`:p0, :p1`), put into `into`."""
    names = [f"{prefix}{place}" for place in range(len(values))]
    into.update(zip(names, values, strict=True))
    return ", ".join(f":{name}" for name in names)
