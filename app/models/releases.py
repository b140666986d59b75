"""Which state of the content this database holds."""

from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE


class Release(SQLModel, table=True):
    """The one release that is current. Written last: who sees a new revision sees all of its content."""

    current: bool = Field(primary_key=True)
    version: str = Field(sa_type=BYTEWISE)
    date: str = Field(sa_type=BYTEWISE)
    # Hash of the content: the same content gives the same revision in every database.
    revision: str = Field(sa_type=BYTEWISE)
    # Which code wrote the documents: other code means loading anew.
    build: str = Field(sa_type=BYTEWISE)
    # Rises by one with each load of a newer state, so that a replica knows which of two revisions is the later.
    sequence: int
    development: bool
