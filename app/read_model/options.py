"""The way through care for one condition: first what is urgent, then what comes before any procedure, then procedures."""

from app.domain.json import Json
from app.read_model.claims_json import claim_shape, known, link, links_of, notice_of, review_of
from app.read_model.grading import GRADE_RANK
from app.read_model.graph import Edge, Index
from app.read_model.record_documents import generators_of, typical_relief
from app.seed import schema as seed


def options_document(index: Index, condition: seed.Condition) -> Json:
    """Options of one condition, in the written editorial order of invasiveness."""
    claims = {
        kind: [c for c in condition.claims if c.kind == kind]
        for kind in ("red_flag", "first_line_care", "natural_course")
    }
    shown = {
        kind: [
            claim_shape(index, "condition", condition.slug, claim) for claim in sorted(found, key=lambda one: one.id)
        ]
        for kind, found in claims.items()
    }
    mine = {condition.slug, *_below(index, "condition", condition.slug)}
    indicated = {edge.procedure: edge for edge in sorted(_edges(index.by_condition, mine), key=_worst_first)}
    through, placed = [], set()
    for joined in generators_of(index, condition.slug):
        generator = joined["record"]["slug"]
        reach = {generator, *_below(index, "pain_generator", generator)}
        edges = _edges(index.by_generator, reach)
        placed |= {edge.procedure for edge in edges}
        through.append(
            {
                "pain_generator": joined["record"],
                "grade": joined["grade"],
                "claims": joined["claims"],
                "confirms": known(_options(index, [edge for edge in edges if edge.role == "diagnoses"], indicated)),
                "treats": known(_options(index, [edge for edge in edges if edge.role == "treats"], indicated)),
            }
        )
    rest = [edge for slug, edge in indicated.items() if slug not in placed]
    return {
        "condition": index.ref("condition", condition.slug),
        "red_flags": known(shown["red_flag"]),
        "no_procedure": {
            "first_line_care": known(shown["first_line_care"]),
            "natural_course": known(shown["natural_course"]),
        },
        "pain_generators": known(through),
        "other_procedures": known(_options(index, rest, indicated)),
        "order": {
            "rule": "Families from the least to the most invasive; within a family by name. Editorial: no source states it.",
            "families": [{"family": rank.family, "reason": rank.reason} for rank in index.editorial.invasiveness],
        },
        "review": review_of(index, condition.review),
        "notice": notice_of(index),
        "links": {
            "self": link(f"/v1/conditions/{condition.slug}/options"),
            "condition": link(f"/v1/conditions/{condition.slug}"),
            "html": link(f"/conditions/{condition.slug}"),
        },
    }


def _edges(by_other: dict[str, list[Edge]], slugs: set[str]) -> list[Edge]:
    return [edge for slug in sorted(slugs) for edge in by_other.get(slug, ())]


def _below(index: Index, kind: str, slug: str) -> set[str]:
    found: set[str] = set()
    todo = [slug]
    while todo:
        below = index.narrower[kind].get(todo.pop(), [])
        todo += [one for one in below if one not in found]
        found.update(below)
    return found


def _worst_first(edge: Edge) -> tuple[int, str]:
    # A later entry of the same procedure replaces an earlier one, so the best supported edge comes last.
    return -GRADE_RANK[edge.grade], edge.claim.id


def _options(index: Index, edges: list[Edge], indicated: dict[str, Edge]) -> list[Json]:
    ranks = {rank.family: place for place, rank in enumerate(index.editorial.invasiveness)}
    best: dict[str, Edge] = {edge.procedure: edge for edge in sorted(edges, key=_worst_first)}
    by_slug = {slug: index.procedures[slug] for slug in best}
    ordered = sorted(best, key=lambda slug: (ranks[by_slug[slug].family], *index.sort_key("procedure", slug)))
    options = []
    for slug in ordered:
        edge, mine, record = best[slug], indicated.get(slug), by_slug[slug]
        options.append(
            {
                "procedure": index.ref("procedure", slug),
                "family": record.family,
                "summary": record.texts["summary"].text if "summary" in record.texts else None,
                "typical_relief": typical_relief(index, slug),
                "edge": {"role": edge.role, "grade": edge.grade, "claim": edge.claim.id},
                "indicated": known([{"role": mine.role, "grade": mine.grade, "claim": mine.claim.id}] if mine else []),
                "rated_risks": known(_rated(index, record)),
                "links": links_of("procedure", slug),
            }
        )
    return options


def _rated(index: Index, procedure: seed.Procedure) -> list[Json]:
    rated = [
        claim
        for claim in procedure.claims
        if isinstance(claim, seed.ProcedureRiskClaim) and (claim.value.percent_max is not None or claim.value.n)
    ]
    return [
        {
            "risk": index.ref("risk", claim.value.risk),
            "observed": claim.value.observed,
            "n": claim.value.n,
            "percent_min": claim.value.percent_min,
            "percent_max": claim.value.percent_max,
            "per": claim.value.per,
            "timeframe": claim.value.timeframe,
            "claim": claim.id,
        }
        for claim in sorted(rated, key=lambda one: one.id)
    ]
