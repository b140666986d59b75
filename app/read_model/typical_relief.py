"""Typical estimate of relief of a procedure and intent. `docs/content/typical.md` states the rules in prose."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.values import ReliefDurationValue
from app.read_model.claim_order import get_newest_source, is_commercial
from app.seed import schema as seed


@dataclass(frozen=True, slots=True)
class TypicalEstimate:
    """Estimate chosen as typical, with the reason for the choice as a sentence."""

    claim: seed.ClaimIn[ReliefDurationValue]
    reason: str


_SMALLEST_READING: Final = {
    "minute": "PT1M",
    "hour": "PT1H",
    "day": "P1D",
    "week": "P1W",
    "month": "P1M",
    "year": "P1Y",
}


def estimate_relief_days(value: ReliefDurationValue) -> float | None:
    """Days by which relief is sorted and filtered: its lower end, for a vague phrase the smallest reading.

    None: unknown. A maximum alone, a total over several sessions and a stated aim say nothing of the lower end.
    """
    if value.statistic in vocabulary.NO_ESTIMATE:
        return None
    if value.min is not None:
        return duration_to_days(value.min)
    if value.max is not None or value.magnitude not in _SMALLEST_READING:
        return None
    return duration_to_days(_SMALLEST_READING[value.magnitude])


def find_typical_estimate(
    claims: Iterable[seed.ClaimIn[ReliefDurationValue]], sources: Mapping[str, seed.SourceIn]
) -> TypicalEstimate | None:
    """Choose the typical estimate for a procedure and intent by `docs/content/typical.md`. None: unknown."""
    qualifying = [claim for claim in claims if _qualifies_as_typical(claim, sources)]
    if not qualifying:
        return None
    pool = sorted(
        qualifying,
        key=lambda claim: (
            estimate_relief_days(claim.value),
            # Of two with one lower end the longer must not become the headline: no upper end counts as the longest.
            duration_to_days(claim.value.max) if claim.value.max is not None else math.inf,
            -(get_newest_source(claim, sources).year or 0),
            claim.id,
        ),
    )
    return TypicalEstimate(pool[(len(pool) - 1) // 2], _explain_choice(len(pool)))


def _qualifies_as_typical(claim: seed.ClaimIn[ReliefDurationValue], sources: Mapping[str, seed.SourceIn]) -> bool:
    # Time to recurrence is a different measure; a figure of a subgroup says nothing of others.
    return (
        claim.value.measure == "duration"
        and claim.value.covers == "procedure"
        and claim.support == "quote"
        and not is_commercial(claim, sources)
        and estimate_relief_days(claim.value) is not None
    )


# Many procedures share few reasons: cached, equal reasons are one string in memory.
@lru_cache(maxsize=1000)
def _explain_choice(count: int) -> str:
    if count == 1:
        return "The only estimate of an independent source whose wording was seen in full."
    which = "shorter" if count == 2 else "middle"
    number = "two" if count == 2 else str(count)
    return f"The {which} of {number} estimates by lower end, from independent sources whose wording was seen in full."
