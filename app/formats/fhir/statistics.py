"""Figures of a claim as statistics of an Evidence. What is no single figure or range stays in the value extension."""

import re
from typing import Any, Final

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.json import Json
from app.formats.fhir.identifiers import build_codeable_concept

_UCUM: Final = "http://unitsofmeasure.org"
_PERCENT: Final = {"unit": "%", "system": _UCUM, "code": "%"}
_DATE_UNITS: Final = {"Y": ("years", "a"), "M": ("months", "mo"), "W": ("weeks", "wk"), "D": ("days", "d")}
_TIME_UNITS: Final = {"H": ("hours", "h"), "M": ("minutes", "min"), "S": ("seconds", "s")}
_SINGLE_PART_DURATION: Final = re.compile(r"^P(T?)(\d+(?:\.\d+)?)([YMWDHS])$")


def build_duration(iso: str) -> Json:
    """An ISO 8601 duration as a quantity in its own unit; one of several parts in days."""
    if found := _SINGLE_PART_DURATION.match(iso):
        time, number, letter = found.groups()
        unit, code = (_TIME_UNITS if time else _DATE_UNITS)[letter]
        value: float = float(number)
    else:
        value, unit, code = round(duration_to_days(iso), 4), "days", "d"
    return {"value": int(value) if value.is_integer() else value, "unit": unit, "system": _UCUM, "code": code}


def build_statistics(claim: Json) -> list[Json]:
    """The figures of a claim; empty where it gives none."""
    value, n = claim["value"], claim["qualifiers"]["n"]
    found: list[Json] = []
    if claim["kind"] in {"relief_duration", "onset"}:
        ends = [value[end] and build_duration(value[end]) for end in ("min", "max")]
        found.append(_build_statistic(value["label"], *ends, of=value.get("statistic")))
    elif claim["kind"] == "response_rate":
        found.append(_build_response_rate(claim))
    for quantity in value.get("quantities", ()):
        ends = [
            None if quantity[end] is None else {"value": quantity[end], "unit": quantity["unit"]}
            for end in ("min", "max")
        ]
        found.append(_build_statistic(quantity["name"], *ends))
    if n is not None:
        size = {"numberOfParticipants": n}
        found = [{"sampleSize": size, **one} for one in found] or [
            {"description": claim["statement"], "sampleSize": size}
        ]
    return found


def _build_statistic(description: str, low: Json | None, high: Json | None, *, of: str | None = None) -> Json:
    """A single figure is a quantity, a span is the range of an estimate: an open end stays open."""
    shown: Json = {"description": description}
    if of:
        shown["statisticType"] = build_codeable_concept("statistics", of, vocabulary.STATISTICS[of])
    if low is not None and low == high:
        return shown | {"quantity": low}
    if low is not None or high is not None:
        return shown | {"attributeEstimate": [{"range": _build_range(low, high)}]}
    return shown


def _build_range(low: Json | None, high: Json | None) -> Json:
    return {name: end for name, end in (("low", low), ("high", high)) if end is not None}


def _build_response_rate(claim: Json) -> Json:
    value: dict[str, Any] = claim["value"]
    ends = [None if value[end] is None else {"value": value[end], **_PERCENT} for end in ("percent_min", "percent_max")]
    parts = (claim["qualifiers"]["definition"], value["at_label"] or value["at"])
    shown = _build_statistic(", ".join(part for part in parts if part) or claim["statement"], *ends)
    if value["responders"] is not None:
        shown["numberAffected"] = value["responders"]
    if value["n_at"] is not None:
        shown["sampleSize"] = {"numberOfParticipants": value["n_at"]}
    if value["ci_low"] is not None or value["ci_high"] is not None:
        low, high = (None if value[end] is None else {"value": value[end], **_PERCENT} for end in ("ci_low", "ci_high"))
        limits = {"description": "95 % confidence interval", "level": 0.95, "range": _build_range(low, high)}
        shown.setdefault("attributeEstimate", []).append(limits)
    return shown
