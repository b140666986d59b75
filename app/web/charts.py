"""Charts as SVG made on the server: one dot-and-line range an estimate, on a logarithmic time axis, with a table beside."""

import math
from typing import Any, Final

from markupsafe import Markup, escape

from app.schemas import vocabulary

Json = dict[str, Any]
TICKS: Final = (
    (1 / 24, "1 hour"),
    (1.0, "1 day"),
    (7.0, "1 week"),
    (30.4375, "1 month"),
    (182.625, "6 months"),
    (365.25, "1 year"),
    (1826.25, "5 years"),
    (3652.5, "10 years"),
)
LEFT, RIGHT, ROW = 330, 930, 26


def _x(days: float) -> float:
    low, high = math.log(TICKS[0][0] / 2), math.log(TICKS[-1][0] * 1.3)
    share = (math.log(days) - low) / (high - low)
    return round(LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0), 1)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _marks(claim: Json, y: float) -> str:
    value = claim["value"]
    low, high = value["min_days"], value["max_days"]
    commercial = " commercial" if all(cited["source"]["commercial"] for cited in claim["citations"]) else ""
    if low is None and high is None:
        return f'<text x="{LEFT}" y="{y + 4}" class="soft">{escape(_short(value["label"], 60))} (no number)</text>'
    if low is None or high is None:
        # One end is stated: a short dashed tail shows which way it is open, not how far.
        stated = _x(low if low is not None else high)
        tail = stated + (28 if high is None else -28)
        return (
            f'<line class="range commercial" x1="{stated}" x2="{tail}" y1="{y}" y2="{y}"/>'
            f'<circle class="dot" cx="{stated}" cy="{y}" r="6"/><circle class="open" cx="{tail}" cy="{y}" r="5"/>'
        )
    start, end = _x(low), _x(high)
    parts = [f'<line class="range{commercial}" x1="{start}" x2="{end}" y1="{y}" y2="{y}"/>'] if low != high else []
    parts.append(f'<circle class="dot" cx="{start}" cy="{y}" r="6"/>')
    if low != high:
        parts.append(f'<circle class="dot" cx="{end}" cy="{y}" r="6"/>')
    return "".join(parts)


def relief_chart(claims: list[Json], *, key: str, title: str, base: str, heading: str) -> Markup:
    """Estimates of relief as a figure: chart, caption, and a table with equal values. Empty where there is none."""
    if not claims:
        return Markup("")
    height = 40 + ROW * len(claims) + 34
    bottom = height - 34
    rows, table = [], []
    for n, claim in enumerate(claims):
        y = 40 + ROW * n
        name = claim["subject"]["name"] if heading == "Procedure" else claim["value"]["label"]
        short = _short(name, 44)
        target = f"{base}/procedures/{claim['subject']['slug']}#{claim['id']}"
        words = f"{claim['subject']['name']}: {claim['value']['label']}"
        rows.append(
            f'<a href="{escape(target)}" aria-label="{escape(words)}"><text x="{LEFT - 14}" y="{y + 4}" text-anchor="end">{escape(short)}</text>'
            f"{_marks(claim, y)}</a>"
        )
        table.append(_table_row(claim, heading, base))
    ticks = "".join(
        f'<line class="axis" x1="{_x(days)}" x2="{_x(days)}" y1="24" y2="{bottom}"/>'
        f'<text class="soft" x="{_x(days)}" y="{bottom + 20}" text-anchor="middle">{label}</text>'
        for days, label in TICKS
        if label not in {"6 months", "5 years"}
    )
    description = "Each row is one estimate. Filled dots are stated ends; hollow dots mean that no end is stated. The time axis is logarithmic."
    svg = (
        f'<svg class="chart" role="img" viewBox="0 0 960 {height}" aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{description}</desc>{ticks}{"".join(rows)}</svg>'
    )
    first = "Procedure" if heading == "Procedure" else "Kind of figure"
    head = f'<thead><tr><th scope="col">{first}</th><th scope="col">Relief</th><th scope="col">Measured</th><th scope="col">For whom</th><th scope="col">Source</th></tr></thead>'
    return Markup(  # noqa: S704 - every value above is escaped
        f"<figure><figcaption><strong>{escape(title)}</strong>. One row an estimate; time in uneven steps from hours to years. The table below has the same values.</figcaption>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}">{svg}</div>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}, as a table"><table><caption>{escape(title)}, as a table</caption>{head}<tbody>{"".join(table)}</tbody></table></div></figure>'
    )


def _table_row(claim: Json, heading: str, base: str) -> str:
    value, cited = claim["value"], claim["citations"][0]["source"]
    first = claim["subject"]["name"] if heading == "Procedure" else vocabulary.STATISTICS[value["statistic"]]
    year = cited["year"] or "year not stated"
    commercial = ", commercial" if cited["commercial"] else ""
    who = claim["qualifiers"]["population"] or "not stated"
    typical = " (typical)" if value["typical"] else ""
    return (
        f'<tr><th scope="row">{escape(first)}</th><td>{escape(value["label"])}{typical}</td><td>{escape(vocabulary.MEASURES[value["measure"]])}</td>'
        f'<td>{escape(who)}</td><td><a href="{base}/sources/{escape(cited["slug"])}">{escape(vocabulary.DESIGNS[cited["design"]])}, {year}</a>{commercial}</td></tr>'
    )
