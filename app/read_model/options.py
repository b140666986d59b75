"""Care options for a condition: signs that need help first, then care without a procedure, then procedures."""

from app.domain.json import Json
from app.read_model.claim_order import rank_claim
from app.read_model.claims_json import (
    build_block,
    build_claim,
    build_links,
    build_notice,
    build_review,
    link_placeholder,
)
from app.read_model.graph import ContentGraph, Relation
from app.read_model.positions import list_positions
from app.read_model.record_documents import build_linked_generators, build_serious_risks, build_typical_relief
from app.read_model.when_to_call import build_when_to_call
from app.seed import schema as seed


def build_options_document(graph: ContentGraph, condition: seed.ConditionIn) -> Json:
    """Build the options of a condition; procedures are in the editorial order of invasiveness."""

    def build_claims(claim_kind: str) -> Json:
        claims = sorted(
            (claim for claim in condition.claims if claim.kind == claim_kind),
            key=lambda claim: rank_claim(claim, graph.sources),
        )
        return build_block([build_claim(graph, "condition", condition.slug, claim) for claim in claims])

    indications = graph.list_relations("condition", condition.slug)
    treating = [relation for relation in indications if relation.role == "treats"]
    diagnosing = [relation for relation in indications if relation.role == "diagnoses"]
    generators = build_linked_generators(graph, condition.slug)
    cited_procedures = {relation.procedure for relation in indications}
    return {
        "condition": graph.record_ref("condition", condition.slug),
        "when_to_call": build_when_to_call(graph, "condition", condition),
        "no_procedure": {
            "first_line_care": build_claims("first_line_care"),
            "natural_course": build_claims("natural_course"),
        },
        "treats": build_block(_build_options(graph, treating)),
        "diagnoses": build_block(_build_options(graph, diagnosing)),
        "pain_generators": build_block(generators),
        "related_by_structure": build_block(_build_structures(graph, condition, generators, cited_procedures)),
        "order": {
            "rule": "Families from the least to the most invasive; within a family by name. Editorial: no source states it.",
            "families": [{"family": rank.family, "reason": rank.reason} for rank in graph.editorial.invasiveness],
        },
        "review": build_review(graph, "condition", condition.slug),
        "notice": build_notice(graph),
        "links": {
            "self": link_placeholder(f"/v1/conditions/{condition.slug}/options"),
            "condition": link_placeholder(f"/v1/conditions/{condition.slug}"),
            "html": link_placeholder(f"/conditions/{condition.slug}"),
        },
    }


def _build_structures(
    graph: ContentGraph, condition: seed.ConditionIn, generators: list[Json], cited_procedures: set[str]
) -> list[Json]:
    """Build what reaches a structure that the condition arises from, in its body regions, without a source for the condition."""
    structures = []
    for linked in generators:
        slug = linked["record"]["slug"]
        relations = [
            relation
            for relation in graph.list_relations("pain_generator", slug)
            if relation.procedure not in cited_procedures
            and not set(condition.body_regions).isdisjoint(graph.procedures[relation.procedure].body_regions)
        ]
        if relations:
            diagnosing = [relation for relation in relations if relation.role == "diagnoses"]
            treating = [relation for relation in relations if relation.role == "treats"]
            structures.append(
                {
                    "pain_generator": linked["record"],
                    "claims": linked["claims"],
                    "diagnoses": build_block(_build_options(graph, diagnosing)),
                    "reaches": build_block(_build_options(graph, treating)),
                }
            )
    return structures


def _find_first_relations(graph: ContentGraph, relations: list[Relation]) -> dict[str, Relation]:
    """Find the relation of each procedure whose claim comes first."""
    first_relations: dict[str, Relation] = {}
    for relation in sorted(relations, key=lambda relation: rank_claim(relation.claim, graph.sources)):
        first_relations.setdefault(relation.procedure, relation)
    return first_relations


def _build_options(graph: ContentGraph, relations: list[Relation]) -> list[Json]:
    ranks = {rank.family: position for position, rank in enumerate(graph.editorial.invasiveness)}
    first_relations = _find_first_relations(graph, relations)
    by_slug = {slug: graph.procedures[slug] for slug in first_relations}
    ordered = sorted(
        first_relations, key=lambda slug: (ranks[by_slug[slug].family], *graph.sort_key("procedure", slug))
    )
    options = []
    for slug in ordered:
        relation, record = first_relations[slug], by_slug[slug]
        options.append(
            {
                "procedure": graph.record_ref("procedure", slug),
                "family": record.family,
                "summary": record.texts["summary"].text if "summary" in record.texts else None,
                "positions": build_block(list_positions(graph, slug)),
                "typical_relief": build_typical_relief(graph, slug),
                "relation": _build_relation(relation),
                "serious_risks": build_serious_risks(graph, slug),
                "links": build_links("procedure", slug),
            }
        )
    return options


def _build_relation(relation: Relation) -> Json:
    return {"role": relation.role, "claim": relation.claim.id}
