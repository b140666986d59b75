"""Relief charts: server-rendered SVG with a logarithmic time axis, and a table with the same values.

The chart is one image with a title and a description. Its links are in a second SVG on top, because some screen readers
do not make links inside an image reachable by keyboard. Widths are percentages, so text is never scaled.
"""

import math
import textwrap
from collections.abc import Collection
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import get_evidence_path

TICKS: Final = (
    (1 / 24, "1 hour"),
    (1.0, "1 day"),
    (7.0, "1 week"),
    (30.4375, "1 month"),
    (365.25, "1 year"),
    (3652.5, "10 years"),
)
LINE_HEIGHT, ROW_HEIGHT, TOP_MARGIN, BOTTOM_MARGIN = 19, 44, 44, 52
# Characters that fit on one line of a chart on a page 320 px wide.
_MAX_NAME_LENGTH, _MAX_LABEL_LENGTH = 34, 42
_LABEL_LINE_HEIGHT: Final = 16
_DESCRIPTION: Final = (
    "Each row is one estimate. A filled dot is a stated end. A dashed tail with a hollow dot means that the source states no "
    "end on that side. A dashed line is a maker's or a practice's own words. The steps of the time axis are uneven: it is logarithmic."
)


# Room beside the first and the last duration, as a factor.
_AXIS_MARGIN: Final = 1.3


class _Axis:
    """Logarithmic time axis that begins and ends with its data, or as much further as it needs to have two steps."""

    def __init__(self, days: Collection[float]) -> None:
        middle = math.log(min(days) * max(days)) / 2
        nearest = sorted(step for step, _ in sorted(TICKS, key=lambda tick: abs(math.log(tick[0]) - middle))[:2])
        start, end = min(days) / _AXIS_MARGIN, max(days) * _AXIS_MARGIN
        if sum(start <= step <= end for step, _ in TICKS) < len(nearest):
            start, end = min(start, nearest[0] / _AXIS_MARGIN), max(end, nearest[1] * _AXIS_MARGIN)
        self.ticks = [tick for tick in TICKS if start <= tick[0] <= end]
        self.low, self.high = math.log(start), math.log(end)

    def x_percent(self, days: float) -> float:
        """Position of a duration on the axis, in percent of the width."""
        share = (math.log(days) - self.low) / (self.high - self.low)
        return round(2 + 96 * min(max(share, 0.0), 1.0), 2)


def get_bounds(claim: Json) -> tuple[float | None, float | None]:
    """Shortest and longest relief of an estimate, in days. None if the source states no bound or relief was ongoing."""
    value = claim["value"]
    return value["min_days"], None if value["ongoing"] else value["max_days"]


def _svg_line(css_class: str, start: float, end: float, y: int) -> str:
    return f'<line class="{css_class}" x1="{start}%" x2="{end}%" y1="{y}" y2="{y}"/>'


def _svg_dot(css_class: str, x: float, y: int) -> str:
    return f'<circle class="{css_class}" cx="{x}%" cy="{y}" r="{6 if css_class == "dot" else 5}"/>'


def _get_drawn_bounds(claim: Json) -> tuple[float | None, float | None]:
    """Bounds that a chart draws. Ongoing relief with only a maximum means "at least" that maximum; without a number, none."""
    low, high = get_bounds(claim)
    return (claim["value"]["max_days"], None) if low is None and high is None else (low, high)


def _draw_estimate(claim: Json, axis: _Axis, y: int) -> str:
    low, high = _get_drawn_bounds(claim)
    if low is None or high is None:
        # Only one bound is stated: a short dashed tail shows the open direction, not a length.
        stated = axis.x_percent(low if low is not None else high or 1)
        tail = min(stated + 7, 99.0) if high is None else max(stated - 7, 1.0)
        return _svg_line("tail", stated, tail, y) + _svg_dot("open", tail, y) + _svg_dot("dot", stated, y)
    commercial = " commercial" if claim["commercial"] else ""
    start, end = axis.x_percent(low), axis.x_percent(high)
    if low == high:
        return _svg_dot("dot", start, y)
    return _svg_line(f"range{commercial}", start, end, y) + _svg_dot("dot", start, y) + _svg_dot("dot", end, y)


def _describe_source(claim: Json) -> str:
    source = claim["citations"][0]["source"]
    year = f", {source['year']}" if source["year"] else ""
    own_words = ", a maker's or practice's own words" if source["commercial"] or claim["commercial"] else ""
    return f"{vocabulary.DESIGNS[source['design']]}{year}{own_words}"


def _describe_source_briefly(claim: Json) -> str:
    """Design and year of the first source, short enough for one line of the chart."""
    source = claim["citations"][0]["source"]
    label = {"rct": "Trial", "cohort": "Cohort", "patient_education": "Leaflet", "coverage_policy": "Payer"}.get(
        source["design"], vocabulary.DESIGNS[source["design"]]
    )
    return f"{label} {source['year']}" if source["year"] else label


def _draw_axis(axis: _Axis, bottom: int) -> str:
    # Labels are above and below the chart, alternating between two lines: at 320 px neighbors would overlap.
    return "".join(
        f'<line class="axis" x1="{axis.x_percent(days)}%" x2="{axis.x_percent(days)}%" y1="{TOP_MARGIN}" y2="{bottom}"/>'
        + "".join(
            f'<text class="soft" x="{axis.x_percent(days)}%" y="{y + 17 * (n % 2)}" text-anchor="{_get_text_anchor(n, len(axis.ticks))}">{label}</text>'
            for y in (16, bottom + 18)
        )
        for n, (days, label) in enumerate(axis.ticks)
    )


def _get_text_anchor(n: int, count: int) -> str:
    return "start" if n == 0 else "end" if n == count - 1 else "middle"


def render_relief_chart(
    claims: list[Json], *, key: str, title: str, base: str, differing: Collection[str] | None
) -> Markup:
    """Figure with chart, caption and a table of the same values; empty without claims.

    `differing`: slugs of the procedures whose estimates disagree. The estimates of a procedure are then under its name,
    with a mark if they do. None: all estimates are of one procedure.
    """
    drawn = [claim for claim in claims if any(bound is not None for bound in _get_drawn_bounds(claim))]
    words = _render_words([claim for claim in claims if claim not in drawn], grouped=differing is not None, base=base)
    if not drawn:
        return words
    grouped = differing is not None
    axis = _Axis([bound for claim in drawn for bound in _get_drawn_bounds(claim) if bound is not None])
    y, bands, shapes, links, table_rows = TOP_MARGIN, [], [], [], []
    for slug, estimates in groupby(drawn, key=lambda claim: claim["subject"]["slug"]):
        group = list(estimates)
        if differing is not None:
            group_heading, height = _draw_group_heading(group, y, differ=slug in differing)
            bands.append(_draw_band(y, height + sum(map(_get_row_height, group))))
            shapes.append(group_heading)
            y += height
        for claim in group:
            lines = _wrap_label(claim)
            shapes += [
                f'<text x="2%" y="{y + 15 + _LABEL_LINE_HEIGHT * n}">{escape(line)}</text>'
                for n, line in enumerate(lines)
            ]
            shapes.append(_draw_estimate(claim, axis, y + _get_row_height(claim) - 15))
            links.append(_draw_link(claim, y, base))
            table_rows.append(_render_table_row(claim, grouped=grouped, base=base))
            y += _get_row_height(claim)
    height = y + BOTTOM_MARGIN
    svg = (
        f'<svg role="img" width="100%" height="{height}" aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{_DESCRIPTION}</desc>{"".join(bands)}{_draw_axis(axis, y)}{"".join(shapes)}</svg>'
    )
    link_layer = f'<svg class="links" role="group" aria-label="Estimates in the chart" width="100%" height="{height}">{"".join(links)}</svg>'
    explanation = "One row an estimate. Time runs in uneven steps. "
    explanation += "A dashed tail is open: the source states no end there. The table below has the same values."
    return Markup(  # noqa: S704 - every value is escaped above
        f"<figure><figcaption><strong>{escape(title)}</strong>{explanation}</figcaption>"
        f'<div class="plot">{svg}{link_layer}</div>{_render_table(title, table_rows, grouped=grouped)}</figure>{words}'
    )


def _wrap_label(claim: Json) -> list[str]:
    """Wrap the label of an estimate and its source into lines that fit on a page 320 px wide."""
    return textwrap.wrap(f"{claim['value']['label']} · {_describe_source_briefly(claim)}", _MAX_LABEL_LENGTH)


def _get_row_height(claim: Json) -> int:
    return ROW_HEIGHT + _LABEL_LINE_HEIGHT * (len(_wrap_label(claim)) - 1)


def _render_words(claims: list[Json], *, grouped: bool, base: str) -> Markup:
    """List of estimates in words, which no chart can show; empty without any."""
    if not claims:
        return Markup("")
    rows = Markup("").join(
        Markup('<li>{}<a href="{}{}#{}">{}</a> <span class="meta">{}</span></li>').format(
            f"{claim['subject']['name']}: " if grouped else "",
            base,
            get_evidence_path("procedure", claim["subject"]["slug"]),
            claim["id"],
            claim["value"]["label"],
            _describe_source(claim),
        )
        for claim in claims
    )
    return Markup(
        '<div class="in-words"><p><strong>In words only, with no number to draw</strong></p><ul>{}</ul></div>'
    ).format(rows)


def _draw_group_heading(group: list[Json], y: int, *, differ: bool) -> tuple[str, int]:
    """Name of a procedure above its estimates, as SVG, with its height in pixels."""
    lines = [("group", line) for line in textwrap.wrap(group[0]["subject"]["name"], _MAX_NAME_LENGTH)]
    if differ:
        lines.append(("differ", "≠ Sources differ"))
    texts = [
        f'<text class="{css_class}" x="2%" y="{y + 24 + LINE_HEIGHT * n}">{escape(line)}</text>'
        for n, (css_class, line) in enumerate(lines)
    ]
    return "".join(texts), 14 + LINE_HEIGHT * len(lines)


def _draw_band(y: int, height: int) -> str:
    return f'<rect class="band" x="0" y="{y + 4}" width="100%" height="{height - 6}" rx="6"/>'


def _draw_link(claim: Json, y: int, base: str) -> str:
    target = escape(f"{base}{get_evidence_path('procedure', claim['subject']['slug'])}#{claim['id']}")
    label = escape(f"{claim['subject']['name']}: {claim['value']['label']}, {_describe_source(claim)}")
    return f'<a href="{target}" aria-label="{label}"><rect x="2" y="{y + 1}" width="99%" height="{_get_row_height(claim) - 4}" rx="5"/></a>'


def _render_table(title: str, rows: list[str], *, grouped: bool) -> str:
    headers = (*(("Procedure",) if grouped else ()), "Relief", "What the figure is", "Measured", "For whom", "Source")
    header_cells = "".join(f'<th scope="col">{header}</th>' for header in headers)
    label = f"{escape(title)}, as a table"
    return (
        f'<details><summary>{label}</summary><div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        f"<table><caption>{label}</caption><thead><tr>{header_cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></details>"
    )


def _render_table_row(claim: Json, *, grouped: bool, base: str) -> str:
    value, source = claim["value"], claim["citations"][0]["source"]
    name_cell = f'<th scope="row">{escape(claim["subject"]["name"])}</th>' if grouped else ""
    label = f"{escape(value['label'])}{' (typical)' if value['typical'] else ''}"
    label_cell = f"<td>{label}</td>" if grouped else f'<th scope="row">{label}</th>'
    population = claim["qualifiers"]["population"] or "not stated"
    return (
        f"<tr>{name_cell}{label_cell}<td>{escape(vocabulary.STATISTICS[value['statistic']])}</td><td>{escape(vocabulary.MEASURES[value['measure']])}</td>"
        f'<td>{escape(population)}</td><td><a href="{base}/sources/{escape(source["slug"])}">{escape(_describe_source(claim))}</a></td></tr>'
    )
