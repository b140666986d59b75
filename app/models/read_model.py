"""Read model: serialized documents, and lists with their sort orders and facets.

A document or a list row depends on the content alone, so the loader builds it once per release and not once per request
(`docs/decisions/`). Exports, checks and people query the tables of records, claims, relations and outcomes instead.
"""

from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTES, BYTEWISE


class Document(SQLModel, table=True):
    """Serialized response: of a record, of the first page of a list, of a release. `summary` is for lists. HTTP replaces the placeholder in links by its base URL."""

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(sa_type=BYTEWISE)
    summary: bytes = Field(sa_type=BYTES)
    body: bytes = Field(sa_type=BYTES)


class ListRow(SQLModel, table=True):
    """A row of a list, at its position in the default order. `list_id` is `app.db.packing.compute_list_id` of the list's path.

    Its JSON is a claim or the summary of a record. A row of a list of linked procedures adds the relations that link them.
    """

    __tablename__ = "list_row"

    list_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = Field(primary_key=True)
    record_type: str | None = Field(default=None, sa_type=BYTEWISE)
    record_slug: str | None = Field(default=None, sa_type=BYTEWISE)
    claim_id: str | None = Field(default=None, sa_type=BYTEWISE)
    # JSON object merged into the summary or claim (the relations of a linked procedure), or the whole row if there is neither.
    extra_json: bytes | None = Field(default=None, sa_type=BYTES)


class LinkedProcedurePositions(SQLModel, table=True):
    """Position of each linked procedure in the list of procedures, which stores the procedure facets."""

    __tablename__ = "linked_procedure_positions"

    list_id: int = Field(primary_key=True, sa_type=BigInteger)
    # Packed array in the order of the list (`app/db/packing.py`).
    positions: bytes = Field(sa_type=BYTES)


class ListSort(SQLModel, table=True):
    """A further sort order of a list."""

    __tablename__ = "list_sort"

    list_id: int = Field(primary_key=True, sa_type=BigInteger)
    sort: str = Field(primary_key=True, sa_type=BYTEWISE)
    # Packed array: positions of all rows in this order.
    positions: bytes = Field(sa_type=BYTES)
    # Packed array: sort keys (days of relief, index of the release that changed the record, ...) of the first rows; the
    # rows after them have no value. Empty for descending orders: filters compare with the ascending one.
    sort_values: bytes = Field(sa_type=BYTES)


class ListFacet(SQLModel, table=True):
    """Rows of a list that have this value of a facet."""

    __tablename__ = "list_facet"
    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    list_id: int = Field(primary_key=True, sa_type=BigInteger)
    facet: str = Field(primary_key=True, sa_type=BYTEWISE)
    value: str = Field(primary_key=True, sa_type=BYTEWISE)
    # Bitmap of their positions.
    positions: bytes = Field(sa_type=BYTES)
