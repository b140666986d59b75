"""Rates as counts of people: one base per table, both framings, a denominator for each rate, "none seen" never as zero."""

import math
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.safety import NOT_COUNTED, describe_unit
from app.web.charts import get_bounds

BASES: Final = (1_000, 10_000, 100_000)


def build_response_rows(claims: list[Json]) -> list[Json]:
    """Rows of responders and non-responders out of 1,000, for exact shares that have a definition and a time.

    Shares that were compared with a sham come first, then those compared with something else: what a short form cuts
    off are the shares that nothing was compared with.
    """
    rows = []
    for claim in claims:
        value, qualifiers = claim["value"], claim["qualifiers"]
        low, high = value["percent_min"], value["percent_max"]
        if low is None or low != high or not qualifiers["definition"] or not (value["at_label"] or value["at"]):
            continue
        responders = round(low * 10)
        rows.append(
            {
                "responders": responders,
                "non_responders": 1000 - responders,
                "definition": qualifiers["definition"],
                "time": value["at_label"] or value["at"],
                "range": _format_interval(value),
                "comparison": _describe_comparison(value, qualifiers),
                "population": qualifiers["population"] or "not stated",
                "sample": _describe_sample(value, qualifiers),
                "claim": claim,
            }
        )
    return sorted(rows, key=lambda row: _rank_comparison(row["claim"]))


def _rank_comparison(claim: Json) -> int:
    if claim["value"]["comparator_percent"] is None:
        return 2
    return 0 if claim["qualifiers"]["comparator_is_sham"] else 1


def _describe_comparison(value: Json, qualifiers: Json) -> str:
    """Describe the share that responded without the procedure, out of 1,000, or say that none is stated."""
    if value["comparator_percent"] is None:
        return "no figure of a comparison group"
    return f"{round(value['comparator_percent'] * 10):,} of 1,000 with {qualifiers['comparator'] or 'the comparison'}"


def _describe_sample(value: Json, qualifiers: Json) -> str:
    """Describe the number of people behind a share, as far as the source states it."""
    parts = []
    if value["responders"] is not None and value["n_at"] is not None:
        parts.append(f"{value['responders']:,} of {value['n_at']:,}")
    elif value["n_at"] is not None or qualifiers["n"] is not None:
        parts.append(f"{value['n_at'] if value['n_at'] is not None else qualifiers['n']:,} people")
    if value["lost"] is not None:
        parts.append(f"{value['lost']:,} lost")
    return ", ".join(parts) or "number not stated"


def build_relief_spans(claims: list[Json], typical: list[Json]) -> list[Json]:
    """Shortest, typical and longest relief for each intent; both ends are from independent estimates, as the typical one is."""
    rows = []
    for typical_estimate in typical:
        estimates = [
            claim
            for claim in claims
            if claim["value"]["intent"] == typical_estimate["intent"]
            and claim["value"]["measure"] == "duration"
            and claim["value"]["covers"] == "procedure"
            and claim["value"]["statistic"] not in vocabulary.NO_ESTIMATE
            and not claim["commercial"]
            and claim["id"] != typical_estimate["claim"]
        ]
        least = typical_estimate["min_days"]
        most = least if typical_estimate["max_days"] is None else typical_estimate["max_days"]
        lows = [(low, claim) for claim in estimates if (low := get_bounds(claim)[0]) is not None]
        highs = [(high, claim) for claim in estimates if (high := claim["value"]["max_days"]) is not None]
        lows = [pair for pair in lows if least is None or pair[0] < least]
        highs = [pair for pair in highs if most is None or pair[0] > most]
        shortest = min(lows, key=lambda pair: pair[0])[1] if lows else None
        longest = max(highs, key=lambda pair: pair[0])[1] if highs else None
        rows.append({"typical": typical_estimate, "shorter": shortest, "longer": longest})
    return rows


def _get_share_range(value: Json) -> tuple[float, float] | None:
    if value["observed"] is not None and value["n"]:
        return value["observed"] / value["n"], value["observed"] / value["n"]
    if value["percent_min"] is not None and value["percent_max"] is not None:
        return value["percent_min"] / 100, value["percent_max"] / 100
    return None


def build_harm_rows(claims: list[Json]) -> tuple[list[Json], int]:
    """Harms with a rate, and their common base: the smallest on which no rate is a fraction of a person.

    A rate without its unit or time in the source cannot be compared: `withheld_reason` says why, and `as_counted` has
    the count as the source gives it.
    """
    shares = [(claim, share) for claim in claims if (share := _get_share_range(claim["value"])) is not None]
    comparable = [low for claim, (low, _) in shares if low > 0 and not _describe_missing(claim)]
    lowest = min(comparable, default=1.0)
    base = next((base for base in BASES if lowest * base >= 1), BASES[-1])
    rows = [_build_harm_row(claim, share, base) for claim, share in shares]
    ranks = vocabulary.SERIOUSNESS_RANK
    return sorted(rows, key=lambda row: (bool(row["withheld_reason"]), ranks[row["seriousness"]], -row["share"])), base


def _build_harm_row(claim: Json, share: tuple[float, float], base: int) -> Json:
    value, (low, high) = claim["value"], share
    band = value["band"]["items"]
    none_seen = value["state"] == "none_seen"
    withheld_reason = _describe_missing(claim)
    composites = [detail["text"] for detail in value["details"] if detail["name"] == "composite"]
    return {
        "name": value["risk"]["name"],
        "slug": value["risk"]["slug"],
        "seriousness": value["seriousness"],
        "display": _format_none_seen(value, base) if none_seen else _format_count_range(low, high, base),
        "numeric": not none_seen,
        "count": round(low * base) if low == high and not none_seen else None,
        "per": "; ".join([describe_unit(value["per"]) or NOT_COUNTED, *composites]),
        "timeframe": _get_timeframe(claim) or "time not stated",
        "population": claim["qualifiers"]["population"] or "not stated",
        "range": _format_interval(value),
        "as_counted": _format_source_count(value),
        "band": vocabulary.RISK_BANDS[band[0]["name"]].split(":")[0] if band else "no band",
        "withheld_reason": withheld_reason,
        "share": low,
        "claim": claim,
    }


def _get_timeframe(claim: Json) -> str | None:
    timeframe: str | None = claim["value"]["timeframe"] or claim["qualifiers"]["time"]
    return timeframe


def _describe_missing(claim: Json) -> str:
    missing = [
        label
        for label, known in (
            ("over which time", _get_timeframe(claim)),
            ("what was counted", describe_unit(claim["value"]["per"])),
        )
        if not known
    ]
    return f"the source does not say {' or '.join(missing)}" if missing else ""


def _format_interval(value: Json) -> str:
    if value["ci_low"] is not None and value["ci_high"] is not None:
        return f"{value['ci_low']:g} to {value['ci_high']:g} %"
    return "range not reported"


def _format_source_count(value: Json) -> str:
    """Format the count as the source gives it."""
    if value["observed"] is not None and value["n"]:
        return f"{value['observed']:,} of {value['n']:,}"
    low, high = value["percent_min"], value["percent_max"]
    return f"{low:g} %" if low == high else f"{low:g} to {high:g} %"


def _format_none_seen(value: Json, base: int) -> str:
    observed = f"0 of {value['n']:,}" if value["n"] else "none seen"
    if value["upper_limit_percent"] is None:
        return f"none seen ({observed})" if value["n"] else observed
    return f"none seen ({observed}; could be up to {_format_count(value['upper_limit_percent'] / 100, base, round_up=True)} of {base:,})"


def _format_count_range(low: float, high: float, base: int) -> str:
    return _format_count(low, base) if low == high else f"{_format_count(low, base)} to {_format_count(high, base)}"


def _format_count(share: float, base: int, *, round_up: bool = False) -> str:
    count = share * base
    if count < 1 and not round_up:
        return "less than 1"
    return f"{math.ceil(round(count, 6)) if round_up else round(count):,}"
