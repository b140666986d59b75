"""Pages of lists: rows in a total order, filtered by facets, counted once per revision."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from app.db.engines import Snapshot
from app.db.listings import list_number
from app.db.statements import named


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

    @property
    def shown(self) -> bytes:
        """The row as JSON: the summary or claim, with the further members of its object."""
        found = self.summary if self.summary is not None else self.claim
        if found is None:
            return bytes(self.extra or b"{}")
        return bytes(found) if self.extra is None else bytes(found)[:-1] + b"," + bytes(self.extra)[1:]


_SHOWN = """
    LEFT JOIN document d ON d.type = r.record_type AND d.slug = r.record_slug
    LEFT JOIN claim c ON c.id = r.claim_id"""


def list_rows(
    snapshot: Snapshot, path: str, filters: Filters, order: Order, *, after: int | None, limit: int
) -> Sequence[ListRow]:
    """Rows after a position, at most `limit`, in one statement, read in the order of the index that finds them."""
    given: dict[str, Any] = {"list": list_number(path), "limit": limit}
    if order.sort:
        given["sort"] = order.sort
        position, tables = "o.position", "listing_order o JOIN listing r ON r.list = o.list AND r.place = o.place"
        wanted = f"o.list = :list AND o.sort = :sort{_conditions(path, filters, given)}"
    else:
        position, tables, wanted = _found(path, filters, given)
    sql = f"SELECT {position}, d.summary, c.document, r.extra FROM {tables}{_SHOWN} WHERE {wanted}"
    if after is not None:
        given["after"] = after
        sql += f" AND {position} {'<' if order.down else '>'} :after"
    sql += f" ORDER BY {position}{' DESC' if order.down else ''} LIMIT :limit"
    return [ListRow(*row) for row in snapshot.fetch(sql, given)]


# Rows of a page that nobody narrowed, sorted or sized.
FIRST_PAGE: Final = 20


@dataclass(frozen=True)
class FirstPage:
    """The first page of a list as nothing narrows it: its rows as JSON, with commas between them; and what they are of."""

    items: bytes
    total: int
    # Position of the last of them, where more follow.
    last: int | None


def find_first_page(snapshot: Snapshot, path: str) -> FirstPage | None:
    """The page that the loader made, in one row. None: other code loaded this database, and made none."""
    sql = "SELECT summary, body FROM document WHERE type = 'first_page' AND slug = :path"
    rows = snapshot.fetch(sql, {"path": path})
    return FirstPage(bytes(rows[0][1]), **orjson.loads(bytes(rows[0][0]))) if rows else None


def make_first_page(snapshot: Snapshot, path: str) -> FirstPage:
    """The same from the rows themselves."""
    rows = list_rows(snapshot, path, Filters(), Order(), after=None, limit=FIRST_PAGE + 1)
    last = rows[FIRST_PAGE - 1].position if len(rows) > FIRST_PAGE else None
    items = b",".join([row.shown for row in rows[:FIRST_PAGE]])
    return FirstPage(items, count_rows(snapshot, path, Filters()), last)


def walk_list(snapshot: Snapshot, path: str, filters: Filters, order: Order) -> Iterator[ListRow]:
    """Every row of a list, some at a time."""
    after: int | None = None
    while rows := list_rows(snapshot, path, filters, order, after=after, limit=500):
        yield from rows
        after = rows[-1].position


def _own(path: str, name: str) -> bool:
    """Does a facet stand with the rows of this list; in a look-up all but the role stand with the procedures."""
    return name == "role" or not path.endswith("/procedures")


def _leading(path: str, filters: Filters) -> tuple[str, str] | None:
    for name, values in filters.facets.items():
        if len(values) == 1 and _own(path, name):
            return name, values[0]
    return None


def _found(path: str, filters: Filters, given: dict[str, Any]) -> tuple[str, str, str]:
    """Where the place of rows `r` of a list stands, the tables to go through, in this order, and the conditions.

    One value of one facet leads: its index holds the places `l` of its rows, in order. Else all rows are looked at.
    """
    lead = _leading(path, filters)
    if lead is None:
        return "r.place", "listing r", f"r.list = :list{_conditions(path, filters, given)}"
    given["lead"], given["led"] = lead
    wanted = "l.list = :list AND l.facet = :lead AND l.value = :led AND r.list = l.list AND r.place = l.place"
    rest = _conditions(path, filters, given, leave_out=lead[0])
    # CROSS JOIN: SQLite keeps the order of the tables, where it would guess another.
    return "l.place", "listing_facet l CROSS JOIN listing r", wanted + rest


def _of_row(facet: str, path: str, name: str, given: dict[str, Any]) -> str:
    if _own(path, name):
        return f"{facet}.list = r.list AND {facet}.place = r.place"
    given["home"] = list_number("procedures")
    return f"{facet}.list = :home AND {facet}.place = r.home"


def _conditions(path: str, filters: Filters, given: dict[str, Any], leave_out: str | None = None) -> str:
    found = ""
    for number, (name, values) in enumerate(filters.facets.items()):
        if name == leave_out:
            continue
        alias = f"x{number}"
        given[f"{alias}n"] = name
        found += (
            f" AND EXISTS (SELECT 1 FROM listing_facet {alias} WHERE {_of_row(alias, path, name, given)}"
            f" AND {alias}.facet = :{alias}n AND {alias}.value IN ({named(f'{alias}v', values, given)}))"
        )
    if filters.min_relief_days is not None:
        given["relief"] = filters.min_relief_days
        found += " AND r.relief_days >= :relief"
    if filters.updated_since is not None:
        given["since"] = filters.updated_since
        found += " AND r.updated > :since"
    if filters.slugs is not None:
        among = named("slug", filters.slugs, given) if filters.slugs else "NULL"
        found += f" AND r.record_slug IN ({among})"
    return found


def count_rows(snapshot: Snapshot, path: str, filters: Filters) -> int:
    """Rows of a list with these filters."""
    given: dict[str, Any] = {"list": list_number(path)}
    lead = _leading(path, filters)
    if lead is not None and filters == Filters({lead[0]: (lead[1],)}):
        given["lead"], given["led"] = lead
        sql = "SELECT count(*) FROM listing_facet f WHERE f.list = :list AND f.facet = :lead AND f.value = :led"
    else:
        _, tables, wanted = _found(path, filters, given)
        sql = f"SELECT count(*) FROM {tables} WHERE {wanted}"
    return int(snapshot.fetch(sql, given)[0][0])


def count_facet(snapshot: Snapshot, path: str, facet: str, filters: Filters) -> Sequence[tuple[str, int]]:
    """How many rows have each value of a facet, leaving out its own filter; most first, then by value."""
    own = filters.without(facet)
    given: dict[str, Any] = {"list": list_number(path), "facet": facet}
    if own.empty and _own(path, facet):
        sql = "SELECT f.value, count(*) FROM listing_facet f WHERE f.list = :list AND f.facet = :facet"
    else:
        _, tables, wanted = _found(path, own, given)
        # The values of each row that was found, and not the rows of each value there is.
        sql = f"SELECT f.value, count(*) FROM {tables} CROSS JOIN listing_facet f WHERE {wanted}"
        sql += f" AND {_of_row('f', path, facet, given)} AND f.facet = :facet"
    rows = snapshot.fetch(f"{sql} GROUP BY f.value", given)
    return sorted(((value, int(count)) for value, count in rows), key=lambda row: (-row[1], row[0]))


_CLAIMS_OF = "claim WHERE subject_type = :type AND subject_slug = :slug AND kind = :kind"


def list_claims_of(
    snapshot: Snapshot, kind: str, slug: str, claim_kind: str, *, after: int | None, limit: int
) -> Sequence[ListRow]:
    """Claims of one kind on one record, in the order a detail shows them."""
    given = {"type": kind, "slug": slug, "kind": claim_kind, "after": -1 if after is None else after, "limit": limit}
    sql = f"SELECT position, document FROM {_CLAIMS_OF} AND position > :after ORDER BY position LIMIT :limit"
    return [ListRow(position, None, document, None) for position, document in snapshot.fetch(sql, given)]


def count_claims_of(snapshot: Snapshot, kind: str, slug: str, claim_kind: str) -> int:
    """How many claims of one kind a record has."""
    given = {"type": kind, "slug": slug, "kind": claim_kind}
    return int(snapshot.fetch(f"SELECT count(*) FROM {_CLAIMS_OF}", given)[0][0])
