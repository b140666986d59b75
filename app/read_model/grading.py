"""Rules that derive a grade, a typical estimate and a frequency band from claims. `docs/content/` states them in prose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.values import ProcedureRiskValue, ReliefDurationValue
from app.seed import schema as seed

GRADE_BY_DESIGN: Final = {
    "guideline": "high",
    "systematic_review": "high",
    "rct": "moderate",
    "cohort": "low",
    "review": "very_low",
    "regulator": "very_low",
    "coverage_policy": "very_low",
    "textbook": "very_low",
    "patient_education": "very_low",
    "code_system": "very_low",
}
GRADE_RANK: Final = {"high": 0, "moderate": 1, "low": 2, "very_low": 3}
DESIGN_RANK: Final = {design: rank for rank, design in enumerate(GRADE_BY_DESIGN)}
_SUPPORT_RANK: Final = {"quote": 0, "beyond_quote": 1, "editorial": 2}


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


def grade_claim(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> str:
    """Grade a claim by the design of its best source. Editorial edges and commercial sources are very low."""
    if claim.support == "editorial":
        return "very_low"
    grades = [
        "very_low" if (source := sources[citation.source]).commercial else GRADE_BY_DESIGN[source.design]
        for citation in claim.citations
    ]
    return min(grades, key=GRADE_RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class TypicalEstimate:
    """Estimate chosen as typical, with the reason for the choice as a sentence."""

    claim: seed.ClaimIn[ReliefDurationValue]
    reason: str


def estimate_relief_days(value: ReliefDurationValue) -> float | None:
    """Days by which a relief duration is sorted and filtered: its lower end, else one unit of its magnitude; None: unknown."""
    if value.min is not None:
        return duration_to_days(value.min)
    unit = {"minute": "PT1M", "hour": "PT1H", "day": "P1D", "week": "P1W", "month": "P1M", "year": "P1Y"}.get(
        value.magnitude
    )
    if value.max is not None:
        return duration_to_days(value.max) if unit is None else min(duration_to_days(value.max), duration_to_days(unit))
    return duration_to_days(unit) if unit else None


def find_typical_estimate(
    claims: Iterable[seed.ClaimIn[ReliefDurationValue]], sources: Mapping[str, seed.SourceIn]
) -> TypicalEstimate | None:
    """Choose the typical estimate for a procedure and intent by `docs/content/typical.md`. None: unknown."""
    qualifying = [claim for claim in claims if _qualifies_as_typical(claim.value) and claim.support == "quote"]
    independent = [claim for claim in qualifying if not get_best_source(claim, sources).commercial]
    pool = independent or qualifying
    if not pool:
        return None
    chosen = min(pool, key=lambda claim: _rank_estimate(claim, sources))
    source = get_best_source(chosen, sources)
    reason = _explain_choice(source.design, source.year, len(pool) - 1, independent=bool(independent))
    return TypicalEstimate(chosen, reason)


# Many procedures share few reasons: cached, equal reasons are one string in memory.
@lru_cache(maxsize=1000)
def _explain_choice(design: str, year: int | None, others: int, *, independent: bool) -> str:
    reason = f"Best design among the estimates whose wording was seen in full: {vocabulary.DESIGNS[design].lower()}"
    reason += f", {year}" if year else ", year not stated"
    if not independent:
        reason = "Only commercial sources give a duration: " + reason[0].lower() + reason[1:]
    reason += f"; {others} other{'s' if others != 1 else ''} ranked lower" if others else "; no other qualified"
    return reason + "."


def _qualifies_as_typical(value: ReliefDurationValue) -> bool:
    # "Up to" is a maximum, not what most people experience; time to recurrence is a different measure.
    return value.measure == "duration" and value.statistic != "up_to" and estimate_relief_days(value) is not None


def get_best_source(claim: seed.AnyClaimIn, sources: Mapping[str, seed.SourceIn]) -> seed.SourceIn:
    """Best source of a claim: independent before commercial, then by design."""
    if len(claim.citations) == 1:
        return sources[claim.citations[0].source]
    return min(
        (sources[citation.source] for citation in claim.citations),
        key=lambda source: (source.commercial, DESIGN_RANK[source.design], source.slug),
    )


_STATISTIC_RANK: Final = {"range": 0, "typical": 0, "median": 1, "mean": 2, "at_least": 3, "not_stated": 4}


def _rank_estimate(
    claim: seed.ClaimIn[ReliefDurationValue], sources: Mapping[str, seed.SourceIn]
) -> tuple[object, ...]:
    source, value = get_best_source(claim, sources), claim.value
    vague = value.min is None and value.max is None
    # Directness: a number before a phrase, an unrestricted statement before one about a variant or against a comparator.
    restrictions = sum(qualifier is not None for qualifier in (claim.qualifiers.technique, claim.qualifiers.comparator))
    year = -(source.year or 0)
    return (
        DESIGN_RANK[source.design],
        _SUPPORT_RANK[claim.support],
        vague,
        restrictions,
        _STATISTIC_RANK[value.statistic],
        year,
        claim.id,
    )


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
