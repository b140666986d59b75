"""What a database says instead of answering. A server answers from a SQLite file without SQLAlchemy, so these are ours."""


class DatabaseFault(Exception):
    """The database refused what it was asked."""


class DatabaseAway(DatabaseFault):
    """The database cannot be reached, or did not answer in time."""
