"""Comparison of procedures side by side."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from app.domain import vocabulary
from app.domain.json import Json
from app.read_model.link_placeholder import LINK_PLACEHOLDER

# Status of the block, and (text, claim id) of each value; the claim id may be empty.
Cell = tuple[str, list[tuple[str, str]]]


def _build_block_cell(block_name: str, format_claim: Callable[[Json], str]) -> Callable[[Json], Cell]:
    def cell(document: Json) -> Cell:
        block = document[block_name]
        return block["status"], [(format_claim(claim), claim["id"]) for claim in block["items"]]

    return cell


def _build_typical_relief(document: Json) -> Cell:
    block = document["typical_relief"]
    values = [
        (
            f"{vocabulary.INTENTS[estimate['intent']]}: {estimate['label']}"
            + (" (commercial source)" if estimate["commercial"] else ""),
            estimate["claim"],
        )
        for estimate in block["items"]
    ]
    return block["status"], values


def _format_risk(claim: Json) -> str:
    value = claim["value"]
    name = value["risk"]["name"]
    if value["observed"] is not None and value["n"] is not None:
        rate = f"{value['observed']} of {value['n']}"
    elif value["percent_min"] is not None and value["percent_min"] == value["percent_max"]:
        rate = f"{value['percent_min']:g} %"
    elif value["percent_min"] is not None and value["percent_max"] is not None:
        rate = f"{value['percent_min']:g} to {value['percent_max']:g} %"
    else:
        rate = value["frequency_words"] or "how often is not stated"
    per = f" ({value['per']})" if value["per"] else ""
    return f"{name}: {rate}{per}"


def _format_response(claim: Json) -> str:
    value, qualifiers = claim["value"], claim["qualifiers"]
    low, high = value["percent_min"], value["percent_max"]
    share = (
        "share not stated as one figure"
        if low is None and high is None
        else f"{low:g} %"
        if low == high
        else f"{low or 0:g} to {high:g} %"
    )
    parts = [share, qualifiers["definition"], value["at_label"]]
    return ", ".join(part for part in parts if part)


def _get_label(claim: Json) -> str:
    return str(claim["value"]["label"])


# Name, label and cell builder of each row.
ROWS: Final[tuple[tuple[str, str, Callable[[Json], Cell]], ...]] = (
    ("family", "Kind of procedure", lambda d: ("known", [(vocabulary.PROCEDURE_FAMILIES[d["family"]], "")])),
    ("intents", "Done to", lambda d: ("known", [(vocabulary.INTENTS[intent], "") for intent in d["intents"]])),
    ("implant", "Something stays in the body", lambda d: ("known", [("Yes" if d["implant"] else "No", "")])),
    (
        "targets",
        "Pain generators",
        _build_block_cell(
            "targets",
            lambda c: f"{vocabulary.TARGET_ROLES[c['value']['role']]}: {c['value']['pain_generator']['name']}",
        ),
    ),
    (
        "indications",
        "Conditions",
        _build_block_cell(
            "indications", lambda c: f"{vocabulary.TARGET_ROLES[c['value']['role']]}: {c['value']['condition']['name']}"
        ),
    ),
    ("typical_relief", "How long relief typically lasts", _build_typical_relief),
    ("relief_durations", "Every estimate of relief", _build_block_cell("relief_durations", _get_label)),
    ("response_rates", "How many respond", _build_block_cell("response_rates", _format_response)),
    ("risks", "Risks", _build_block_cell("risks", _format_risk)),
    ("guidance", "Guidance", _build_block_cell("guidance", _get_label)),
    ("anaesthesia", "Anesthesia", _build_block_cell("anaesthesia", _get_label)),
    ("settings", "Setting", _build_block_cell("settings", _get_label)),
    ("procedure_times", "Time it takes", _build_block_cell("procedure_times", _get_label)),
    ("recovery", "Recovery", _build_block_cell("recovery", _get_label)),
    ("contraindications", "Contraindications", _build_block_cell("contraindications", _get_label)),
)


def build_comparison(documents: list[Json]) -> Json:
    """Comparison of procedures, in the order of their documents."""
    rows = []
    for name, label, build_cell in ROWS:
        cells = []
        for document in documents:
            status, values = build_cell(document)
            distinct_values = list(dict.fromkeys(values))
            cells.append(
                {
                    "procedure": document["slug"],
                    "status": status,
                    "values": [text for text, _ in distinct_values],
                    "claims": [claim_id for _, claim_id in distinct_values if claim_id],
                }
            )
        contents = {(cell["status"], tuple(sorted(cell["values"]))) for cell in cells}
        rows.append({"name": name, "label": label, "differs": len(contents) > 1, "cells": cells})
    query = urlencode([("procedure", document["slug"]) for document in documents])
    return {
        "procedures": [_build_summary(document) for document in documents],
        "rows": rows,
        "no_procedure": _list_shared_conditions(documents),
        "notice": documents[0]["notice"],
        "links": {"self": f"{LINK_PLACEHOLDER}/v1/compare?{query}", "html": f"{LINK_PLACEHOLDER}/compare?{query}"},
    }


_SUMMARY_KEYS: Final = (
    "slug",
    "name",
    "type",
    "summary",
    "family",
    "intents",
    "implant",
    "body_regions",
    "typical_relief",
    "review",
    "updated_in",
    "links",
)


def _build_summary(document: Json) -> Json:
    return {key: document[key] for key in _SUMMARY_KEYS}


def _list_shared_conditions(documents: list[Json]) -> list[Json]:
    conditions, *others = (
        {claim["value"]["condition"]["slug"]: claim["value"]["condition"] for claim in document["indications"]["items"]}
        for document in documents
    )
    shared = [condition for slug, condition in conditions.items() if all(slug in other for other in others)]
    return sorted(shared, key=lambda condition: (condition["name"].casefold(), condition["slug"]))
