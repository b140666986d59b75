"""Building blocks of embedded cards, drawn by the script kb.js and by the template of frames.

A card is a small, versioned JSON document, so that a script pinned years ago can still read it: within version 1
keys are added, never renamed. All text is plain text, never markup.
"""

from typing import Final

from app.domain import vocabulary
from app.domain.json import Json

CARD_VERSION: Final = 1


def text_block(text: str) -> Json:
    """Block of plain text."""
    return {"kind": "text", "text": text}


def gap_block(text: str) -> Json:
    """Block that states what is not known."""
    return {"kind": "gap", "text": text}


def list_block(items: list[Json]) -> Json:
    """Block with a list of `item`s."""
    return {"kind": "list", "items": items}


def item(text: str, *, url: str = "", note: str = "", note_url: str = "", record: str = "") -> Json:
    """List entry or table cell: text, and a small note such as the source. Each may have a link.

    `record` is the type and slug of the record that the text names (`procedure/SLUG`): a clinic may link it to its own page.
    """
    return {"text": text, "url": url, "note": note, "note_url": note_url, "record": record}


def facts_block(facts: list[tuple[str, str, str]]) -> Json:
    """Block of facts, each with name, value and note."""
    return {"kind": "facts", "items": [{"name": name, "value": value, "note": note} for name, value, note in facts]}


def line(name: str, text: str, *items: Json) -> Json:
    """Line of a compact block: a name, its text, and `item`s after it."""
    return {"name": name, "text": text, "items": list(items)}


def lines_block(lines: list[Json], *, is_run_in: bool = False) -> Json:
    """Compact block of `line`s, for variants without room for sections; run together where there is little room."""
    return {"kind": "lines", "items": lines, "run_in": is_run_in}


def table_block(caption: str, header: list[str], rows: list[list[Json]]) -> Json:
    """Block with a table of `item`s; the first cell of a row is its header."""
    return {"kind": "table", "caption": caption, "head": header, "rows": rows}


def section(key: str, heading: str, *blocks: Json) -> Json:
    """Section: blocks under a heading. A website chooses sections by their key; an empty heading is not shown."""
    return {"key": key, "heading": heading, "blocks": list(blocks)}


def source_note(claim: Json, base: str) -> Json:
    """Note of an item: kind and year of a claim's first source, and a certainty that a review or a guideline states."""
    source = claim["citations"][0]["source"]
    more_sources = f" and {len(claim['citations']) - 1} more" if len(claim["citations"]) > 1 else ""
    parts = [
        f"{vocabulary.DESIGNS[source['design']]}, {source['year'] or 'year not stated'}{more_sources}",
        *(["a maker's or practice's own words"] if source["commercial"] or claim["commercial"] else []),
    ]
    if certainty := claim["certainty"]:
        rating = vocabulary.CERTAINTY_RATINGS[certainty["rating"]].lower()
        parts.append(f"certainty {rating} for {certainty['outcome']}, says {certainty['stated_by']}")
    return {"note": "; ".join(parts), "note_url": f"{base}/sources/{source['slug']}"}


def claims_block(claims: list[Json], base: str, *, text_if_empty: str) -> Json:
    """Block with the statements of claims and their sources, or with `text_if_empty`."""
    if not claims:
        return gap_block(text_if_empty)
    return list_block([item(claim["statement"], **source_note(claim, base)) for claim in claims])
