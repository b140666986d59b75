"""What filters leave of a list: sets of places, read packed in one statement and joined here."""

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

from app.db.packing import list_number, places_in, set_of, values_in
from app.db.read_engine import Snapshot
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
        kept = {name: values for name, values in self.facets.items() if not _is(facet, name)}
        return Filters(kept, self.min_relief_days, self.updated_since, self.slugs)

    @property
    def empty(self) -> bool:
        """Nothing is narrowed."""
        return self == EVERY_ROW


@dataclass(frozen=True)
class Order:
    """One of the orders of a list: `sort` empty is the first order, by place, which `down` reads backwards."""

    sort: str = ""
    down: bool = False


EVERY_ROW: Final = Filters()
FIRST_ORDER: Final = Order()
_RELIEF, _UPDATED = "relief", "updated"
_NOTHING: Final = array("I"), array("d")


def _is(facet: str, name: str) -> bool:
    """Does a stored facet (`pain_generator:role`) belong to one that callers name."""
    return name.split(":", maxsplit=1)[0] == facet


@dataclass
class _Packed:
    """What is stored of a list, as far as a selection needs it."""

    # Facet -> places of the rows that have one of its values. Of a look-up and a facet of procedures: of procedures.
    facets: dict[str, BitMap] = field(default_factory=dict)
    # Sort -> places in that order, and the values that order the first of them, which filters compare.
    valued: dict[str, tuple["array[int]", "array[float]"]] = field(default_factory=dict)
    order: "array[int]" = field(default_factory=lambda: array("I"))
    homes: "array[int]" = field(default_factory=lambda: array("I"))
    named: BitMap = field(default_factory=BitMap)


class Selection:
    """Rows of the list at a path below /v1 that filters leave, in one of its orders. What it needs is read when it is asked."""

    def __init__(self, snapshot: Snapshot, path: str, filters: Filters = EVERY_ROW, order: Order = FIRST_ORDER) -> None:
        self.snapshot = snapshot
        self.path = path
        self.filters = filters
        self.order = order

    @property
    def as_they_stand(self) -> bool:
        """Is it the whole list in its first order, up or down."""
        return self.filters.empty and not self.order.sort

    @cached_property
    def places(self) -> BitMap | None:
        """Places of the rows that are left; None: all are."""
        return self.places_without("")

    def places_without(self, facet: str) -> BitMap | None:
        """The same as if this facet did not narrow."""
        filters = self.filters
        sets: list[BitMap] = []
        if filters.min_relief_days is not None:
            sets.append(self._from(_RELIEF, filters.min_relief_days, bisect_left))
        if filters.updated_since is not None:
            sets.append(self._from(_UPDATED, filters.updated_since, bisect_right))
        if filters.slugs is not None:
            sets.append(self._packed.named)
        at_home: list[BitMap] = []
        for name in filters.facets:
            if not _is(facet, name):
                (sets if self.owns(name) else at_home).append(self._packed.facets.get(name, BitMap()))
        if at_home:
            procedures = reduce(and_, at_home)
            sets.append(BitMap([place for place, home in enumerate(self.homes) if home in procedures]))
        return reduce(and_, sets) if sets else None

    def _from(self, sort: str, least: float, find: Callable[[Sequence[float], float], int]) -> BitMap:
        """Places of the rows whose value is large enough. What is unknown never is."""
        places, values = self._packed.valued.get(sort, _NOTHING)
        return BitMap(places[find(values, least) : len(values)])

    def page(self, after: int | None, limit: int) -> list[tuple[int, int]]:
        """Position and place of the rows after a position, at most `limit`. Not of rows as they stand: no set holds them."""
        return list(islice(self._rows(after), limit))

    def _rows(self, after: int | None) -> Iterator[tuple[int, int]]:
        left = self.places
        if self.order.sort:
            start = 0 if after is None else after + 1
            for position, place in enumerate(self._packed.order[start:], start):
                if left is None or place in left:
                    yield position, place
        elif left is not None and self.order.down:
            before = left if after is None else left & BitMap(range(after))
            for rank in range(len(before) - 1, -1, -1):
                yield before[rank], before[rank]
        elif left is not None:
            for place in left.iter_equal_or_larger(0 if after is None else after + 1):
                yield place, place

    def owns(self, facet: str) -> bool:
        """Does a facet stand with the rows of this list; in a look-up all but the role stand with the procedures."""
        return facet == "role" or not self.path.endswith("/procedures")

    @cached_property
    def homes(self) -> "array[int]":
        """Of each row of a look-up the place of its procedure in the list of procedures."""
        if self._at_home:
            return self._packed.homes
        sql = "SELECT places FROM listing_home WHERE list = :list"
        rows = self.snapshot.fetch(sql, {"list": list_number(self.path)})
        return places_in(rows[0][0]) if rows else _NOTHING[0]

    @property
    def _at_home(self) -> bool:
        return not all(map(self.owns, self.filters.facets))

    @cached_property
    def _packed(self) -> _Packed:
        given: dict[str, Any] = {"list": list_number(self.path), "home": list_number("procedures")}
        found, parts = _Packed(), list(self._parts(given))
        # A text query that found nothing leaves nothing to ask for.
        for kind, name, places, values in self.snapshot.fetch(" UNION ALL ".join(parts), given) if parts else ():
            if kind == "facet":
                found.facets[name] = found.facets.get(name, BitMap()) | set_of(places)
            elif kind == "valued":
                found.valued[name] = places_in(places), values_in(values)
            elif kind == "order":
                found.order = places_in(places)
            elif kind == "home":
                found.homes = places_in(places)
            else:
                found.named.add(int(name))
        return found

    def _parts(self, given: dict[str, Any]) -> Iterator[str]:
        """Statements that together find all that is packed, with their values put into `given`."""
        filters = self.filters
        valued = [_RELIEF] if filters.min_relief_days is not None else []
        valued += [_UPDATED] if filters.updated_since is not None else []
        if valued:
            # It fills all columns, and comes first: PostgreSQL takes their types from it.
            yield (
                "SELECT 'valued', sort, places, numbers FROM listing_order"
                f" WHERE list = :list AND sort IN ({named('valued', valued, given)})"
            )
        if self.order.sort:
            given["sort"] = self.order.sort
            yield "SELECT 'order', sort, places, NULL FROM listing_order WHERE list = :list AND sort = :sort"
        for number, (name, values) in enumerate(filters.facets.items()):
            given[f"facet{number}"] = name
            yield (
                f"SELECT 'facet', facet, places, NULL FROM listing_facet WHERE list = :{'list' if self.owns(name) else 'home'}"
                f" AND facet = :facet{number} AND value IN ({named(f'value{number}x', values, given)})"
            )
        if self._at_home:
            yield "SELECT 'home', '', places, NULL FROM listing_home WHERE list = :list"
        if filters.slugs:
            yield (
                "SELECT 'named', CAST(place AS TEXT), NULL, NULL FROM listing"
                f" WHERE list = :list AND record_slug IN ({named('slug', filters.slugs, given)})"
            )


def count_rows(selection: Selection) -> int:
    """Rows that are left."""
    if selection.places is not None:
        return len(selection.places)
    sql = "SELECT count(*) FROM listing WHERE list = :list"
    return int(selection.snapshot.fetch(sql, {"list": list_number(selection.path)})[0][0])


def count_facet(selection: Selection, facet: str) -> Sequence[tuple[str, int]]:
    """How many rows have each value of a facet, leaving out its own filter; most first, then by value."""
    left, own = selection.places_without(facet), selection.owns(facet)
    given = {"list": list_number(selection.path if own else "procedures"), "facet": facet}
    sql = "SELECT value, places FROM listing_facet WHERE list = :list AND facet = :facet"
    counts = [(value, set_of(places)) for value, places in selection.snapshot.fetch(sql, given)]
    if own:
        counted = [(value, len(places if left is None else places & left)) for value, places in counts]
    else:
        homes = selection.homes
        layers = _layers(homes if left is None else [homes[place] for place in left])
        counted = [(value, sum(layer.intersection_cardinality(places) for layer in layers)) for value, places in counts]
    return sorted(((value, count) for value, count in counted if count), key=lambda row: (-row[1], row[0]))


def _layers(homes: Iterable[int]) -> list[BitMap]:
    """Procedures that have a row, those that have a second one (in another role), and so on."""
    times = Counter(homes)
    return [BitMap([home for home, n in times.items() if n > depth]) for depth in range(max(times.values(), default=0))]
