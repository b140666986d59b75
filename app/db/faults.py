"""What a database says instead of answering. A server answers from a SQLite file without SQLAlchemy, so these are ours."""


class DatabaseFault(Exception):
    """The database refused what it was asked."""

    @property
    def said(self) -> str:
        """What the database said, in one line."""
        return (str(self).splitlines() or ["nothing"])[0]


class DatabaseAway(DatabaseFault):
    """The database cannot be reached, or did not answer in time."""


class DatabaseBare(DatabaseAway):
    """The database is there and has no such table: nobody migrated it yet."""
