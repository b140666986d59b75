"""Durations as stated by the sources: ISO 8601 text, never a timedelta (which turns P3M into P90D)."""

import re
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
ISO_DURATION: Final = (
    r"^P(?!$)(?:\d{1,4}(?:\.\d{1,4})?Y)?(?:\d{1,5}(?:\.\d{1,4})?M)?(?:\d{1,5}(?:\.\d{1,4})?W)?"
    r"(?:\d{1,6}(?:\.\d{1,4})?D)?"
    r"(?:T(?=\d)(?:\d{1,6}(?:\.\d{1,4})?H)?(?:\d{1,7}(?:\.\d{1,4})?M)?(?:\d{1,7}(?:\.\d{1,4})?S)?)?$"
)
# The longest plausible duration: a human life. Anything longer is a typing error.
MAX_DAYS: Final = 150 * 365.25
_PART = re.compile(r"(\d+(?:\.\d+)?)([YMWDHS])")


@lru_cache(maxsize=1000)
def duration_to_days(iso: str) -> float:
    """Length of an ISO 8601 duration in days. Raises ValueError if the text is not a duration."""
    if not re.match(ISO_DURATION, iso) or iso.endswith("T"):
        msg = f"{iso!r} is not an ISO 8601 duration such as P3M, P2W or PT6H"
        raise ValueError(msg)
    date, _, time = iso[1:].partition("T")
    total = sum(float(number) * DAYS_PER_UNIT[unit] for number, unit in _PART.findall(date))
    return total + sum(float(number) * DAYS_PER_UNIT["T" + unit] for number, unit in _PART.findall(time))


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
    Field(description="ISO 8601 duration exactly as in the source, never converted: P3M stays P3M.", examples=["P3M"]),
    AfterValidator(_check_plausible),
]
