"""Record documents: the body of /v1/{folder}/{slug}, and the summary that lists show."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS, SERIOUS_RISKS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.read_model.claims_json import (
    RenderedClaim,
    build_block,
    build_blocks,
    build_claim,
    build_license,
    build_links,
    build_notice,
    build_relief,
    build_review,
    build_sources,
    build_texts,
    link_placeholder,
    shared_fragment,
)
from app.read_model.codes import build_codes
from app.read_model.forms import build_forms, list_blocks_on_forms
from app.read_model.graph import ContentGraph, Relation
from app.read_model.positions import list_positions
from app.read_model.risk_groups import build_risk_groups
from app.read_model.when_to_call import build_when_to_call, build_when_to_call_about_risk
from app.seed import schema as seed
from app.text.normalize import normalize


def build_typical_relief(graph: ContentGraph, slug: str) -> Json:
    """Build the block of typical relief: one estimate for each intent that has one."""
    items = []
    for intent in vocabulary.INTENTS:
        if typical := graph.typical_estimates.get((slug, intent)):
            items.append(
                {
                    **build_relief(graph, slug, typical.claim),
                    "claim": typical.claim.id,
                }
            )
    on_forms = any(
        (form, intent) in graph.typical_estimates
        for form in graph.find_descendants("procedure", slug)
        for intent in vocabulary.INTENTS
    )
    return build_block(items, status_if_empty="stated_on_forms" if on_forms else "unknown")


def build_serious_risks(graph: ContentGraph, slug: str) -> Json:
    """Build the block of serious risks of a procedure and its forms, grouped by risk, the most serious first."""
    procedures = (slug, *graph.find_descendants("procedure", slug))
    # Who found no harm at all looked for serious ones too.
    searched = any(
        entry.block in {SERIOUS_RISKS, CLAIM_KINDS["procedure_risk"].block}
        for entry in graph.procedures[slug].not_found
    )
    return build_block(
        build_risk_groups(graph, slug, procedures, serious_only=True),
        status_if_empty="not_found" if searched else "unknown",
    )


def get_summary(record: Any) -> str | None:  # noqa: ANN401 - any record class
    """Get the text that sums up a record; None if it has none."""
    match record:
        case seed.RecordIn():
            return record.texts["summary"].text if "summary" in record.texts else None
        case seed.RiskIn():
            return record.description
        case seed.GuidePageIn():
            return record.summary.text
        case seed.EmergencyIn():
            return record.short_sign
    return None


def get_action(emergency: seed.EmergencyIn) -> str:
    """Get what to do in an emergency."""
    return emergency.action or vocabulary.CALL_ACTIONS[emergency.tier]


def build_summary(graph: ContentGraph, record_type: str, record: Any) -> Json:  # noqa: ANN401 - any record class but SourceIn
    """Build the list item of a record; that of a source is `build_source_summary`."""
    summary: Json = {
        "slug": record.slug,
        "name": graph.names[record_type, record.slug],
        "type": record_type,
        "summary": get_summary(record),
    }
    summary |= {fact: getattr(record, fact) for fact in RECORD_TYPES[record_type].facts}
    if isinstance(record, seed.RecordIn):
        summary["body_regions"] = record.body_regions
    if record_type == "procedure":
        summary["serious_risks"] = build_serious_risks(graph, record.slug)
        summary["positions"] = build_block(list_positions(graph, record.slug))
        summary["typical_relief"] = build_typical_relief(graph, record.slug)
    if isinstance(record, seed.EmergencyIn):
        summary["action"] = get_action(record)
    summary["review"] = build_review(graph, record_type, record.slug)
    summary["last_changed_in"] = graph.last_changed_version(record_type, record.slug)
    summary["links"] = build_links(record_type, record.slug)
    return summary


def build_source_summary(graph: ContentGraph, source: seed.SourceIn) -> Json:
    """Build the list item of a source."""
    return {
        "slug": source.slug,
        "name": source.title,
        "type": "source",
        **{fact: getattr(source, fact) for fact in RECORD_TYPES["source"].facts},
        "replaced_by": source.replaced_by and graph.record_ref("source", source.replaced_by),
        "claim_count": len(graph.cited_by.get(source.slug, ())),
        "last_changed_in": graph.last_changed_version("source", source.slug),
        "links": build_links("source", source.slug),
    }


def _build_hierarchy(graph: ContentGraph, record_type: str, record: seed.RecordIn) -> Json:
    return {
        "broader": build_block([graph.record_ref(record_type, slug) for slug in record.broader]),
        "narrower": build_block(
            [graph.record_ref(record_type, slug) for slug in graph.narrower[record_type].get(record.slug, ())]
        ),
    }


def list_names(record: seed.RecordIn | seed.RiskIn) -> list[tuple[str, str]]:
    """List the names of a record with the kind of each: the preferred name, the one that patients use, then others."""
    preferred = ("preferred", record.name)
    names = [("synonym", name) if isinstance(name, str) else (name.kind, name.text) for name in record.names]
    if isinstance(record, seed.RecordIn) and normalize(record.patient_name) != normalize(record.name):
        others = [(name_kind, text) for name_kind, text in names if normalize(text) != normalize(record.patient_name)]
        names = [("lay_name", record.patient_name), *others]
    return [preferred, *names]


def _build_names(record: seed.RecordIn | seed.RiskIn) -> list[Json]:
    return [{"text": text, "kind": name_kind} for name_kind, text in list_names(record)]


def _build_common_footer(graph: ContentGraph, record_type: str, record: seed.RecordIn) -> Json:
    return {
        "codes": build_block(build_codes(graph, record_type, record.slug)),
        "sources": build_sources(graph, record.claims),
        "license": build_license(graph),
        "provenance": {
            "authors": graph.about.authors,
            "funding": graph.about.funding,
            "update_policy": graph.about.update_policy,
            "version": graph.version,
            "last_changed_in": graph.last_changed_version(record_type, record.slug),
        },
        "notice": build_notice(graph),
    }


def build_summary_and_document(
    graph: ContentGraph,
    record_type: str,
    record: seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn,
    claims: Sequence[RenderedClaim],
) -> tuple[Json, Json]:
    """Build the list item and the document of a record. `claims` are its claims from `render_claims`."""
    summary = build_summary(graph, record_type, record)
    document = {
        **summary,
        "names": _build_names(record),
        "texts": build_texts(record_type, record),
        **build_blocks(record_type, record, claims, list_blocks_on_forms(graph, record_type, record.slug)),
        "not_found": [entry.model_dump() for entry in record.not_found],
        "forms": build_forms(graph, record_type, record.slug),
        **_build_links_to_records(graph, record),
        "when_to_call": build_when_to_call(graph, record_type, record),
        **_build_common_footer(graph, record_type, record),
    }
    return summary, document


def _build_links_to_records(
    graph: ContentGraph, record: seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn
) -> Json:
    """Build what a document says of other records, beside its claims."""
    match record:
        case seed.ProcedureIn():
            related = [
                {
                    "type": relation.type,
                    "procedure": graph.record_ref("procedure", relation.procedure),
                    "claims": relation.claims,
                    "reason": relation.reason,
                }
                for relation in sorted(record.related, key=attrgetter("type", "procedure"))
            ]
            return {
                "related": {"procedures": build_block(related), **_build_hierarchy(graph, "procedure", record)},
                "risk_groups": build_block(build_risk_groups(graph, record.slug, [record.slug])),
                "conflicts": build_block(graph.conflicts.get(("procedure", record.slug), [])),
                "forms_with_conflicts": build_block(
                    [
                        graph.record_ref("procedure", slug)
                        for slug in graph.find_descendants("procedure", record.slug)
                        if ("procedure", slug) in graph.conflicts
                    ]
                ),
                "journey": shared_fragment(graph, "journey", lambda: _build_journey_link(graph)),
            }
        case seed.ConditionIn():
            causes = graph.causes_by_condition.get(record.slug, ())
            return {
                "pain_generators": build_block(build_linked_generators(graph, record.slug)),
                "caused_by": build_block(_build_linked_records(graph, "condition", causes)),
                "procedures": _build_relations(graph, graph.relations_by_condition.get(record.slug, ())),
                "related": _build_hierarchy(graph, "condition", record),
            }
        case seed.PainGeneratorIn():
            conditions = graph.conditions_by_generator.get(record.slug, ())
            return {
                "conditions": build_block(_build_linked_records(graph, "condition", conditions)),
                "procedures": _build_relations(graph, graph.relations_by_generator.get(record.slug, ())),
                "related": _build_hierarchy(graph, "pain_generator", record),
            }


def _build_journey_link(graph: ContentGraph) -> Json:
    return {
        "type": "guide_page",
        "slug": "journey",
        "name": graph.names.get(("guide_page", "journey"), "Care journey"),
        "links": {"self": link_placeholder("/v1/guide/journey")},
    }


def _build_relations(graph: ContentGraph, relations: Iterable[Relation]) -> Json:
    return build_block(
        [
            {
                "procedure": graph.record_ref("procedure", relation.procedure),
                "role": relation.role,
                "claim": relation.claim.id,
                "claims": list(relation.claim_ids),
                "positions": build_block(list_positions(graph, relation.procedure)),
            }
            for relation in relations
        ]
    )


def build_linked_generators(graph: ContentGraph, condition: str) -> list[Json]:
    """Build the pain generators that a condition arises from, each with the claims that state it."""
    return _build_linked_records(graph, "pain_generator", graph.generators_by_condition.get(condition, ()))


def _build_linked_records(graph: ContentGraph, record_type: str, pairs: Iterable[tuple[str, str]]) -> list[Json]:
    claims: dict[str, list[str]] = {}
    for slug, claim in pairs:
        claims.setdefault(slug, []).append(claim)
    return [
        {
            "record": graph.record_ref(record_type, slug),
            "claims": sorted(claims[slug]),
        }
        for slug in sorted(claims, key=lambda slug: graph.sort_key(record_type, slug))
    ]


def build_risk_document(graph: ContentGraph, risk: seed.RiskIn) -> Json:
    """Build the document of a risk, with every claim about its rate."""
    observations = [
        build_claim(graph, record_type, slug, claim)
        for record_type, slug, claim, _ in graph.claims_by_risk.get(risk.slug, ())
    ]
    return {
        **build_summary(graph, "risk", risk),
        "names": _build_names(risk),
        "observations": build_block(observations),
        "when_to_call": build_when_to_call_about_risk(graph, risk.slug),
        "license": build_license(graph),
        "notice": build_notice(graph),
    }


def build_source_document(graph: ContentGraph, source: seed.SourceIn) -> Json:
    """Build the document of a source, with the claims that cite it."""
    claims = []
    for claim_id in graph.cited_by.get(source.slug, ()):
        record_type, slug, claim, _ = graph.claims[claim_id]
        claims.append(
            {
                "id": claim_id,
                "kind": claim.kind,
                "statement": claim.statement,
                "subject": graph.record_ref(record_type, slug),
                "links": {"self": link_placeholder(f"/v1/claims/{claim_id}")},
            }
        )
    return {**build_source_summary(graph, source), "claims": build_block(claims)}


def build_guide_document(graph: ContentGraph, page: seed.GuidePageIn) -> Json:
    """Build the document of a guide page: headings and texts with the claims that support them."""
    subject_claims = {claim: graph.claims[claim] for item in page.items for claim in item.claims}
    subject_claims |= {claim: graph.claims[claim] for claim in page.summary.claims}
    subject_claims |= {claim.id: graph.claims[claim.id] for claim in page.claims}
    return {
        **build_summary(graph, "guide_page", page),
        "summary_claims": page.summary.claims,
        "items": [
            {"heading": item.heading, "text": item.text, "lang": "en", "claims": item.claims} for item in page.items
        ],
        "claims": [
            build_claim(graph, record_type, slug, claim)
            for _, (record_type, slug, claim, _) in sorted(subject_claims.items())
        ],
        "sources": build_sources(graph, [claim.claim for claim in subject_claims.values()]),
        "license": build_license(graph),
        "notice": build_notice(graph),
    }
