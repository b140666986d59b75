"""Rules on the figures of claims: a share agrees with its counts, and a unit is one that readers know. Pure."""

from collections.abc import Iterator
from typing import Final

from app.domain import values, vocabulary
from app.seed import schema as seed
from app.text.nearest import find_nearest

# What went wrong: the pointer inside the claim, and what would be right.
NumericError = tuple[str, str]

_SHARE_FIELDS: Final = (
    ("responders", "n_at", "percent_min", "percent_max"),
    ("comparator_responders", "comparator_n", "comparator_percent", "comparator_percent"),
    ("observed", "n", "percent_min", "percent_max"),
)


def numeric_errors(claim: seed.AnyClaimIn) -> Iterator[NumericError]:
    """Every figure of one claim that cannot stand as it is."""
    if isinstance(claim.value, values.ResponseRateValue | values.ProcedureRiskValue):
        yield from _share_errors(claim.value)
    for n, quantity in enumerate(getattr(claim.value, "quantities", ())):
        if quantity.unit not in vocabulary.UNITS:
            yield f"/value/quantities/{n}/unit", f"no unit is called {quantity.unit!r}{_hint(quantity.unit)}"


def _hint(unit: str) -> str:
    plural = [f"{unit}s"] if f"{unit}s" in vocabulary.UNITS else find_nearest(unit, vocabulary.UNITS, limit=1)
    return f": {plural[0]!r} is the nearest" if plural else ": add it to UNITS if it is one"


def _share_errors(value: values.ResponseRateValue | values.ProcedureRiskValue) -> Iterator[NumericError]:
    for names in _SHARE_FIELDS:
        part, whole, low, high = (getattr(value, name, None) for name in names)
        if part is None or not whole or low is None or high is None:
            continue
        share = part / whole * 100
        # A printed figure stands for all that round to it: half a step of its last digit either way.
        slack = max(_rounding_tolerance(low), _rounding_tolerance(high)) + 1e-9
        if not low - slack <= share <= high + slack:
            given = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            yield f"/value/{names[2]}", f"{part} of {whole} is {share:.4g} percent, not {given}"


def _rounding_tolerance(percent: float) -> float:
    digits = f"{percent:.6f}".rstrip("0").partition(".")[2]
    return 0.5 * 10.0 ** -len(digits)
