"""Conflicts between sources: opposing recommendations and findings about a record, listed side by side."""

from collections.abc import Sequence

from app.domain.json import Json
from app.seed import schema as seed


def find_conflicts(claims: Sequence[seed.AnyClaimIn]) -> list[Json]:
    """Find conflicts among claims: each has its axis and its sides. Empty if nothing opposes."""
    conflicts: list[Json] = []
    recommendations = [claim for claim in claims if isinstance(claim, seed.RecommendationClaimIn)]
    sides = _group_by_position([(claim.value.position, claim) for claim in recommendations])
    if len({side["position"] for side in sides} - {"no_position"}) > 1:
        conflicts.append({"about": "recommendation", "axis": "Bodies take different positions", "sides": sides})
    findings = [claim for claim in claims if isinstance(claim, seed.FindingClaimIn)]
    for sham in (True, False, None) if findings else ():
        comparable = [
            claim for claim in findings if claim.qualifiers.comparator_is_sham is sham and claim.qualifiers.comparator
        ]
        sides = _group_by_position(
            [(claim.value.direction, claim) for claim in comparable if claim.value.direction != "unclear"]
        )
        if len(sides) > 1 and any(side["position"] == "favours" for side in sides):
            axis = {
                True: "Studies against a sham differ",
                False: "Studies against another treatment differ",
                None: "Studies whose comparator is not said to be a sham differ",
            }[sham]
            conflicts.append({"about": "finding", "axis": axis, "sides": sides})
    return conflicts


def _group_by_position(positions: list[tuple[str, seed.RecommendationClaimIn | seed.FindingClaimIn]]) -> list[Json]:
    sides: dict[str, list[str]] = {}
    for position, claim in positions:
        sides.setdefault(position, []).append(claim.id)
    return [{"position": position, "claims": sorted(claims)} for position, claims in sorted(sides.items())]
