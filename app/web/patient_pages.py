"""Patient pages of procedures and conditions: which text answers which question, in the words of patients."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.domain.json import Json
from app.domain.record_types import get_evidence_path
from app.formats.safety import NOT_COUNTED, OPPOSED_POSITIONS, describe_body, describe_figure, list_risk_groups
from app.web.claim_lists import iter_claims
from app.web.claim_marks import build_mark, number_claims
from app.web.icon_array import render_icon_array
from app.web.rates import build_response_rows

MAX_PAIRS: Final = 2
# Claim kind -> section of a patient page that a message resting on it belongs to.
_PROCEDURE_SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("target", "mechanism", "definition", "site", "synonym", "prevalence"), "what"),
        **dict.fromkeys(("indication", "recommendation", "prerequisite", "contraindication", "coverage"), "for-me"),
        **dict.fromkeys(("implant_compatibility", "trial_period"), "for-me"),
        **dict.fromkeys(("relief_duration", "onset", "repeat_limit", "device_longevity"), "how-long"),
        **dict.fromkeys(("procedure_risk", "safety_warning", "bleeding_risk", "when_to_call"), "harms"),
        **dict.fromkeys(("practice",), "before"),
        **dict.fromkeys(("procedure_time", "anesthesia", "guidance", "setting"), "day"),
        **dict.fromkeys(("recovery",), "afterwards"),
    }
)
_CONDITION_SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("red_flag", "when_to_call", "safety_warning"), "urgent"),
        **dict.fromkeys(("natural_course", "first_line_care"), "care"),
        **dict.fromkeys(("finding", "recommendation", "procedure_risk", "response_rate"), "procedures"),
        **dict.fromkeys(("relief_duration", "evidence_grade", "prerequisite", "coverage", "indication"), "procedures"),
    }
)
_DEFAULT_SECTION: Final = {"procedure": "benefit", "condition": "what"}
_MAX_WHAT_IT_IS: Final = 125
# Terms of sources in labels that a patient page shows, and the plain words for them.
_PLAIN_WORDS: Final = (
    (re.compile(r"\s*(?:>=|≥)\s*"), " at least "),
    (re.compile(r"\s*(?:<=|≤)\s*"), " at most "),
    (re.compile(re.escape(NOT_COUNTED)), "of what is not said"),
    (re.compile(r"(?<=[(; ])for whom: "), ""),
    (re.compile(r"\blesion sites\b", re.IGNORECASE), "treated spots"),
    (re.compile(r"\blesions\b", re.IGNORECASE), "treated spots"),
    (re.compile(r"\bpain generators?\b", re.IGNORECASE), "where the pain comes from"),
    (re.compile(r"\bStrength not stated\b"), "How strictly is not said"),
    (re.compile(r"\bstrength not stated\b"), "how strictly is not said"),
    (re.compile(r"\bCounts of all kinds, minor ones included\b"), "All kinds counted together, small ones too"),
    (re.compile(r"\bcounts of all kinds, minor ones included\b"), "all kinds counted together, small ones too"),
)


def get_patient_name(record: Json) -> str:
    """Get the name of a record in the words of patients; its clinical name if it has none."""
    return str(record.get("patient_name") or record["name"])


def use_plain_words(text: str) -> str:
    """Replace terms of sources that patients do not know."""
    for pattern, words in _PLAIN_WORDS:
        text = pattern.sub(words, text)
    return text.strip()


def shorten_summary(text: str) -> str:
    """Keep the first sentences of a summary, at least one: what it is.

    What studies found comes after them: a benefit cut off before its harm would be no summary.
    """
    first, *others = re.split(r"(?<=\.) ", text)
    kept = first
    for sentence in others:
        if len(kept) + len(sentence) > _MAX_WHAT_IT_IS:
            break
        kept += f" {sentence}"
    return kept


def capitalize_first(text: str) -> str:
    """Capitalize the first letter and leave the others as they are."""
    return text[:1].upper() + text[1:]


def build_patient_variables(record: Json, path_prefix: str) -> Json:
    """Build the variables that the patient pages of procedures and conditions share."""
    url = f"{path_prefix}{get_evidence_path(record['type'], record['slug'])}"
    return {
        "title": get_patient_name(record),
        "record": record,
        "description": record["summary"],
        "evidence_url": url,
        "mark": build_mark(number_claims(record), url),
        "messages": sort_messages(record),
    }


def sort_messages(record: Json) -> dict[str, list[Json]]:
    """Sort the key messages of a record into the sections of its patient page, by the kind of the first claim of each."""
    kinds = {claim["id"]: claim["kind"] for claim in iter_claims(record)}
    sections = _PROCEDURE_SECTIONS if record["type"] == "procedure" else _CONDITION_SECTIONS
    messages: dict[str, list[Json]] = {}
    for message in record["texts"]["key_messages"]["items"]:
        first = message["claims"][0]
        # The id of a claim of another record says its kind.
        kind = kinds.get(first) or first.partition("--")[2].rpartition("-")[0].replace("-", "_")
        section = sections.get(kind, _DEFAULT_SECTION[record["type"]])
        messages.setdefault(section, []).append(message)
    return messages


def build_benefit_pairs(claims: list[Json]) -> list[Json]:
    """Build the shares that respond with a procedure and with what it was compared with, both out of 100, with their arrays.

    Those compared with a sham; if there are none, the first that was compared with something else.
    """
    rows = [row for row in build_response_rows(claims) if row["claim"]["value"]["comparator_percent"] is not None]
    shams = [row for row in rows if row["claim"]["qualifiers"]["comparator_is_sham"]]
    return [_build_pair(row, n) for n, row in enumerate(shams[:MAX_PAIRS] or rows[:1])]


def _build_pair(row: Json, n: int) -> Json:
    value, qualifiers = row["claim"]["value"], row["claim"]["qualifiers"]
    comparator = use_plain_words(qualifiers["comparator"] or "the comparison")
    count, comparator_count = round(value["percent_min"]), round(value["comparator_percent"])
    return {
        "is_sham": bool(qualifiers["comparator_is_sham"]),
        "definition": use_plain_words(row["definition"]),
        "time": row["time"],
        "population": use_plain_words(row["population"]),
        "comparator": comparator,
        "count": count,
        "comparator_count": comparator_count,
        "array": _render_array(count, f"with-{n}", "with the procedure"),
        "comparator_array": _render_array(comparator_count, f"without-{n}", f"with {comparator}"),
        "claim": row["claim"]["id"],
    }


def _render_array(count: int, key: str, group: str) -> str:
    description = f"{count} filled dots of 100, {100 - count} rings."
    return render_icon_array(
        count, key=key, title=f"People who respond {group}, of 100", description=description, base=100
    )


def list_patient_risks(record: Json) -> list[Json]:
    """List the risks of a procedure and of its forms, the most serious first: each with its worst figure in plain words."""
    rows = []
    for row in list_risk_groups(record):
        is_counted = row["state"] != "known" or row["worst"] is not None
        figure = use_plain_words(describe_figure(row["worst"], row["state"]))
        rows.append({**row, "is_counted": is_counted, "figure": figure})
    return rows


def list_opposed(positions: Json) -> list[Json]:
    """List the positions against a procedure, or that find too little evidence: what each says, body and year, its claims."""
    groups: dict[tuple[str, str], Json] = {}
    for row in positions["items"]:
        if row["position"] in OPPOSED_POSITIONS:
            key = (row["position"], describe_body(row))
            group = groups.setdefault(key, {"position": key[0], "body": key[1], "claims": []})
            group["claims"].append(row["claim"])
    return list(groups.values())


def split_signs(rows: list[Json]) -> tuple[list[str], list[str]]:
    """Split the signs of a tier into those to show, and those of sources on emergencies that a sign of ours already covers."""
    covered = {emergency["slug"] for row in rows if row["origin"] == "editorial" for emergency in row["emergencies"]}

    def is_reworded(row: Json) -> bool:
        named = {emergency["slug"] for emergency in row["emergencies"]}
        return row["origin"] != "editorial" and bool(named) and named <= covered

    return [row["sign"] for row in rows if not is_reworded(row)], [row["sign"] for row in rows if is_reworded(row)]
