"""Encoding of a PostgreSQL database: in any other than UTF-8, text comes back as bytes or not at all."""

from typing import Any

from sqlalchemy import Engine, event

from app.db.errors import EncodingUnsupported


def require_utf8(engine: Engine) -> None:
    """Have each new connection of an engine refuse a database in another encoding, before SQLAlchemy reads anything from it."""
    event.listen(engine, "connect", _check_encoding, insert=True)


def _check_encoding(connection: Any, _: object) -> None:  # noqa: ANN401 - psycopg's own connection
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise EncodingUnsupported(
            f"the database has the encoding {encoding}; create it anew with ENCODING 'UTF8' TEMPLATE template0"
        )
