"""Procedures side by side, from their documents."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from app.domain import vocabulary
from app.domain.json import Json
from app.read_model.link_placeholder import LINK

Cell = tuple[str, list[tuple[str, str]]]


def _block(name: str, words: Callable[[Json], str]) -> Callable[[Json], Cell]:
    def cell(document: Json) -> Cell:
        block = document[name]
        return block["status"], [(words(claim), claim["id"]) for claim in block["items"]]

    return cell


def _typical(document: Json) -> Cell:
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


def _rate(claim: Json) -> str:
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


def _response(claim: Json) -> str:
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


def _label(claim: Json) -> str:
    return str(claim["value"]["label"])


ROWS: Final[tuple[tuple[str, str, Callable[[Json], Cell]], ...]] = (
    ("family", "Kind of procedure", lambda d: ("known", [(vocabulary.FAMILIES[d["family"]], "")])),
    ("intents", "Done to", lambda d: ("known", [(vocabulary.INTENTS[one], "") for one in d["intents"]])),
    ("implant", "Something stays in the body", lambda d: ("known", [("Yes" if d["implant"] else "No", "")])),
    (
        "targets",
        "Pain generators",
        _block(
            "targets",
            lambda c: f"{vocabulary.TARGET_ROLES[c['value']['role']]}: {c['value']['pain_generator']['name']}",
        ),
    ),
    (
        "indications",
        "Conditions",
        _block(
            "indications", lambda c: f"{vocabulary.TARGET_ROLES[c['value']['role']]}: {c['value']['condition']['name']}"
        ),
    ),
    ("typical_relief", "How long relief typically lasts", _typical),
    ("relief_durations", "Every estimate of relief", _block("relief_durations", _label)),
    ("response_rates", "How many respond", _block("response_rates", _response)),
    ("risks", "Risks", _block("risks", _rate)),
    ("guidance", "Guidance", _block("guidance", _label)),
    ("anaesthesia", "Anesthesia", _block("anaesthesia", _label)),
    ("settings", "Setting", _block("settings", _label)),
    ("procedure_times", "Time it takes", _block("procedure_times", _label)),
    ("recovery", "Recovery", _block("recovery", _label)),
    ("contraindications", "Contraindications", _block("contraindications", _label)),
)


def compare(documents: list[Json]) -> Json:
    """A comparison of the documents, in their order."""
    rows = []
    for name, label, cell_of in ROWS:
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
        "procedures": [_summary(document) for document in documents],
        "rows": rows,
        "no_procedure": _shared_conditions(documents),
        "notice": documents[0]["notice"],
        "links": {"self": f"{LINK}/v1/compare?{query}", "html": f"{LINK}/compare?{query}"},
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


def _summary(document: Json) -> Json:
    return {key: document[key] for key in SUMMARY_KEYS}


def _shared_conditions(documents: list[Json]) -> list[Json]:
    found = [
        {c["value"]["condition"]["slug"]: c["value"]["condition"] for c in d["indications"]["items"]} for d in documents
    ]
    shared = set.intersection(*(set(one) for one in found))
    return [found[0][slug] for slug in sorted(shared, key=lambda slug: (found[0][slug]["name"].casefold(), slug))]
