"""Statistics of an Evidence resource. Numbers that are not a single figure or a range are only in the value extension."""

import re
from typing import Final

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.json import Json
from app.formats.fhir.elements import build_codeable_concept, omit_empty, to_plain_number

_UCUM: Final = "http://unitsofmeasure.org"
_PERCENT: Final = {"unit": "%", "system": _UCUM, "code": "%"}
_DATE_UNITS: Final = {"Y": ("years", "a"), "M": ("months", "mo"), "W": ("weeks", "wk"), "D": ("days", "d")}
_TIME_UNITS: Final = {"H": ("hours", "h"), "M": ("minutes", "min"), "S": ("seconds", "s")}
_SINGLE_PART_DURATION: Final = re.compile(r"^P(T?)(\d+(?:\.\d+)?)([YMWDHS])$")


def build_duration(iso: str | None) -> Json | None:
    """Build a Quantity from an ISO 8601 duration: in its own unit, or in days if it has several parts."""
    if not iso:
        return None
    if match := _SINGLE_PART_DURATION.match(iso):
        time, number, letter = match.groups()
        unit, code = (_TIME_UNITS if time else _DATE_UNITS)[letter]
        amount: float = float(number)
    else:
        amount, unit, code = round(duration_to_days(iso), 4), "days", "d"
    return {"value": to_plain_number(amount), "unit": unit, "system": _UCUM, "code": code}


def build_statistics(claim: Json) -> list[Json]:
    """Build the statistics of a claim; empty if the claim has no figures."""
    value, n = claim["value"], claim["qualifiers"]["n"]
    statistics: list[Json] = []
    if claim["kind"] in {"relief_duration", "onset"}:
        low, high = build_duration(value["min"]), build_duration(value["max"])
        statistics.append(_build_statistic(value["label"], low, high, statistic=value.get("statistic")))
    elif claim["kind"] == "response_rate":
        statistics.append(_build_response_rate(claim))
    for quantity in value.get("quantities", ()):
        low, high = (_build_quantity(quantity[bound], {"unit": quantity["unit"]}) for bound in ("min", "max"))
        statistics.append(_build_statistic(quantity["name"], low, high))
    if n is None:
        return statistics
    size = {"sampleSize": {"numberOfParticipants": n}}
    return [size | statistic for statistic in statistics] or [{"description": claim["statement"], **size}]


def _build_quantity(number: float | None, unit: Json) -> Json | None:
    return None if number is None else {"value": to_plain_number(number), **unit}


def _build_statistic(description: str, low: Json | None, high: Json | None, *, statistic: str | None = None) -> Json:
    """Build one statistic: a quantity if both bounds are equal, else an estimate with a range, open where unstated."""
    element: Json = {"description": description}
    if statistic:
        element["statisticType"] = build_codeable_concept("statistics", statistic, vocabulary.STATISTICS[statistic])
    if low is not None and low == high:
        return element | {"quantity": low}
    bounds = omit_empty({"low": low, "high": high})
    return element | ({"attributeEstimate": [{"range": bounds}]} if bounds else {})


def _build_response_rate(claim: Json) -> Json:
    value: Json = claim["value"]
    parts = (claim["qualifiers"]["definition"], value["at_label"] or value["at"])
    description = ", ".join(part for part in parts if part) or claim["statement"]
    low, high, ci_low, ci_high = (
        _build_quantity(value[bound], _PERCENT) for bound in ("percent_min", "percent_max", "ci_low", "ci_high")
    )
    statistic = _build_statistic(description, low, high)
    if value["responders"] is not None:
        statistic["numberAffected"] = value["responders"]
    if value["n_at"] is not None:
        statistic["sampleSize"] = {"numberOfParticipants": value["n_at"]}
    if interval := omit_empty({"low": ci_low, "high": ci_high}):
        estimate = {"description": "95 % confidence interval", "level": 0.95, "range": interval}
        statistic.setdefault("attributeEstimate", []).append(estimate)
    return statistic
