"""List builders: the rows of every list in its default order, with their facets and sort values.

Rows are generated one at a time: all rows for 100 000 procedures would not fit in memory.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import groupby
from math import isnan, nan
from typing import Any, NamedTuple

from orjson import Fragment

from app.domain import vocabulary
from app.domain.claim_kinds import KINDS_WITH_VOCABULARY
from app.domain.durations import find_days
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, RECORD_TYPES
from app.domain.values import (
    BleedingRiskValue,
    ContraindicationValue,
    FindingValue,
    IndicationValue,
    ProcedureRiskValue,
    ReliefDurationValue,
    ResponseRateValue,
    StatementValue,
    TargetValue,
)
from app.read_model.claim_order import get_newest_source, rank_claim
from app.read_model.claims_json import build_block, link_placeholder, to_json
from app.read_model.graph import ContentGraph, Relation, SubjectClaim
from app.read_model.positions import list_positions
from app.read_model.releases import build_change
from app.read_model.typical_relief import estimate_relief_days
from app.seed import schema as seed

Facets = Mapping[str, AbstractSet[str]]


@dataclass(slots=True)
class BuiltRow:
    """List row: the content it shows, its facets and its sort values."""

    # Record type and slug.
    record: tuple[str, str] | None = None
    claim_id: str | None = None
    # Members added to the record or claim, as JSON; without these two, the whole item.
    extra_json: bytes | None = None
    facets: Facets = field(default_factory=dict)
    # In a list of linked procedures: position of the procedure in the list of procedures, which holds the facets of the procedure.
    procedure_position: int | None = None
    # Sort name -> value; None is unknown and comes last in both directions. All rows of a list have the same sorts.
    sort_values: Mapping[str, float | None] = field(default_factory=dict)


class ListBuilder:
    """List at a path below /v1. Facets, sort orders and procedure positions are complete once `iter_rows` is exhausted."""

    def __init__(self, path: str, rows: Iterable[BuiltRow]) -> None:
        self.path = path
        self._rows = rows
        self.procedure_positions = array("I")
        # Facet -> value -> row positions. Arrays, because a list may have a million rows.
        self._facet_positions: dict[str, dict[str, array[int]]] = defaultdict(lambda: defaultdict(lambda: array("I")))
        # Sort name -> value of each row; NaN is unknown.
        self._sort_values: dict[str, array[float]] = defaultdict(lambda: array("d"))

    def iter_rows(self) -> Iterator[tuple[int, BuiltRow]]:
        """Yield each row with its position; may be called only once."""
        for position, row in enumerate(self._rows):
            if row.procedure_position is not None:
                self.procedure_positions.append(row.procedure_position)
            for facet, values in row.facets.items():
                positions_by_value = self._facet_positions[facet]
                for value in values:
                    positions_by_value[value].append(position)
            for name, number in row.sort_values.items():
                self._sort_values[name].append(nan if number is None else number)
            yield position, row

    def iter_facets(self) -> Iterator[tuple[str, str, "array[int]"]]:
        """Yield facet, value and the positions of the rows that have it, each in ascending order."""
        for facet, values in sorted(self._facet_positions.items()):
            for value, positions in sorted(values.items()):
                yield facet, value, positions

    def iter_sort_orders(self) -> Iterator[tuple[str, "array[int]", "array[float]"]]:
        """Yield name, row positions and, if ascending, the known values of each sort order; `-name` is descending.

        Rows with equal values keep the default order.
        """
        for name, values in self._sort_values.items():
            known = [position for position, value in enumerate(values) if not isnan(value)]
            unknown = [position for position, value in enumerate(values) if isnan(value)]
            ascending = sorted(known, key=values.__getitem__)
            yield name, array("I", ascending + unknown), array("d", map(values.__getitem__, ascending))
            yield f"-{name}", array("I", sorted(known, key=values.__getitem__, reverse=True) + unknown), array("d")


class _ProcedureListRow(NamedTuple):
    """Position of a procedure in the list of procedures, and its sort values there and in every list of linked procedures."""

    position: int
    record: tuple[str, str]
    sort_values: Mapping[str, float | None]

    def build_linked_row(self, relations: list[Json]) -> BuiltRow:
        """Build the row of this procedure in the list of a record that these relations link it to, the nearest one first."""
        facets = _role_facets(frozenset(relation["role"] for relation in relations))
        return BuiltRow(self.record, None, to_json({"relations": relations}), facets, self.position, self.sort_values)


# One shared set for each value, not one for each of a million rows.
@lru_cache(maxsize=1000)
def _singleton(value: str) -> frozenset[str]:
    return frozenset((value,))


@lru_cache(maxsize=1000)
def _shared_set(values: frozenset[str]) -> frozenset[str]:
    return values


def _bool_facet(value: bool) -> frozenset[str]:  # noqa: FBT001 - the value of the facet
    return _singleton("true" if value else "false")


@lru_cache(maxsize=1000)
def _procedure_sort_values(relief: float | None, updated: float) -> Mapping[str, float | None]:
    return {"relief": relief, "updated": updated}


@lru_cache(maxsize=10)
def _role_facets(roles: frozenset[str]) -> Facets:
    return {"role": roles}


def build_lists(
    graph: ContentGraph, releases: list[seed.ReleaseFile], unreleased_changes: list[seed.ContentChange]
) -> Iterator[ListBuilder]:
    """Build every list of the API except search."""
    slugs = sorted(graph.procedures, key=lambda slug: graph.sort_key("procedure", slug))
    procedure_rows = {
        slug: _ProcedureListRow(
            position,
            ("procedure", slug),
            _procedure_sort_values(
                _find_longest_relief_days(graph, slug), _last_changed_index(graph, "procedure", slug)
            ),
        )
        for position, slug in enumerate(slugs)
    }
    yield ListBuilder(
        "procedures",
        (
            BuiltRow(row.record, facets=_build_procedure_facets(graph, slug), sort_values=row.sort_values)
            for slug, row in procedure_rows.items()
        ),
    )
    for record_type, build_facets in (
        ("condition", _build_condition_facets),
        ("pain_generator", _build_generator_facets),
        ("risk", _build_risk_facets),
        ("source", _build_source_facets),
        ("emergency", _build_emergency_facets),
    ):
        yield ListBuilder(PATH_BY_RECORD_TYPE[record_type], _iter_record_rows(graph, record_type, build_facets))
    yield ListBuilder("targets", _iter_target_rows(graph))
    yield from _build_linked_lists(graph, graph.relations_by_generator, "pain_generator", procedure_rows)
    yield from _build_linked_lists(graph, graph.relations_by_condition, "condition", procedure_rows)
    yield from _build_risk_lists(graph, procedure_rows)
    yield ListBuilder("relief-durations", _iter_claim_rows(graph, "relief_duration", _build_relief_facets))
    yield ListBuilder("response-rates", _iter_claim_rows(graph, "response_rate", _build_rate_facets))
    yield ListBuilder("findings", _iter_claim_rows(graph, "finding", _build_finding_facets))
    # The guide keeps the order of its file: it is the journey of a patient, not an alphabetical index.
    yield ListBuilder("guide", (BuiltRow(record=("guide_page", page.slug)) for page in graph.bundle.guide))
    yield ListBuilder("releases", (BuiltRow(record=("release", release.version)) for release in reversed(releases)))
    for release in releases:
        yield _build_change_list(graph, release.version, release.changes)
    if unreleased_changes:
        yield _build_change_list(graph, graph.version, unreleased_changes)


def _build_change_list(graph: ContentGraph, version: str, changes: list[seed.ContentChange]) -> ListBuilder:
    def build_row(change: seed.ContentChange) -> BuiltRow:
        item = build_change(graph, change)
        facets = {"type": {item["type"]}, "change": {change.change}, "entity": {change.entity}}
        return BuiltRow(extra_json=to_json(item), facets=facets)

    return ListBuilder(f"releases/{version}/changes", map(build_row, changes))


def _procedure_filter_facets(graph: ContentGraph, slug: str) -> Facets:
    """Facets of a row that come from the procedure it is about."""
    record = graph.procedures[slug]
    return {
        "procedure": graph.ancestors["procedure"][slug].keys(),
        "family": _singleton(record.family),
        "body_region": frozenset(record.body_regions),
    }


def _build_procedure_facets(graph: ContentGraph, slug: str) -> Facets:
    record = graph.procedures[slug]
    values: dict[str, set[str]] = defaultdict(set)
    values["intent"].update(record.intents)
    for form in (slug, *graph.find_descendants("procedure", slug)):
        for claim in graph.procedures[form].claims:
            if isinstance(claim.value, ContraindicationValue):
                values["contraindication_topic"].update(claim.value.topics)
            elif isinstance(claim.value, BleedingRiskValue):
                values["bleeding_risk"].add(claim.value.risk_class)
            elif isinstance(claim.value, ProcedureRiskValue):
                values["risk"].add(claim.value.risk)
    # A form or step of low risk does not make a procedure one of low risk.
    values["bleeding_risk"] = set(
        sorted(values["bleeding_risk"], key=list(vocabulary.BLEEDING_RISK_CLASSES).index)[-1:]
    )
    values["position"].update(row["position"] for row in list_positions(graph, slug))
    values["implant"].update(_bool_facet(record.implant))
    for claim in record.claims:
        if isinstance(claim.value, TargetValue):
            _add_relation_facets(graph, values, "pain_generator", claim.value.pain_generator, claim.value.role)
        elif isinstance(claim.value, IndicationValue):
            _add_relation_facets(graph, values, "condition", claim.value.condition, claim.value.role)
        elif isinstance(claim.value, StatementValue) and claim.kind in KINDS_WITH_VOCABULARY:
            values[claim.kind].update(claim.value.values)
    return {**values, **_procedure_filter_facets(graph, slug)}


def _add_relation_facets(
    graph: ContentGraph, values: dict[str, set[str]], record_type: str, linked: str, role: str
) -> None:
    """Add the facets of a relation. A filter by a broader record matches relations to its narrower records.

    `{record_type}:role` combines record and role, so that a filter by both matches a single relation.
    """
    ancestors = graph.ancestors[record_type][linked]
    values[record_type].update(ancestors)
    values[f"{record_type}:role"].update(f"{slug} {role}" for slug in ancestors)
    values["role"].add(role)


def _find_longest_relief_days(graph: ContentGraph, slug: str) -> float | None:
    relief_days = [
        days
        for intent in vocabulary.INTENTS
        if (typical := graph.typical_estimates.get((slug, intent)))
        and (days := estimate_relief_days(typical.claim.value)) is not None
    ]
    return max(relief_days, default=None)


def _last_changed_index(graph: ContentGraph, record_type: str, slug: str) -> float:
    """Position in the history of the version in which a record last changed."""
    return float(graph.versions.index(graph.last_changed_version(record_type, slug)))


def _iter_record_rows(
    graph: ContentGraph, record_type: str, build_facets: Callable[[ContentGraph, Any], Facets]
) -> Iterator[BuiltRow]:
    records = getattr(graph.bundle, RECORD_TYPES[record_type].folder)
    for record in sorted(records, key=lambda record: graph.sort_key(record_type, record.slug)):
        sort_values: dict[str, float | None] = {"updated": _last_changed_index(graph, record_type, record.slug)}
        if isinstance(record, seed.SourceIn):
            sort_values["year"] = _to_sort_value(record.year)
        yield BuiltRow((record_type, record.slug), facets=build_facets(graph, record), sort_values=sort_values)


def _to_sort_value(year: int | None) -> float | None:
    return None if year is None else float(year)


def _build_condition_facets(graph: ContentGraph, record: seed.ConditionIn) -> Facets:
    return {
        "body_region": set(record.body_regions),
        "stub": _bool_facet(record.stub),
        "condition": graph.ancestors["condition"][record.slug].keys(),
        "pain_generator": {
            ancestor
            for generator, _ in graph.generators_by_condition.get(record.slug, ())
            for ancestor in graph.ancestors["pain_generator"][generator]
        },
    }


def _build_generator_facets(graph: ContentGraph, record: seed.PainGeneratorIn) -> Facets:
    return {
        "body_region": set(record.body_regions),
        "kind": {record.kind},
        "pain_generator": graph.ancestors["pain_generator"][record.slug].keys(),
        "condition": {
            ancestor
            for condition, _ in graph.conditions_by_generator.get(record.slug, ())
            for ancestor in graph.ancestors["condition"][condition]
        },
    }


def _build_emergency_facets(_: ContentGraph, emergency: seed.EmergencyIn) -> Facets:
    return {"tier": {sign.tier or emergency.tier for sign in emergency.signs}}


def _build_risk_facets(graph: ContentGraph, risk: seed.RiskIn) -> Facets:
    procedures = {claim.subject_slug for claim in graph.claims_by_risk.get(risk.slug, ())}
    ancestors = {ancestor for slug in procedures for ancestor in graph.ancestors["procedure"][slug]}
    return {"category": {risk.category}, "procedure": ancestors}


def _build_source_facets(_: ContentGraph, source: seed.SourceIn) -> Facets:
    return {"design": {source.design}, "commercial": _bool_facet(source.commercial), "standing": {source.standing}}


def _iter_target_rows(graph: ContentGraph) -> Iterator[BuiltRow]:
    def key(relation: Relation) -> tuple[str, ...]:
        return (
            *graph.sort_key("procedure", relation.procedure),
            *graph.sort_key("pain_generator", relation.linked_slug),
            relation.role,
        )

    for relation in sorted(graph.targets, key=key):
        target = {
            "procedure": graph.record_ref("procedure", relation.procedure),
            "pain_generator": graph.record_ref("pain_generator", relation.linked_slug),
            "role": relation.role,
            "support": relation.claim.support,
            "claim": relation.claim.id,
            "claims": list(relation.claim_ids),
            "positions": build_block(list_positions(graph, relation.procedure)),
            "links": {"self": link_placeholder(f"/v1/claims/{relation.claim.id}")},
        }
        facets = {
            **_procedure_filter_facets(graph, relation.procedure),
            "pain_generator": graph.ancestors["pain_generator"][relation.linked_slug].keys(),
            "role": _singleton(relation.role),
        }
        yield BuiltRow(extra_json=to_json(target), facets=facets)


def _build_linked_lists(
    graph: ContentGraph,
    relations_by_slug: dict[str, list[Relation]],
    record_type: str,
    procedure_rows: dict[str, _ProcedureListRow],
) -> Iterator[ListBuilder]:
    """Build the list of linked procedures of each record: those linked to it or a narrower record, each once."""
    narrower: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for slug, depths in graph.ancestors[record_type].items():
        for ancestor, depth in depths.items():
            narrower[ancestor].append((slug, depth))
    for record in graph.ancestors[record_type]:
        near_relations = [
            (depth, relation) for slug, depth in narrower[record] for relation in relations_by_slug.get(slug, ())
        ]
        yield ListBuilder(
            f"{PATH_BY_RECORD_TYPE[record_type]}/{record}/procedures",
            _iter_linked_rows(graph, record_type, record, near_relations, procedure_rows),
        )


def _iter_linked_rows(
    graph: ContentGraph,
    record_type: str,
    slug: str,
    near_relations: list[tuple[int, Relation]],
    procedure_rows: dict[str, _ProcedureListRow],
) -> Iterator[BuiltRow]:
    """`near_relations` come with the number of steps from the record of the list to the record that they link."""

    @cache
    def build_path(linked_slug: str) -> Fragment:
        path = dict.fromkeys((slug, linked_slug))
        return Fragment(to_json([graph.record_ref(record_type, step) for step in path]))

    def rank(near: tuple[int, Relation]) -> tuple[int, int, bool, int, str]:
        depth, relation = near
        return procedure_rows[relation.procedure].position, depth, *rank_claim(relation.claim, graph.sources)

    near_relations.sort(key=rank)
    for procedure, group in groupby(near_relations, key=lambda near: near[1].procedure):
        relations = [
            _build_relation(relation.role, relation.claim.id, build_path(relation.linked_slug)) for _, relation in group
        ]
        yield procedure_rows[procedure].build_linked_row(relations)


def _build_relation(role: str, claim_id: str, path: Fragment) -> Json:
    return {"role": role, "claim": claim_id, "path": path}


def _build_risk_lists(graph: ContentGraph, procedure_rows: dict[str, _ProcedureListRow]) -> Iterator[ListBuilder]:
    for risk in graph.bundle.risks:
        first: dict[str, tuple[bool, int, str]] = {}
        for _, slug, claim, _ in graph.claims_by_risk.get(risk.slug, ()):
            rank = rank_claim(claim, graph.sources)
            first[slug] = min(first.get(slug, rank), rank)
        yield ListBuilder(f"risks/{risk.slug}/procedures", _iter_risk_rows(graph, risk, first, procedure_rows))


def _iter_risk_rows(
    graph: ContentGraph,
    risk: seed.RiskIn,
    first: dict[str, tuple[bool, int, str]],
    procedure_rows: dict[str, _ProcedureListRow],
) -> Iterator[BuiltRow]:
    path = Fragment(to_json([graph.record_ref("risk", risk.slug)]))
    for slug in sorted(first, key=lambda slug: procedure_rows[slug].position):
        *_, claim_id = first[slug]
        relation = _build_relation("has_risk", claim_id, path)
        yield procedure_rows[slug].build_linked_row([relation])


def _iter_claim_rows(
    graph: ContentGraph,
    claim_kind: str,
    build_facets: Callable[[ContentGraph, str, Any], tuple[Facets, dict[str, float | None]]],
) -> Iterator[BuiltRow]:
    def key(claim: SubjectClaim) -> tuple[str, ...]:
        return *graph.sort_key(claim.subject_type, claim.subject_slug), claim.claim.id

    for record_type, slug, claim, commercial in sorted(graph.claims_by_kind[claim_kind], key=key):
        claim_facets, sort_values = build_facets(graph, slug, claim)
        designs = _shared_set(frozenset(graph.sources[citation.source].design for citation in claim.citations))
        facets = {**claim_facets, "design": designs, "commercial": _bool_facet(commercial)}
        if record_type == "procedure":
            conditions = {
                ancestor
                for indication in graph.procedures[slug].claims
                if isinstance(indication.value, IndicationValue)
                for ancestor in graph.ancestors["condition"][indication.value.condition]
            }
            facets |= {**_procedure_filter_facets(graph, slug), "condition": conditions}
        sort_values = {**sort_values, "year": _to_sort_value(get_newest_source(claim, graph.sources).year)}
        yield BuiltRow(claim_id=claim.id, facets=facets, sort_values=sort_values)


def _build_relief_facets(
    graph: ContentGraph, slug: str, claim: seed.ClaimIn[ReliefDurationValue]
) -> tuple[Facets, dict[str, float | None]]:
    typical = graph.typical_estimates.get((slug, claim.value.intent))
    value = claim.value
    facets = {
        "intent": {value.intent},
        "measure": {value.measure},
        "statistic": {value.statistic},
        "typical": _bool_facet(typical is not None and typical.claim.id == claim.id),
    }
    return facets, {"relief": estimate_relief_days(value)}


def _build_rate_facets(
    _: ContentGraph, __: str, claim: seed.ClaimIn[ResponseRateValue]
) -> tuple[Facets, dict[str, float | None]]:
    return {}, {"percent": claim.value.percent_min, "at": find_days(claim.value.at)}


def _build_finding_facets(
    _: ContentGraph, __: str, claim: seed.ClaimIn[FindingValue]
) -> tuple[Facets, dict[str, float | None]]:
    sham = claim.qualifiers.comparator_is_sham
    facets: dict[str, AbstractSet[str]] = {"direction": {claim.value.direction}}
    if sham is not None:
        facets["sham"] = _bool_facet(sham)
    return facets, {"at": find_days(claim.value.at)}
