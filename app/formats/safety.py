"""Safety of procedures in words: risks with their figures, positions, and what the forms of a procedure add."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from app.domain import vocabulary
from app.domain.json import Json

# Positions that a short form never leaves out.
OPPOSED_POSITIONS: Final = frozenset({"against", "insufficient"})
NOT_COUNTED: Final = "what was counted is not stated"
# Block status -> what a cell or a line says in place of items.
STATUS_TEXTS: Final[Mapping[str, str]] = {
    "unknown": "no data found",
    "not_found": "looked for, and not found",
    "stated_on_forms": "not stated for all forms; its forms have statements",
    "not_applicable": "does not apply",
}


def lower_first(text: str) -> str:
    """Write the first letter small, unless it begins an abbreviation."""
    return text if text[:2].isupper() else text[0].lower() + text[1:]


def describe_position(row: Json) -> str:
    """Describe a recorded position in words: position, body, year, and what it covers."""
    scope = f": {row['scope']}" if row["scope"] else ""
    return f"{vocabulary.POSITIONS[row['position']]} ({describe_body(row)}){scope}"


def describe_body(position: Json) -> str:
    """Name a body that takes a position, with its year."""
    return f"{position['body']}, {position['year']}" if position["year"] else str(position["body"])


def describe_figure(figure: Json | None, state: str) -> str:
    """Describe the worst figure of a risk with its denominator and population, or the state of knowledge without one."""
    if figure is None:
        return "how often is not stated" if state == "known" else vocabulary.RISK_STATES[state].lower()
    if state != "known":
        counted = f" ({_describe_denominator(figure)})" if figure["n"] else ""
        rate = f"{vocabulary.RISK_STATES[state].lower()}{counted}"
    elif figure["observed"] is not None and figure["n"]:
        rate = f"{figure['observed']:,} of {_describe_denominator(figure)}"
    else:
        unit = describe_unit(figure["per"])
        rate = f"{format_percent(figure['percent_min'], figure['percent_max'])} {f'of {unit}' if unit else f'({NOT_COUNTED})'}"
    timeframe = f", {figure['timeframe']}" if figure["timeframe"] else ""
    # A rate of one form, or of few people with a complication, is no rate of all who have the procedure; one that counts
    # several harms together is no rate of this one.
    limits = [
        lower_first(figure["composite"]) if figure["composite"] else None,
        figure["form"],
        f"for whom: {figure['population']}" if figure["population"] else None,
    ]
    covered = "; ".join(filter(None, limits))
    return f"{rate}{timeframe} ({covered})" if covered else f"{rate}{timeframe}"


def describe_unit(per: str | None) -> str:
    """Name what a rate counts, such as "people"; empty if the source does not say."""
    return "" if per in {None, "not_stated"} else vocabulary.RISK_DENOMINATORS[per].lower()


def _describe_denominator(figure: Json) -> str:
    return f"{figure['n']:,} {describe_unit(figure['per']) or f'({NOT_COUNTED})'}"


def format_percent(low: float | None, high: float | None) -> str:
    """Format a share whose ends may be unknown; empty if both are."""
    if low is None:
        return "" if high is None else f"at most {high:g} %"
    if high is None:
        return f"at least {low:g} %"
    return f"{low:g} %" if low == high else f"{low:g} to {high:g} %"


def describe_risk(row: Json) -> str:
    """Describe a group of risk claims in a line: risk, seriousness and worst figure."""
    seriousness = vocabulary.SERIOUSNESS[row["seriousness"]].split(":")[0].lower()
    return f"{row['risk']['name']} ({seriousness}): {describe_figure(row['worst'], row['state'])}"


def describe_risks(rows: list[Json]) -> str:
    """Describe groups of risk claims in a line; those of one seriousness with the same figure stand together."""
    return _join_names(rows, lambda row: describe_risk(row).removeprefix(row["risk"]["name"]))


def _join_names(rows: Iterable[Json], describe: Callable[[Json], str]) -> str:
    """Name risks in a line: those that are described alike together, before what describes them."""
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        names.setdefault(describe(row), {})[row["risk"]["name"]] = None
    return "; ".join(f"{', '.join(risks)}{description}" for description, risks in names.items())


def describe_worst_harm(option: Json) -> str:
    """Describe the most serious harm of a procedure and its forms with its worst figure, where there is no room for all."""
    rows = option["serious_risks"]["items"]
    return f"Most serious harm: {describe_risk(rows[0])}" if rows else "Serious harms: no data found"


def list_risk_groups(document: Json) -> list[Json]:
    """List the risks of a procedure and then those of its forms that it does not state itself, the most serious first."""
    own = document["risk_groups"]["items"]
    stated = {(row["risk"]["slug"], row["seriousness"]) for row in own}
    rows = [
        *own,
        *(row for row in document["forms"]["risks"] if (row["risk"]["slug"], row["seriousness"]) not in stated),
    ]
    return sorted(rows, key=lambda row: vocabulary.SERIOUSNESS_RANK[row["seriousness"]])


def list_contraindication_topics(document: Json) -> list[Json]:
    """List the topics of contraindications of a procedure and its forms with the strongest strength, the strongest first."""
    strengths: dict[str, str] = {}
    rank = vocabulary.CONTRAINDICATION_STRENGTH_RANK

    def add(topics: Iterable[str], strength: str) -> None:
        for topic in topics:
            strengths[topic] = min(strengths.get(topic, strength), strength, key=rank.__getitem__)

    for claim in document["contraindications"]["items"]:
        add(claim["value"]["topics"], claim["value"]["strength"])
    for row in document["forms"]["contraindications"]:
        add([row["topic"]], row["strength"])
    rows = [{"topic": topic, "strength": strength} for topic, strength in strengths.items()]
    return sorted(rows, key=lambda row: rank[row["strength"]])


def describe_topic(row: Json) -> str:
    """Describe a topic of contraindications with its strength."""
    topic = vocabulary.CONTRAINDICATION_TOPICS[row["topic"]]
    return f"{topic} ({vocabulary.CONTRAINDICATION_STRENGTHS[row['strength']].lower()})"


def iter_safety_lines(document: Json, *, max_signs: int | None = None, with_scopes: bool = True) -> Iterator[str]:
    """Yield what a reader of a record must not miss, a sentence or list a line, for forms without tables.

    Its forms, the serious risks of any form, positions against, topics of contraindications, disagreements and emergency
    signs. `max_signs` bounds the signs; without scopes a body is named once.
    """
    if count := document["forms"]["count"]:
        names = ", ".join(form["name"] for form in document["forms"]["records"])
        yield f"{count} {'form' if count == 1 else 'forms'}, whose harms are included here: {names}."
    if document["type"] == "procedure":
        yield from iter_harm_lines(document, with_scopes=with_scopes)
        if topics := list_contraindication_topics(document):
            yield f"Contraindications: {'; '.join(map(describe_topic, topics))}."
        if document["conflicts"]["items"]:
            yield "Sources disagree on it."
        if forms := document["forms_with_conflicts"]["items"]:
            yield f"Sources disagree on these forms: {', '.join(form['name'] for form in forms)}."
    signs = [row["sign"] for row in document["when_to_call"]["items"] if row["tier"] == "emergency"]
    yield from describe_signs(signs, max_signs)


def iter_harm_lines(procedure: Json, *, with_scopes: bool = True) -> Iterator[str]:
    """Yield the serious risks of a procedure and its forms, and the positions against it; also from a list row."""
    if risks := procedure["serious_risks"]["items"]:
        yield f"Serious harms: {describe_risks(risks)}."
    rows = (row if with_scopes else {**row, "scope": None} for row in procedure["positions"]["items"])
    if opposed := dict.fromkeys(describe_position(row) for row in rows if row["position"] in OPPOSED_POSITIONS):
        yield f"Positions against: {'; '.join(opposed)}."


def describe_signs(signs: list[str], max_signs: int | None = None) -> list[str]:
    """Describe emergency signs in one line with what to do; no line without signs."""
    if not signs:
        return []
    more = f"; and {len(signs) - max_signs} more" if max_signs and len(signs) > max_signs else ""
    return [
        f"{vocabulary.CALL_ACTIONS['emergency']} {'; '.join(sign.rstrip('.') for sign in signs[:max_signs])}{more}."
    ]


def describe_serious_harms(record: Json, named: int | None = None, figures: int | None = None) -> str:
    """Name the serious harms, the most serious first: the first `figures` with theirs, others alone, `named` in all."""
    rows = record["serious_risks"]["items"]
    if not rows:
        return "no source here names one" if record["risks"]["items"] else "not known: no cited statement on harms here"
    described = rows[:figures]
    names = {row["risk"]["name"] for row in described}
    others = [row for row in rows[:named] if row["risk"]["name"] not in names]
    texts = [
        _join_names(described, lambda row: f": {describe_figure(row['worst'], row['state'])}"),
        _join_names(others, lambda _: ""),
    ]
    return "; ".join(filter(None, texts))
