"""The history of the content."""

from app.db.engines import Snapshot
from app.db.listings import list_number


def list_versions(snapshot: Snapshot) -> list[str]:
    """Versions of every release, oldest first."""
    sql = "SELECT record_slug FROM listing WHERE list = :list ORDER BY place DESC"
    return [version for (version,) in snapshot.fetch(sql, {"list": list_number("releases")})]
