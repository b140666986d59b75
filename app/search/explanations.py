"""Explanations of hits: which name or text matched, as a sentence and as JSON."""

from typing import Final

import orjson

_NAME_KIND_LABELS: Final = {
    "preferred": "its name",
    "synonym": "another name for it",
    "abbreviation": "an abbreviation of it",
    "lay_name": "an everyday name for it",
    "patient_phrase": "the way people describe it",
}


def explain(field: str, matched_kind: str, text: str, *, exact: bool) -> str:
    """Explain in a sentence why a record matches: `text` is the name that matched, unless a field of prose did."""
    if field == "codes":
        by_whom = ", says the operator of this service" if matched_kind == "operator_code" else ""
        return f"The code leads to it{by_whom}: {text}"
    if field == "names":
        relation = "Matches" if exact else "Similar to"
        return f"{relation} {_NAME_KIND_LABELS[matched_kind]}: {text}"
    return "Mentioned in its summary" if field == "summary" else "Mentioned in its cited statements"


def explain_json(field: str, matched_kind: str, text: str, *, exact: bool) -> bytes:
    """Render `matched` and `reason` of a hit as members of a JSON object, without its braces."""
    matched = {"field": field, "kind": matched_kind, "text": text}
    return orjson.dumps({"matched": matched, "reason": explain(field, matched_kind, text, exact=exact)})[1:-1]


def highlight_prefix(field: str, text: str) -> bytes:
    """Render a highlight up to its ranges: a JSON object that is not closed."""
    return orjson.dumps({"field": field, "text": text})[:-1]
