"""Ranges of relief as SVG made on the server: dots and lines on a logarithmic time axis, with a table of equal values.

The picture is one image with a title and a description; the links lie over it in a drawing of their own, because what
stands inside an image is not offered to the keyboard by every reader. Widths are shares, so that no text is scaled.
"""

import math
import textwrap
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

from app.domain import vocabulary
from app.domain.json import Json

TICKS: Final = (
    (1 / 24, "1 hour"),
    (1.0, "1 day"),
    (7.0, "1 week"),
    (30.4375, "1 month"),
    (365.25, "1 year"),
    (3652.5, "10 years"),
)
LINE, ROW, TOP, BOTTOM = 19, 44, 44, 52
# What fits in a line of a chart on a page 320 px wide.
_NAME, _WORDS = 34, 47
DESCRIPTION: Final = (
    "Each row is one estimate. A filled dot is a stated end. A dashed tail with a hollow dot means that the source states no "
    "end on that side. A dashed line comes from commercial sources only. The steps of the time axis are uneven: it is logarithmic."
)


def _x(days: float) -> float:
    """Place of a duration on the axis, in percent of the width."""
    low, high = math.log(TICKS[0][0] / 1.6), math.log(TICKS[-1][0] * 1.6)
    share = (math.log(days) - low) / (high - low)
    return round(2 + 96 * min(max(share, 0.0), 1.0), 2)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def ends(claim: Json) -> tuple[float | None, float | None]:
    """Shortest and longest relief of an estimate in days; None: that end is not stated, or relief was still present."""
    value = claim["value"]
    return value["min_days"], None if value["ongoing"] else value["max_days"]


def differ(claims: Iterable[Json]) -> bool:
    """True where two estimates of the same intent have no duration in common."""
    spans = [(one["value"]["intent"], *ends(one)) for one in claims if any(end is not None for end in ends(one))]
    return any(
        intent == other and high is not None and low is not None and high < low
        for intent, _, high in spans
        for other, low, _ in spans
    )


def _line(css: str, start: float, end: float, y: int) -> str:
    return f'<line class="{css}" x1="{start}%" x2="{end}%" y1="{y}" y2="{y}"/>'


def _dot(css: str, x: float, y: int) -> str:
    return f'<circle class="{css}" cx="{x}%" cy="{y}" r="{6 if css == "dot" else 5}"/>'


def _marks(claim: Json, y: int) -> str:
    low, high = ends(claim)
    if low is None and high is None:
        # Ongoing with only a longest figure is "at least" that figure.
        low = claim["value"]["max_days"]
    if low is None and high is None:
        return f'<text class="soft" x="2%" y="{y + 4}">in words only, no number</text>'
    if low is None or high is None:
        # One end is stated: a short dashed tail shows which way it is open, not how far.
        stated = _x(low if low is not None else high or 1)
        tail = min(stated + 7, 99.0) if high is None else max(stated - 7, 1.0)
        return _line("tail", stated, tail, y) + _dot("open", tail, y) + _dot("dot", stated, y)
    commercial = " commercial" if all(cited["source"]["commercial"] for cited in claim["citations"]) else ""
    start, end = _x(low), _x(high)
    if low == high:
        return _dot("dot", start, y)
    return _line(f"range{commercial}", start, end, y) + _dot("dot", start, y) + _dot("dot", end, y)


def _source(claim: Json) -> str:
    cited = claim["citations"][0]["source"]
    year = f", {cited['year']}" if cited["year"] else ""
    return f"{vocabulary.DESIGNS[cited['design']]}{year}{', commercial' if cited['commercial'] else ''}"


def _brief(claim: Json) -> str:
    """The kind of the first source in a word or two, as a line of the chart has room for."""
    cited = claim["citations"][0]["source"]
    kind = {"rct": "Trial", "cohort": "Cohort", "patient_education": "Leaflet", "coverage_policy": "Payer"}.get(
        cited["design"], vocabulary.DESIGNS[cited["design"]]
    )
    return f"{kind} {cited['year']}" if cited["year"] else kind


def _axis(bottom: int) -> str:
    # Named above and below, in two lines each: at 320 px neighbours would touch.
    return "".join(
        f'<line class="axis" x1="{_x(days)}%" x2="{_x(days)}%" y1="{TOP}" y2="{bottom}"/>'
        + "".join(
            f'<text class="soft" x="{_x(days)}%" y="{y + 17 * (n % 2)}" text-anchor="{_anchor(n)}">{label}</text>'
            for y in (16, bottom + 18)
        )
        for n, (days, label) in enumerate(TICKS)
    )


def _anchor(n: int) -> str:
    return "start" if n == 0 else "end" if n == len(TICKS) - 1 else "middle"


def relief_chart(claims: list[Json], *, key: str, title: str, base: str, heading: str) -> Markup:
    """Estimates of relief as a figure: chart, caption, and a table with equal values. Empty where there is none.

    `heading` "Procedure" groups estimates by procedure and says where they have nothing in common.
    """
    if not claims:
        return Markup("")
    grouped = heading == "Procedure"
    y, bands, drawn, links, table = TOP, [], [], [], []
    for _, members in groupby(claims, key=lambda one: one["subject"]["slug"]):
        group = list(members)
        if grouped:
            head, height = _heading(group, y)
            bands.append(_band(y, height + ROW * len(group)))
            drawn.append(head)
            y += height
        for claim in group:
            words = _short(f"{claim['value']['label']} · {_brief(claim)}", _WORDS)
            drawn.append(f'<text x="2%" y="{y + 15}">{escape(words)}</text>{_marks(claim, y + 29)}')
            links.append(_link(claim, y, base))
            table.append(_table_row(claim, grouped=grouped, base=base))
            y += ROW
    height = y + BOTTOM
    svg = (
        f'<svg role="img" width="100%" height="{height}" aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{DESCRIPTION}</desc>{"".join(bands)}{_axis(y)}{"".join(drawn)}</svg>'
    )
    over = f'<svg class="links" role="group" aria-label="Estimates in the chart" width="100%" height="{height}">{"".join(links)}</svg>'
    words = "One row an estimate. Time runs in uneven steps, from hours to years. "
    words += "A dashed tail is open: the source states no end there. The table below has the same values."
    return Markup(  # noqa: S704 - every value above is escaped
        f"<figure><figcaption><strong>{escape(title)}</strong>{words}</figcaption>"
        f'<div class="plot">{svg}{over}</div>{_table(title, table, grouped=grouped)}</figure>'
    )


def _heading(group: list[Json], y: int) -> tuple[str, int]:
    """Name of a procedure over its estimates, and the height that it takes."""
    lines = [("group", line) for line in textwrap.wrap(group[0]["subject"]["name"], _NAME)]
    if differ(group):
        lines.append(("differ", "≠ Sources differ: nothing in common"))
    shown = [
        f'<text class="{css}" x="2%" y="{y + 24 + LINE * n}">{escape(line)}</text>'
        for n, (css, line) in enumerate(lines)
    ]
    return "".join(shown), 14 + LINE * len(lines)


def _band(y: int, height: int) -> str:
    return f'<rect class="band" x="0" y="{y + 4}" width="100%" height="{height - 6}" rx="6"/>'


def _link(claim: Json, y: int, base: str) -> str:
    target = escape(f"{base}/procedures/{claim['subject']['slug']}#{claim['id']}")
    words = escape(f"{claim['subject']['name']}: {claim['value']['label']}, {_source(claim)}")
    return (
        f'<a href="{target}" aria-label="{words}"><rect x="2" y="{y + 1}" width="99%" height="{ROW - 4}" rx="5"/></a>'
    )


def _table(title: str, rows: list[str], *, grouped: bool) -> str:
    heads = (*(("Procedure",) if grouped else ()), "Relief", "What the figure is", "Measured", "For whom", "Source")
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    name = f"{escape(title)}, as a table"
    return (
        f'<details><summary>{name}</summary><div class="scroll" tabindex="0" role="region" aria-label="{name}">'
        f"<table><caption>{name}</caption><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def _table_row(claim: Json, *, grouped: bool, base: str) -> str:
    value, cited = claim["value"], claim["citations"][0]["source"]
    first = f'<th scope="row">{escape(claim["subject"]["name"])}</th>' if grouped else ""
    label = f"{escape(value['label'])}{' (typical)' if value['typical'] else ''}"
    shown = f"<td>{label}</td>" if grouped else f'<th scope="row">{label}</th>'
    who = claim["qualifiers"]["population"] or "not stated"
    return (
        f"<tr>{first}{shown}<td>{escape(vocabulary.STATISTICS[value['statistic']])}</td><td>{escape(vocabulary.MEASURES[value['measure']])}</td>"
        f'<td>{escape(who)}</td><td><a href="{base}/sources/{escape(cited["slug"])}">{escape(_source(claim))}</a></td></tr>'
    )
