"""The few shapes that an embedded card is made of: what the script draws and what the frame's template draws.

A card is a document of its own, small and versioned, so that a script pinned years ago still reads it: within version 1
keys are added, never renamed. All text is text: nothing in a card is markup.
"""

from typing import Final

from app.domain import vocabulary
from app.domain.json import Json

VERSION: Final = 1


def paragraph(text: str) -> Json:
    """A sentence or more."""
    return {"kind": "text", "text": text}


def gap(text: str) -> Json:
    """What is not known, said aloud."""
    return {"kind": "gap", "text": text}


def listing(items: list[Json]) -> Json:
    """Items of `item`."""
    return {"kind": "list", "items": items}


def item(text: str, *, url: str = "", note: str = "", note_url: str = "") -> Json:
    """A line of a list or a cell of a table: text, perhaps a link, and a note in small (a source) that may link too."""
    return {"text": text, "url": url, "note": note, "note_url": note_url}


def facts(pairs: list[tuple[str, str, str]]) -> Json:
    """Name, value and note of each."""
    return {"kind": "facts", "items": [{"name": name, "value": value, "note": note} for name, value, note in pairs]}


def table(caption: str, head: list[str], rows: list[list[Json]]) -> Json:
    """Rows of `item`; the first cell heads its row."""
    return {"kind": "table", "caption": caption, "head": head, "rows": rows}


def section(heading: str, *blocks: Json) -> Json:
    """Blocks under a heading."""
    return {"heading": heading, "blocks": list(blocks)}


def source_of(claim: Json, base: str) -> Json:
    """Design, year and certainty of a claim's first source, as the note of an item."""
    cited = claim["citations"][0]["source"]
    more = f" and {len(claim['citations']) - 1} more" if len(claim["citations"]) > 1 else ""
    words = [
        f"{vocabulary.DESIGNS[cited['design']]}, {cited['year'] or 'year not stated'}{more}",
        *(["commercial"] if cited["commercial"] else []),
        f"certainty: {claim['grade'].replace('_', ' ')}",
    ]
    return {"note": "; ".join(words), "note_url": f"{base}/sources/{cited['slug']}"}


def claims(found: list[Json], base: str, *, otherwise: str) -> Json:
    """Statements with their sources, or the sentence that none is known."""
    if not found:
        return gap(otherwise)
    return listing([item(claim["statement"], **source_of(claim, base)) for claim in found])
