"""Durations are whole numbers of ISO 8601, and keep the value of their source."""

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.durations import DURATION_UNITS, duration_to_days, to_whole_duration
from app.domain.values import ReliefDurationValue

WHOLE_DURATION = re.compile(r"P(?:\d+[YMWD])+|P(?:\d+[YMWD])*T(?:\d+[HMS])+")
# The rule of docs/content/durations.md, stated once more.
DAYS = {
    "year": Fraction("365.25"),
    "month": Fraction("30.4375"),
    "week": Fraction(7),
    "day": Fraction(1),
    "hour": Fraction(1, 24),
    "minute": Fraction(1, 1440),
    "second": Fraction(1, 86400),
}
NUMBERS = st.decimals(min_value="0.1", max_value=150, places=1)
UNIT_NAMES = st.sampled_from([unit for unit in DURATION_UNITS if unit != "second"])
VALUE = {
    "measure": "duration",
    "statistic": "mean",
    "intent": "therapeutic",
    "magnitude": "month",
    "label": "some time",
}


@given(NUMBERS, UNIT_NAMES)
def test_a_number_becomes_a_whole_duration_of_the_same_length(number: Any, unit: str) -> None:
    duration = to_whole_duration(float(number), unit)

    assert WHOLE_DURATION.fullmatch(duration)
    assert duration_to_days(duration) == pytest.approx(float(Fraction(number) * DAYS[unit]), rel=0.01)


@given(st.integers(min_value=1, max_value=150), st.sampled_from(list(DURATION_UNITS)))
def test_a_whole_number_keeps_its_unit(number: int, unit: str) -> None:
    letter = DURATION_UNITS[unit]

    assert to_whole_duration(number, unit) == (f"PT{number}{letter[1]}" if len(letter) == 2 else f"P{number}{letter}")


@pytest.mark.parametrize(
    ("number", "unit", "duration"),
    [
        (7.3, "month", "P222D"),
        (1.5, "year", "P18M"),
        (1.2, "year", "P438D"),
        (2.5, "week", "PT420H"),
        (0.5, "hour", "PT30M"),
    ],
)
def test_a_fraction_becomes_months_or_the_coarsest_unit_that_keeps_the_value(
    number: float, unit: str, duration: str
) -> None:
    assert to_whole_duration(number, unit) == duration


@given(NUMBERS, UNIT_NAMES)
def test_the_number_of_the_source_stands_beside_its_whole_duration(number: Any, unit: str) -> None:
    low = float(number)
    source_value = {"min": low, "max": low, "unit": unit}
    duration = to_whole_duration(low, unit)

    if low.is_integer():
        with pytest.raises(ValidationError, match="no number with a fraction"):
            ReliefDurationValue.model_validate(VALUE | {"min": duration, "max": duration, "source_value": source_value})
        return
    value = ReliefDurationValue.model_validate(VALUE | {"min": duration, "max": duration, "source_value": source_value})

    assert (value.min, value.max) == (duration, duration)
    with pytest.raises(ValidationError, match="max is None, but source_value gives"):
        ReliefDurationValue.model_validate(VALUE | {"min": duration, "source_value": source_value})


@pytest.mark.parametrize("text", ["P7.3M", "P1.5Y", "PT0.5H", "P1,5M", "P", "PT", "-P1M", "P1M2Y"])
def test_a_duration_that_other_programs_cannot_read_is_rejected(text: str) -> None:
    with pytest.raises(ValidationError, match="is not an ISO 8601 duration"):
        ReliefDurationValue.model_validate(VALUE | {"min": text})
