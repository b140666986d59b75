"""Release row: the state of the content in this database."""

from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE


class Release(SQLModel, table=True):
    """The loaded release. The loader writes it last: a reader that sees a new revision sees all of its content."""

    current: bool = Field(primary_key=True)
    version: str = Field(sa_type=BYTEWISE)
    date: str = Field(sa_type=BYTEWISE)
    # Hash of the content: equal in every database that holds the same content.
    revision: str = Field(sa_type=BYTEWISE)
    # Code that built the documents: another build reloads them.
    build: str = Field(sa_type=BYTEWISE)
    # Increases by one with each load, so that a reader knows which of two revisions is newer.
    sequence: int
    development: bool
