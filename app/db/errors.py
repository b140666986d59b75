"""What a database says instead of answering. A server answers from a SQLite file without SQLAlchemy, so these are ours."""


class DatabaseFault(Exception):
    """The database refused what it was asked."""


class DatabaseAway(DatabaseFault):
    """The database cannot be reached, or did not answer in time."""


class DatabaseBare(DatabaseAway):
    """The database is there and has no such table: nobody migrated it yet."""


def said(error: BaseException) -> str:
    """What a database, or its driver, said: the first line. The kind of the error, where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
