"""Conflicts between sources: opposing recommendations and findings about a record, listed side by side."""

from collections.abc import Sequence

from app.domain.json import Json
from app.domain.values import FindingValue, RecommendationValue
from app.seed import schema as seed


def find_conflicts(claims: Sequence[seed.AnyClaimIn]) -> list[Json]:
    """Find conflicts among claims: each has its dimension and its positions. Empty if nothing opposes."""
    conflicts: list[Json] = []
    recommendations = [claim for claim in claims if isinstance(claim.value, RecommendationValue)]
    positions = _group_by_position([(claim.value.position, claim) for claim in recommendations])
    if len({group["position"] for group in positions} - {"no_position"}) > 1:
        conflicts.append(
            {"claim_kind": "recommendation", "dimension": "Bodies take different positions", "positions": positions}
        )
    findings = [claim for claim in claims if isinstance(claim.value, FindingValue)]
    for sham in (True, False, None) if findings else ():
        comparable = [
            claim for claim in findings if claim.qualifiers.comparator_is_sham is sham and claim.qualifiers.comparator
        ]
        positions = _group_by_position(
            [(claim.value.direction, claim) for claim in comparable if claim.value.direction != "unclear"]
        )
        if len(positions) > 1 and any(group["position"] == "favors" for group in positions):
            dimension = {
                True: "Studies against a sham differ",
                False: "Studies against another treatment differ",
                None: "Studies whose comparator is not said to be a sham differ",
            }[sham]
            conflicts.append({"claim_kind": "finding", "dimension": dimension, "positions": positions})
    return conflicts


def _group_by_position(
    labeled_claims: list[tuple[str, seed.ClaimIn[RecommendationValue] | seed.ClaimIn[FindingValue]]],
) -> list[Json]:
    claims_by_position: dict[str, list[str]] = {}
    for position, claim in labeled_claims:
        claims_by_position.setdefault(position, []).append(claim.id)
    return [{"position": position, "claims": sorted(claims)} for position, claims in sorted(claims_by_position.items())]
