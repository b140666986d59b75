"""Where sources part: opposing recommendations and findings of one record, side by side, never blended."""

from collections.abc import Sequence

from app.domain.json import Json
from app.seed import schema as seed


def conflicts_of(claims: Sequence[seed.AnyClaim]) -> list[Json]:
    """Conflicts among the claims of a record: each with its axis and its sides. Empty when nothing opposes."""
    found = []
    recommendations = [claim for claim in claims if isinstance(claim, seed.RecommendationClaim)]
    sides = _sides([(claim.value.position, claim) for claim in recommendations])
    if len({side["position"] for side in sides} - {"no_position"}) > 1:
        found.append({"about": "recommendation", "axis": "Bodies take different positions", "sides": sides})
    findings = [claim for claim in claims if isinstance(claim, seed.FindingClaim)]
    for sham in (True, False, None) if findings else ():
        same = [
            claim for claim in findings if claim.qualifiers.comparator_is_sham is sham and claim.qualifiers.comparator
        ]
        sides = _sides([(claim.value.direction, claim) for claim in same if claim.value.direction != "unclear"])
        if len(sides) > 1 and any(side["position"] == "favours" for side in sides):
            axis = {
                True: "Studies against a sham differ",
                False: "Studies against another treatment differ",
                None: "Studies whose comparator is not said to be a sham differ",
            }[sham]
            found.append({"about": "finding", "axis": axis, "sides": sides})
    return found


def _sides(positions: list[tuple[str, seed.RecommendationClaim | seed.FindingClaim]]) -> list[Json]:
    sides: dict[str, list[str]] = {}
    for position, claim in positions:
        sides.setdefault(position, []).append(claim.id)
    return [{"position": position, "claims": sorted(claims)} for position, claims in sorted(sides.items())]
