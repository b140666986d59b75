"""Short variants of the cards, `card` and `summary`: what a reader must know in a fixed height, without scrolling.

What speaks against a procedure comes first: every serious harm by name, then the positions against, then the worst figures of
the harms and the topics of contraindications, and the emergency line. Of each the first are shown, the most serious and the
strongest first, as many as there is room for, with how many more there are. A card without room to name every serious harm
runs its lines together in smaller letters. A benefit is shown where all of them fit; else a link to it, below the harms.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from app.domain import vocabulary
from app.domain.json import Json
from app.formats.safety import (
    STATUS_TEXTS,
    describe_body,
    describe_serious_harms,
    describe_worst_harm,
    list_contraindication_topics,
    lower_first,
)
from app.web.embed.blocks import item, line, lines_block, section
from app.web.patient_pages import shorten_summary
from app.web.rates import build_response_rows

VARIANTS: Final = ("card", "summary", "full")


def _count_lines(text: str | None, characters: int) -> int:
    """Count the lines of a text that is broken between words."""
    lines, used = 1, 0
    for word in (text or "").split():
        used += len(word) + 1
        if used > characters + 1:
            lines, used = lines + 1, len(word) + 1
    return lines if text else 0


class _Layout(NamedTuple):
    """Room of a variant on a phone with a margin beside the card: lines, and characters of a line."""

    max_lines: int
    characters: int
    # The rows run together in smaller letters.
    is_run_in: bool = False

    def count_heading(self, title: str, *texts: str | None) -> float:
        """Count the lines of the title, in larger letters, and of the texts beside the rows, in lines of the rows."""
        lines = _count_lines(title, _TITLE_CHARACTERS) + sum(_count_lines(text, _TEXT_CHARACTERS) for text in texts)
        return lines * (_RUN_IN_RATIO if self.is_run_in else 1)

    def count_rows(self, rows: list[Json]) -> int:
        """Count the lines of rendered rows."""
        texts = [
            " ".join((f"{row['name']}:", row["text"], *(f"{entry['text']} {entry['note']}," for entry in row["items"])))
            for row in rows
        ]
        return sum(_count_lines(text, self.characters) for text in ([" ".join(texts)] if self.is_run_in else texts))


_TITLE_CHARACTERS: Final = 39
_TEXT_CHARACTERS: Final = 39
# Height of a line beside the rows that run together, in lines of these.
_RUN_IN_RATIO: Final = 1.1
_LAYOUTS: Final = {
    "card": [_Layout(16, 39), _Layout(18, 44, is_run_in=True)],
    "summary": [_Layout(27, 40), _Layout(29, 44, is_run_in=True)],
}
_MAX_EMERGENCIES: Final = 3
_EMERGENCY_LINES: Final = (
    "Call your local emergency number (for example 911, 112 or 999) now.",
    "Call your local emergency number now.",
)
_NO_CLAIM: Final = "not known: no cited statement here"


class _Row(NamedTuple):
    """A line of a short variant, which can be rendered in steps: with each it says more."""

    steps: int
    render: Callable[[int], Json]
    # Steps that it takes before other lines take their second.
    urgent_steps: int = 1


def build_compact_procedure_card(full: Json, record: Json, variant: str) -> Json:
    """Build the short variant of a procedure's card from its full one and the detail."""
    page, summary = full["url"], record["summary"] or ""
    calls = _build_calls(full["call"], record["when_to_call"]["items"], f"{page}#call", variant)
    harms = _list_safety_rows(record, page, variant)
    others: list[_Row] = []
    if variant == "summary":
        harms, others = [*harms, *_list_form_rows(record)], _list_other_rows(record, page)
    # The benefit comes after the harms: on a narrow page a reader who does not scroll misses that, and no harm.
    rows = [*harms, _build_help_row(record, page, 1 if variant == "card" else 2), *others]
    return _build_compact_card(full, variant, summary, rows, calls, last=len(harms))


def _build_help_row(record: Json, page: str, limit: int) -> _Row:
    """Build the row of the benefit: first that none is known, or a link to it; then the benefit, at most `limit` texts."""
    name, benefit = "How much it helps", describe_benefit(record, limit)
    rates = record["response_rates"]
    if benefit or rates["items"]:
        link = line(name, "", item("on the page, beside its harms", url=f"{page}#benefit"))
        return _Row(2 if benefit else 1, lambda steps: line(name, benefit) if steps > 1 else link)
    status = rates["status"]
    text = "not known: no cited figure here" if status == "unknown" else STATUS_TEXTS[status].partition(";")[0]
    return _Row(1, lambda _: line(name, text))


def build_compact_options_card(full: Json, record: Json, options: Json, base: str, variant: str) -> Json:
    """Build the short variant of the options card of a condition."""
    page = full["url"]
    signs, care = options["when_to_call"]["items"], options["no_procedure"]["first_line_care"]["items"]
    rows = [
        _name_texts("Signs that need help", [row["sign"].rstrip(".") for row in signs] or [_NO_CLAIM], f"{page}#call"),
        _name_claims("Care without a procedure", care, f"{page}#care", record["first_line_care"]["status"]),
        _name_procedures("What treats it", options["treats"]["items"], base, page),
    ]
    if options["diagnoses"]["items"]:
        rows.append(_name_procedures("What tests for it", options["diagnoses"]["items"], base, page))
    calls = _build_calls(full["call"], record["when_to_call"]["items"], f"{page}#call", variant)
    return _build_compact_card(full, variant, record["summary"] or "", rows, calls, last=3)


def _build_compact_card(
    full: Json,
    variant: str,
    summary: str,
    rows: list[_Row],
    calls: list[Json],
    *,
    last: int,
) -> Json:
    """Build a short variant: the rows that fit, below the name and what it is.

    What it is, and then "When to call", of which `calls` has the wordings from long to short, leave them room.
    """
    attempts = list(_iter_attempts(full, variant, summary, rows, calls, last))
    rank = max(attempt.rank for attempt in attempts)
    # Where nothing fits, the shortest has the most room for harms.
    attempt = next(attempt for attempt in attempts if attempt.rank == rank) if rank else attempts[-1]
    texts = {"notice": full["notice"], "review": full["review"]}
    if variant == "card":
        # The emergency line is above it, and the page says when the review is due.
        texts = {
            "notice": full["notice"] | {"text": _first_sentence(full["notice"]["text"])},
            "review": full["review"].partition(" Review due")[0],
        }
    sections = [section("short", "", lines_block(attempt.rows, is_run_in=attempt.is_run_in))]
    return full | attempt.heading | {"variant": variant, "sections": sections} | texts


class _Attempt(NamedTuple):
    """A short variant in a layout. `rank`: 0 lacks something of its first row, 1 something urgent, 2 nothing urgent, 3 nothing."""

    rank: int
    heading: Json
    rows: list[Json]
    is_run_in: bool


def _iter_attempts(
    full: Json, variant: str, summary: str, rows: list[_Row], calls: list[Json], last: int
) -> Iterator[_Attempt]:
    """Yield the variant in each layout, from roomy to short, up to the first that lacks nothing.

    Rows run together only where something urgent would otherwise be missing, and what it is goes only where the first row would
    otherwise lack something.
    """
    best = 0
    for layout, name, lede, call in _iter_layouts(full, variant, summary, calls):
        if best == 3 or (best == 2 and layout.is_run_in) or (best and not lede):
            return
        [level] = call["levels"]
        call_text = f"{level['heading']}: {level['text']} {call['link']['text']}"
        max_lines = layout.max_lines - layout.count_heading(full["title"], name, lede, call_text)
        steps = _fit_rows(rows, max_lines, last, layout)
        rendered = _render_rows(rows, steps)
        fits = layout.count_rows(rendered) <= max_lines
        is_urgent = fits and all(steps[n] >= row.urgent_steps for n, row in enumerate(rows))
        is_whole = all(count == row.steps for count, row in zip(steps, rows, strict=True))
        # Beside a whole summary stands everything else.
        if fits and is_whole:
            rank = 3
        elif is_urgent and lede != summary:
            rank = 2
        else:
            rank = int(fits and steps[0] >= rows[0].urgent_steps)
        heading = {"subtitle": name, "lede": lede or None, "call": call}
        best = max(best, rank)
        yield _Attempt(rank, heading, rendered, layout.is_run_in)


def _iter_layouts(
    full: Json, variant: str, summary: str, calls: list[Json]
) -> Iterator[tuple[_Layout, str | None, str, Json]]:
    """Yield the layouts to try, from roomy to short: layout, subtitle, what it is, and "When to call"."""
    first, subtitle = _first_sentence(summary), full["subtitle"]
    names = [(subtitle, shorten_summary(summary)), (subtitle, first), (None, first)]
    # What studies found is also in all but the first sentences of a summary: they are shown where everything else is.
    whole = [(subtitle, summary)] if variant == "summary" else []
    for layout in _LAYOUTS[variant]:
        yield from ((layout, *texts, calls[0]) for texts in (*whole, *names))
        yield from ((layout, *names[-1], call) for call in calls[1:])
    yield layout, None, "", calls[-1]


def _fit_rows(rows: list[_Row], max_lines: float, last: int, layout: _Layout) -> list[int]:
    """Fit rows into a number of lines: each takes its first step, then its urgent steps, then one more in turn.

    The row with the index `last` takes its second step only where all the others are whole and leave it room. Returns the
    steps of each.
    """
    steps = [1] * len(rows)

    def grow(max_steps: dict[int, int]) -> None:
        growing = list(max_steps)
        while growing:
            for n in [*growing]:
                steps[n] += 1
                if steps[n] > max_steps[n] or layout.count_rows(_render_rows(rows, steps)) > max_lines:
                    steps[n] -= 1
                    growing.remove(n)

    for n, row in enumerate(rows):
        grow({n: row.urgent_steps})
    others = {n: row.steps for n, row in enumerate(rows) if n != last}
    grow(others)
    if all(steps[n] == count for n, count in others.items()):
        grow({n: row.steps for n, row in enumerate(rows) if n == last})
    return steps


def _render_rows(rows: list[_Row], steps: list[int]) -> list[Json]:
    return [row.render(count) for row, count in zip(rows, steps, strict=True)]


def link_procedure(procedure: Json, base: str) -> Json:
    """Link of a procedure, which a clinic may lead to its own page."""
    slug = procedure["slug"]
    return item(procedure["name"], url=f"{base}/procedures/{slug}", record=f"procedure/{slug}")


def describe_safety(record: Json) -> str:
    """Describe in a line what speaks against a procedure: serious harms with their figures, and who is against it."""
    opposed = [f"{name}: {'; '.join(bodies)}" for name, bodies in _list_opposed(record)]
    return ". ".join([f"Serious harms: {describe_serious_harms(record)}", *opposed]) + "."


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


def _list_opposed(record: Json) -> list[tuple[str, list[str]]]:
    """List who is against a procedure or finds too little evidence: position, and the bodies with their years."""
    bodies_by_position = {
        position: dict.fromkeys(
            describe_body(row) for row in record["positions"]["items"] if row["position"] == position
        )
        for position in ("against", "insufficient")
    }
    return [(vocabulary.POSITIONS[name], [*bodies]) for name, bodies in bodies_by_position.items() if bodies]


def _list_form_rows(record: Json) -> list[_Row]:
    count = record["forms"]["count"]
    row = line(f"{count} forms", "the harms and positions of all of them are listed here")
    return [_Row(1, lambda _: row)] if count else []


def _list_safety_rows(record: Json, page: str, variant: str) -> list[_Row]:
    """List what speaks against a procedure: serious harms, topics of contraindications, and the positions against it."""
    is_card, forms = variant == "card", record["forms"]["count"]
    serious = record["serious_risks"]["items"]
    count = len({row["risk"]["slug"] for row in (*record["risk_groups"]["items"], *record["forms"]["risks"])})
    harms_name = f"Serious harms of its {forms} forms" if is_card and forms > 1 else "Serious harms"

    def render_harms(steps: int) -> Json:
        """Name one harm with each step, then give each its figure: a name without a figure still warns."""
        named, figures = min(steps, len(serious)), max(steps - len(serious), 0)
        left = len(serious) - named
        more = f"{left} more serious, " if left > 0 else ""
        links = (
            [item(f"{more or 'All '}{count} harms{' in all' if more else ''}", url=f"{page}#harms")] if count else []
        )
        text = describe_serious_harms(record, named, figures)
        return line(harms_name, text + (";" if more else "."), *links)

    rows = [_Row(max(2 * len(serious), 1), render_harms, urgent_steps=max(len(serious), 1))]
    topics = [vocabulary.CONTRAINDICATION_TOPICS[row["topic"]].lower() for row in list_contraindication_topics(record)]
    if topics:
        row = _name_texts("Say before if it is true of you", topics, f"{page}#for-me")
        rows.append(_Row(row.steps + 1, lambda steps: row.render(steps - 1), urgent_steps=2))
    return [*rows, *_list_position_rows(record, f"{page}/evidence#positions", is_card=is_card)]


def _list_position_rows(record: Json, url: str, *, is_card: bool) -> list[_Row]:
    """List who is against a procedure or finds too little evidence; a card has one line for both."""
    opposed, positions = _list_opposed(record), record["positions"]["items"]
    if is_card and opposed:
        (name, bodies), *others = opposed
        texts = [*bodies, *(f"{lower_first(other)}: {body}" for other, more in others for body in more)]
        return [_name_texts(name, texts, url)._replace(urgent_steps=len(texts))]
    rows = [_name_texts(name, bodies, url)._replace(urgent_steps=len(bodies)) for name, bodies in opposed]
    if positions and not is_card:
        last = rows.pop() if rows else _name_texts("What bodies recommend", ["none here is against it"], url)
        every = item(f"All {len(positions)} positions", url=url)
        rows.append(last._replace(render=lambda steps: (row := last.render(steps)) | {"items": [*row["items"], every]}))
    return rows


def _name_texts(name: str, texts: list[str], url: str) -> _Row:
    """Name texts; `url` has those that are left out."""

    def render(limit: int) -> Json:
        text, count = "; ".join(texts[:limit]), len(texts) - limit
        more = [item(f"{count} more" if limit else f"{count} on the page", url=url)] if count else []
        return line(name, f"{text};" if text and more else text, *more)

    return _Row(len(texts), render)


def _list_other_rows(record: Json, page: str) -> list[_Row]:
    """List what a summary says beside the harms: that no procedure is an option, and where the sources disagree."""
    none = line("No procedure", "is an option too.", item("What else there is", url=f"{page}#alternatives"))
    rows = [_Row(1, lambda _: none)]
    if record["conflicts"]["status"] == "known":
        topics = list(dict.fromkeys(conflict["dimension"].lower() for conflict in record["conflicts"]["items"]))
        rows.append(_name_texts("Sources disagree on", topics, f"{page}/evidence#evidence"))
    return rows


def _build_calls(call: Json, rows: list[Json], url: str, variant: str) -> list[Json]:
    """Build "When to call" in short: the emergency number and a link to all signs; first with the emergencies by name."""
    urgent = [row for row in rows if row["tier"] == "emergency"]
    texts = [*_EMERGENCY_LINES[: 2 if variant == "card" else 1]]
    names = list(dict.fromkeys(emergency["name"] for row in urgent for emergency in row["emergencies"]))
    if variant != "card":
        more = f", and {len(names) - _MAX_EMERGENCIES} more" if len(names) > _MAX_EMERGENCIES else ""
        known = f" Emergencies to know of: {', '.join(map(lower_first, names[:_MAX_EMERGENCIES]))}{more}."
        texts.insert(0, vocabulary.CALL_ACTIONS["emergency"] + (known if names else ""))
    how_soon = "" if variant == "card" else ", by how soon to get help"
    link = item(f"All {len(rows)} signs{how_soon}", url=url) if rows else call["link"]
    return [
        {
            "heading": "" if variant == "card" else call["heading"],
            "levels": [{"heading": "Emergency", "text": text, "own": bool(urgent)}],
            "link": link,
        }
        for text in texts
    ]


def _name_claims(name: str, claims: list[Json], url: str, status: str) -> _Row:
    """Name claims by their labels, and link the others; without room for the first, link them alone.

    `status` of their block says why there are none.
    """
    if not claims:
        return _name_texts(name, [_NO_CLAIM if status == "unknown" else STATUS_TEXTS[status]], url)
    row = _name_texts(name, [claim["value"]["label"] for claim in claims], url)
    return _Row(row.steps + 1, lambda steps: row.render(steps - 1))


def _name_procedures(name: str, options: list[Json], base: str, page: str) -> _Row:
    """Name procedures, each with its most serious harm, and link all; without room for the first, link all alone."""
    if not options:
        return _name_texts(name, ["no data found"], page)
    links = [
        link_procedure(option["procedure"], base) | {"note": lower_first(describe_worst_harm(option))}
        for option in options
    ]
    text = f"{len(options)} in all, with their harms" if len(options) > 1 else "1, with its harms"
    return _Row(len(links) + 1, lambda steps: line(name, "", *links[: steps - 1], item(text, url=f"{page}#procedures")))
