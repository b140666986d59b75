"""Cards in full: procedure, options of a condition, relief durations and search. `compact.py` has the short variants."""

import math
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import get_evidence_path
from app.formats.comparison import list_conditions
from app.formats.safety import (
    OPPOSED_POSITIONS,
    STATUS_TEXTS,
    describe_position,
    describe_risk,
    describe_topic,
    list_contraindication_topics,
    lower_first,
)
from app.web.charts import TICKS, get_bounds
from app.web.claim_lists import list_sections
from app.web.embed.blocks import (
    CARD_VERSION,
    claims_block,
    facts_block,
    gap_block,
    item,
    line,
    lines_block,
    list_block,
    section,
    source_note,
    table_block,
    text_block,
)
from app.web.embed.compact import describe_safety, link_procedure
from app.web.patient_pages import capitalize_first
from app.web.rates import build_harm_rows, build_response_rows
from app.web.review_text import describe_content_review, describe_review

# Keys of the sections that a website may choose, in their order.
SECTION_KEYS: Final = ("before", "day", "benefit", "harms", "evidence", "alternatives", "after")
# Sections that state no benefit: they may be shown without the harms.
_SECTIONS_WITHOUT_BENEFIT: Final = frozenset({"before", "day", "after"})
_MAX_ROWS: Final = 6
_RELIEF_TITLE: Final = "How long relief lasts"
_SAFETY_TITLE: Final = "What can go wrong"
_PURPOSE_LABELS: Final = {"diagnostic": "to find the source of pain", "therapeutic": "to treat pain"}
_MAIN_TICKS: Final = {"1 day", "1 month", "1 year"}
_NO_CLAIM_TEXT: Final = "Not known: no cited statement in this knowledge base."
_BANDS_TEXT: Final = (
    "Bands: EU scheme on 10,000. Very common 1,000 or more; common 100 to under 1,000; uncommon 10 to under 100; "
    "rare 1 to under 10; very rare under 1."
)
_CLINIC_TEXT: Final = "If something else worries you, call the clinic that treated you."
_EMERGENCY_HEADING: Final = "Emergency"


def build_procedure_card(record: Json, base: str) -> Json:
    """Build the card of a procedure from its detail. `base` is the prefix of links."""
    key_messages = [item(message["text"]) for message in record["texts"]["key_messages"]["items"]]
    sections = [
        *_build_safety_sections(record, base),
        section(
            "key",
            "Key messages",
            list_block(key_messages) if key_messages else gap_block("Not written yet: the cited facts are below."),
        ),
        section("facts", "In short", facts_block(_build_facts(record))),
        *_build_text_sections(record, base, "before", "Before you come", "preparation", "before"),
        *_build_text_sections(record, base, "day", "The day", "what_happens", "day"),
        section("benefit", "The chance of benefit", *_build_benefit_blocks(record, base)),
        section("harms", "Harms", *_build_harm_blocks(record, base)),
        *_build_conflict_sections(record, base),
        section(
            "alternatives",
            "No procedure",
            text_block("No procedure is an option too."),
            _build_conditions_block(record, base),
        ),
        *_build_text_sections(record, base, "after", "Afterwards", "afterwards", "afterwards"),
    ]
    path = f"procedures/{record['slug']}"
    return build_record_card("procedure", record, base, path, sections, lede=record["summary"])


def select_sections(card: Json, keys: list[str]) -> Json:
    """Keep the sections with these keys; a benefit is never shown without what speaks against the procedure."""
    shown = {*keys} if _SECTIONS_WITHOUT_BENEFIT.issuperset(keys) else {"safety", "harms", *keys}
    return card | {"lede": None, "sections": [part for part in card["sections"] if part["key"] in shown]}


def build_options_card(record: Json, options: Json, base: str) -> Json:
    """Build the options card of a condition from its detail and its options document."""
    care = options["no_procedure"]
    signs = [item(capitalize_first(row["sign"]), note=_describe_sign(row)) for row in options["when_to_call"]["items"]]
    sections = [
        section("signs", "Signs that need help", list_block(signs)),
        section(
            "care",
            "Care without a procedure",
            claims_block(
                care["first_line_care"]["items"], base, text_if_empty=_describe_gap(record, "first_line_care")
            ),
        ),
        section(
            "course",
            "If nothing is done",
            claims_block(care["natural_course"]["items"], base, text_if_empty=_describe_gap(record, "natural_courses")),
        ),
        section("treats", "What treats it", _build_options_table("What treats it", options["treats"]["items"], base)),
    ]
    if tests := options["diagnoses"]["items"]:
        sections.append(section("tests", "What tests for it", _build_options_table("What tests for it", tests, base)))
    for structure in options["related_by_structure"]["items"]:
        name = structure["pain_generator"]["name"]
        url = f"{base}/conditions/{record['slug']}/evidence#related-by-structure"
        count = len(structure["diagnoses"]["items"]) + len(structure["reaches"]["items"])
        links = [item(f"{count} {'procedure' if count == 1 else 'procedures'} on the full page", url=url)]
        text = "No source here says that these treat this condition: they reach a structure that it can come from."
        sections.append(section("related", f"Related by structure only: {name}", text_block(text), list_block(links)))
    sections.append(section("order", "Order", text_block(options["order"]["rule"])))
    path, title = f"conditions/{record['slug']}", f"Options: {record['patient_name']}"
    return build_record_card("options", record, base, path, sections, title=title, lede=record["summary"])


def _describe_sign(row: Json) -> str:
    """Describe how soon a sign needs help, and what it can be a sign of: below an emergency, none is named."""
    names = ", ".join(emergency["name"] for emergency in row["emergencies"]) if row["tier"] == "emergency" else ""
    return f"{vocabulary.CALL_TIERS[row['tier']]}: {names}" if names else vocabulary.CALL_TIERS[row["tier"]]


def build_relief_card(record: Json, base: str) -> Json:
    """Build the relief card of a procedure from its detail."""
    claims, title = record["relief_durations"]["items"], f"{_RELIEF_TITLE}: {record['name']}"
    on_forms = _is_on_forms(record, "relief_durations")
    text_if_empty = "Durations are stated on its forms alone." if on_forms else "No cited duration is known."
    block = _build_chart(title, claims, base) if claims else gap_block(text_if_empty)
    path = f"procedures/{record['slug']}/evidence#benefit"
    sections = [_build_chart_safety([record], base), section("chart", record["name"], block)]
    return _shorten_call(build_record_card("relief", record, base, path, sections, title=title, lede=None))


def _shorten_call(card: Json) -> Json:
    """Keep the emergency line of a chart: its safety section links the signs of each procedure."""
    levels = [{"heading": _EMERGENCY_HEADING, "text": vocabulary.CALL_ACTIONS["emergency"], "own": True}]
    return card | {"subtitle": None, "call": card["call"] | {"levels": levels}}


def _build_chart_safety(records: list[Json], base: str) -> Json:
    """Build the section above a chart of benefit: what speaks against each of its procedures."""
    lines = []
    for record in records:
        page = f"{base}/procedures/{record['slug']}"
        links = [item("all harms", url=f"{page}#harms"), item("when to call", url=f"{page}#call")]
        lines.append(line(record["name"], describe_safety(record), *links))
    return section("safety", _SAFETY_TITLE, lines_block(lines))


def merge_relief_cards(cards: list[Json], base: str) -> Json:
    """Merge relief cards into one chart. A procedure without an estimate is named in a gap block."""
    if len(cards) == 1:
        return cards[0]
    blocks = [block for card in cards for block in card["sections"][1]["blocks"]]
    charts = [block for block in blocks if block["kind"] == "chart"]
    rows = [row for chart in charts for row in chart["rows"]]
    gaps = [
        gap_block(f"{card['sections'][1]['heading']}: {lower_first(card['sections'][1]['blocks'][0]['text'])}")
        for card in cards
        if all(block["kind"] != "chart" for block in card["sections"][1]["blocks"])
    ]
    merged_chart = [charts[0] | {"title": _RELIEF_TITLE, "rows": rows}] if charts else []
    lines = [row for card in cards for row in card["sections"][0]["blocks"][0]["items"]]
    sections = [
        section("safety", _SAFETY_TITLE, lines_block(lines)),
        section("chart", "Estimates", *merged_chart, *gaps),
    ]
    return cards[0] | {
        "title": _RELIEF_TITLE,
        "url": f"{base}/relief",
        "sections": sections,
    }


def build_typical_relief_card(claims: list[Json], records: list[Json], current: Json, base: str) -> Json:
    """Build the card of typical relief from the typical estimates of all procedures and the details of these.

    `current` is the release document.
    """
    title = "Typical relief of each procedure"
    block = _build_chart(title, claims, base) if claims else gap_block("No typical duration is known.")
    card = build_card(
        "relief",
        current,
        base,
        slug="",
        title=_RELIEF_TITLE,
        lede=None,
        url=f"{base}/relief",
        sections=[_build_chart_safety(records, base), section("chart", title, block)],
    )
    return _shorten_call(card)


def build_search_card(current: Json, base: str, names: list[Json]) -> Json:
    """Build the search card without results. `current` is the release document."""
    return build_card(
        "search",
        current,
        base,
        slug="",
        title="Search pain procedures",
        lede=None,
        label="What hurts, or the name of a procedure",
        url=f"{base}/search",
        sections=[],
        names=names,
    )


def build_record_card(
    card_type: str, record: Json, base: str, path: str, sections: list[Json], *, title: str = "", lede: str | None
) -> Json:
    """Build the card of a record: its title is what patients call it by default, its subtitle the clinical name."""
    title = title or record["patient_name"]
    return build_card(
        card_type, record, base, slug=record["slug"], title=title, url=f"{base}/{path}", sections=sections
    ) | {"lede": lede, "subtitle": None if record["name"].lower() in title.lower() else record["name"]}


def build_card(card_type: str, source: Json, base: str, **fields: object) -> Json:
    """Build a card from its own fields and those that every card has: when to call, notice, license line and review status.

    `source` is the detail of a record, or the release document.
    """
    review = source["review"]
    reviewed = describe_review(review) if "reviewed_by" in review else describe_content_review(review)
    return {
        "version": CARD_VERSION,
        "type": card_type,
        "variant": "full",
        "subtitle": None,
        # What a clinic adds; None: this server has no edition of a clinic.
        "clinic": None,
        **fields,
        "call": {
            "heading": "When to call",
            "levels": build_call_levels(source["when_to_call"]["items"] if "when_to_call" in source else []),
            "link": item("More on when to get help at once", url=f"{base}/guide/emergencies"),
        },
        "review": f"{reviewed} Review due by {review['review_due']}.",
        "attribution": item(
            source["license"]["attribution"], url=source["license"]["url"], note=source["license"]["name"]
        ),
        "notice": item(source["notice"]["text"], url=f"{base}/notice"),
        "release": source["provenance"]["version"] if "provenance" in source else source["version"],
    }


def build_call_levels(rows: list[Json]) -> list[Json]:
    """Build the levels of "When to call": the emergency number first, then each tier that has signs, then the clinic.

    `own`: the level has signs of this record. Of several cards on a page, only the first shows the other levels.
    """
    signs_by_tier = {
        tier: " ".join(row["sign"].rstrip(".") + "." for row in rows if row["tier"] == tier)
        for tier in vocabulary.CALL_TIERS
    }
    levels = [
        {
            "heading": _EMERGENCY_HEADING if tier == "emergency" else vocabulary.CALL_TIERS[tier],
            "text": f"{vocabulary.CALL_ACTIONS[tier]} {signs}".strip(),
            "own": bool(signs),
        }
        for tier, signs in signs_by_tier.items()
        if signs or tier == "emergency"
    ]
    return [*levels, {"heading": "Call the clinic", "text": _CLINIC_TEXT, "own": False}]


def _build_text_sections(record: Json, base: str, key: str, heading: str, text: str, part: str) -> list[Json]:
    """Build the sections of a part of the page: its prose, then its claims under their headings."""
    paragraphs = [text_block(paragraph["text"]) for paragraph in record["texts"][text]["items"]]
    sections = [section(key, heading, *paragraphs)] if paragraphs else []
    for claims in list_sections(record, part):
        block, items = claims.block, claims.block["items"][: claims.limit]
        gap = STATUS_TEXTS.get(block["status"], "").capitalize()
        blocks = [claims_block(items, base, text_if_empty=f"{gap}.")]
        if rest := len(block["items"]) - len(items):
            url = f"{base}/procedures/{record['slug']}/evidence#{part}"
            blocks.append(list_block([item(f"{rest} more on the full page", url=url)]))
        sections.append(section(key, claims.heading, *blocks))
    return sections or [section(key, heading, gap_block(_NO_CLAIM_TEXT))]


def _build_facts(record: Json) -> list[tuple[str, str, str]]:
    typical = [
        (
            f"Typical relief ({vocabulary.INTENTS[estimate['intent']].lower()})",
            estimate["label"],
            estimate["selection_reason"],
        )
        for estimate in record["typical_relief"]["items"]
    ] or [
        ("Typical relief", "no figure covers all forms" if _is_on_forms(record, "typical_relief") else "not known", "")
    ]
    return [
        ("Kind", vocabulary.PROCEDURE_FAMILIES[record["family"]], ""),
        ("Purpose", " and ".join(_PURPOSE_LABELS[intent] for intent in record["intents"]), ""),
        ("Left in the body", "something stays in the body" if record["implant"] else "nothing", ""),
        *typical,
    ]


def _is_on_forms(record: Json, block: str) -> bool:
    return bool(record[block]["status"] == "stated_on_forms")


def _build_benefit_blocks(record: Json, base: str) -> list[Json]:
    rows = build_response_rows(record["response_rates"]["items"])
    if not rows:
        if _is_on_forms(record, "response_rates"):
            return [gap_block("Shares of people who respond are on the pages of the forms.")]
        return [gap_block("No share of people who respond is known with its definition and its time.")]
    table_rows = [
        [
            item(str(row["responders"])),
            item(str(row["non_responders"])),
            item(row["comparison"]),
            item(row["definition"]),
            item(row["time"]),
            item(row["range"], **source_note(row["claim"], base)),
        ]
        for row in rows[:_MAX_ROWS]
    ]
    header = ["Respond", "Do not", "Comparison", "What counts as a response", "When", "Range and source"]
    return [
        table_block("People who respond, out of 1,000", header, table_rows),
        *_link_more_rows(record, len(rows), "benefit", base),
    ]


def _build_harm_blocks(record: Json, base: str) -> list[Json]:
    rows, base_count = build_harm_rows(record["risks"]["items"])
    if not rows:
        names = list(dict.fromkeys(claim["value"]["risk"]["name"] for claim in record["risks"]["items"]))
        if not names and _is_on_forms(record, "risks"):
            return [gap_block("The sources state harms of its forms: the serious ones are above.")]
        if not names:
            return [gap_block("Harms are not known: no cited statement in this knowledge base.")]
        return [text_block("Sources name these harms without a rate."), list_block([item(name) for name in names])]
    table_rows = [
        [
            item(row["name"]),
            item(f"{row['as_counted']}; {row['withheld_reason']}" if row["withheld_reason"] else row["display"]),
            item(row["per"], note=f"for whom: {row['population']}"),
            item(row["timeframe"]),
            item("no band" if row["withheld_reason"] else row["band"], **source_note(row["claim"], base)),
        ]
        for row in rows[:_MAX_ROWS]
    ]
    header = ["Harm", f"Out of {base_count:,}", "Counted", "Over which time", "Band and source"]
    caption = f"Harms for which a source gives a rate, out of {base_count:,}"
    return [
        table_block(caption, header, table_rows),
        text_block(_BANDS_TEXT),
        *_link_more_rows(record, len(rows), "harms", base),
    ]


def _link_more_rows(record: Json, count: int, anchor: str, base: str) -> list[Json]:
    if count <= _MAX_ROWS:
        return []
    url = f"{base}/procedures/{record['slug']}/evidence#{anchor}"
    return [list_block([item(f"{count - _MAX_ROWS} more rows on the full page", url=url)])]


def _build_safety_sections(record: Json, base: str) -> list[Json]:
    """Build what a reader must not miss: the forms, every serious harm of any form, contraindications, positions against."""
    page = f"{base}/procedures/{record['slug']}"
    forms, serious = record["forms"], record["serious_risks"]["items"]
    sections = []
    if forms["count"]:
        records = [link_procedure(form, base) for form in forms["records"]]
        text = "What follows is about any of them: the harms, warnings and signs of all forms are listed here."
        heading = f"{forms['count']} {'form' if forms['count'] == 1 else 'forms'}"
        sections.append(section("safety", heading, list_block(records), text_block(text)))
    if serious:
        harms = [item(describe_risk(row), url=f"{base}/risks/{row['risk']['slug']}") for row in serious]
        sections.append(section("safety", "Serious harms", list_block(harms)))
    if topics := list_contraindication_topics(record):
        sections.append(
            section(
                "safety",
                "Say before if it is true of you",
                text_block("; ".join(map(describe_topic, topics)) + "."),
            )
        )
    rows = record["positions"]["items"]
    opposed = [row for row in rows if row["position"] in OPPOSED_POSITIONS]
    items = [
        item(
            describe_position(row),
            url=f"{base}{get_evidence_path(row['stated_on']['type'], row['stated_on']['slug'])}#{row['claim']}",
        )
        for row in opposed
    ]
    if len(rows) > len(opposed):
        items.append(item(f"All {len(rows)} positions on the full page", url=f"{page}/evidence#positions"))
    return [*sections, section("safety", "What bodies recommend", list_block(items))] if items else sections


def _build_conflict_sections(record: Json, base: str) -> list[Json]:
    blocks_of_claims = ("findings", "recommendations", "relief_durations")
    claims_by_id = {claim["id"]: claim for name in blocks_of_claims for claim in record[name]["items"]}
    labels = {**vocabulary.POSITIONS, **vocabulary.DIRECTIONS, **vocabulary.RELIEF_POSITIONS}
    blocks = []
    for conflict in record["conflicts"]["items"]:
        positions = [
            item(
                f"{labels.get(group['position'], group['position'])}: {claims_by_id[claim_id]['statement']}",
                **source_note(claims_by_id[claim_id], base),
            )
            for group in conflict["positions"]
            for claim_id in group["claims"][:1]
            if claim_id in claims_by_id
        ]
        blocks += [
            text_block(f"{conflict['dimension']}. One statement of each position; the full page has all."),
            list_block(positions),
        ]
    if forms := record["forms_with_conflicts"]["items"]:
        links = [item(form["name"], url=f"{base}/procedures/{form['slug']}/evidence#evidence") for form in forms]
        blocks += [text_block("Sources disagree on these forms:"), list_block(links)]
    return [section("evidence", "Where sources disagree", *blocks)] if blocks else []


def _describe_gap(record: Json, block: str) -> str:
    status = record[block]["status"]
    return _NO_CLAIM_TEXT if status in {"known", "unknown"} else f"{STATUS_TEXTS[status].capitalize()}."


def _build_conditions_block(record: Json, base: str) -> Json:
    conditions = list_conditions(record)
    if not conditions:
        return gap_block("No cited statement joins this procedure to a condition.")
    return list_block(
        [
            item(f"Care and options: {condition['name']}", url=f"{base}/conditions/{slug}", record=f"condition/{slug}")
            for slug, condition in conditions.items()
        ]
    )


def _build_options_table(caption: str, options: list[Json], base: str) -> Json:
    if not options:
        return gap_block(f"{caption}: no data found.")
    rows = [
        [
            link_procedure(option["procedure"], base),
            item(vocabulary.PROCEDURE_FAMILIES[option["family"]]),
            item(
                "; ".join(typical["label"] for typical in option["typical_relief"]["items"])
                or STATUS_TEXTS[option["typical_relief"]["status"]]
            ),
            item("; ".join(map(describe_risk, option["serious_risks"]["items"])) or "no data found"),
            item(_format_positions(option["positions"]["items"])),
        ]
        for option in options
    ]
    return table_block(caption, ["Procedure", "Kind", "Typical relief", "Serious harms", "What bodies recommend"], rows)


def _format_positions(positions: list[Json]) -> str:
    """Format every position against a procedure, and how many others there are."""
    opposed = [row for row in positions if row["position"] in OPPOSED_POSITIONS]
    others = len(positions) - len(opposed)
    texts = [describe_position(row) for row in opposed]
    if others:
        texts.append(f"{others} {'other position' if others == 1 else 'other positions'}, on its page")
    return "; ".join(texts) or "no data found"


_AXIS_MIN, _AXIS_MAX = math.log(TICKS[0][0] / 2), math.log(TICKS[-1][0] * 1.3)


def _to_axis_share(days: float | None) -> float | None:
    """Position of a duration on the logarithmic axis, from 0 to 1."""
    if days is None:
        return None
    return round(min(max((math.log(days) - _AXIS_MIN) / (_AXIS_MAX - _AXIS_MIN), 0.0), 1.0), 4)


def _describe_measure(value: Json) -> str:
    """Describe what was measured; a ceiling, a total and an aim are named so."""
    measure = vocabulary.MEASURES[value["measure"]]
    statistic = value["statistic"]
    return f"{measure}; {vocabulary.STATISTICS[statistic].lower()}" if statistic in vocabulary.NO_ESTIMATE else measure


def _build_chart(title: str, claims: list[Json], base: str) -> Json:
    rows = [
        {
            "name": claim["subject"]["name"],
            "label": claim["value"]["label"],
            "low": _to_axis_share(get_bounds(claim)[0]),
            "high": _to_axis_share(get_bounds(claim)[1]),
            "typical": claim["value"]["typical"],
            "measured": _describe_measure(claim["value"]),
            "population": claim["qualifiers"]["population"] or "not stated",
            "source": item("", **source_note(claim, base)),
        }
        for claim in claims
    ]
    return {
        "kind": "chart",
        "title": title,
        "explained": "One row an estimate. Filled dots are stated ends; a dashed tail with a hollow dot is an end that is not stated. Time runs in uneven steps from hours to years; the table has the same values.",
        "ticks": [
            {"at": _to_axis_share(days), "label": label, "minor": label not in _MAIN_TICKS} for days, label in TICKS
        ],
        "rows": rows,
    }
