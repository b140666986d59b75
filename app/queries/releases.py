"""The history of the content."""

from app.db.packing import list_number
from app.db.read_engine import Snapshot


def list_versions(snapshot: Snapshot) -> list[str]:
    """Versions of every release, oldest first."""
    sql = "SELECT record_slug FROM listing WHERE list = :list ORDER BY place DESC"
    return [version for (version,) in snapshot.fetch(sql, {"list": list_number("releases")})]
