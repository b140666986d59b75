"""What the loader prepares for reading: finished documents, and lists with their orders and filters.

A document or a list row is a function of the content alone, so it is made once per release and not once per request
(`docs/decisions/`). The tables of records, claims, edges and estimates stay the ones that exports, checks and people query.
"""

from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTES, BYTEWISE


class Document(SQLModel, table=True):
    """A record as it is shown: `summary` in lists, `body` in full. Links hold a mark that HTTP replaces by its base."""

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(sa_type=BYTEWISE)
    summary: bytes = Field(sa_type=BYTES)
    body: bytes = Field(sa_type=BYTES)


class Listing(SQLModel, table=True):
    """One row of one list, at its place in the list's first order. `list` is the `list_number` of its path.

    What is shown is the summary of a record, with an edge in a look-up, or a claim.
    """

    list: int = Field(primary_key=True, sa_type=BigInteger)
    place: int = Field(primary_key=True)
    record_type: str | None = Field(default=None, sa_type=BYTEWISE)
    record_slug: str | None = Field(default=None, sa_type=BYTEWISE)
    claim_id: str | None = Field(default=None, sa_type=BYTEWISE)
    # Further members of the shown object (the edge of a look-up), as JSON; null: none.
    extra: bytes | None = Field(default=None, sa_type=BYTES)


class ListingHome(SQLModel, table=True):
    """Where the procedures of a look-up stand in the list of procedures, with which their facets are stored."""

    __tablename__ = "listing_home"

    list: int = Field(primary_key=True, sa_type=BigInteger)
    # By place of the look-up, packed (`app/db/packing.py`).
    places: bytes = Field(sa_type=BYTES)


class ListingOrder(SQLModel, table=True):
    """Another order of a list."""

    __tablename__ = "listing_order"

    list: int = Field(primary_key=True, sa_type=BigInteger)
    sort: str = Field(primary_key=True, sa_type=BYTEWISE)
    # Places of all rows in this order, packed.
    places: bytes = Field(sa_type=BYTES)
    # What orders the first of them (days of relief, place in the history of the release that changed the record, ...), packed;
    # the rest are rows without a value. Empty where the order goes down: filters compare with the one that goes up.
    numbers: bytes = Field(sa_type=BYTES)


class ListingFacet(SQLModel, table=True):
    """The rows of a list that have this value of this facet."""

    __tablename__ = "listing_facet"
    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    list: int = Field(primary_key=True, sa_type=BigInteger)
    facet: str = Field(primary_key=True, sa_type=BYTEWISE)
    value: str = Field(primary_key=True, sa_type=BYTEWISE)
    # Their places, as a packed set.
    places: bytes = Field(sa_type=BYTES)
