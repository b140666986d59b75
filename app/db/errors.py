"""Database errors, independent of SQLAlchemy, which a service on a SQLite file does not import."""


class DatabaseError(Exception):
    """The database rejected a statement."""


class DatabaseUnavailable(DatabaseError):
    """The database is unreachable or did not respond in time."""


class DirectoryReadOnly(DatabaseUnavailable):
    """The directory of a SQLite file cannot be written, and SQLite must make files of its own beside the database."""


class EncodingUnsupported(DatabaseUnavailable):
    """The database does not store text in UTF-8."""


class DatabaseBusy(DatabaseError):
    """The database is there, but no connection was free in time, or a statement took too long."""


class SchemaMissing(DatabaseUnavailable):
    """The database has no such table: it has not been migrated yet."""


def first_line(error: BaseException) -> str:
    """First line of an error message; the class of the error if it has no message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
