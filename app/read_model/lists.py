"""Rows of every list, in order, with the facets that filter them and the other orders they can be read in.

Lists are read once, row by row: all rows of 100 000 procedures at once would not fit.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import isnan, nan
from typing import Any, NamedTuple

from orjson import Fragment

from app.domain import vocabulary
from app.domain.durations import days_of
from app.read_model.claims_json import dump, link
from app.read_model.grading import GRADE_RANK, best_source, relief_days
from app.read_model.graph import Edge, Index, Owned
from app.read_model.releases import change_shape
from app.seed import schema as seed

Facets = Mapping[str, AbstractSet[str]]


@dataclass(slots=True)
class Row:
    """One row of a list: what it shows, and by what it is found and ordered."""

    record: tuple[str, str] | None = None
    claim: str | None = None
    # Further members of what is shown, as JSON.
    extra: bytes | None = None
    facets: Facets = field(default_factory=dict)
    # In a look-up: the procedure's place in the list of procedures, where the facets that belong to it stand.
    home: int | None = None
    # Values of further orders: sort name -> value; None is unknown and stands last both ways. Rows of a list have the same sorts.
    orders: Mapping[str, float | None] = field(default_factory=dict)


class ListOfRows:
    """One list: the path below /v1 and its rows in their first order. What else it knows, it knows once it was read."""

    def __init__(self, path: str, rows: Iterable[Row]) -> None:
        self.path = path
        self._rows = rows
        self.homes = array("I")
        # Bare numbers: a list of a release may have a million rows.
        self._facets: dict[str, dict[str, array[int]]] = defaultdict(lambda: defaultdict(lambda: array("I")))
        # Sort name -> value by place, which is not a number where it is unknown.
        self._orders: dict[str, array[float]] = defaultdict(lambda: array("d"))

    def read(self) -> Iterator[tuple[int, Row]]:
        """The rows with their places, once."""
        for place, row in enumerate(self._rows):
            if row.home is not None:
                self.homes.append(row.home)
            for facet, values in row.facets.items():
                places_of = self._facets[facet]
                for value in values:
                    places_of[value].append(place)
            for name, number in row.orders.items():
                self._orders[name].append(nan if number is None else number)
            yield place, row

    def facets(self) -> Iterator[tuple[str, str, "array[int]"]]:
        """Facet, value, and the places of the rows that have it; all in order."""
        for facet, values in sorted(self._facets.items()):
            for value, places in sorted(values.items()):
                yield facet, value, places

    def other_orders(self) -> Iterator[tuple[str, "array[int]", "array[float]"]]:
        """Each further order, both ways: places of the first order, which decides among equals, and (upwards) the known values."""
        for name, values in self._orders.items():
            known = [place for place, value in enumerate(values) if not isnan(value)]
            unknown = [place for place, value in enumerate(values) if isnan(value)]
            up = sorted(known, key=values.__getitem__)
            yield name, array("I", up + unknown), array("d", map(values.__getitem__, up))
            yield f"-{name}", array("I", sorted(known, key=values.__getitem__, reverse=True) + unknown), array("d")


class _Standing(NamedTuple):
    """Where a procedure stands in the list of procedures, and what orders it there and in every look-up."""

    place: int
    record: tuple[str, str]
    orders: Mapping[str, float | None]

    def row(self, role: str, grade: str, claim: str, path: Fragment) -> Row:
        """Its row in a look-up, which it is in by this edge."""
        extra = {"edge": {"role": role, "grade": grade, "claim": claim, "path": path}}
        return Row(self.record, None, dump(extra), _role(role), self.place, self.orders)


# One set for each word of a closed list, not one for each of a million rows.
@lru_cache(maxsize=1000)
def _only(value: str) -> frozenset[str]:
    return frozenset((value,))


@lru_cache(maxsize=1000)
def _orders(relief: float | None, updated: float) -> Mapping[str, float | None]:
    return {"relief": relief, "updated": updated}


@lru_cache(maxsize=10)
def _role(role: str) -> Facets:
    return {"role": _only(role)}


def lists_of(index: Index, releases: list[seed.ReleaseFile], pending: list[seed.Change]) -> Iterator[ListOfRows]:
    """Every list of the API but those of search."""
    procedures = sorted(index.content.procedures, key=lambda one: index.sort_key("procedure", one.slug))
    standing = {
        one.slug: _Standing(
            place,
            ("procedure", one.slug),
            _orders(_longest_relief(index, one.slug), _updated(index, "procedure", one.slug)),
        )
        for place, one in enumerate(procedures)
    }
    yield ListOfRows(
        "procedures",
        (
            Row(mine.record, facets=_procedure_facets(index, slug), orders=mine.orders)
            for slug, mine in standing.items()
        ),
    )
    for path, kind, records, facets_of in (
        ("conditions", "condition", index.content.conditions, _condition_facets),
        ("pain-generators", "pain_generator", index.content.pain_generators, _generator_facets),
        ("risks", "risk", index.content.risks, _risk_facets),
    ):
        yield _list_of_records(index, path, kind, records, facets_of)
    yield ListOfRows("sources", _source_rows(index))
    yield ListOfRows("targets", _target_rows(index))
    yield from _look_ups(index, index.by_generator, "pain_generator", "pain-generators", standing)
    yield from _look_ups(index, index.by_condition, "condition", "conditions", standing)
    yield from _risk_look_ups(index, standing)
    yield ListOfRows("relief-durations", _claim_rows(index, seed.ReliefDurationClaim, _relief_facets))
    yield ListOfRows("response-rates", _claim_rows(index, seed.ResponseRateClaim, _rate_facets))
    yield ListOfRows("findings", _claim_rows(index, seed.FindingClaim, _finding_facets))
    # The guide keeps the order of its file: a journey, not an index.
    yield ListOfRows("guide", (Row(record=("guide_page", page.slug)) for page in index.content.guide))
    yield ListOfRows("releases", (Row(record=("release", one.version)) for one in reversed(releases)))
    for release in releases:
        yield _changes(index, release.version, release.changes)
    if pending:
        yield _changes(index, index.version, pending)


def _changes(index: Index, version: str, changes: list[seed.Change]) -> ListOfRows:
    def row(change: seed.Change) -> Row:
        shown = change_shape(index, change)
        facets = {"type": {shown["type"]}, "change": {change.change}, "entity": {change.entity}}
        return Row(extra=dump(shown), facets=facets)

    return ListOfRows(f"releases/{version}/changes", map(row, changes))


def _facets_of_procedure(index: Index, slug: str) -> Facets:
    """What a row has of the procedure that it is about."""
    record = index.procedures[slug]
    return {
        "procedure": index.ancestors["procedure"][slug].keys(),
        "family": _only(record.family),
        "body_region": frozenset(record.body_regions),
    }


def _procedure_facets(index: Index, slug: str) -> Facets:
    record = index.procedures[slug]
    values: dict[str, set[str]] = defaultdict(set)
    values["intent"].update(record.intents)
    values["implant"].add("true" if record.implant else "false")
    for claim in record.claims:
        if isinstance(claim, seed.TargetClaim):
            _edge_facets(index, values, "pain_generator", claim.value.pain_generator, claim.value.role)
        elif isinstance(claim, seed.IndicationClaim):
            _edge_facets(index, values, "condition", claim.value.condition, claim.value.role)
        elif isinstance(claim, seed.ProcedureRiskClaim):
            values["risk"].add(claim.value.risk)
        elif isinstance(claim, seed.StatementClaim) and claim.kind in {"guidance", "anaesthesia", "setting"}:
            values[claim.kind].update(claim.value.values)
    return {**values, **_facets_of_procedure(index, slug)}


def _edge_facets(index: Index, values: dict[str, set[str]], kind: str, other: str, role: str) -> None:
    """A filter on a broader record finds what its narrower ones have; a role belongs to the same edge as its record."""
    above = index.ancestors[kind][other]
    values[kind].update(above)
    values[f"{kind}:role"].update(f"{slug} {role}" for slug in above)
    values["role"].add(role)


def _longest_relief(index: Index, slug: str) -> float | None:
    found = [
        days
        for intent in vocabulary.INTENTS
        if (typical := index.typical.get((slug, intent))) and (days := relief_days(typical.claim.value)) is not None
    ]
    return max(found, default=None)


def _updated(index: Index, kind: str, slug: str) -> float:
    """Place in the history of the version in which a record last changed."""
    return float(index.versions.index(index.updated(kind, slug)))


def _record_row(index: Index, kind: str, slug: str, facets: Facets, orders: Mapping[str, float | None]) -> Row:
    return Row((kind, slug), facets=facets, orders={"updated": _updated(index, kind, slug), **orders})


def _list_of_records(
    index: Index, path: str, kind: str, records: Iterable[Any], facets_of: Callable[[Index, Any], Facets]
) -> ListOfRows:
    ordered = sorted(records, key=lambda one: index.sort_key(kind, one.slug))
    return ListOfRows(path, (_record_row(index, kind, one.slug, facets_of(index, one), {}) for one in ordered))


def _condition_facets(index: Index, record: seed.Condition) -> Facets:
    return {
        "body_region": set(record.body_regions),
        "stub": {"true" if record.stub else "false"},
        "condition": index.ancestors["condition"][record.slug].keys(),
        "pain_generator": {
            above
            for generator, _ in index.generators.get(record.slug, ())
            for above in index.ancestors["pain_generator"][generator]
        },
    }


def _generator_facets(index: Index, record: seed.PainGenerator) -> Facets:
    return {
        "body_region": set(record.body_regions),
        "kind": {record.kind},
        "pain_generator": index.ancestors["pain_generator"][record.slug].keys(),
        "condition": {
            above
            for condition, _ in index.conditions.get(record.slug, ())
            for above in index.ancestors["condition"][condition]
        },
    }


def _risk_facets(index: Index, risk: seed.Risk) -> Facets:
    procedures = {one.slug for one in index.risk_claims.get(risk.slug, ())}
    above = {one for slug in procedures for one in index.ancestors["procedure"][slug]}
    return {"category": {risk.category}, "procedure": above}


def _source_rows(index: Index) -> Iterator[Row]:
    for source in sorted(index.content.sources, key=lambda one: index.sort_key("source", one.slug)):
        facets: Facets = {
            "design": {source.design},
            "commercial": {"true" if source.commercial else "false"},
            "status": {source.status},
        }
        year = None if source.year is None else float(source.year)
        yield _record_row(index, "source", source.slug, facets, {"year": year})


def _target_rows(index: Index) -> Iterator[Row]:
    def key(edge: Edge) -> tuple[str, ...]:
        return *index.sort_key("procedure", edge.procedure), *index.sort_key("pain_generator", edge.other), edge.role

    for edge in sorted(index.targets, key=key):
        extra = {
            "procedure": index.ref("procedure", edge.procedure),
            "pain_generator": index.ref("pain_generator", edge.other),
            "role": edge.role,
            "grade": edge.grade,
            "support": edge.claim.support,
            "claim": edge.claim.id,
            "claims": list(edge.claims),
            "links": {"self": link(f"/v1/claims/{edge.claim.id}")},
        }
        mine = _facets_of_procedure(index, edge.procedure)
        above = index.ancestors["pain_generator"][edge.other].keys()
        own = {"pain_generator": above, "role": _only(edge.role), "grade": _only(edge.grade)}
        yield Row(extra=dump(extra), facets={**mine, **own})


def _look_ups(
    index: Index, edges: dict[str, list[Edge]], kind: str, folder: str, standing: dict[str, _Standing]
) -> Iterator[ListOfRows]:
    """What leads to a record or to one below it, through the nearest and best edge."""
    below: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for slug, depths in index.ancestors[kind].items():
        for above, depth in depths.items():
            below[above].append((slug, depth))
    for owner in index.ancestors[kind]:
        best: dict[tuple[int, str], tuple[int, Edge]] = {}
        for slug, depth in below[owner]:
            for edge in edges.get(slug, ()):
                key = (standing[edge.procedure].place, edge.role)
                held = best.get(key)
                if held is None or _nearer(depth, edge) < _nearer(*held):
                    best[key] = (depth, edge)
        found = [best[key][1] for key in sorted(best)]
        yield ListOfRows(f"{folder}/{owner}/procedures", _look_up_rows(index, kind, owner, found, standing))


def _look_up_rows(
    index: Index, kind: str, owner: str, edges: list[Edge], standing: dict[str, _Standing]
) -> Iterator[Row]:
    @cache
    def path(other: str) -> Fragment:
        return Fragment(dump([index.ref(kind, slug) for slug in dict.fromkeys((owner, other))]))

    for edge in edges:
        yield standing[edge.procedure].row(edge.role, edge.grade, edge.claim.id, path(edge.other))


def _nearer(depth: int, edge: Edge) -> tuple[int, int, str]:
    return depth, GRADE_RANK[edge.grade], edge.claim.id


def _risk_look_ups(index: Index, standing: dict[str, _Standing]) -> Iterator[ListOfRows]:
    for risk in index.content.risks:
        best: dict[str, tuple[Any, ...]] = {}
        for _, slug, claim, _ in index.risk_claims.get(risk.slug, ()):
            rank = (GRADE_RANK[index.claims[claim.id].grade], claim.id)
            best[slug] = min(best.get(slug, rank), rank)
        yield ListOfRows(f"risks/{risk.slug}/procedures", _risk_look_up_rows(index, risk, best, standing))


def _risk_look_up_rows(
    index: Index, risk: seed.Risk, best: dict[str, tuple[Any, ...]], standing: dict[str, _Standing]
) -> Iterator[Row]:
    path = Fragment(dump([index.ref("risk", risk.slug)]))
    for slug in sorted(best, key=lambda one: standing[one].place):
        _, claim_id = best[slug]
        yield standing[slug].row("carries", index.claims[claim_id].grade, claim_id, path)


def _claim_rows(
    index: Index,
    cls: type[seed.ClaimBase],
    own: Callable[[Index, str, Any], tuple[Facets, dict[str, float | None]]],
) -> Iterator[Row]:
    def key(one: Owned) -> tuple[str, ...]:
        return *index.sort_key(one.type, one.slug), one.claim.id

    for kind, slug, claim, grade in sorted(index.of_class[cls], key=key):
        source = best_source(claim, index.sources)
        own_facets, orders = own(index, slug, claim)
        found = {**own_facets, "design": _only(source.design), "grade": _only(grade)}
        found["commercial"] = _only("true" if source.commercial else "false")
        if kind == "procedure":
            conditions = {
                above
                for one in index.procedures[slug].claims
                if isinstance(one, seed.IndicationClaim)
                for above in index.ancestors["condition"][one.value.condition]
            }
            found |= {**_facets_of_procedure(index, slug), "condition": conditions}
        year = None if source.year is None else float(source.year)
        yield Row(claim=claim.id, facets=found, orders={**orders, "year": year})


def _relief_facets(index: Index, slug: str, claim: seed.ReliefDurationClaim) -> tuple[Facets, dict[str, float | None]]:
    typical = index.typical.get((slug, claim.value.intent))
    mine = "true" if typical and typical.claim.id == claim.id else "false"
    value = claim.value
    facets = {
        "intent": {value.intent},
        "measure": {value.measure},
        "statistic": {value.statistic},
        "typical": {mine},
    }
    return facets, {"relief": relief_days(value)}


def _rate_facets(_: Index, __: str, claim: seed.ResponseRateClaim) -> tuple[Facets, dict[str, float | None]]:
    at = None if claim.value.at is None else days_of(claim.value.at)
    return {}, {"percent": claim.value.percent_min, "at": at}


def _finding_facets(_: Index, __: str, claim: seed.FindingClaim) -> tuple[Facets, dict[str, float | None]]:
    at = None if claim.value.at is None else days_of(claim.value.at)
    sham = claim.qualifiers.comparator_is_sham
    facets = {"direction": {claim.value.direction}}
    if sham is not None:
        facets["sham"] = {"true" if sham else "false"}
    return facets, {"at": at}
