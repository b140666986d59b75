"""Filtered lists: bitmaps of row positions, fetched in one statement and intersected in memory."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
    """Filters of a list. A row matches a facet if it has any of its values; it must match all facets."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_relief_days: float | None = None
    updated_since: int | None = None
    # Slugs of the records that a text query found; None: no text query.
    slugs: tuple[str, ...] | None = None

    def without(self, facet: str) -> "Filters":
        """The filters except those of one facet."""
        facets = {name: values for name, values in self.facets.items() if not _is_facet(facet, name)}
        return Filters(facets, self.min_relief_days, self.updated_since, self.slugs)

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


def _is_facet(facet: str, stored_facet: str) -> bool:
    """Whether a stored facet (`pain_generator:role`) belongs to a facet of the API (`pain_generator`)."""
    return stored_facet.split(":", maxsplit=1)[0] == facet


@dataclass
class _ListIndex:
    """The stored bitmaps and arrays that a filtered list needs."""

    # Facet -> positions of the rows with any of the requested values. Facets that a lookup does not store itself hold
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

    @property
    def unfiltered(self) -> bool:
        """Whether this is the whole list in its default order, forward or reverse."""
        return self.filters.is_empty and not self.order.sort

    @cached_property
    def positions(self) -> BitMap | None:
        """Positions of the matching rows; None: every row matches."""
        return self.positions_excluding("")

    def positions_excluding(self, facet: str) -> BitMap | None:
        """Positions of the rows that match all filters except those of one facet; None: every row matches."""
        filters = self.filters
        bitmaps: list[BitMap] = []
        if filters.min_relief_days is not None:
            bitmaps.append(self._at_least(_RELIEF, filters.min_relief_days, bisect_left))
        if filters.updated_since is not None:
            bitmaps.append(self._at_least(_UPDATED, filters.updated_since, bisect_right))
        if filters.slugs is not None:
            bitmaps.append(self._index.slug_positions)
        procedure_bitmaps: list[BitMap] = []
        for name in filters.facets:
            if not _is_facet(facet, name):
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
        """Whether the list itself stores the facet. A lookup stores only the role; the list of procedures has the rest."""
        return facet == "role" or not self.list_path.endswith("/procedures")

    @cached_property
    def procedure_positions(self) -> "array[int]":
        """For each row of a lookup, the position of its procedure in the list of procedures."""
        if self._needs_procedure_positions:
            return self._index.procedure_positions
        sql = "SELECT positions FROM lookup_procedure_positions WHERE list_id = :list_id"
        rows = self.transaction.fetch(sql, {"list_id": compute_list_id(self.list_path)})
        return load_positions(rows[0][0]) if rows else _EMPTY_SORT[0]

    @property
    def _needs_procedure_positions(self) -> bool:
        return not all(map(self.is_own_facet, self.filters.facets))

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
        for number, (facet, values) in enumerate(filters.facets.items()):
            params[f"facet{number}"] = facet
            list_id = ":list_id" if self.is_own_facet(facet) else ":procedures_id"
            yield (
                f"SELECT 'facet', facet, positions, NULL FROM list_facet WHERE list_id = {list_id}"
                f" AND facet = :facet{number} AND value IN ({bind_list(f'value{number}x', values, params)})"
            )
        if self._needs_procedure_positions:
            yield (
                "SELECT 'procedure_positions', '', positions, NULL FROM lookup_procedure_positions"
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
    """(value, rows) of a facet, ignoring the facet's own filter; most rows first, then by value."""
    matching, is_own = filtered.positions_excluding(facet), filtered.is_own_facet(facet)
    params = {"list_id": compute_list_id(filtered.list_path if is_own else "procedures"), "facet": facet}
    sql = "SELECT value, positions FROM list_facet WHERE list_id = :list_id AND facet = :facet"
    bitmaps = [(value, load_bitmap(positions)) for value, positions in filtered.transaction.fetch(sql, params)]
    if is_own:
        counts = [(value, len(bitmap if matching is None else bitmap & matching)) for value, bitmap in bitmaps]
    else:
        procedures = filtered.procedure_positions
        layers = _build_layers(procedures if matching is None else [procedures[position] for position in matching])
        counts = [(value, sum(layer.intersection_cardinality(bitmap) for layer in layers)) for value, bitmap in bitmaps]
    return sorted(((value, count) for value, count in counts if count), key=lambda row: (-row[1], row[0]))


def _build_layers(procedure_positions: Iterable[int]) -> list[BitMap]:
    """Bitmaps of the procedures with at least one row, with at least two rows (of different roles), and so on."""
    row_counts = Counter(procedure_positions)
    depths = range(max(row_counts.values(), default=0))
    return [BitMap([position for position, count in row_counts.items() if count > depth]) for depth in depths]
