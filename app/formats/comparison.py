"""Comparison of procedures side by side."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.safety import describe_position, describe_risk, describe_topic, format_percent, list_risk_groups
from app.read_model.link_placeholder import LINK_PLACEHOLDER

# Status of the block, and (label, value, claim id) of each value; the claim id may be empty.
Cell = tuple[str, list[tuple[str, Any, str]]]


def _build_block_cell(block_name: str, format_claim: Callable[[Json], str]) -> Callable[[Json], Cell]:
    def cell(document: Json) -> Cell:
        block = document[block_name]
        return block["status"], [(format_claim(claim), claim["value"], claim["id"]) for claim in block["items"]]

    return cell


def _build_rolled_up_cell(
    block_name: str, format_claim: Callable[[Json], str], format_row: Callable[[Json], str]
) -> Callable[[Json], Cell]:
    """Own claims of a block, and the rows of its forms."""
    build_own = _build_block_cell(block_name, format_claim)

    def cell(document: Json) -> Cell:
        status, values = build_own(document)
        rows = document["forms"][block_name]
        values += [(f"Some forms: {format_row(row)}", row, claim) for row in rows for claim in row["claims"]]
        return "known" if values else status, values

    return cell


def _build_fact_cell(fact: str, format_value: Callable[[Any], str]) -> Callable[[Json], Cell]:
    def cell(document: Json) -> Cell:
        values = document[fact] if isinstance(document[fact], list) else [document[fact]]
        return "known", [(format_value(value), value, "") for value in values]

    return cell


def _build_typical_relief(document: Json) -> Cell:
    block = document["typical_relief"]
    values = [
        (
            f"{vocabulary.INTENTS[estimate['intent']]}: {estimate['label']}",
            estimate,
            estimate["claim"],
        )
        for estimate in block["items"]
    ]
    return block["status"], values


def _build_positions(document: Json) -> Cell:
    block = document["positions"]
    return block["status"], [(describe_position(row), row, row["claim"]) for row in block["items"]]


def _build_risks(document: Json) -> Cell:
    rows = list_risk_groups(document)
    values = [(describe_risk(row), row, claim) for row in rows for claim in row["claims"]]
    return "known" if rows else document["risks"]["status"], values


def _format_estimate(claim: Json) -> str:
    """Format an estimate of relief; a ceiling, a total, an aim and a maker's own words are named so."""
    value = claim["value"]
    notes = [vocabulary.STATISTICS[value["statistic"]].lower()] if value["statistic"] in vocabulary.NO_ESTIMATE else []
    notes += ["a maker's or practice's own words"] if claim["commercial"] else []
    return f"{value['label']} ({'; '.join(notes)})" if notes else str(value["label"])


def _format_bleeding_risk(value: Json) -> str:
    return f"{vocabulary.BLEEDING_RISK_CLASSES[value['risk_class']]} ({value['scheme']})"


def _format_response(claim: Json) -> str:
    value, qualifiers = claim["value"], claim["qualifiers"]
    share = format_percent(value["percent_min"], value["percent_max"])
    parts = [share or "share not stated as one figure", qualifiers["definition"], value["at_label"]]
    return ", ".join(part for part in parts if part)


def _format_relation(claim: Json) -> str:
    value = claim["value"]
    linked = value["pain_generator"] if claim["kind"] == "target" else value["condition"]
    return f"{vocabulary.TARGET_ROLES[value['role']]}: {linked['name']}"


def _get_label(claim: Json) -> str:
    return str(claim["value"]["label"])


# Name, label and cell builder of each row.
ROWS: Final[tuple[tuple[str, str, Callable[[Json], Cell]], ...]] = (
    ("family", "Kind of procedure", _build_fact_cell("family", vocabulary.PROCEDURE_FAMILIES.__getitem__)),
    ("intents", "Done to", _build_fact_cell("intents", vocabulary.INTENTS.__getitem__)),
    ("implant", "Something stays in the body", _build_fact_cell("implant", lambda implant: "Yes" if implant else "No")),
    ("targets", "Pain generators", _build_block_cell("targets", _format_relation)),
    ("indications", "Conditions", _build_block_cell("indications", _format_relation)),
    ("positions", "What bodies recommend", _build_positions),
    ("typical_relief", "How long relief typically lasts", _build_typical_relief),
    ("relief_durations", "Every estimate of relief", _build_block_cell("relief_durations", _format_estimate)),
    ("response_rates", "How many respond", _build_block_cell("response_rates", _format_response)),
    ("risks", "Risks", _build_risks),
    ("guidance", "Guidance", _build_block_cell("guidance", _get_label)),
    ("anesthesia", "Anesthesia", _build_block_cell("anesthesia", _get_label)),
    ("settings", "Setting", _build_block_cell("settings", _get_label)),
    ("procedure_times", "Time it takes", _build_block_cell("procedure_times", _get_label)),
    ("recovery", "Recovery", _build_block_cell("recovery", _get_label)),
    (
        "bleeding_risks",
        "Class of bleeding risk",
        _build_rolled_up_cell(
            "bleeding_risks", lambda claim: _format_bleeding_risk(claim["value"]), _format_bleeding_risk
        ),
    ),
    (
        "safety_warnings",
        "Warnings of regulators",
        _build_rolled_up_cell("safety_warnings", _get_label, lambda row: f"{row['label']} ({row['body']})"),
    ),
    ("contraindications", "Contraindications", _build_rolled_up_cell("contraindications", _get_label, describe_topic)),
)


# Row of what studies found: too long for a table that people read.
FINDINGS_ROW: Final = (
    "findings",
    "What studies found",
    _build_block_cell("findings", lambda claim: claim["statement"]),
)


def build_comparison(documents: list[Json], *, with_findings: bool = False) -> Json:
    """Comparison of procedures, in the order of their documents."""
    rows = []
    for name, label, build_cell in (*ROWS, FINDINGS_ROW) if with_findings else ROWS:
        cells = []
        for document in documents:
            status, values = build_cell(document)
            cells.append({"procedure": document["slug"], "status": status, "values": _merge_repeats(values)})
        contents = {(cell["status"], frozenset(value["label"] for value in cell["values"])) for cell in cells}
        rows.append({"name": name, "label": label, "differs": len(contents) > 1, "cells": cells})
    query = urlencode([("procedure", document["slug"]) for document in documents])
    return {
        "procedures": [_build_summary(document) for document in documents],
        "rows": rows,
        "no_procedure": _list_shared_conditions(documents),
        "notice": documents[0]["notice"],
        "links": {"self": f"{LINK_PLACEHOLDER}/v1/compare?{query}", "html": f"{LINK_PLACEHOLDER}/compare?{query}"},
    }


def _merge_repeats(values: list[tuple[str, Any, str]]) -> list[Json]:
    """Merge equal values of several claims into one value with all their ids."""
    merged: dict[bytes, Json] = {}
    for label, value, claim_id in values:
        key = orjson.dumps([label, value])
        entry = merged.setdefault(key, {"label": label, "value": value, "claims": []})
        if claim_id:
            entry["claims"].append(claim_id)
    return list(merged.values())


_SHARE: Final = "share of people"


def match_outcomes(documents: list[Json]) -> list[Json]:
    """List the outcomes that sources measured after two or more of the procedures: same outcome, same scale, same time.

    Each has `label` and `cells`, for each procedure the claims. A number whose scale or time is not stated matches nothing; a
    share of people needs no scale.
    """
    outcomes: dict[tuple[str, str, str], Json] = {}
    for n, document in enumerate(documents):
        for claim in (*document["response_rates"]["items"], *document["findings"]["items"]):
            if key := _get_outcome_key(claim):
                label = f"{key[0]} ({key[1]}), {claim['value']['at_label']}"
                empty: list[list[Json]] = [[] for _ in documents]
                outcome = outcomes.setdefault(key, {"label": label, "cells": empty})
                outcome["cells"][n].append(claim)
    return [outcome for outcome in outcomes.values() if sum(map(bool, outcome["cells"])) > 1]


def _get_outcome_key(claim: Json) -> tuple[str, str, str] | None:
    """Get outcome, scale and time of a claim; None where one is not stated."""
    value = claim["value"]
    if claim["kind"] == "response_rate":
        outcome, scale = claim["qualifiers"]["definition"], _SHARE
    else:
        units = {quantity["unit"] for quantity in value["quantities"]}
        outcome, scale = value["outcome"], value["scale"]["name"] if value["scale"] else _SHARE * (units == {"percent"})
    return (outcome, scale, value["at"]) if outcome and scale and value["at"] else None


_SUMMARY_KEYS: Final = (
    "slug",
    "name",
    "patient_name",
    "type",
    "summary",
    "family",
    "intents",
    "implant",
    "body_regions",
    "serious_risks",
    "positions",
    "typical_relief",
    "review",
    "last_changed_in",
    "links",
)


def _build_summary(document: Json) -> Json:
    return {key: document[key] for key in _SUMMARY_KEYS}


def list_conditions(document: Json) -> dict[str, Json]:
    """List the conditions that a procedure is indicated for: slug -> reference."""
    conditions = (claim["value"]["condition"] for claim in document["indications"]["items"])
    return {condition["slug"]: condition for condition in conditions}


def _list_shared_conditions(documents: list[Json]) -> list[Json]:
    conditions, *others = map(list_conditions, documents)
    shared = [condition for slug, condition in conditions.items() if all(slug in other for other in others)]
    return sorted(shared, key=lambda condition: (condition["name"].casefold(), condition["slug"]))
