"""Risks of procedures grouped by risk, the most serious first: the worst figure of each, and who says so."""

from collections import defaultdict
from collections.abc import Iterable

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.values import ProcedureRiskValue
from app.read_model.graph import ContentGraph
from app.seed import schema as seed


def build_risk_groups(
    graph: ContentGraph, record: str, procedures: Iterable[str], *, serious_only: bool = False
) -> list[Json]:
    """Build a row for each risk of these procedures, as a record shows them, and each degree in which it is reported.

    A count of serious events and a count of all events of a risk are two rows, so that no figure covers more than
    was counted.
    """
    groups: dict[tuple[str, str], list[tuple[str, seed.ClaimIn[ProcedureRiskValue]]]] = defaultdict(list)
    for slug in procedures:
        for claim in graph.procedures[slug].claims:
            if isinstance(claim.value, ProcedureRiskValue):
                seriousness = graph.get_seriousness(claim.value)
                if not serious_only or seriousness in vocabulary.SERIOUS:
                    groups[claim.value.risk, seriousness].append((slug, claim))
    rows = [_build_row(graph, record, risk, seriousness, claims) for (risk, seriousness), claims in groups.items()]
    return sorted(rows, key=_rank)


def _rank(row: Json) -> tuple[int, int, float, str]:
    worst = row["worst"]
    return (
        vocabulary.SERIOUSNESS_RANK[row["seriousness"]],
        vocabulary.RISK_STATE_RANK[row["state"]],
        -(_compute_share(worst) or 0) if worst else 0,
        row["risk"]["name"],
    )


def _build_row(
    graph: ContentGraph,
    record: str,
    risk: str,
    seriousness: str,
    claims: list[tuple[str, seed.ClaimIn[ProcedureRiskValue]]],
) -> Json:
    states = [claim.value.state for _, claim in claims]
    state = min(states, key=vocabulary.RISK_STATE_RANK.__getitem__)
    figures = [
        _build_figure(slug, claim) | {"form": None if slug == record else graph.names["procedure", slug]}
        for slug, claim in claims
        if claim.value.state == state and (claim.value.n or claim.value.percent_max is not None)
    ]
    return {
        "risk": graph.record_ref("risk", risk),
        "seriousness": seriousness,
        "state": state,
        "worst": max(figures, key=_rank_figure, default=None),
        "subjects": list(dict.fromkeys(slug for slug, _ in claims)),
        "claims": [claim.id for _, claim in claims],
    }


def _build_figure(slug: str, claim: seed.ClaimIn[ProcedureRiskValue]) -> Json:
    value = claim.value
    return {
        "observed": value.observed,
        "n": value.n,
        "percent_min": value.percent_min,
        "percent_max": value.percent_max,
        "per": value.per,
        "timeframe": value.timeframe,
        "population": claim.qualifiers.population,
        "composite": next((detail.text for detail in value.details if detail.name == "composite"), None),
        "subject": slug,
        "claim": claim.id,
    }


def _rank_figure(figure: Json) -> tuple[float, int, str]:
    # Of equal rates the one from more people; where none was seen, the largest count.
    return _compute_share(figure) or 0, figure["n"] or 0, figure["claim"]


def _compute_share(figure: Json) -> float | None:
    """Compute the share of 1 that a figure states; None: it states none."""
    if figure["percent_max"] is not None:
        return float(figure["percent_max"]) / 100
    if figure["observed"] is not None and figure["n"]:
        return float(figure["observed"]) / float(figure["n"])
    return None
