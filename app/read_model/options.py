"""Care options for a condition: red flags first, then care without a procedure, then procedures."""

from operator import attrgetter

from app.domain.json import Json
from app.domain.values import ProcedureRiskValue
from app.read_model.claims_json import (
    build_block,
    build_claim,
    build_links,
    build_notice,
    build_review,
    link_placeholder,
)
from app.read_model.grading import GRADE_RANK
from app.read_model.graph import ContentGraph, Relation
from app.read_model.record_documents import build_linked_generators, build_typical_relief
from app.seed import schema as seed


def build_options_document(graph: ContentGraph, condition: seed.ConditionIn) -> Json:
    """Build the options of a condition; procedures are in the editorial order of invasiveness."""

    def build_claims(claim_kind: str) -> Json:
        claims = sorted((claim for claim in condition.claims if claim.kind == claim_kind), key=attrgetter("id"))
        return build_block([build_claim(graph, "condition", condition.slug, claim) for claim in claims])

    conditions = {condition.slug, *_find_narrower(graph, "condition", condition.slug)}
    relations = _list_relations(graph.relations_by_condition, conditions)
    indicated = {relation.procedure: relation for relation in sorted(relations, key=_worst_grade_first)}
    generators, listed = [], set()
    for linked in build_linked_generators(graph, condition.slug):
        slug = linked["record"]["slug"]
        relations = _list_relations(
            graph.relations_by_generator, {slug, *_find_narrower(graph, "pain_generator", slug)}
        )
        listed |= {relation.procedure for relation in relations}
        generators.append(
            {
                "pain_generator": linked["record"],
                "grade": linked["grade"],
                "claims": linked["claims"],
                "diagnoses": build_block(
                    _build_options(
                        graph, [relation for relation in relations if relation.role == "diagnoses"], indicated
                    )
                ),
                "treats": build_block(
                    _build_options(graph, [relation for relation in relations if relation.role == "treats"], indicated)
                ),
            }
        )
    others = [relation for slug, relation in indicated.items() if slug not in listed]
    return {
        "condition": graph.record_ref("condition", condition.slug),
        "red_flags": build_claims("red_flag"),
        "no_procedure": {
            "first_line_care": build_claims("first_line_care"),
            "natural_course": build_claims("natural_course"),
        },
        "pain_generators": build_block(generators),
        "other_procedures": build_block(_build_options(graph, others, indicated)),
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


def _list_relations(relations_by_slug: dict[str, list[Relation]], slugs: set[str]) -> list[Relation]:
    return [relation for slug in sorted(slugs) for relation in relations_by_slug.get(slug, ())]


def _find_narrower(graph: ContentGraph, record_type: str, slug: str) -> set[str]:
    descendants: set[str] = set()
    todo = [slug]
    while todo:
        children = graph.narrower[record_type].get(todo.pop(), [])
        todo += [child for child in children if child not in descendants]
        descendants.update(children)
    return descendants


def _worst_grade_first(relation: Relation) -> tuple[int, str]:
    # Dictionaries built in this order keep the last relation of each procedure: the one with the best grade.
    return -GRADE_RANK[relation.grade], relation.best_claim.id


def _build_options(graph: ContentGraph, relations: list[Relation], indicated: dict[str, Relation]) -> list[Json]:
    ranks = {rank.family: position for position, rank in enumerate(graph.editorial.invasiveness)}
    best: dict[str, Relation] = {relation.procedure: relation for relation in sorted(relations, key=_worst_grade_first)}
    by_slug = {slug: graph.procedures[slug] for slug in best}
    ordered = sorted(best, key=lambda slug: (ranks[by_slug[slug].family], *graph.sort_key("procedure", slug)))
    options = []
    for slug in ordered:
        relation, indication, record = best[slug], indicated.get(slug), by_slug[slug]
        options.append(
            {
                "procedure": graph.record_ref("procedure", slug),
                "family": record.family,
                "summary": record.texts["summary"].text if "summary" in record.texts else None,
                "typical_relief": build_typical_relief(graph, slug),
                "relation": _build_relation(relation),
                "indicated": build_block([_build_relation(indication)] if indication else []),
                "rated_risks": build_block(_build_rated_risks(graph, record)),
                "links": build_links("procedure", slug),
            }
        )
    return options


def _build_relation(relation: Relation) -> Json:
    return {"role": relation.role, "grade": relation.grade, "claim": relation.best_claim.id}


def _build_rated_risks(graph: ContentGraph, procedure: seed.ProcedureIn) -> list[Json]:
    rated = [
        claim
        for claim in procedure.claims
        if isinstance(claim.value, ProcedureRiskValue) and (claim.value.percent_max is not None or claim.value.n)
    ]
    return [
        {
            "risk": graph.record_ref("risk", claim.value.risk),
            "observed": claim.value.observed,
            "n": claim.value.n,
            "percent_min": claim.value.percent_min,
            "percent_max": claim.value.percent_max,
            "per": claim.value.per,
            "timeframe": claim.value.timeframe,
            "claim": claim.id,
        }
        for claim in sorted(rated, key=attrgetter("id"))
    ]
