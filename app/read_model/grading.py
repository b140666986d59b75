"""Written rules that turn claims into a grade, a typical estimate, and a band. `docs/content/` says each in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.domain import vocabulary
from app.domain.durations import days_of
from app.domain.values import ProcedureRiskValue, ReliefDurationValue
from app.seed import schema as seed

GRADE_OF_DESIGN: Final = {
    "guideline": "high",
    "systematic_review": "high",
    "rct": "moderate",
    "cohort": "low",
    "review": "very_low",
    "coverage_policy": "very_low",
    "textbook": "very_low",
    "patient_education": "very_low",
    "code_system": "very_low",
}
GRADE_RANK: Final = {"high": 0, "moderate": 1, "low": 2, "very_low": 3}
DESIGN_RANK: Final = {design: place for place, design in enumerate(GRADE_OF_DESIGN)}
_SUPPORT_RANK: Final = {"quote": 0, "beyond_quote": 1, "editorial": 2}

# EU (SmPC) bands of frequency: lower limit included. The more frequent band takes an exact limit.
BANDS: Final = (
    ("very_common", 0.1, None),
    ("common", 0.01, 0.1),
    ("uncommon", 0.001, 0.01),
    ("rare", 0.0001, 0.001),
    ("very_rare", 0.0, 0.0001),
)
BAND_SCHEME: Final = "EU SmPC"


def grade_of(claim: seed.AnyClaim, sources: Mapping[str, seed.Source]) -> str:
    """Grade from the design of the best source behind a claim; editorial edges and commercial sources are very low."""
    if claim.support == "editorial":
        return "very_low"
    grades = [
        "very_low" if (source := sources[cited.source]).commercial else GRADE_OF_DESIGN[source.design]
        for cited in claim.citations
    ]
    return min(grades, key=GRADE_RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class Typical:
    """The estimate that is shown first, and why it is."""

    claim: seed.ReliefDurationClaim
    because: str


def relief_days(value: ReliefDurationValue) -> float | None:
    """Days that a relief duration is sorted and filtered by: its lower end, else one unit of its magnitude."""
    if value.min is not None:
        return days_of(value.min)
    unit = {"minute": "PT1M", "hour": "PT1H", "day": "P1D", "week": "P1W", "month": "P1M", "year": "P1Y"}.get(
        value.magnitude
    )
    if value.max is not None:
        return days_of(value.max) if unit is None else min(days_of(value.max), days_of(unit))
    return days_of(unit) if unit else None


def typical_of(claims: Iterable[seed.ReliefDurationClaim], sources: Mapping[str, seed.Source]) -> Typical | None:
    """The typical estimate of one procedure and intent by the rule of `docs/content/typical.md`; None: unknown."""
    fit = [claim for claim in claims if _may_be_typical(claim.value) and claim.support == "quote"]
    independent = [claim for claim in fit if not best_source(claim, sources).commercial]
    pool = independent or fit
    if not pool:
        return None
    chosen = min(pool, key=lambda claim: _rank(claim, sources))
    source = best_source(chosen, sources)
    others = len(pool) - 1
    return Typical(chosen, _because(source.design, source.year, others, independent=bool(independent)))


# Many procedures, few reasons: one text for all that are alike.
@lru_cache(maxsize=1000)
def _because(design: str, year: int | None, others: int, *, independent: bool) -> str:
    because = f"Best design among the estimates whose wording was seen in full: {vocabulary.DESIGNS[design].lower()}"
    because += f", {year}" if year else ", year not stated"
    if not independent:
        because = "Only commercial sources give a duration: " + because[0].lower() + because[1:]
    because += f"; {others} other{'s' if others != 1 else ''} ranked lower" if others else "; no other qualified"
    return because + "."


def _may_be_typical(value: ReliefDurationValue) -> bool:
    # "Up to" is a ceiling, not what happens to most people; a time to recurrence is another measure.
    return value.measure == "duration" and value.statistic != "up_to" and relief_days(value) is not None


def best_source(claim: seed.AnyClaim, sources: Mapping[str, seed.Source]) -> seed.Source:
    """The best source behind a claim: independent before commercial, then by design."""
    if len(claim.citations) == 1:
        return sources[claim.citations[0].source]
    return min(
        (sources[cited.source] for cited in claim.citations),
        key=lambda source: (source.commercial, DESIGN_RANK[source.design], source.slug),
    )


_STATISTIC_RANK: Final = {"range": 0, "typical": 0, "median": 1, "mean": 2, "at_least": 3, "not_stated": 4}


def _rank(claim: seed.ReliefDurationClaim, sources: Mapping[str, seed.Source]) -> tuple[object, ...]:
    source, value = best_source(claim, sources), claim.value
    vague = value.min is None and value.max is None
    # Directness: a number before a phrase, a plain statement before one about a variant or a subgroup.
    narrow = sum(part is not None for part in (claim.qualifiers.technique, claim.qualifiers.comparator))
    year = -(source.year or 0)
    return (
        DESIGN_RANK[source.design],
        _SUPPORT_RANK[claim.support],
        vague,
        narrow,
        _STATISTIC_RANK[value.statistic],
        year,
        claim.id,
    )


def band_of(value: ProcedureRiskValue) -> tuple[str, float, float | None] | None:
    """Band of a rate with its limits (shares of 1), only where there is one rate or a range within one band."""
    if value.observed is not None and value.n:
        return _band_around(value.observed / value.n)
    if value.percent_min is not None and value.percent_max is not None:
        return _band_around(value.percent_min / 100, value.percent_max / 100)
    return None


# Asked three times of each rate, and many rates are alike.
@lru_cache(maxsize=1000)
def _band_around(*rates: float) -> tuple[str, float, float | None] | None:
    if min(rates) <= 0:
        return None
    # Rounding by a hair must not move an exact limit into the rarer band.
    found = {next(band for band in BANDS if rate >= band[1] * (1 - 1e-12)) for rate in rates}
    return found.pop() if len(found) == 1 else None


def upper_limit_percent(value: ProcedureRiskValue) -> float | None:
    """Upper 95 % limit in percent when none of n were seen: exact, 100 * (1 - 0.05 ** (1 / n)). Null: some were, or no n."""
    if value.state != "none_seen" or not value.n:
        return None
    return float(f"{100 * (1 - 0.05 ** (1 / value.n)):.3g}")
