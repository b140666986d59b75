"""Additions of a clinic's edition to pages and embeds. It hides nothing: every text of the content stays."""

from typing import Final

from app.domain import vocabulary
from app.domain.clinic import ClinicEdition
from app.domain.json import Json

# How the content names the number; a clinic knows the one of its country.
_LOCAL_NUMBER: Final = "your local emergency number (for example 911, 112 or 999)"
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
    levels = [level | {"text": name_number(level["text"], clinic)} for level in card["call"]["levels"]]
    sections = [
        part | {"blocks": [_add_to_block(block, clinic) for block in part["blocks"]]} for part in card["sections"]
    ]
    return card | {"clinic": added, "sections": sections, "call": card["call"] | {"levels": levels}}


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
    note = item["note"] or ("" if clinic.offers(slug) else _NOT_OFFERED)
    return item | {"url": url, "note": note}


def name_number(text: str, clinic: ClinicEdition | None) -> str:
    """Name the emergency number of the clinic's country where the content names examples."""
    if clinic is None or clinic.emergency_number is None:
        return text
    return text.replace(_LOCAL_NUMBER, clinic.emergency_number)


def list_call_actions(clinic: ClinicEdition | None) -> dict[str, str]:
    """What to do at each tier, by the tier."""
    return {tier: name_number(action, clinic) for tier, action in vocabulary.CALL_ACTIONS.items()}


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
