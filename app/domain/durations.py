"""Durations: ISO 8601 text in whole numbers, never a timedelta (which turns P3M into P90D)."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field

# Days per unit, as the API documents the conversion: month 30.4375, year 365.25.
DAYS_PER_UNIT: Final = {
    "Y": 365.25,
    "M": 30.4375,
    "W": 7.0,
    "D": 1.0,
    "TH": 1 / 24,
    "TM": 1 / 1440,
    "TS": 1 / 86400,
}
# Whole numbers: Temporal, java.time and most libraries cannot read P7.3M.
ISO_DURATION: Final = (
    r"^P(?!$)(?:\d{1,4}Y)?(?:\d{1,5}M)?(?:\d{1,5}W)?(?:\d{1,6}D)?"
    r"(?:T(?=\d)(?:\d{1,6}H)?(?:\d{1,7}M)?(?:\d{1,7}S)?)?$"
)
# Unit of a number -> its letter, after the T of a time.
DURATION_UNITS: Final = {
    "year": "Y",
    "month": "M",
    "week": "W",
    "day": "D",
    "hour": "TH",
    "minute": "TM",
    "second": "TS",
}
# The longest plausible duration: a human life. Anything longer is a typing error.
MAX_DAYS: Final = 150 * 365.25
_PART = re.compile(r"(\d+)([YMWDHS])")
# Seconds of a month and a year by the same rule, exact.
_SECONDS_PER_UNIT: Final = {unit: round(DAYS_PER_UNIT[letter] * 86_400) for unit, letter in DURATION_UNITS.items()}
# Largest change of a value by conversion, as a share.
_TOLERANCE: Final = Fraction(1, 100)


@lru_cache(maxsize=1000)
def duration_to_days(iso: str) -> float:
    """Length of an ISO 8601 duration in days. Raises ValueError if the text is not a duration."""
    if not re.match(ISO_DURATION, iso) or iso.endswith("T"):
        msg = f"{iso!r} is not an ISO 8601 duration such as P3M, P2W or PT6H"
        raise ValueError(msg)
    date, _, time = iso[1:].partition("T")
    total = sum(float(number) * DAYS_PER_UNIT[unit] for number, unit in _PART.findall(date))
    return total + sum(float(number) * DAYS_PER_UNIT["T" + unit] for number, unit in _PART.findall(time))


def find_days(iso: str | None) -> float | None:
    """Length of an optional duration in days."""
    return None if iso is None else duration_to_days(iso)


def to_whole_duration(number: float, unit: str) -> str:
    """ISO 8601 duration in whole numbers for a number of a unit, by the rule in `docs/content/durations.md`.

    A whole number keeps its unit, and years that are whole months become months (1.5 years: P18M). Otherwise the coarsest
    unit of days, hours, minutes and seconds that changes the value by at most 1 % (7.3 months: P222D). Raises ValueError
    if no unit does.
    """
    exact = Fraction(str(number))
    if exact.denominator == 1:
        return _format_duration(exact.numerator, DURATION_UNITS[unit])
    if unit == "year" and (exact * 12).denominator == 1:
        return _format_duration((exact * 12).numerator, "M")
    seconds = exact * _SECONDS_PER_UNIT[unit]
    for finer in ("day", "hour", "minute", "second"):
        count = round(seconds / _SECONDS_PER_UNIT[finer])
        if abs(count * _SECONDS_PER_UNIT[finer] - seconds) <= seconds * _TOLERANCE:
            return _format_duration(count, DURATION_UNITS[finer])
    msg = f"{number} {unit} is too short for whole numbers"
    raise ValueError(msg)


def _format_duration(count: int, letter: str) -> str:
    return f"PT{count}{letter[1]}" if letter.startswith("T") else f"P{count}{letter}"


def _check_plausible(iso: str) -> str:
    days = duration_to_days(iso)
    if days <= 0:
        msg = f"{iso} is a zero duration: omit the value if the source gives none"
        raise ValueError(msg)
    if days > MAX_DAYS:
        msg = f"{iso} is longer than a life: check the number and the unit"
        raise ValueError(msg)
    return iso


Duration = Annotated[
    str,
    Field(
        description="ISO 8601 duration in whole numbers and the unit of the source: P3M stays P3M.", examples=["P3M"]
    ),
    AfterValidator(_check_plausible),
]
