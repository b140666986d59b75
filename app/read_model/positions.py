"""Positions of bodies on a procedure: those on itself, on its broader forms and on its narrower ones; those against first."""

from typing import Final

from app.domain.json import Json
from app.domain.values import RecommendationValue
from app.read_model.graph import ContentGraph

# What a reader must not miss comes first.
POSITION_RANK: Final = {"against": 0, "insufficient": 1, "conditional": 2, "for": 3, "no_position": 4}


def list_positions(graph: ContentGraph, slug: str) -> list[Json]:
    """List the positions that bodies take on a procedure and its broader and narrower forms, each once.

    A body that recommends against a treatment means its forms too, and a form can be all that is offered under the name.
    """
    if slug not in graph.positions:
        graph.positions[slug] = _build_positions(graph, slug)
    return graph.positions[slug]


def _build_positions(graph: ContentGraph, slug: str) -> list[Json]:
    # Its own positions before those of other forms; a position that several forms repeat is that of the nearest.
    forms = dict.fromkeys((*graph.ancestors["procedure"][slug], *graph.find_descendants("procedure", slug)))
    rows: dict[tuple[object, ...], Json] = {}
    for form in forms:
        for claim in graph.procedures[form].claims:
            if isinstance(claim.value, RecommendationValue):
                value = claim.value
                row = {
                    "position": value.position,
                    "body": value.body,
                    "year": value.year,
                    "scope": value.scope,
                    "procedure": graph.record_ref("procedure", form),
                    "claim": claim.id,
                }
                rows.setdefault((value.position, value.body, value.year, value.scope), row)
    return sorted(rows.values(), key=lambda row: (POSITION_RANK[row["position"]], -(row["year"] or 0)))
