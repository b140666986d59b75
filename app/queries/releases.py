"""The history of the content."""

from typing import Any

from sqlalchemy import Connection, select

from app.models import Listing, list_number

_row: Any = Listing


def list_versions(connection: Connection) -> list[str]:
    """Versions of every release, oldest first."""
    statement = select(_row.record_slug).where(_row.list == list_number("releases")).order_by(_row.place.desc())
    return list(connection.execute(statement).scalars())
