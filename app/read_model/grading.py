"""Rules that order claims and derive a typical estimate and a frequency band from them. `docs/content/` states them in prose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.values import ProcedureRiskValue, ReliefDurationValue
from app.seed import schema as seed


class FrequencyBand(NamedTuple):
    """Band of a rate; its limits are shares of 1. The lower limit belongs to the band."""

    name: str
    lower: float
    upper: float | None


# EU (SmPC) frequency bands, most frequent first.
BANDS: Final = (
    FrequencyBand("very_common", 0.1, None),
    FrequencyBand("common", 0.01, 0.1),
    FrequencyBand("uncommon", 0.001, 0.01),
    FrequencyBand("rare", 0.0001, 0.001),
    FrequencyBand("very_rare", 0.0, 0.0001),
)
BAND_SCHEME: Final = "EU SmPC"


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
    # Statements about the procedure precede those about a variant or against a comparator.
    least_restricted = min(map(_count_restrictions, qualifying))
    pool = sorted(
        (claim for claim in qualifying if _count_restrictions(claim) == least_restricted),
        key=lambda claim: (estimate_relief_days(claim.value), -(get_newest_source(claim, sources).year or 0), claim.id),
    )
    return TypicalEstimate(pool[(len(pool) - 1) // 2], _explain_choice(len(pool)))


def _qualifies_as_typical(claim: seed.ClaimIn[ReliefDurationValue], sources: Mapping[str, seed.SourceIn]) -> bool:
    # Time to recurrence is a different measure.
    return (
        claim.value.measure == "duration"
        and claim.support == "quote"
        and not is_commercial(claim, sources)
        and estimate_relief_days(claim.value) is not None
    )


def _count_restrictions(claim: seed.AnyClaimIn) -> int:
    return sum(qualifier is not None for qualifier in (claim.qualifiers.technique, claim.qualifiers.comparator))


# Many procedures share few reasons: cached, equal reasons are one string in memory.
@lru_cache(maxsize=1000)
def _explain_choice(count: int) -> str:
    if count == 1:
        return "The only estimate of an independent source whose wording was seen in full."
    which = "shorter" if count == 2 else "middle"
    number = "two" if count == 2 else str(count)
    return f"The {which} of {number} estimates by lower end, from independent sources whose wording was seen in full."


def is_commercial(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> bool:
    """Whether a claim rests on the words of makers or practices alone."""
    return claim.commercial or all(sources[citation.source].commercial for citation in claim.citations)


def get_newest_source(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> seed.SourceIn:
    """Newest source of a claim, an independent one before a commercial one."""
    if len(claim.citations) == 1:
        return sources[claim.citations[0].source]
    return min(
        (sources[citation.source] for citation in claim.citations),
        key=lambda source: (source.commercial, -(source.year or 0), source.slug),
    )


def rank_claim(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> tuple[bool, int, str]:
    """Sort key of claims: independent before commercial, then the newest, then by id. The kind of source has no rank."""
    return is_commercial(claim, sources), -(get_newest_source(claim, sources).year or 0), claim.id


def find_band(value: ProcedureRiskValue) -> FrequencyBand | None:
    """Band of a single rate or of a range within one band; None otherwise."""
    if value.observed is not None and value.n:
        return _find_common_band(value.observed / value.n)
    if value.percent_min is not None and value.percent_max is not None:
        return _find_common_band(value.percent_min / 100, value.percent_max / 100)
    return None


# Called three times for each rate, and many rates are equal.
@lru_cache(maxsize=1000)
def _find_common_band(*rates: float) -> FrequencyBand | None:
    if min(rates) <= 0:
        return None
    # The tolerance keeps an exact limit in the more frequent band in spite of floating-point rounding.
    bands = {next(band for band in BANDS if rate >= band.lower * (1 - 1e-12)) for rate in rates}
    return bands.pop() if len(bands) == 1 else None


def compute_upper_limit_percent(value: ProcedureRiskValue) -> float | None:
    """Exact upper 95 % limit in percent if none of n were seen, 100 * (1 - 0.05 ** (1 / n)). None: some were, or n is unknown."""
    if value.state != "none_seen" or not value.n:
        return None
    return float(f"{100 * (1 - 0.05 ** (1 / value.n)):.3g}")
