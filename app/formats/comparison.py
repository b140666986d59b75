"""Procedures side by side, from their documents."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from app.domain import vocabulary
from app.domain.json import Json
from app.read_model.link_placeholder import LINK_PLACEHOLDER

Cell = tuple[str, list[tuple[str, str]]]


def _claim_cell(name: str, words: Callable[[Json], str]) -> Callable[[Json], Cell]:
    def cell(document: Json) -> Cell:
        block = document[name]
        return block["status"], [(words(claim), claim["id"]) for claim in block["items"]]

    return cell


def _build_typical_relief(document: Json) -> Cell:
    block = document["typical_relief"]
    shown = [
        (
            f"{vocabulary.INTENTS[item['intent']]}: {item['label']}"
            + (" (commercial source)" if item["commercial"] else ""),
            item["claim"],
        )
        for item in block["items"]
    ]
    return block["status"], shown


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


ROW_BUILDERS: Final[tuple[tuple[str, str, Callable[[Json], Cell]], ...]] = (
    ("family", "Kind of procedure", lambda d: ("known", [(vocabulary.PROCEDURE_FAMILIES[d["family"]], "")])),
    ("intents", "Done to", lambda d: ("known", [(vocabulary.INTENTS[one], "") for one in d["intents"]])),
    ("implant", "Something stays in the body", lambda d: ("known", [("Yes" if d["implant"] else "No", "")])),
    (
        "targets",
        "Pain generators",
        _claim_cell(
            "targets",
            lambda c: f"{vocabulary.TARGET_ROLES[c['value']['role']]}: {c['value']['pain_generator']['name']}",
        ),
    ),
    (
        "indications",
        "Conditions",
        _claim_cell(
            "indications", lambda c: f"{vocabulary.TARGET_ROLES[c['value']['role']]}: {c['value']['condition']['name']}"
        ),
    ),
    ("typical_relief", "How long relief typically lasts", _build_typical_relief),
    ("relief_durations", "Every estimate of relief", _claim_cell("relief_durations", _get_label)),
    ("response_rates", "How many respond", _claim_cell("response_rates", _format_response)),
    ("risks", "Risks", _claim_cell("risks", _format_risk)),
    ("guidance", "Guidance", _claim_cell("guidance", _get_label)),
    ("anaesthesia", "Anesthesia", _claim_cell("anaesthesia", _get_label)),
    ("settings", "Setting", _claim_cell("settings", _get_label)),
    ("procedure_times", "Time it takes", _claim_cell("procedure_times", _get_label)),
    ("recovery", "Recovery", _claim_cell("recovery", _get_label)),
    ("contraindications", "Contraindications", _claim_cell("contraindications", _get_label)),
)


def build_comparison(documents: list[Json]) -> Json:
    """A comparison of the documents, in their order."""
    rows = []
    for name, label, cell_of in ROW_BUILDERS:
        cells = []
        for document in documents:
            status, values = cell_of(document)
            shown = list(dict.fromkeys(values))
            cells.append(
                {
                    "procedure": document["slug"],
                    "status": status,
                    "values": [words for words, _ in shown],
                    "claims": [claim for _, claim in shown if claim],
                }
            )
        said = {(cell["status"], tuple(sorted(cell["values"]))) for cell in cells}
        rows.append({"name": name, "label": label, "differs": len(said) > 1, "cells": cells})
    query = urlencode([("procedure", document["slug"]) for document in documents])
    return {
        "procedures": [_build_summary(document) for document in documents],
        "rows": rows,
        "no_procedure": _list_shared_conditions(documents),
        "notice": documents[0]["notice"],
        "links": {"self": f"{LINK_PLACEHOLDER}/v1/compare?{query}", "html": f"{LINK_PLACEHOLDER}/compare?{query}"},
    }


SUMMARY_KEYS: Final = (
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
    return {key: document[key] for key in SUMMARY_KEYS}


def _list_shared_conditions(documents: list[Json]) -> list[Json]:
    found = [
        {c["value"]["condition"]["slug"]: c["value"]["condition"] for c in d["indications"]["items"]} for d in documents
    ]
    shared = set.intersection(*(set(one) for one in found))
    return [found[0][slug] for slug in sorted(shared, key=lambda slug: (found[0][slug]["name"].casefold(), slug))]
