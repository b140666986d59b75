"""Positions of bodies on a procedure: on itself, its broader and narrower forms, wherever they are stated; those against first."""

from collections.abc import Iterator
from typing import Any, Final

from app.domain.json import Json
from app.domain.values import RecommendationValue
from app.read_model.graph import ContentGraph

# What a reader must not miss comes first.
POSITION_RANK: Final = {"against": 0, "insufficient": 1, "conditional": 2, "for": 3, "no_position": 4}


def list_positions(graph: ContentGraph, slug: str) -> list[Json]:
    """List the positions that bodies take on a procedure and its broader and narrower forms, each once.

    A body that recommends against a treatment means its forms too, and a form can be all that is offered under the name.
    What a condition states of a procedure is a position on it.
    """
    if slug not in graph.positions_by_procedure:
        graph.positions_by_procedure[slug] = _build_positions(graph, slug)
    return graph.positions_by_procedure[slug]


def _build_positions(graph: ContentGraph, slug: str) -> list[Json]:
    # Its own positions before those of others; a position that several repeat is that of the nearest.
    related = dict.fromkeys((*graph.ancestors["procedure"][slug], *graph.find_descendants("procedure", slug)))
    rows: dict[tuple[object, ...], Json] = {}
    for procedure in related:
        for claim, stated_on in _iter_recommendations(graph, procedure):
            value = claim.value
            row = {
                "position": value.position,
                "body": value.body,
                "year": value.year,
                "scope": value.scope,
                "procedure": graph.record_ref("procedure", procedure),
                "stated_on": stated_on,
                "claim": claim.id,
            }
            rows.setdefault((value.position, value.body, value.year, value.scope), row)
    return sorted(rows.values(), key=lambda row: (POSITION_RANK[row["position"]], -(row["year"] or 0)))


def _iter_recommendations(graph: ContentGraph, procedure: str) -> Iterator[tuple[Any, Json]]:
    """Yield the recommendations on a procedure, each with a reference to the record that states it."""
    for claim in graph.procedures[procedure].claims:
        if isinstance(claim.value, RecommendationValue):
            yield claim, graph.record_ref("procedure", procedure)
    for record_type, slug, claim, _ in graph.recommendations_elsewhere.get(procedure, ()):
        yield claim, graph.record_ref(record_type, slug)
