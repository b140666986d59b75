"""Frequency bands of risks, computed from rates. `docs/content/risks.md` states the rules in prose."""

from functools import lru_cache
from typing import Final, NamedTuple

from app.domain.values import ProcedureRiskValue


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


# One of each is one treatment of one person.
_BANDED_DENOMINATORS: Final = frozenset({"people", "procedures", "injections", "devices"})


def find_band(value: ProcedureRiskValue) -> FrequencyBand | None:
    """Band of a single rate or of a range within one band; None otherwise.

    The scheme counts people treated: a rate of lesions, levels or days, or of nobody knows what, has no band.
    """
    if value.per not in _BANDED_DENOMINATORS:
        return None
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
