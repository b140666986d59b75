"""Charts of relief: each mark stands where its value does on the time axis, which the test computes by itself."""

import itertools
import math
import re
from typing import Any

import pytest
from build import procedure, relief
from conftest import Client, Load
from web.site_pages import Element, parse

MONTH, YEAR = 30.4375, 365.25
STEPS = {"1 hour": 1 / 24, "1 day": 1.0, "1 week": 7.0, "1 month": MONTH, "1 year": YEAR, "10 years": 3652.5}


def get_chart(client: Client) -> Element:
    return parse(client.get("/procedures/p/evidence").text).by_class("plot")[0]


def list_positions(chart: Element, css_class: str, attribute: str) -> list[float]:
    return [float(element.attributes[attribute].rstrip("%")) for element in chart.by_class(css_class)]


def place(days: float, shortest: float, longest: float) -> float:
    """Position in percent on a logarithmic axis that is 30 % longer than its data on either side."""
    low, high = math.log(shortest / 1.3), math.log(longest * 1.3)
    return 2 + 96 * (math.log(days) - low) / (high - low)


def test_dots_and_steps_stand_at_their_durations(client: Client, load: Load) -> None:
    estimates = [("P7D", "P3M"), ("P1M", "P1Y"), ("P6M", "P6M")]
    load(
        procedure(
            "p",
            claims=[
                relief(f"p--relief-duration-{n}", min=low, max=high, label=f"estimate {n}")
                for n, (low, high) in enumerate(estimates)
            ],
        )
    )
    chart = get_chart(client)

    expected = [place(days, 7, 12 * MONTH) for days in (7, 3 * MONTH, MONTH, 12 * MONTH, 6 * MONTH)]
    # A year is 365 days in one source of the figures and twelve months in another: less than a tenth of a percent.
    assert sorted(list_positions(chart, "dot", "cx")) == pytest.approx(sorted(expected), abs=0.1)
    assert sorted(list_positions(chart, "range", "x1")) == pytest.approx(
        sorted(place(days, 7, 12 * MONTH) for days in (7, MONTH)), abs=0.1
    )
    steps = {
        element.text: float(element.attributes["x"].rstrip("%"))
        for element in chart.by_class("soft")
        if element.text in STEPS
    }
    assert steps == {
        name: pytest.approx(place(days, 7, 12 * MONTH), abs=0.1) for name, days in STEPS.items() if name in steps
    }
    assert set(steps) == {"1 week", "1 month", "1 year"}


@pytest.mark.parametrize(
    ("value", "direction"),
    [({"min": "P3M", "max": None}, 7), ({"min": None, "max": "P3M"}, -7), ({"max": "P3M", "ongoing": True}, 7)],
)
def test_a_tail_points_to_the_end_that_is_not_stated(
    client: Client, load: Load, value: dict[str, Any], direction: int
) -> None:
    load(
        procedure(
            "p", claims=[relief("p--relief-duration-1", **{"min": None, "max": None, "label": "a while"} | value)]
        )
    )
    chart = get_chart(client)

    [stated], [open_end] = list_positions(chart, "dot", "cx"), list_positions(chart, "open", "cx")
    assert open_end - stated == pytest.approx(direction, abs=0.1)
    assert list_positions(chart, "tail", "x2") == [open_end]


def test_marks_rows_and_links_stay_within_the_chart_and_do_not_overlap(client: Client, load: Load) -> None:
    long_label = "three to six months in most of the people who had two blocks before the treatment"
    load(
        procedure(
            "p",
            claims=[
                relief(
                    f"p--relief-duration-{n}",
                    min="PT1H",
                    max=f"P{n + 1}Y",
                    label=f"{n} {long_label}" * (n % 2) or "short",
                )
                for n in range(6)
            ],
        )
    )
    chart = get_chart(client)

    height = float(next(chart.all("svg")).attributes["height"])
    marks = [element for css_class in ("dot", "open", "range", "tail") for element in chart.by_class(css_class)]
    positions = [
        float(value.rstrip("%"))
        for element in marks
        for name, value in element.attributes.items()
        if re.fullmatch("cx|x[12]", name)
    ]
    assert len(positions) >= 24
    assert 0 < min(positions) < max(positions) < 100
    rows = [
        (float(rect.attributes["y"]), float(rect.attributes["height"]))
        for rect in chart.by_class("links")[0].all("rect")
    ]
    assert len(rows) == 6
    # Each link covers its row and ends before the next one; the steps are above and below all of them.
    for (y, tall), (following, _) in itertools.pairwise(rows):
        assert y + tall < following
    assert rows[0][0] > 33
    assert rows[-1][0] + rows[-1][1] < height - 35
    dots = sorted({float(dot.attributes["cy"]) for dot in chart.by_class("dot")})
    assert [y for y, _ in rows] == sorted(y for y, _ in rows)
    assert all(y < dot < y + tall for (y, tall), dot in zip(rows, dots, strict=True))
