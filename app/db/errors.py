"""What a database says instead of answering. A server answers from a SQLite file without SQLAlchemy, so these are ours."""


class DatabaseError(Exception):
    """The database refused what it was asked."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached, or did not answer in time."""


class SchemaMissing(DatabaseUnavailable):
    """The database is there and has no such table: nobody migrated it yet."""


def first_line(error: BaseException) -> str:
    """What a database, or its driver, said: the first line. The kind of the error, where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]
