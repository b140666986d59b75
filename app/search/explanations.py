"""In words, why a record was found."""

from typing import Final

import orjson

_NAME_KIND_LABELS: Final = {
    "preferred": "its name",
    "synonym": "another name of it",
    "abbreviation": "an abbreviation of it",
    "lay_name": "an everyday name of it",
    "patient_phrase": "how people put it",
}


def explain(field: str, kind: str, text: str, *, exact: bool) -> str:
    """Why a record was found: the name that matched, or what speaks of it."""
    if field == "names":
        return f"{'Is' if exact else 'Like'} {_NAME_KIND_LABELS.get(kind, 'a name of it')}: {text}"
    return "Its summary speaks of it" if field == "summary" else "Its cited statements speak of it"


def explain_json(field: str, kind: str, text: str, *, exact: bool) -> bytes:
    """What matched and why, as members of a JSON object."""
    matched = {"field": field, "kind": kind, "text": text}
    return orjson.dumps({"matched": matched, "because": explain(field, kind, text, exact=exact)})[1:-1]


def highlight_prefix(field: str, text: str) -> bytes:
    """What leads to the marks in a text, as an unclosed JSON object."""
    return orjson.dumps({"field": field, "text": text})[:-1]
