"""Filtered lists: bitmaps of row positions, fetched in one statement and intersected in memory."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from itertools import islice
from operator import and_
from typing import Any, Final

from pyroaring import BitMap

from app.db.packing import compute_list_id, load_bitmap, load_positions, load_values
from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list


@dataclass(frozen=True)
class Filters:
    """Filters of a list. A row matches a facet if it has any of its values; it must match all facets.

    In the list of procedures, a role and a pain generator or condition must match in the same relation.
    """

    values_by_facet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_relief_days: float | None = None
    updated_since: int | None = None
    # Slugs of the records that a text query found; None: no text query.
    slugs: tuple[str, ...] | None = None

    def without(self, facet: str) -> "Filters":
        """The filters except those of one facet."""
        return replace(
            self, values_by_facet={name: values for name, values in self.values_by_facet.items() if name != facet}
        )

    def with_only(self, facet: str, value: str) -> "Filters":
        """The filters with one value in place of the requested values of a facet."""
        return replace(self, values_by_facet={**self.values_by_facet, facet: (value,)})

    @property
    def is_empty(self) -> bool:
        """Whether every row matches."""
        return self == NO_FILTERS


@dataclass(frozen=True)
class SortOrder:
    """A sort order of a list. `sort` "" is the default order, by position; `reverse` applies to the default order only."""

    sort: str = ""
    reverse: bool = False


NO_FILTERS: Final = Filters()
DEFAULT_ORDER: Final = SortOrder()
_RELIEF, _UPDATED = "relief", "updated"
_EMPTY_SORT: Final = array("I"), array("d")


# Facets of procedures that are stored a second time with the role: `{facet}:role`, with the values `{slug} {role}`.
_LINKED_FACETS: Final = ("pain_generator", "condition")


def _list_stored_facets(
    list_path: str, values_by_facet: Mapping[str, tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """Stored facets and values that a row must match, for requested ones."""
    linked = [name for name in _LINKED_FACETS if name in values_by_facet]
    if list_path != "procedures" or "role" not in values_by_facet or not linked:
        return values_by_facet
    stored = {name: values for name, values in values_by_facet.items() if name not in {"role", *linked}}
    for name in linked:
        stored[f"{name}:role"] = tuple(
            f"{slug} {role}" for slug in values_by_facet[name] for role in values_by_facet["role"]
        )
    return stored


@dataclass
class _ListIndex:
    """The stored bitmaps and arrays that a filtered list needs."""

    # Facet -> positions of the rows with any of the requested values. Facets that a list of linked procedures does not store hold
    # positions in the list of procedures.
    facets: dict[str, BitMap] = field(default_factory=dict)
    # Sort -> positions in ascending order, and the sort values of the first of them, which filters compare with.
    sort_values: dict[str, tuple["array[int]", "array[float]"]] = field(default_factory=dict)
    sort_order: "array[int]" = field(default_factory=lambda: array("I"))
    procedure_positions: "array[int]" = field(default_factory=lambda: array("I"))
    slug_positions: BitMap = field(default_factory=BitMap)


class FilteredList:
    """The matching rows of a list in a sort order. `list_path` is the path below /v1. Everything is fetched lazily."""

    def __init__(
        self,
        transaction: ReadTransaction,
        list_path: str,
        filters: Filters = NO_FILTERS,
        order: SortOrder = DEFAULT_ORDER,
    ) -> None:
        self.transaction = transaction
        self.list_path = list_path
        self.filters = filters
        self.order = order
        self._stored_facets = _list_stored_facets(list_path, filters.values_by_facet)

    @property
    def unfiltered(self) -> bool:
        """Whether this is the whole list in its default order, forward or reverse."""
        return self.filters.is_empty and not self.order.sort

    @cached_property
    def positions(self) -> BitMap | None:
        """Positions of the matching rows; None: every row matches."""
        filters = self.filters
        bitmaps: list[BitMap] = []
        if filters.min_relief_days is not None:
            bitmaps.append(self._at_least(_RELIEF, filters.min_relief_days, bisect_left))
        if filters.updated_since is not None:
            bitmaps.append(self._at_least(_UPDATED, filters.updated_since, bisect_right))
        if filters.slugs is not None:
            bitmaps.append(self._index.slug_positions)
        procedure_bitmaps: list[BitMap] = []
        for name in self._stored_facets:
            bitmap = self._index.facets.get(name, BitMap())
            (bitmaps if self.is_own_facet(name) else procedure_bitmaps).append(bitmap)
        if procedure_bitmaps:
            procedures = reduce(and_, procedure_bitmaps)
            positions = enumerate(self.procedure_positions)
            bitmaps.append(BitMap([position for position, procedure in positions if procedure in procedures]))
        return reduce(and_, bitmaps) if bitmaps else None

    def _at_least(self, sort: str, minimum: float, bisect: Callable[[Sequence[float], float], int]) -> BitMap:
        """Positions of the rows with a sort value from `minimum` on. Rows without a value never match."""
        positions, values = self._index.sort_values.get(sort, _EMPTY_SORT)
        return BitMap(positions[bisect(values, minimum) : len(values)])

    def list_offsets(self, after: int | None, limit: int) -> list[tuple[int, int]]:
        """(offset, position) of at most `limit` rows after an offset in the sort order. Not for an unfiltered list."""
        return list(islice(self._iter_offsets(after), limit))

    def _iter_offsets(self, after: int | None) -> Iterator[tuple[int, int]]:
        matching = self.positions
        if self.order.sort:
            start = 0 if after is None else after + 1
            for offset, position in enumerate(self._index.sort_order[start:], start):
                if matching is None or position in matching:
                    yield offset, position
        elif matching is not None and self.order.reverse:
            before = matching if after is None else matching & BitMap(range(after))
            for rank in range(len(before) - 1, -1, -1):
                yield before[rank], before[rank]
        elif matching is not None:
            for position in matching.iter_equal_or_larger(0 if after is None else after + 1):
                yield position, position

    def is_own_facet(self, facet: str) -> bool:
        """Whether the list itself stores the facet. A list of linked procedures stores only the role; the list of procedures has the rest."""
        return facet == "role" or not self.list_path.endswith("/procedures")

    @cached_property
    def procedure_positions(self) -> "array[int]":
        """For each linked procedure, its position in the list of procedures."""
        if self._needs_procedure_positions:
            return self._index.procedure_positions
        sql = "SELECT positions FROM linked_procedure_positions WHERE list_id = :list_id"
        rows = self.transaction.fetch(sql, {"list_id": compute_list_id(self.list_path)})
        return load_positions(rows[0][0]) if rows else _EMPTY_SORT[0]

    @property
    def _needs_procedure_positions(self) -> bool:
        return not all(map(self.is_own_facet, self._stored_facets))

    @cached_property
    def _index(self) -> _ListIndex:
        params: dict[str, Any] = {
            "list_id": compute_list_id(self.list_path),
            "procedures_id": compute_list_id("procedures"),
        }
        index, statements = _ListIndex(), list(self._build_statements(params))
        # There is no statement if the only filter is a text query that found nothing.
        rows = self.transaction.fetch(" UNION ALL ".join(statements), params) if statements else ()
        for content, name, positions, values in rows:
            if content == "facet":
                index.facets[name] = index.facets.get(name, BitMap()) | load_bitmap(positions)
            elif content == "sort_values":
                index.sort_values[name] = load_positions(positions), load_values(values)
            elif content == "sort_order":
                index.sort_order = load_positions(positions)
            elif content == "procedure_positions":
                index.procedure_positions = load_positions(positions)
            else:
                index.slug_positions.add(int(name))
        return index

    def _build_statements(self, params: dict[str, Any]) -> Iterator[str]:
        """Statements whose union fetches the index; adds their bind parameters to `params`."""
        filters = self.filters
        sorts = [_RELIEF] if filters.min_relief_days is not None else []
        sorts += [_UPDATED] if filters.updated_since is not None else []
        if sorts:
            # First because it has a value in every column: PostgreSQL takes the column types from it.
            yield (
                "SELECT 'sort_values', sort, positions, sort_values FROM list_sort"
                f" WHERE list_id = :list_id AND sort IN ({bind_list('sorts', sorts, params)})"
            )
        if self.order.sort:
            params["sort"] = self.order.sort
            yield "SELECT 'sort_order', sort, positions, NULL FROM list_sort WHERE list_id = :list_id AND sort = :sort"
        for number, (facet, values) in enumerate(self._stored_facets.items()):
            params[f"facet{number}"] = facet
            list_id = ":list_id" if self.is_own_facet(facet) else ":procedures_id"
            yield (
                f"SELECT 'facet', facet, positions, NULL FROM list_facet WHERE list_id = {list_id}"
                f" AND facet = :facet{number} AND value IN ({bind_list(f'value{number}x', values, params)})"
            )
        if self._needs_procedure_positions:
            yield (
                "SELECT 'procedure_positions', '', positions, NULL FROM linked_procedure_positions"
                " WHERE list_id = :list_id"
            )
        if filters.slugs:
            yield (
                "SELECT 'slug', CAST(position AS TEXT), NULL, NULL FROM list_row"
                f" WHERE list_id = :list_id AND record_slug IN ({bind_list('slug', filters.slugs, params)})"
            )


def count_rows(filtered: FilteredList) -> int:
    """Number of matching rows."""
    if filtered.positions is not None:
        return len(filtered.positions)
    sql = "SELECT count(*) FROM list_row WHERE list_id = :list_id"
    return int(filtered.transaction.fetch(sql, {"list_id": compute_list_id(filtered.list_path)})[0][0])


def count_facet(filtered: FilteredList, facet: str) -> Sequence[tuple[str, int]]:
    """(value, rows) of a facet; most rows first, then by value.

    Counted are the rows that would match if the value were the only requested one of the facet.
    """
    filters, is_linked = filtered.filters, filtered.list_path == "procedures"
    if is_linked and facet == "role" and not filters.values_by_facet.keys().isdisjoint(_LINKED_FACETS):
        roles = [role for role, _ in _list_values(filtered, "role")]
        counts = [(role, len(_refilter(filtered, filters.with_only("role", role)).positions or ())) for role in roles]
    else:
        others = _refilter(filtered, filters.without(facet)) if facet in filters.values_by_facet else filtered
        if is_linked and facet in _LINKED_FACETS and "role" in filters.values_by_facet:
            bitmaps = _list_values_with_role(filtered, facet, filters.values_by_facet["role"])
        else:
            bitmaps = _list_values(filtered, facet)
        matching = others.positions
        if not filtered.is_own_facet(facet):
            positions = others.procedure_positions
            matching = BitMap(positions if matching is None else [positions[position] for position in matching])
        counts = [(value, len(bitmap if matching is None else bitmap & matching)) for value, bitmap in bitmaps]
    return sorted(((value, count) for value, count in counts if count), key=lambda row: (-row[1], row[0]))


def _refilter(filtered: FilteredList, filters: Filters) -> FilteredList:
    return FilteredList(filtered.transaction, filtered.list_path, filters)


def _list_values(filtered: FilteredList, facet: str) -> list[tuple[str, BitMap]]:
    """Values of a stored facet, each with the positions of its rows in the list that stores it."""
    list_path = filtered.list_path if filtered.is_own_facet(facet) else "procedures"
    params = {"list_id": compute_list_id(list_path), "facet": facet}
    sql = "SELECT value, positions FROM list_facet WHERE list_id = :list_id AND facet = :facet"
    return [(value, load_bitmap(positions)) for value, positions in filtered.transaction.fetch(sql, params)]


def _list_values_with_role(filtered: FilteredList, facet: str, roles: Collection[str]) -> list[tuple[str, BitMap]]:
    """Values of a linked facet, each with the positions of the procedures that have any of the roles for it."""
    bitmaps: dict[str, BitMap] = defaultdict(BitMap)
    for value, bitmap in _list_values(filtered, f"{facet}:role"):
        slug, role = value.split(" ")
        if role in roles:
            bitmaps[slug] |= bitmap
    return list(bitmaps.items())
