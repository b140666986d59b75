"""Consistency of the numbers in claims: percentages match their counts, and units are known. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from app.domain import values, vocabulary
from app.seed import schema as seed
from app.seed.problems import did_you_mean

# JSON pointer inside the claim, and the message.
NumericError = tuple[str, str]

_SHARE_FIELDS: Final = (
    ("responders", "n_at", "percent_min", "percent_max"),
    ("comparator_responders", "comparator_n", "comparator_percent", "comparator_percent"),
    ("observed", "n", "percent_min", "percent_max"),
)


def numeric_errors(claim: seed.AnyClaimIn) -> Iterator[NumericError]:
    """Every inconsistent number and unknown unit of a claim."""
    if isinstance(claim.value, values.ResponseRateValue | values.ProcedureRiskValue):
        yield from _share_errors(claim.value)
    if isinstance(claim.value, values.ProcedureRiskValue):
        yield from _denominator_errors(claim.value)
    elif isinstance(claim.value, values.FindingValue):
        yield from _scale_errors(claim, claim.value)
    elif isinstance(claim.value, values.ReliefDurationValue | values.OnsetValue):
        yield from _magnitude_errors(claim.value)
        if isinstance(claim.value, values.ReliefDurationValue):
            yield from _coverage_errors(claim, claim.value)
    for n, quantity in enumerate(getattr(claim.value, "quantities", ())):
        if quantity.unit not in vocabulary.UNITS:
            yield f"/value/quantities/{n}/unit", f"unknown unit {quantity.unit!r}{_hint(quantity.unit)}"


def _denominator_errors(value: values.ProcedureRiskValue) -> Iterator[NumericError]:
    """A count of events keeps its denominator; without one it is a count of reports. None seen says of which cause."""
    is_rate = value.n is not None or value.percent_min is not None or value.percent_max is not None
    if is_rate and value.per is None:
        yield "/value", "a rate of what? state `per`, `not_stated` if the source does not say what it counted"
    if value.state == "none_seen" and value.attribution is None:
        yield "/value", "none seen of which cause? state `attribution`, `not_stated` if the source does not say"
    if value.per not in {None, "reports"} and value.observed is not None and not is_rate:
        message = f"{value.observed} of how many {value.per}? state `n`, or count `reports` if nobody knows"
        yield "/value/per", message


# A range that a text states, such as "0 to 100".
_STATED_RANGE: Final = re.compile(r"\b0\s?(?:to|-)\s?(?:10|24|80|100)\b")


def _scale_errors(claim: seed.AnyClaimIn, value: values.FindingValue) -> Iterator[NumericError]:
    """A score needs its scale where the text or the unit states one: a reader cannot weigh "4 points" without it."""
    units = {quantity.unit for quantity in value.quantities}
    texts = " ".join(filter(None, (value.outcome, value.effect, claim.statement, claim.qualifiers.definition)))
    states_range = _STATED_RANGE.search(texts) is not None and "points" in units
    if value.scale is None and (states_range or not units.isdisjoint({"points of 10", "points of 100"})):
        yield "/value", "a score in points whose scale is stated: fill `scale` (name, min, max, which end is better)"


def _coverage_errors(claim: seed.AnyClaimIn, value: values.ReliefDurationValue) -> Iterator[NumericError]:
    """An estimate with a population or technique says whether that is the whole procedure: else a subgroup becomes typical."""
    is_restricted = claim.qualifiers.population is not None or claim.qualifiers.technique is not None
    if is_restricted and "covers" not in value.model_fields_set:
        yield (
            "/value",
            f"state `covers` ({', '.join(vocabulary.RELIEF_COVERAGE)}): the claim has a population or technique",
        )


_TIME_UNIT: Final = re.compile(r"\b(minute|hour|day|week|month|year)s?\b", re.IGNORECASE)


def _magnitude_errors(value: values.ReliefDurationValue | values.OnsetValue) -> Iterator[NumericError]:
    """A vague phrase counts as its smallest reading: "weeks or months" as weeks."""
    if value.min is not None or value.max is not None or value.magnitude == "unknown":
        return
    phrase = value.text or value.label
    units = {unit.lower() for unit in _TIME_UNIT.findall(phrase)}
    smallest = next((unit for unit in vocabulary.MAGNITUDES if unit in units), value.magnitude)
    if value.magnitude != smallest:
        yield "/value/magnitude", f"{phrase!r} is at least a {smallest}: the magnitude is that of the smallest reading"


def _hint(unit: str) -> str:
    # The plural wins over the nearest unit: 'week' means 'weeks'.
    candidates = [f"{unit}s"] if f"{unit}s" in vocabulary.UNITS else vocabulary.UNITS
    return did_you_mean(unit, candidates, "; if it is a valid unit, add it to UNITS")


def _share_errors(value: values.ResponseRateValue | values.ProcedureRiskValue) -> Iterator[NumericError]:
    for fields in _SHARE_FIELDS:
        part, whole, low, high = (getattr(value, name, None) for name in fields)
        if part is None or not whole or low is None or high is None:
            continue
        share = part / whole * 100
        # A printed percentage covers everything that rounds to it: half a unit of its last digit either way.
        tolerance = max(_rounding_tolerance(low), _rounding_tolerance(high)) + 1e-9
        if not low - tolerance <= share <= high + tolerance:
            stated = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            yield f"/value/{fields[2]}", f"{part} of {whole} is {share:.4g} percent, not {stated}"


def _rounding_tolerance(percent: float) -> float:
    decimals = f"{percent:.6f}".rstrip("0").partition(".")[2]
    return 0.5 * 10.0 ** -len(decimals)
