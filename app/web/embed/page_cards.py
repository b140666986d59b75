"""Cards of pages that have no element of their own, for frames and oEmbed: records, lists and the comparison."""

from collections.abc import Callable
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.web.embed.blocks import item, line, lines_block, list_block, section, text_block
from app.web.embed.cards import build_card
from app.web.embed.compact import describe_benefit, describe_safety, link_procedure

_MAX_CHARACTERS: Final = 900
COMPARISON_TITLE: Final = "Compare procedures"


def build_page_card(record: Json, current: Json, base: str) -> Json:
    """Build the card of a record from its detail. `current` is the release document."""
    page = f"{base}/{PATH_BY_RECORD_TYPE[record['type']]}/{record['slug']}"
    sections = SECTIONS_BY_RECORD_TYPE[record["type"]](record, base)
    title = record.get("patient_name") or record["name"]
    card = build_card(
        record["type"],
        current,
        base,
        slug=record["slug"],
        title=title,
        lede=record["summary"],
        url=page,
        sections=sections,
    )
    return card | {"variant": "summary", "subtitle": record["name"] if record["name"] not in title else None}


def build_list_card(title: str, path: str, records: list[Json], current: Json, base: str) -> Json:
    """Build the card of a list: the name of each record, as a link."""
    links = [
        item(record["name"], url=f"{base}{path}/{record['slug']}", record=f"{record['type']}/{record['slug']}")
        for record in records
    ]
    sections = [section("list", "", list_block(links))]
    card = build_card("list", current, base, slug="", title=title, lede=None, url=f"{base}{path}", sections=sections)
    return card | {"variant": "summary"}


def build_comparison_card(records: list[Json], url: str, current: Json, base: str) -> Json:
    """Build the card of a comparison: of each procedure what speaks against it, then what it helps."""
    sections = [
        section(
            "compared",
            record["patient_name"],
            text_block(f"{describe_safety(record)} {_describe_help(record)}"),
            list_block([link_procedure(record, base)]),
        )
        for record in records
    ]
    sections.append(section("alternatives", "No procedure", text_block("No procedure is an option too.")))
    card = build_card(
        "comparison", current, base, slug="", title=COMPARISON_TITLE, lede=None, url=url, sections=sections
    )
    return card | {"variant": "summary"}


def _describe_help(record: Json) -> str:
    return f"How much it helps: {describe_benefit(record, 2) or 'not known'}."


def _build_generator_sections(record: Json, base: str) -> list[Json]:
    conditions = [
        item(
            row["record"]["name"],
            url=f"{base}/conditions/{row['record']['slug']}",
            record=f"condition/{row['record']['slug']}",
        )
        for row in record["conditions"]["items"]
    ]
    rows = [line("Conditions with this pain", "" if conditions else "no data found", *conditions)]
    for role, label in vocabulary.TARGET_ROLES.items():
        procedures = [row["procedure"] for row in record["procedures"]["items"] if row["role"] == role]
        if procedures:
            rows.append(line(label, "", *(link_procedure(procedure, base) for procedure in procedures)))
    return [section("short", "", lines_block(rows))]


def _link_page(record: Json, base: str, text: str) -> Json:
    """Link into the page. A part that scrolls needs something that the keyboard reaches."""
    path = f"{base}/{PATH_BY_RECORD_TYPE[record['type']]}/{record['slug']}"
    return list_block([item(text, url=path)])


def _build_guide_sections(record: Json, base: str) -> list[Json]:
    sections: list[Json] = []
    used = 0
    for part in record["items"]:
        used += len(part["heading"]) + len(part["text"])
        if sections and used > _MAX_CHARACTERS:
            break
        sections.append(section("guide", part["heading"], text_block(part["text"])))
    return [*sections, section("more", "", _link_page(record, base, "Read on, with every source"))]


def _build_emergency_sections(record: Json, base: str) -> list[Json]:
    signs = list_block([item(sign["text"]) for sign in record["signs"]])
    return [
        section("action", "What to do", text_block(record["action"])),
        section("signs", "Signs", signs, _link_page(record, base, "What sources say")),
    ]


def _build_risk_sections(record: Json, base: str) -> list[Json]:
    subjects = {claim["subject"]["slug"]: claim["subject"] for claim in record["observations"]["items"]}
    links = [link_procedure(subject, base) for subject in subjects.values()]
    return [section("short", "", lines_block([line("Sources write of it after", "" if links else "none", *links)]))]


SECTIONS_BY_RECORD_TYPE: Final[dict[str, Callable[[Json, str], list[Json]]]] = {
    "pain_generator": _build_generator_sections,
    "guide_page": _build_guide_sections,
    "emergency": _build_emergency_sections,
    "risk": _build_risk_sections,
}
