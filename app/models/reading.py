"""What the loader prepares for reading: finished documents, and lists with their orders and filters.

A document or a list row is a function of the content alone, so it is made once per release and not once per request
(`docs/decisions/`). The tables of records, claims, edges and estimates stay the ones that exports, checks and people query.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from app.db.columns import BYTES, BYTEWISE


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
    # Longest typical relief in days, for min_relief; null: unknown, which never passes.
    relief_days: float | None = None
    # Place in the history of the release in which the record last changed.
    updated: int = 0
    # In a look-up: place of the procedure in the list of procedures, where its own facets stand; null elsewhere.
    home: int | None = None


class ListingOrder(SQLModel, table=True):
    """Another order of a list: `position` counts from 0."""

    __tablename__ = "listing_order"
    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    list: int = Field(primary_key=True, sa_type=BigInteger)
    sort: str = Field(primary_key=True, sa_type=BYTEWISE)
    position: int = Field(primary_key=True)
    place: int


class ListingFacet(SQLModel, table=True):
    """A row of a list has this value of this facet. Ordered by place, so that a filter reads its rows in order."""

    __tablename__ = "listing_facet"
    __table_args__ = (
        Index("ix_listing_facet_place", "list", "place", "facet", "value"),
        {"sqlite_with_rowid": False},
    )

    list: int = Field(primary_key=True, sa_type=BigInteger)
    facet: str = Field(primary_key=True, sa_type=BYTEWISE)
    value: str = Field(primary_key=True, sa_type=BYTEWISE)
    place: int = Field(primary_key=True)
