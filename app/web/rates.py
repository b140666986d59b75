"""Numbers for people: one base a table, both framings, no rate without its denominator, "none seen" never zero."""

import math
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.web.charts import ends

BASES: Final = (1_000, 10_000, 100_000)


def response_rows(claims: list[Json]) -> list[Json]:
    """Shares of people as counts out of 1,000, both ways. Only single shares with a definition and a time."""
    rows = []
    for claim in claims:
        value, qualifiers = claim["value"], claim["qualifiers"]
        low, high = value["percent_min"], value["percent_max"]
        if low is None or low != high or not qualifiers["definition"] or not (value["at_label"] or value["at"]):
            continue
        yes = round(low * 10)
        limits = (
            f"{value['ci_low']:g} to {value['ci_high']:g} %" if value["ci_low"] is not None else "range not reported"
        )
        rows.append(
            {
                "yes": yes,
                "no": 1000 - yes,
                "definition": qualifiers["definition"],
                "when": value["at_label"] or value["at"],
                "range": limits,
                "who": qualifiers["population"] or "not stated",
                "seen": _seen(value, qualifiers),
                "claim": claim,
            }
        )
    return rows


def _seen(value: Json, qualifiers: Json) -> str:
    """How many people a share is of, as far as the source says."""
    parts = []
    if value["responders"] is not None and value["n_at"] is not None:
        parts.append(f"{value['responders']:,} of {value['n_at']:,}")
    elif value["n_at"] is not None or qualifiers["n"] is not None:
        parts.append(f"{value['n_at'] if value['n_at'] is not None else qualifiers['n']:,} people")
    if value["lost"] is not None:
        parts.append(f"{value['lost']:,} lost")
    return ", ".join(parts) or "number not stated"


def relief_span(claims: list[Json], typical: list[Json]) -> list[Json]:
    """For each intent the shortest, typical and longest relief that sources state. "Up to" alone is no estimate."""
    rows = []
    for one in typical:
        fit = [
            claim
            for claim in claims
            if claim["value"]["intent"] == one["intent"]
            and claim["value"]["measure"] == "duration"
            and claim["value"]["statistic"] != "up_to"
        ]
        lows = [(low, claim) for claim in fit if (low := ends(claim)[0]) is not None]
        tops = [(high, claim) for claim in fit if (high := claim["value"]["max_days"]) is not None]
        shortest = min(lows, key=lambda pair: pair[0])[1] if lows else None
        longest = max(tops, key=lambda pair: pair[0])[1] if tops else None
        rows.append({"typical": one, "shorter": shortest, "longer": longest})
    return rows


def _share(value: Json) -> tuple[float, float] | None:
    if value["observed"] is not None and value["n"]:
        return value["observed"] / value["n"], value["observed"] / value["n"]
    if value["percent_min"] is not None and value["percent_max"] is not None:
        return value["percent_min"] / 100, value["percent_max"] / 100
    return None


def harm_rows(claims: list[Json]) -> tuple[list[Json], int]:
    """Harms with a rate on one base, the smallest on which no rate is a fraction of a person.

    A rate whose unit or time the source does not give cannot stand beside others: `withheld` says why, and `raw` keeps
    what the source counted.
    """
    shares = [(claim, share) for claim in claims if (share := _share(claim["value"])) is not None]
    comparable = [low for claim, (low, _) in shares if low > 0 and not _lacks(claim)]
    lowest = min(comparable, default=1.0)
    base = next((one for one in BASES if lowest * one >= 1), BASES[-1])
    rows = [_harm(claim, share, base) for claim, share in shares]
    return sorted(rows, key=lambda row: (bool(row["withheld"]), -row["share"])), base


def _harm(claim: Json, share: tuple[float, float], base: int) -> Json:
    value, (low, high) = claim["value"], share
    band = value["band"]["items"]
    none_seen = value["state"] == "none_seen"
    withheld = _lacks(claim)
    return {
        "name": value["risk"]["name"],
        "slug": value["risk"]["slug"],
        "shown": _none_seen(value, base) if none_seen else _count_range(low, high, base),
        "numeric": not none_seen,
        "count": round(low * base) if low == high and not none_seen else None,
        "per": value["per"] or "what was counted is not stated",
        "timeframe": _time(claim) or "time not stated",
        "who": claim["qualifiers"]["population"] or "not stated",
        "range": _limits(value),
        "raw": _raw(value),
        "band": vocabulary.RISK_BANDS[band[0]["name"]].split(":")[0] if band else "no band",
        "withheld": withheld,
        "share": low,
        "claim": claim,
    }


def _time(claim: Json) -> str | None:
    found: str | None = claim["value"]["timeframe"] or claim["qualifiers"]["time"]
    return found


def _lacks(claim: Json) -> str:
    missing = [
        words
        for words, there in (("over which time", _time(claim)), ("what was counted", claim["value"]["per"]))
        if not there
    ]
    return f"the source does not say {' or '.join(missing)}" if missing else ""


def _limits(value: Json) -> str:
    if value["ci_low"] is not None and value["ci_high"] is not None:
        return f"{value['ci_low']:g} to {value['ci_high']:g} %"
    return "range not reported"


def _raw(value: Json) -> str:
    """What the source counted, in its own form."""
    if value["observed"] is not None and value["n"]:
        return f"{value['observed']:,} of {value['n']:,}"
    low, high = value["percent_min"], value["percent_max"]
    return f"{low:g} %" if low == high else f"{low:g} to {high:g} %"


def _none_seen(value: Json, base: int) -> str:
    seen = f"0 of {value['n']:,}" if value["n"] else "none seen"
    if value["upper_limit_percent"] is None:
        return f"none seen ({seen})" if value["n"] else seen
    return f"none seen ({seen}; could be up to {_count(value['upper_limit_percent'] / 100, base, up=True)} of {base:,})"


def _count_range(low: float, high: float, base: int) -> str:
    return _count(low, base) if low == high else f"{_count(low, base)} to {_count(high, base)}"


def _count(share: float, base: int, *, up: bool = False) -> str:
    count = share * base
    if count < 1 and not up:
        return "less than 1"
    return f"{math.ceil(round(count, 6)) if up else round(count):,}"
