"""Quality documents: evidence coverage of the content and of each record, and disagreements between sources."""

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from statistics import median
from typing import Final, NamedTuple

from pydantic import BaseModel

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.durations import duration_to_days
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.read_model.claim_order import get_newest_source
from app.read_model.claims_json import link_placeholder, to_json
from app.read_model.graph import ContentGraph
from app.seed import schema as seed
from app.text.readability import FORMULAS, compute_reading_grades

# What a patient decides by: it should rest on more than a leaflet or the policy of a payer.
JUDGED_KINDS: Final = frozenset(
    {
        "finding",
        "response_rate",
        "relief_duration",
        "procedure_risk",
        "contraindication",
        "bleeding_risk",
        "recommendation",
    }
)


def render_quality_document(graph: ContentGraph) -> bytes:
    """Render the quality document. Joins the JSON of the records: serializing them again would take 70 MB for 100 000 procedures."""
    head, records = compute_quality(graph)
    return b"".join([to_json(head)[:-1], b',"records":', records, b"}"])


def compute_quality(graph: ContentGraph) -> tuple[Json, bytes]:
    """Compute coverage of the content, and of each record as a JSON array.

    Shares are fractions of claims from 0 to 1; null without claims.
    """
    others: list[seed.GuidePageIn | seed.EmergencyIn] = [*graph.bundle.guide, *graph.bundle.emergencies]
    all_traits = [_find_traits(graph, claim) for other in others for claim in other.claims]
    grades: dict[str, list[float]] = {name: [] for name in FORMULAS}
    count, records = 0, BytesIO()
    for record_type, record in sorted(
        graph.bundle.records(), key=lambda entry: (entry[0], graph.sort_key(entry[0], entry[1].slug))
    ):
        # Each claim is examined once, for its record and for the totals.
        traits = [_find_traits(graph, claim) for claim in record.claims]
        all_traits += traits
        grade = compute_reading_grades(_list_patient_texts(record))
        for name, value in (grade or {}).items():
            grades[name].append(value)
        # Serialized at once: as objects, these would take more memory than anything else in a load.
        records.write(b"," if count else b"[")
        records.write(
            to_json(_build_record_quality(graph, record_type, record, traits, grade or dict.fromkeys(FORMULAS)))
        )
        count += 1
    records.write(b"]" if count else b"[]")
    medians = {name: round(median(values), 1) if values else None for name, values in grades.items()}
    linked = {condition for condition, _, _ in graph.condition_generators}
    targeted = {relation.procedure for relation in graph.targets}
    treated = {
        ancestor for relation in graph.indications for ancestor in graph.ancestors["condition"][relation.linked_slug]
    }
    described = [condition for condition in graph.bundle.conditions if not condition.stub]
    head = {
        "overall": _build_shares(all_traits)
        | {"reading_grade": medians, "records": count, "sources": _build_source_quality(graph, all_traits)},
        "gaps": {
            "conditions_without_generator": [
                graph.record_ref("condition", condition.slug) for condition in described if condition.slug not in linked
            ],
            "conditions_without_procedure": [
                graph.record_ref("condition", condition.slug)
                for condition in graph.bundle.conditions
                if condition.slug not in treated
            ],
            "procedures_without_target": [
                graph.record_ref("procedure", procedure.slug)
                for procedure in graph.bundle.procedures
                if procedure.slug not in targeted
            ],
            "procedures_without_typical_relief": [
                graph.record_ref("procedure", procedure.slug)
                for procedure in graph.bundle.procedures
                if not any((procedure.slug, intent) in graph.typical_estimates for intent in vocabulary.INTENTS)
            ],
        },
    }
    return head, records.getvalue()


def _build_record_quality(
    graph: ContentGraph, record_type: str, record: seed.RecordIn, traits: "list[_ClaimTraits]", grade: Json
) -> Json:
    claim_kinds = {claim.kind for claim in record.claims}
    unknown = [
        row.block
        for row in CLAIM_KINDS_BY_RECORD_TYPE[record_type]
        if row.name not in claim_kinds and row.block not in record.not_applicable
    ]
    return {
        "record": graph.record_ref(record_type, record.slug),
        **_build_shares(traits),
        "reading_grade": grade,
        "unknown_blocks": unknown,
        "texts": sorted(record.texts),
        "links": {"self": link_placeholder(f"/v1/{PATH_BY_RECORD_TYPE[record_type]}/{record.slug}")},
    }


def _list_patient_texts(record: seed.RecordIn) -> list[str]:
    texts = [text.text for name, text in record.texts.items() if name != "clinical"]
    return texts + [text.text for text in record.key_messages]


class _ClaimTraits(NamedTuple):
    """Properties of a claim that quality counts: those of its sources, and whether it states a number."""

    designs: frozenset[str]
    citations: int
    located: int
    commercial: bool
    year: int | None
    numeric: bool
    # Whether it tells of an effect, relief, harm, contraindication or bleeding, or recommends.
    judged: bool

    @property
    def patient_education(self) -> bool:
        return self.designs == {"patient_education"}

    @property
    def education_or_policy(self) -> bool:
        return self.designs <= {"patient_education", "coverage_policy"}


def _find_traits(graph: ContentGraph, claim: seed.AnyClaimIn) -> _ClaimTraits:
    sources = [graph.sources[citation.source] for citation in claim.citations]
    return _cached_traits(
        frozenset(source.design for source in sources),
        len(sources),
        sum(citation.locator is not None for citation in claim.citations),
        graph.claims[claim.id].commercial,
        min((source.year for source in sources if source.year is not None), default=None),
        _has_number(claim.value.__dict__.values()),
        claim.kind in JUDGED_KINDS,
    )


# Few distinct values exist, so claims share them.
_cached_traits = lru_cache(maxsize=1000)(_ClaimTraits)


def _build_shares(traits: list[_ClaimTraits]) -> Json:
    count = len(traits)
    return {
        "claims": count,
        "patient_education": _round_share(sum(trait.patient_education for trait in traits), count),
        "commercial": _round_share(sum(trait.commercial for trait in traits), count),
        "with_figures": _round_share(sum(trait.numeric for trait in traits), count),
        "oldest_source": min((trait.year for trait in traits if trait.year is not None), default=None),
    }


def _build_source_quality(graph: ContentGraph, traits: list[_ClaimTraits]) -> Json:
    cited = [graph.sources[slug] for slug in graph.cited_by]
    published = [source for source in cited if source.design in vocabulary.PUBLISHED_DESIGNS]
    identified = sum(any((source.doi, source.pmid, source.pmcid, source.number)) for source in published)
    dated = sum(source.year is not None for source in published)
    # The body that publishes a guideline is its author.
    attributed = sum(
        bool(source.authors or (source.design == "guideline" and source.publisher)) for source in published
    )
    citations = sum(trait.citations for trait in traits)
    judged = [trait for trait in traits if trait.judged]
    return {
        "published": len(published),
        "with_identifier": _round_share(identified, len(published)),
        "with_year": _round_share(dated, len(published)),
        "with_authors": _round_share(attributed, len(published)),
        "citations": citations,
        "with_locator": _round_share(sum(trait.located for trait in traits), citations),
        "from_published": _round_share(
            sum(not trait.designs.isdisjoint(vocabulary.PUBLISHED_DESIGNS) for trait in traits), len(traits)
        ),
        "claims_resting_on_education_or_policy_alone": _round_share(
            sum(trait.education_or_policy for trait in judged), len(judged)
        ),
        "claims_by_design": [
            {"design": design, "claims": count, "share": _round_share(count, len(traits))}
            for design in vocabulary.DESIGNS
            if (count := sum(design in trait.designs for trait in traits))
        ],
    }


def _round_share(count: int, total: int) -> float | None:
    return round(count / total, 4) if total else None


_NUMBER_TYPES: Final = frozenset({int, float})
_PLAIN_TYPES: Final = frozenset({str, bool, type(None)})


def _has_number(values: Iterable[object]) -> bool:
    """True if any of the values is a number or contains one. Booleans do not count."""
    types = set(map(type, values))
    if types <= _PLAIN_TYPES:
        return False
    return not types.isdisjoint(_NUMBER_TYPES) or any(
        _has_number(value.__dict__.values() if isinstance(value, BaseModel) else value)
        for value in values
        if isinstance(value, BaseModel | list)
    )


def build_disagreements_document(graph: ContentGraph) -> Json:
    """Build the document of disagreements: estimates that differ most, and contradictions between bodies or studies."""
    contradictions = [
        {"record": graph.record_ref(record_type, slug), **_build_contradiction(graph, conflict)}
        for (record_type, slug), conflicts in graph.conflicts.items()
        for conflict in conflicts
        if conflict["claim_kind"] != "relief_duration"
    ]
    contradictions.sort(
        key=lambda contradiction: (
            -len({group["position"] for group in contradiction["positions"]}),
            -sum(len(group["claims"]) for group in contradiction["positions"]),
            contradiction["record"]["slug"],
            contradiction["claim_kind"],
        )
    )
    return {"estimates": _find_estimate_disagreements(graph), "contradictions": contradictions}


def _build_contradiction(graph: ContentGraph, conflict: Json) -> Json:
    positions = [
        {
            "position": group["position"],
            "claims": [_build_claim_summary(graph, claim) for claim in group["claims"]],
        }
        for group in conflict["positions"]
    ]
    return {"claim_kind": conflict["claim_kind"], "dimension": conflict["dimension"], "positions": positions}


def _build_claim_summary(graph: ContentGraph, claim_id: str) -> Json:
    record_type, slug, claim, _ = graph.claims[claim_id]
    source = get_newest_source(claim, graph.sources)
    return {
        "id": claim_id,
        "subject": graph.record_ref(record_type, slug),
        "statement": claim.statement,
        "design": source.design,
        "year": source.year,
        "population": claim.qualifiers.population,
        "comparator": claim.qualifiers.comparator,
        "links": {"self": link_placeholder(f"/v1/claims/{claim_id}")},
    }


def _find_estimate_disagreements(graph: ContentGraph) -> list[Json]:
    """Find the estimates of relief that disagree, those that differ most first."""
    rows = [
        _build_estimate_disagreement(graph, slug, conflict)
        for (_, slug), conflicts in graph.conflicts.items()
        for conflict in conflicts
        if conflict["claim_kind"] == "relief_duration"
    ]
    return sorted(
        rows,
        key=lambda row: (-row["ratio"], row["procedure"]["slug"], row["intent"], row["measure"], row["estimates"]),
    )


def _build_estimate_disagreement(graph: ContentGraph, slug: str, conflict: Json) -> Json:
    claim_ids = {group["position"]: group["claims"] for group in conflict["positions"]}
    end, shortest = min(
        (duration_to_days(graph.claims[claim_id].claim.value.max), claim_id) for claim_id in claim_ids["shorter"]
    )
    start, longest = max(
        (duration_to_days(graph.claims[claim_id].claim.value.min), claim_id) for claim_id in claim_ids["longer"]
    )
    claim = graph.claims[shortest].claim
    return {
        "procedure": graph.record_ref("procedure", slug),
        "intent": claim.value.intent,
        "measure": claim.value.measure,
        "definition": "defined" if claim.qualifiers.definition else "not defined",
        "ratio": round(start / end, 2),
        "shortest": _build_claim_summary(graph, shortest),
        "longest": _build_claim_summary(graph, longest),
        "estimates": sorted(claim_ids["shorter"] + claim_ids["longer"]),
    }
