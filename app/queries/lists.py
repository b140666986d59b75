"""Pages of lists: rows in a total order, filtered by facets, counted once per revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, select
from sqlalchemy.orm import aliased

from app.models import Claim, Document, Listing, ListingFacet, ListingOrder, list_number


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. Values of one facet are alternatives, facets are all required."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_relief_days: float | None = None
    updated_since: int | None = None
    # Slugs of records that a text query found; None: no text query.
    slugs: tuple[str, ...] | None = None

    def without(self, facet: str) -> "Filters":
        """The same filters, leaving one facet out."""
        kept = {name: values for name, values in self.facets.items() if name.split(":")[0] != facet}
        return Filters(kept, self.min_relief_days, self.updated_since, self.slugs)

    @property
    def empty(self) -> bool:
        """Nothing is narrowed."""
        return not self.facets and self.min_relief_days is None and self.updated_since is None and self.slugs is None


@dataclass(frozen=True)
class Order:
    """One of the orders of a list: `sort` empty is the first order, by place; `down` reads that one backwards."""

    sort: str = ""
    down: bool = False


@dataclass(frozen=True)
class ListRow:
    """One row: the shown summary or claim, the further members of its object, and its position in this order."""

    position: int
    summary: bytes | None
    claim: bytes | None
    extra: bytes | None


_row: Any = Listing
_facet: Any = ListingFacet
_order: Any = ListingOrder
_document: Any = Document
_claim: Any = Claim


def list_rows(
    connection: Connection, path: str, filters: Filters, order: Order, *, after: int | None, limit: int
) -> Sequence[ListRow]:
    """Rows after a position, at most `limit`, in one statement."""
    position, statement = _positions(path, filters, order)
    if after is not None:
        statement = statement.where(position < after if order.down else position > after)
    statement = statement.order_by(position.desc() if order.down else position).limit(limit)
    return [ListRow(*row) for row in connection.execute(statement)]


def _positions(path: str, filters: Filters, order: Order) -> tuple[ColumnElement[int], Select[Any]]:
    columns = (_document.summary, _claim.document, _row.extra)
    joined: Any
    position: ColumnElement[int]
    lead = _leading(path, filters)
    if order.sort:
        position = _order.position
        joined = (
            select(position, *columns)
            .select_from(_order)
            .join(_row, and_(_row.list == _order.list, _row.place == _order.place))
        )
        joined = joined.where(_order.list == list_number(path), _order.sort == order.sort)
    elif lead is not None:
        # One value of one facet: its index holds the rows in order already.
        name, value = lead
        position = _facet.place
        joined = (
            select(position, *columns)
            .select_from(_facet)
            .join(_row, and_(_row.list == _facet.list, _row.place == _facet.place))
        )
        joined = joined.where(_facet.list == list_number(path), _facet.facet == name, _facet.value == value)
    else:
        position = _row.place
        joined = select(position, *columns).select_from(_row).where(_row.list == list_number(path))
    joined = joined.outerjoin(_document, and_(_document.type == _row.record_type, _document.slug == _row.record_slug))
    joined = joined.outerjoin(_claim, _claim.id == _row.claim_id)
    led = lead[0] if lead is not None and not order.sort else None
    return position, joined.where(*_conditions(path, filters, leave_out=led))


def _own(path: str, name: str) -> bool:
    """Does a facet stand with the rows of this list; in a look-up all but the role stand with the procedures."""
    return name == "role" or not path.endswith("/procedures")


def _leading(path: str, filters: Filters) -> tuple[str, str] | None:
    for name, values in filters.facets.items():
        if len(values) == 1 and _own(path, name):
            return name, values[0]
    return None


def _of_row(facet: Any, path: str, name: str) -> ColumnElement[bool]:  # noqa: ANN401 - the table, or an alias of it
    if _own(path, name):
        return and_(facet.list == list_number(path), facet.place == _row.place)
    return and_(facet.list == list_number("procedures"), facet.place == _row.home)


def _conditions(path: str, filters: Filters, leave_out: str | None = None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, values in filters.facets.items():
        if name == leave_out:
            continue
        facet: Any = aliased(ListingFacet)
        found.append(
            exists(
                select(literal(1)).where(
                    _of_row(facet, path, name),
                    facet.facet == name,
                    facet.value.in_(values),
                )
            )
        )
    if filters.min_relief_days is not None:
        found.append(_row.relief_days >= filters.min_relief_days)
    if filters.updated_since is not None:
        found.append(_row.updated > filters.updated_since)
    if filters.slugs is not None:
        found.append(_row.record_slug.in_(filters.slugs))
    return found


def count_rows(connection: Connection, path: str, filters: Filters) -> int:
    """Rows of a list with these filters."""
    lead = _leading(path, filters)
    if filters.empty:
        statement = select(func.count()).select_from(_row).where(_row.list == list_number(path))
    elif lead is not None and len(filters.facets) == 1 and filters == Filters(filters.facets):
        name, value = lead
        statement = (
            select(func.count())
            .select_from(_facet)
            .where(_facet.list == list_number(path), _facet.facet == name, _facet.value == value)
        )
    else:
        statement = (
            select(func.count()).select_from(_row).where(_row.list == list_number(path), *_conditions(path, filters))
        )
    return int(connection.execute(statement).scalar_one())


def count_facet(connection: Connection, path: str, facet: str, filters: Filters) -> Sequence[tuple[str, int]]:
    """How many rows have each value of a facet, leaving out its own filter; most first, then by value."""
    own = filters.without(facet)
    statement = select(_facet.value, func.count()).where(_facet.facet == facet)
    if own.empty and _own(path, facet):
        statement = statement.where(_facet.list == list_number(path))
    else:
        statement = statement.join(_row, _of_row(_facet, path, facet))
        statement = statement.where(_row.list == list_number(path), *_conditions(path, own))
    statement = statement.group_by(_facet.value)
    rows = connection.execute(statement).all()
    return sorted(((value, int(count)) for value, count in rows), key=lambda row: (-row[1], row[0]))


def list_claims_of(
    connection: Connection, kind: str, slug: str, claim_kind: str, *, after: int | None, limit: int
) -> Sequence[ListRow]:
    """Claims of one kind on one record, in the order a detail shows them."""
    statement = select(_claim.position, _claim.document).where(
        _claim.subject_type == kind, _claim.subject_slug == slug, _claim.kind == claim_kind
    )
    if after is not None:
        statement = statement.where(_claim.position > after)
    rows = connection.execute(statement.order_by(_claim.position).limit(limit))
    return [ListRow(position, None, document, None) for position, document in rows]


def count_claims_of(connection: Connection, kind: str, slug: str, claim_kind: str) -> int:
    """How many claims of one kind a record has."""
    statement = (
        select(func.count())
        .select_from(_claim)
        .where(_claim.subject_type == kind, _claim.subject_slug == slug, _claim.kind == claim_kind)
    )
    return int(connection.execute(statement).scalar_one())
