"""Rows of every list, in order, with the facets that filter them and the other orders they can be read in."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.documents.grading import GRADE_RANK, best_source, relief_days
from app.documents.index import Edge, Index
from app.documents.releases import change_shape
from app.documents.shapes import link
from app.schemas import vocabulary
from app.schemas.durations import days_of
from app.seed import bundle as seed

Facets = Mapping[str, AbstractSet[str]]
Growing = dict[str, set[str]]


@dataclass(slots=True)
class Row:
    """One row of a list: what it shows, and by what it is found and ordered."""

    key: tuple[Any, ...]
    record: tuple[str, str] | None = None
    claim: str | None = None
    extra: dict[str, Any] | None = None
    facets: Facets = field(default_factory=dict)
    relief_days: float | None = None
    updated: int = 0
    # In a look-up: the procedure's place in the list of procedures, where the facets that belong to it stand.
    home: int | None = None
    # Values of further orders: sort name -> value; None is unknown and stands last both ways.
    orders: dict[str, float | None] = field(default_factory=dict)


@dataclass
class ListOfRows:
    """One list: the path below /v1 and its rows in their first order."""

    path: str
    rows: list[Row]

    def other_orders(self) -> Iterator[tuple[str, list[int]]]:
        """Each further order, both ways, as places of the first order."""
        names = dict.fromkeys(name for row in self.rows for name in row.orders)
        for name in names:
            known = [
                (row.orders[name], place) for place, row in enumerate(self.rows) if row.orders.get(name) is not None
            ]
            unknown = [place for place, row in enumerate(self.rows) if row.orders.get(name) is None]
            up = sorted(known, key=lambda pair: (pair[0], pair[1]))
            down = sorted(known, key=lambda pair: (-(pair[0] or 0), pair[1]))
            yield name, [place for _, place in up] + unknown
            yield f"-{name}", [place for _, place in down] + unknown


def lists_of(index: Index, releases: list[seed.ReleaseFile], pending: list[seed.Change]) -> Iterator[ListOfRows]:
    """Every list of the API but those of search."""
    # Few combinations of values, many procedures: equal sets are one object, or 100 000 procedures do not fit.
    edges = {
        kind: _by_procedure(found) for kind, found in (("target", index.targets), ("indication", index.indications))
    }
    shared: dict[frozenset[str], frozenset[str]] = {}
    facets: dict[str, Facets] = {}
    for record in index.content.procedures:
        growing = _procedure_facets(index, record)
        _edge_facets(index, growing, edges["target"].get(record.slug, ()), "pain_generator")
        _edge_facets(index, growing, edges["indication"].get(record.slug, ()), "condition")
        facets[record.slug] = {
            name: shared.setdefault(values, values) for name, found in growing.items() for values in (frozenset(found),)
        }
    whole = _sorted("procedures", (_procedure_row(index, record.slug, facets) for record in index.content.procedures))
    homes = {row.record[1]: place for place, row in enumerate(whole.rows) if row.record}
    yield whole
    yield _sorted("conditions", (_condition_row(index, record) for record in index.content.conditions))
    yield _sorted("pain-generators", (_generator_row(index, record) for record in index.content.pain_generators))
    yield _sorted("risks", (_risk_row(index, risk) for risk in index.content.risks))
    yield _sorted("sources", (_source_row(index, source) for source in index.content.sources))
    yield _sorted("targets", (_target_row(index, edge, facets) for edge in index.targets))
    yield from _look_ups(index, index.targets, "pain_generator", "pain-generators", homes)
    yield from _look_ups(index, index.indications, "condition", "conditions", homes)
    yield from _risk_look_ups(index, homes)
    yield _sorted("relief-durations", _claim_rows(index, seed.ReliefDurationClaim, facets, _relief_facets))
    yield _sorted("response-rates", _claim_rows(index, seed.ResponseRateClaim, facets, _rate_facets))
    yield _sorted("findings", _claim_rows(index, seed.FindingClaim, facets, _finding_facets))
    # The guide keeps the order of its file: a journey, not an index.
    yield _sorted(
        "guide", (Row(key=(n,), record=("guide_page", page.slug)) for n, page in enumerate(index.content.guide))
    )
    yield _sorted("releases", (Row(key=(-n,), record=("release", one.version)) for n, one in enumerate(releases)))
    for release in releases:
        yield _changes(index, release.version, release.changes)
    if pending:
        yield _changes(index, index.version, pending)


def _changes(index: Index, version: str, changes: list[seed.Change]) -> ListOfRows:
    rows = []
    for place, change in enumerate(changes):
        shown = change_shape(index, change)
        facets = {"type": {shown["type"]}, "change": {change.change}, "entity": {change.entity}}
        rows.append(Row(key=(place,), extra=shown, facets=facets))
    return ListOfRows(f"releases/{version}/changes", rows)


def _sorted(path: str, rows: Iterable[Row]) -> ListOfRows:
    return ListOfRows(path, sorted(rows, key=lambda row: row.key))


def _by_procedure(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.procedure].append(edge)
    return found


def _procedure_facets(index: Index, record: seed.Procedure) -> Growing:
    values: Growing = {
        "family": {record.family},
        "intent": set(record.intents),
        "body_region": set(record.body_regions),
        "implant": {"true" if record.implant else "false"},
        "procedure": set(index.ancestors["procedure"][record.slug]),
        "risk": set(),
        "guidance": set(),
        "anaesthesia": set(),
        "setting": set(),
    }
    for claim in record.claims:
        if isinstance(claim, seed.ProcedureRiskClaim):
            values["risk"].add(claim.value.risk)
        elif isinstance(claim, seed.StatementClaim) and claim.kind in {"guidance", "anaesthesia", "setting"}:
            values[claim.kind].update(claim.value.values)
    return values


def _edge_facets(index: Index, facets: Growing, edges: Iterable[Edge], kind: str) -> None:
    """A filter on a broader record finds what its narrower ones have; a role belongs to the same edge as its record."""
    for edge in edges:
        above = index.ancestors[kind][edge.other]
        facets.setdefault(kind, set()).update(above)
        facets.setdefault(f"{kind}:role", set()).update(f"{slug} {edge.role}" for slug in above)
        facets.setdefault("role", set()).add(edge.role)


def _longest_relief(index: Index, slug: str) -> float | None:
    found = [
        days
        for intent in vocabulary.INTENTS
        if (typical := index.typical.get((slug, intent))) and (days := relief_days(typical.claim.value)) is not None
    ]
    return max(found, default=None)


def _procedure_row(index: Index, slug: str, facets: dict[str, Facets]) -> Row:
    days, updated = _longest_relief(index, slug), index.versions.index(index.updated("procedure", slug))
    return Row(
        key=index.sort_key("procedure", slug),
        record=("procedure", slug),
        facets=facets[slug],
        relief_days=days,
        updated=updated,
        orders={"relief": days, "updated": float(updated)},
    )


def _record_row(index: Index, kind: str, slug: str, facets: Facets) -> Row:
    updated = index.versions.index(index.updated(kind, slug))
    return Row(
        index.sort_key(kind, slug), (kind, slug), facets=facets, updated=updated, orders={"updated": float(updated)}
    )


def _condition_row(index: Index, record: seed.Condition) -> Row:
    facets: Facets = {
        "body_region": set(record.body_regions),
        "stub": {"true" if record.stub else "false"},
        "condition": set(index.ancestors["condition"][record.slug]),
        "pain_generator": {
            above
            for condition, generator, _ in index.origins
            if condition == record.slug
            for above in index.ancestors["pain_generator"][generator]
        },
    }
    return _record_row(index, "condition", record.slug, facets)


def _generator_row(index: Index, record: seed.PainGenerator) -> Row:
    facets: Facets = {
        "body_region": set(record.body_regions),
        "kind": {record.kind},
        "pain_generator": set(index.ancestors["pain_generator"][record.slug]),
        "condition": {
            above
            for condition, generator, _ in index.origins
            if generator == record.slug
            for above in index.ancestors["condition"][condition]
        },
    }
    return _record_row(index, "pain_generator", record.slug, facets)


def _risk_row(index: Index, risk: seed.Risk) -> Row:
    procedures = {slug for _, slug, _ in index.risk_claims.get(risk.slug, ())}
    above = {one for slug in procedures for one in index.ancestors["procedure"][slug]}
    return _record_row(index, "risk", risk.slug, {"category": {risk.category}, "procedure": above})


def _source_row(index: Index, source: seed.Source) -> Row:
    facets: Facets = {
        "design": {source.design},
        "commercial": {"true" if source.commercial else "false"},
        "status": {source.status},
    }
    row = _record_row(index, "source", source.slug, facets)
    row.orders["year"] = None if source.year is None else float(source.year)
    return row


def _target_row(index: Index, edge: Edge, facets: dict[str, Facets]) -> Row:
    above = index.ancestors["pain_generator"][edge.other]
    mine = {key: facets[edge.procedure][key] for key in ("family", "body_region", "procedure")}
    return Row(
        key=(*index.sort_key("procedure", edge.procedure), *index.sort_key("pain_generator", edge.other), edge.role),
        extra={
            "procedure": index.ref("procedure", edge.procedure),
            "pain_generator": index.ref("pain_generator", edge.other),
            "role": edge.role,
            "grade": edge.grade,
            "support": edge.claim.support,
            "claim": edge.claim.id,
            "claims": list(edge.claims),
            "links": {"self": link(f"/v1/claims/{edge.claim.id}")},
        },
        facets={**mine, "pain_generator": set(above), "role": {edge.role}, "grade": {edge.grade}},
    )


def _look_ups(index: Index, edges: list[Edge], kind: str, folder: str, homes: dict[str, int]) -> Iterator[ListOfRows]:
    reached: dict[str, dict[tuple[str, str], tuple[int, Edge]]] = defaultdict(dict)
    for edge in edges:
        for above, depth in index.ancestors[kind][edge.other].items():
            best = reached[above].get((edge.procedure, edge.role))
            if best is None or _nearer(depth, edge) < _nearer(*best):
                reached[above][edge.procedure, edge.role] = (depth, edge)
    for owner in index.ancestors[kind]:
        rows = []
        for (procedure, role), (_, edge) in reached.get(owner, {}).items():
            path = [index.ref(kind, slug) for slug in dict.fromkeys((owner, edge.other))]
            row = _procedure_row(index, procedure, {procedure: {"role": {role}}})
            row.key, row.home = (*row.key, role), homes[procedure]
            row.extra = {"edge": {"role": role, "grade": edge.grade, "claim": edge.claim.id, "path": path}}
            rows.append(row)
        yield _sorted(f"{folder}/{owner}/procedures", rows)


def _nearer(depth: int, edge: Edge) -> tuple[int, int, str]:
    return depth, GRADE_RANK[edge.grade], edge.claim.id


def _risk_look_ups(index: Index, homes: dict[str, int]) -> Iterator[ListOfRows]:
    for risk in index.content.risks:
        best: dict[str, tuple[Any, ...]] = {}
        for _, slug, claim in index.risk_claims.get(risk.slug, ()):
            rank = (GRADE_RANK[index.grades[claim.id]], claim.id)
            best[slug] = min(best.get(slug, rank), rank)
        rows = []
        for slug, (_, claim_id) in best.items():
            row = _procedure_row(index, slug, {slug: {"role": {"carries"}}})
            row.home = homes[slug]
            path = [index.ref("risk", risk.slug)]
            row.extra = {"edge": {"role": "carries", "grade": index.grades[claim_id], "claim": claim_id, "path": path}}
            rows.append(row)
        yield _sorted(f"risks/{risk.slug}/procedures", rows)


def _claim_rows(
    index: Index,
    cls: type[seed.ClaimBase],
    facets: dict[str, Facets],
    own: Callable[[Index, str, Any], tuple[Facets, dict[str, float | None]]],
) -> Iterator[Row]:
    for claim_id, (kind, slug, claim) in index.claims.items():
        if not isinstance(claim, cls):
            continue
        source = best_source(claim, index.sources)
        own_facets, orders = own(index, slug, claim)
        found = {**own_facets, "design": {source.design}, "grade": {index.grades[claim_id]}}
        found["commercial"] = {"true" if source.commercial else "false"}
        if kind == "procedure":
            found |= {key: facets[slug].get(key, set()) for key in ("procedure", "family", "body_region", "condition")}
        year = None if source.year is None else float(source.year)
        key = (*index.sort_key(kind, slug), claim_id)
        yield Row(key=key, claim=claim_id, facets=found, orders={**orders, "year": year})


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


def dump(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """JSON bytes as they are stored and sent."""
    return orjson.dumps(value)
