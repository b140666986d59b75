"""Additions of a clinic's edition to pages and embeds. It hides nothing: every text of the content stays."""

import re
from typing import Final

import orjson

from app.domain.clinic import ClinicEdition
from app.domain.json import Json

# How our texts name the number; a clinic knows the one of its country. What a source says stays as it is.
_LOCAL_NUMBER: Final = re.compile(r"your local emergency number(?: \(for example 911, 112 or 999\))?")
_NOT_OFFERED: Final = "not offered at this clinic"


def add_to_card(card: Json, clinic: ClinicEdition | None) -> Json:
    """Add a clinic to a card: its words and contact, links to its own pages, and its country's emergency number."""
    if clinic is None:
        return card
    addition = clinic.procedures.get(card["slug"]) if card["type"] == "procedure" else None
    added = {
        "name": clinic.name,
        "phone": clinic.telephone,
        "booking_url": clinic.booking_url,
        "contact": clinic.contact,
        "preparation": list(addition.preparation) if addition else [],
        "aftercare": list(addition.aftercare) if addition else [],
        "is_offered": card["type"] != "procedure" or clinic.offers(card["slug"]),
    }
    sections = [
        part | {"blocks": [_add_to_block(block, clinic) for block in part["blocks"]]} for part in card["sections"]
    ]
    named: Json = orjson.loads(name_number(orjson.dumps(card | {"sections": sections}).decode(), clinic))
    return named | {"clinic": added}


def _add_to_block(block: Json, clinic: ClinicEdition) -> Json:
    if block["kind"] == "list":
        return block | {"items": [_add_to_item(item, clinic) for item in block["items"]]}
    if block["kind"] == "lines":
        lines = [line | {"items": [_add_to_item(item, clinic) for item in line["items"]]} for line in block["items"]]
        return block | {"items": lines}
    if block["kind"] == "table":
        return block | {"rows": [[_add_to_item(cell, clinic) for cell in row] for row in block["rows"]]}
    return block


def _add_to_item(item: Json, clinic: ClinicEdition) -> Json:
    record_type, _, slug = item["record"].partition("/")
    if record_type != "procedure":
        return item
    addition = clinic.procedures.get(slug)
    url = addition.page_url if addition and addition.page_url else item["url"]
    note = "; ".join(filter(None, (item["note"], "" if clinic.offers(slug) else _NOT_OFFERED)))
    return item | {"url": url, "note": note}


def name_number(text: str, clinic: ClinicEdition | None) -> str:
    """Name the emergency number of the clinic's country wherever a text says to call the local one."""
    if clinic is None or clinic.emergency_number is None:
        return text
    return _LOCAL_NUMBER.sub(clinic.emergency_number, text)


def render_clinic_sheet(clinic: ClinicEdition | None) -> str:
    """Render the style sheet with the clinic's colors; empty without any."""
    if clinic is None or clinic.colors is None:
        return ""
    light, dark = clinic.colors.accent, clinic.colors.accent_dark
    return (
        f":root {{ --accent: {light}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}\n"
        f".root {{ --kb-accent: light-dark({light}, {dark}); }}\n"
    )
