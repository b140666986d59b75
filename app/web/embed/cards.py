"""Cards: a procedure, the options of a condition, and relief durations, each as a small document to embed."""

import math
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json
from app.web.charts import TICKS, ends
from app.web.embed.blocks import VERSION, claims, facts, gap, item, listing, paragraph, section, source_of, table
from app.web.rates import harm_rows, response_rows

_MOST: Final = 6
_RELIEF: Final = "How long relief lasts"
_PURPOSES: Final = {"diagnostic": "to find the source of pain", "therapeutic": "to treat pain"}
_MAIN_TICKS: Final = {"1 day", "1 month", "1 year"}
_NO_CLAIM: Final = "Not known: no cited statement in this knowledge base."
_BANDS: Final = (
    "Bands: EU scheme on 10,000. Very common 1,000 or more; common 100 to under 1,000; uncommon 10 to under 100; "
    "rare 1 to under 10; very rare under 1."
)
_EMERGENCY: Final = (
    "In an emergency, call your local emergency number. Numbness between the legs, where a saddle would touch, needs "
    "care right away."
)
_CLINIC: Final = "Call the clinic that treated you if something worries you. No cited list for this page is known."


def procedure_card(d: Json, base: str) -> Json:
    """A procedure. `d` is its detail, `base` what links start with."""
    keys = [item(one["text"]) for one in d["texts"]["key_messages"]["items"]]
    sections = [
        section("Key messages", listing(keys) if keys else gap("Not written yet: the cited facts stand below.")),
        section("In short", facts(_facts(d))),
        section("The chance of benefit", *_benefit(d, base)),
        section("Harms", *_harms(d, base)),
        *_conflicts(d, base),
        section("No procedure", paragraph("No procedure is an option too."), _conditions(d, base)),
    ]
    return _card("procedure", d, base, f"{base}/procedures/{d['slug']}", sections) | {"lede": d["summary"]}


def options_card(d: Json, options: Json, base: str) -> Json:
    """The way through care for a condition. `d` is its detail, `options` the document of its options."""
    care = options["no_procedure"]
    sections = [
        section(
            "Signs that need help",
            claims(
                options["red_flags"]["items"], base, otherwise="No cited list of signs is known for this condition."
            ),
        ),
        section("Care without a procedure", claims(care["first_line_care"]["items"], base, otherwise=_NO_CLAIM)),
        section("If nothing is done", claims(care["natural_course"]["items"], base, otherwise=_NO_CLAIM)),
    ]
    for through in options["pain_generators"]["items"]:
        name = through["pain_generator"]["name"]
        sections.append(
            section(
                f"Pain from: {name}",
                _options(f"What confirms it: {name}", through["confirms"]["items"], base),
                _options(f"What treats it: {name}", through["treats"]["items"], base),
            )
        )
    if rest := options["other_procedures"]["items"]:
        sections.append(section("Used by sources that name no origin of the pain", _options("Procedures", rest, base)))
    sections.append(section("Order", paragraph(options["order"]["rule"])))
    title = f"Options: {d['name']}"
    return _card("options", d, base, f"{base}/conditions/{d['slug']}", sections) | {
        "title": title,
        "lede": d["summary"],
    }


def relief_card(d: Json, base: str) -> Json:
    """How long relief lasts after one procedure. `d` is its detail."""
    found = d["relief_durations"]["items"]
    blocks = [_chart(f"{_RELIEF}: {d['name']}", found, base)] if found else [gap("No cited duration is known.")]
    return _card("relief", d, base, f"{base}/procedures/{d['slug']}#benefit", [section(d["name"], *blocks)]) | {
        "title": f"How long relief lasts: {d['name']}",
        "lede": None,
    }


def merged_relief(found: list[Json], base: str) -> Json:
    """Relief cards on one axis. A procedure without an estimate is said, never left out."""
    if len(found) == 1:
        return found[0]
    blocks = [block for card in found for block in card["sections"][0]["blocks"]]
    charts = [block for block in blocks if block["kind"] == "chart"]
    rows = [row for chart in charts for row in chart["rows"]]
    silent = [
        gap(f"{card['sections'][0]['heading']}: no cited duration is known.")
        for card in found
        if all(block["kind"] != "chart" for block in card["sections"][0]["blocks"])
    ]
    drawn = [charts[0] | {"title": _RELIEF, "rows": rows}] if charts else []
    sections = [section("Estimates", *drawn, *silent)]
    return found[0] | {"title": _RELIEF, "url": f"{base}/relief", "sections": sections, "call": _calls(found)}


def _calls(found: list[Json]) -> Json:
    """When to call after any of several procedures: what differs is said for each."""
    said: dict[str, list[str]] = {}
    for card in found:
        said.setdefault(card["call"]["levels"][1]["text"], []).append(card["sections"][0]["heading"])
    days = [
        {"heading": f"Call the clinic: {', '.join(names)}" if len(said) > 1 else "Call the clinic", "text": text}
        for text, names in said.items()
    ]
    call: Json = found[0]["call"]
    return call | {"levels": [call["levels"][0], *days]}


def typical_card(found: list[Json], current: Json, base: str) -> Json:
    """The estimate of each procedure that is shown first. `found` are those claims, `current` the release."""
    title = "Typical relief of each procedure"
    drawn = _chart(title, found, base) if found else gap("No typical duration is known.")
    return {
        "version": VERSION,
        "type": "relief",
        "slug": "",
        "title": _RELIEF,
        "lede": None,
        "url": f"{base}/relief",
        "sections": [section(title, drawn)],
        **_always([], current, base),
        "release": current["version"],
    }


def search_card(current: Json, base: str, names: list[Json]) -> Json:
    """The search before anything is typed. `current` is the document of the release."""
    return {
        "version": VERSION,
        "type": "search",
        "slug": "",
        "title": "Search pain procedures",
        "lede": None,
        "label": "What hurts, or the name of a procedure",
        "url": f"{base}/search",
        "sections": [],
        "names": names,
        **_always([], current, base),
        "release": current["version"],
    }


def _card(kind: str, d: Json, base: str, url: str, sections: list[Json]) -> Json:
    return {
        "version": VERSION,
        "type": kind,
        "slug": d["slug"],
        "title": d["name"],
        "url": url,
        "sections": sections,
        **_always(d["texts"]["when_to_call"]["items"], d, base),
        "release": d["provenance"]["version"],
    }


def _always(when: list[Json], d: Json, base: str) -> Json:
    """What no embed is without: when to call, the notice, the licence line, the state of the review."""
    return {
        "call": {
            "heading": "When to call",
            "levels": [
                {"heading": "Emergency", "text": _EMERGENCY},
                {"heading": "Call the clinic", "text": " ".join(one["text"] for one in when) or _CLINIC},
            ],
            "link": item("More on when to get help at once", url=f"{base}/guide/emergencies"),
        },
        "review": f"Review: {d['review']['status']}. Review due by {d['review']['review_due']}.",
        "attribution": item(d["licence"]["attribution"], url=d["licence"]["url"], note=d["licence"]["name"]),
        "notice": item(d["notice"]["text"], url=f"{base}/notice"),
    }


def _facts(d: Json) -> list[tuple[str, str, str]]:
    typical = [
        (
            f"Typical relief ({vocabulary.INTENTS[one['intent']].lower()})",
            one["label"],
            one["chosen_because"],
        )
        for one in d["typical_relief"]["items"]
    ] or [("Typical relief", "not known", "")]
    return [
        ("Kind", vocabulary.FAMILIES[d["family"]], ""),
        ("Purpose", " and ".join(_PURPOSES[one] for one in d["intents"]), ""),
        ("Left in the body", "something stays in the body" if d["implant"] else "nothing", ""),
        *typical,
    ]


def _benefit(d: Json, base: str) -> list[Json]:
    rows = response_rows(d["response_rates"]["items"])
    if not rows:
        return [gap("No share of people who respond is known with its definition and its time.")]
    shown = [
        [
            item(str(row["yes"])),
            item(str(row["no"])),
            item(row["definition"]),
            item(row["when"]),
            item(row["range"], **source_of(row["claim"], base)),
        ]
        for row in rows[:_MOST]
    ]
    head = ["Respond", "Do not", "What counts as a response", "When", "Range and source"]
    return [table("People who respond, out of 1,000", head, shown), *_rest(d, len(rows), "benefit", base)]


def _harms(d: Json, base: str) -> list[Json]:
    rows, per = harm_rows(d["risks"]["items"])
    if not rows:
        named = list(dict.fromkeys(claim["value"]["risk"]["name"] for claim in d["risks"]["items"]))
        if not named:
            return [gap("Harms are not known: no cited statement in this knowledge base.")]
        return [paragraph("Sources name these harms without a rate."), listing([item(name) for name in named])]
    shown = [
        [
            item(row["name"]),
            item(f"{row['raw']}; {row['withheld']}" if row["withheld"] else row["shown"]),
            item(row["per"]),
            item(row["timeframe"]),
            item(row["band"], **source_of(row["claim"], base)),
        ]
        for row in rows[:_MOST]
    ]
    head = ["Harm", f"Out of {per:,}", "Counted", "Over which time", "Band and source"]
    caption = f"Harms for which a source gives a rate, out of {per:,}"
    return [table(caption, head, shown), paragraph(_BANDS), *_rest(d, len(rows), "harms", base)]


def _rest(d: Json, count: int, anchor: str, base: str) -> list[Json]:
    if count <= _MOST:
        return []
    return [
        listing([item(f"{count - _MOST} more rows on the full page", url=f"{base}/procedures/{d['slug']}#{anchor}")])
    ]


def _conflicts(d: Json, base: str) -> list[Json]:
    known = {claim["id"]: claim for key in ("findings", "recommendations") for claim in d[key]["items"]}
    positions = {**vocabulary.POSITIONS, **vocabulary.DIRECTIONS}
    blocks = []
    for conflict in d["conflicts"]["items"]:
        sides = [
            item(
                f"{positions.get(side['position'], side['position'])}: {known[one]['statement']}",
                **source_of(known[one], base),
            )
            for side in conflict["sides"]
            for one in side["claims"][:1]
            if one in known
        ]
        blocks += [
            paragraph(f"Axis: {conflict['axis'].lower()}. One statement of each side; the full page has all."),
            listing(sides),
        ]
    return [section("Where sources disagree", *blocks)] if blocks else []


def _conditions(d: Json, base: str) -> Json:
    found = {one["value"]["condition"]["slug"]: one["value"]["condition"] for one in d["indications"]["items"]}
    if not found:
        return gap("No cited statement joins this procedure to a condition.")
    return listing(
        [item(f"Care and options: {one['name']}", url=f"{base}/conditions/{slug}") for slug, one in found.items()]
    )


def _options(caption: str, found: list[Json], base: str) -> Json:
    if not found:
        return gap(f"{caption}: no data found.")
    rows = [
        [
            item(one["procedure"]["name"], url=f"{base}/procedures/{one['procedure']['slug']}"),
            item(vocabulary.FAMILIES[one["family"]]),
            item("; ".join(_relief(typical) for typical in one["typical_relief"]["items"]) or "no data found"),
            item("a source says so" if one["indicated"]["items"] else "no data found"),
            item(one["edge"]["grade"].replace("_", " ")),
        ]
        for one in found
    ]
    return table(caption, ["Procedure", "Kind", "Typical relief", "Used for this condition", "Certainty"], rows)


def _relief(typical: Json) -> str:
    return str(typical["label"]) + (" (commercial source)" if typical["commercial"] else "")


_LOW, _HIGH = math.log(TICKS[0][0] / 2), math.log(TICKS[-1][0] * 1.3)


def _share(days: float | None) -> float | None:
    """Where a time stands on the logarithmic axis, 0 to 1."""
    if days is None:
        return None
    return round(min(max((math.log(days) - _LOW) / (_HIGH - _LOW), 0.0), 1.0), 4)


def _chart(title: str, found: list[Json], base: str) -> Json:
    rows = [
        {
            "name": claim["subject"]["name"],
            "label": claim["value"]["label"],
            "low": _share(ends(claim)[0]),
            "high": _share(ends(claim)[1]),
            "typical": claim["value"]["typical"],
            "measured": vocabulary.MEASURES[claim["value"]["measure"]],
            "population": claim["qualifiers"]["population"] or "not stated",
            "source": item("", **source_of(claim, base)),
        }
        for claim in found
    ]
    return {
        "kind": "chart",
        "title": title,
        "explained": "One row an estimate. Filled dots are stated ends; a dashed tail with a hollow dot is an end that is not stated. Time runs in uneven steps from hours to years; the table has the same values.",
        "ticks": [{"at": _share(days), "label": label, "minor": label not in _MAIN_TICKS} for days, label in TICKS],
        "rows": rows,
    }
