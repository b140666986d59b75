"""Numbers for people: one base a table, both framings, no rate without its denominator, "none seen" never zero."""

from typing import Any, Final

from app.schemas import vocabulary

Json = dict[str, Any]
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
                "claim": claim,
            }
        )
    return rows


def _share(value: Json) -> tuple[float, float] | None:
    if value["observed"] is not None and value["n"]:
        return value["observed"] / value["n"], value["observed"] / value["n"]
    if value["percent_min"] is not None and value["percent_max"] is not None:
        return value["percent_min"] / 100, value["percent_max"] / 100
    return None


def harm_rows(claims: list[Json]) -> tuple[list[Json], int]:
    """Harms with a rate on one base, the smallest on which no rate is a fraction of a person."""
    shares = [(claim, share) for claim in claims if (share := _share(claim["value"])) is not None]
    lowest = min((low for _, (low, _) in shares if low > 0), default=1.0)
    base = next((one for one in BASES if lowest * one >= 1), BASES[-1])
    rows = []
    for claim, (low, high) in shares:
        value = claim["value"]
        band = value["band"]["items"]
        if value["state"] == "none_seen":
            shown = f"none seen in {value['n']:,}" if value["n"] else "none seen"
            if value["upper_limit_percent"] is not None:
                shown += f" (could be at most {_count(value['upper_limit_percent'] / 100, base)})"
        else:
            shown = _count(low, base) if low == high else f"{_count(low, base)} to {_count(high, base)}"
        rows.append(
            {
                "name": value["risk"]["name"],
                "shown": shown,
                "numeric": value["state"] != "none_seen",
                "per": value["per"] or "what was counted is not stated",
                "timeframe": value["timeframe"] or "time not stated",
                "band": vocabulary.RISK_BANDS[band[0]["name"]].split(":")[0] if band else "no band",
                "claim": claim,
            }
        )
    return rows, base


def _count(share: float, base: int) -> str:
    count = share * base
    return f"{round(count):,}" if count >= 1 else "less than 1"
