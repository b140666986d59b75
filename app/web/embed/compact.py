"""Short variants of the cards, `card` and `summary`: what a reader must know in a fixed height.

What speaks against a procedure is always shown: every serious harm with its worst figure, the topics of contraindications,
every position against, and the emergency line. Where there is no room for all, the benefit is left out.
"""

from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.safety import (
    STATUS_TEXTS,
    describe_body,
    describe_figure,
    describe_worst_harm,
    list_contraindication_topics,
)
from app.web.embed.blocks import item, line, lines_block, section
from app.web.rates import build_response_rows

VARIANTS: Final = ("card", "summary", "full")
# Characters that fit into the height of a variant on a phone.
_MAX_CHARACTERS: Final = {"card": 640, "summary": 1600}
# Share of the characters that named procedures and their harms may take.
_SHARE_OF_OPTIONS: Final = 0.5
_MAX_CLAIMS: Final = {"card": 2, "summary": 4}
_MAX_EMERGENCIES: Final = 8
_MAX_WHAT_IT_IS: Final = 125
_EMERGENCY_LINE: Final = "Call your local emergency number (for example 911, 112 or 999) now."
_NO_HARM_TEXT: Final = "no source here names one"


def build_compact_procedure_card(full: Json, record: Json, variant: str) -> Json:
    """Build the short variant of a procedure's card from its full one and the detail."""
    page, is_card = full["url"], variant == "card"
    call = _build_call(full["call"], record["when_to_call"]["items"], f"{page}#call", variant)
    harms = [*_build_form_lines(record), *_build_safety_lines(record, page, variant)]
    benefit = describe_benefit(record, 1 if is_card else 2)
    # What studies found is also in all but the first sentence of the summary.
    lede = record["summary"] or ""
    first = _shorten_summary(lede)
    used = len(call["levels"][0]["text"]) + sum(len(row["name"]) + len(row["text"]) for row in harms)
    has_room = used + len(benefit) + len(first if is_card else lede) <= _MAX_CHARACTERS[variant]
    help_lines = []
    if not benefit:
        help_lines = [line("How much it helps", "not known: no cited figure here")]
    elif has_room:
        help_lines = [line("How much it helps", benefit)]
    # The benefit comes last: on a narrow page a reader who does not scroll misses that, and no harm.
    rows = [*harms, *help_lines, *([] if is_card else _build_other_lines(record, page))]
    return _build_compact_card(full, variant, lede if has_room and not is_card else first, rows, call)


def build_compact_options_card(full: Json, record: Json, options: Json, base: str, variant: str) -> Json:
    """Build the short variant of the options card of a condition."""
    page, limit = full["url"], _MAX_CLAIMS[variant]
    signs, care = options["when_to_call"]["items"], options["no_procedure"]["first_line_care"]["items"]
    rows = [
        line("Signs that need help", *_name_signs(signs, limit, f"{page}#call")),
        line(
            "Care without a procedure", *_name_claims(care, limit, f"{page}#care", record["first_line_care"]["status"])
        ),
        _name_procedures("What treats it", options["treats"]["items"], base, page, variant),
    ]
    if options["diagnoses"]["items"]:
        rows.append(_name_procedures("What tests for it", options["diagnoses"]["items"], base, page, variant))
    lede = _shorten_summary(record["summary"] or "") if variant == "card" else record["summary"]
    call = _build_call(full["call"], record["when_to_call"]["items"], f"{page}#call", variant)
    return _build_compact_card(full, variant, lede, rows, call)


def _build_compact_card(full: Json, variant: str, lede: str | None, rows: list[Json], call: Json) -> Json:
    texts = {"notice": full["notice"], "review": full["review"]}
    if variant == "card":
        # The emergency line is above it, and the page says when the review is due.
        notice = full["notice"]
        texts = {
            "notice": notice | {"text": _first_sentence(notice["text"])},
            "review": full["review"].partition(" Review due")[0],
        }
    sections = [section("short", "", lines_block(rows))]
    return full | {"variant": variant, "lede": lede or None, "sections": sections, "call": call, **texts}


def link_procedure(procedure: Json, base: str) -> Json:
    """Link of a procedure, which a clinic may lead to its own page."""
    slug = procedure["slug"]
    return item(procedure["name"], url=f"{base}/procedures/{slug}", record=f"procedure/{slug}")


def describe_safety(record: Json) -> str:
    """Describe in a line what speaks against a procedure: serious harms with their figures, and who is against it."""
    opposed = [f"{name}: {bodies}" for name, bodies in _list_opposed(record)]
    return ". ".join([f"Serious harms: {_describe_serious_harms(record)}", *opposed]) + "."


def describe_benefit(record: Json, limit: int) -> str:
    """Describe the benefit of a procedure: shares that respond, then the typical relief; empty if neither is known."""
    texts = [
        f"{row['responders']:,} of 1,000 respond ({row['definition']}, {row['time']}); {row['comparison']}".replace(
            ">=", "at least "
        )
        for row in build_response_rows(record["response_rates"]["items"])
        if not row["claim"]["commercial"] and not row["claim"]["citations"][0]["source"]["commercial"]
    ][:1]
    texts += [f"Relief typically lasts {estimate['label']}" for estimate in record["typical_relief"]["items"]]
    return ". ".join(texts[:limit])


def _first_sentence(text: str) -> str:
    first, stop, _ = text.partition(". ")
    return f"{first}." if stop else text


def _shorten_summary(text: str) -> str:
    """Keep the first sentences of a summary, at least one: what it is."""
    kept = _first_sentence(text)
    for sentence in text[len(kept) :].strip().split(". "):
        if not sentence or len(kept) + len(sentence) > _MAX_WHAT_IT_IS:
            break
        kept += f" {sentence.rstrip('.')}."
    return kept


def _describe_serious_harms(record: Json) -> str:
    """Name every serious harm, those with the same figure together."""
    names_by_figure: dict[str, dict[str, None]] = {}
    for row in record["serious_risks"]["items"]:
        names_by_figure.setdefault(describe_figure(row["worst"], row["state"]), {})[row["risk"]["name"]] = None
    if not names_by_figure:
        return _NO_HARM_TEXT if record["risks"]["items"] else "not known: no cited statement on harms here"
    return "; ".join(f"{', '.join(names)}: {figure}" for figure, names in names_by_figure.items())


def _list_opposed(record: Json) -> list[tuple[str, str]]:
    """List who is against a procedure or finds too little evidence: position, and the bodies with their years."""
    bodies_by_position = {
        position: dict.fromkeys(
            describe_body(row) for row in record["positions"]["items"] if row["position"] == position
        )
        for position in ("against", "insufficient")
    }
    return [(vocabulary.POSITIONS[name], "; ".join(bodies)) for name, bodies in bodies_by_position.items() if bodies]


def _build_form_lines(record: Json) -> list[Json]:
    count = record["forms"]["count"]
    return [line(f"{count} forms", "the harms and positions of all of them are listed here")] if count else []


def _build_safety_lines(record: Json, page: str, variant: str) -> list[Json]:
    count = len({row["risk"]["slug"] for row in (*record["risk_groups"]["items"], *record["forms"]["risks"])})
    links = [item(f"All {count} harms", url=f"{page}#harms")] if count else []
    topics = [vocabulary.CONTRAINDICATION_TOPICS[row["topic"]] for row in list_contraindication_topics(record)]
    rows = [line("Serious harms", _describe_serious_harms(record), *links)]
    if topics:
        rows.append(line("Say before if it is true of you", ", ".join(topics).lower()))
    opposed = [line(name, bodies) for name, bodies in _list_opposed(record)]
    others = record["positions"]["items"]
    if others and variant != "card":
        positions = item(f"All {len(others)} positions", url=f"{page}/evidence#positions")
        opposed = opposed or [line("What bodies recommend", "none here is against it")]
        opposed[-1]["items"].append(positions)
    return [*rows, *opposed]


def _build_other_lines(record: Json, page: str) -> list[Json]:
    """Build what a summary says beside the harms: that no procedure is an option, and where the sources disagree."""
    rows = [line("No procedure", "is an option too.", item("What else there is", url=f"{page}#alternatives"))]
    if record["conflicts"]["status"] == "known":
        topics = dict.fromkeys(conflict["dimension"].lower() for conflict in record["conflicts"]["items"])
        rows.append(line("Sources disagree on", "; ".join(topics), item("Each side", url=f"{page}/evidence#evidence")))
    return rows


def _build_call(call: Json, rows: list[Json], url: str, variant: str) -> Json:
    """Build "When to call" in short: the emergency number, the emergencies by name, and a link to all signs."""
    urgent = [row for row in rows if row["tier"] == "emergency"]
    text = _EMERGENCY_LINE if variant == "card" else vocabulary.CALL_ACTIONS["emergency"]
    names = list(dict.fromkeys(emergency["name"] for row in urgent for emergency in row["emergencies"]))
    if names and variant != "card":
        more = f", and {len(names) - _MAX_EMERGENCIES} more" if len(names) > _MAX_EMERGENCIES else ""
        text += f" Emergencies to know of: {', '.join(map(_lower_first, names[:_MAX_EMERGENCIES]))}{more}."
    how_soon = "" if variant == "card" else ", by how soon to get help"
    link = item(f"All {len(rows)} signs{how_soon}", url=url) if rows else call["link"]
    return {
        "heading": "" if variant == "card" else call["heading"],
        "levels": [{"heading": "Emergency", "text": text, "own": bool(urgent)}],
        "link": link,
    }


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[0].lower() + text[1:]


def _name_signs(rows: list[Json], limit: int, url: str) -> tuple[str, *tuple[Json, ...]]:
    """Name the first signs, which are the most urgent, and link all."""
    text = "; ".join(row["sign"].rstrip(".") for row in rows[:limit])
    return (text, *([item(f"All {len(rows)}", url=url)] if len(rows) > limit else []))


def _name_claims(claims: list[Json], limit: int, url: str, status: str) -> tuple[str, *tuple[Json, ...]]:
    """Name the first claims by their labels, and link the others; `status` of their block says why there are none."""
    if not claims:
        return ("not known: no cited statement here" if status == "unknown" else STATUS_TEXTS[status],)
    text = "; ".join(claim["value"]["label"] for claim in claims[:limit])
    return (text, *([item(f"All {len(claims)}", url=url)] if len(claims) > limit else []))


def _name_procedures(name: str, options: list[Json], base: str, page: str, variant: str) -> Json:
    """Name the first procedures, each with its most serious harm, and link all."""
    if not options:
        return line(name, "no data found")
    links: list[Json] = []
    used = 0
    for option in options:
        link = link_procedure(option["procedure"], base) | {"note": _lower_first(describe_worst_harm(option))}
        used += len(link["text"]) + len(link["note"])
        if links and used > _MAX_CHARACTERS[variant] * _SHARE_OF_OPTIONS:
            break
        links.append(link)
    text = f"All {len(options)}, with their harms" if len(options) > 1 else "Its harms"
    return line(name, "", *links, item(text, url=f"{page}#procedures"))
