"""Relief of pain has one shape in every response."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from build import generator, procedure, relief
from conftest import Client, Load

from app.domain.json import Json

WHOLE_DURATION = re.compile(r"P(?:\d+[YMWD])+|P(?:\d+[YMWD])*T(?:\d+[HMS])+")
FRACTION = re.compile(r"\bPT?\d*[.,]\d")
DAYS = {"Y": 365.25, "M": 30.4375, "W": 7, "D": 1, "TH": 1 / 24, "TM": 1 / 1440, "TS": 1 / 86400}


def iter_objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for member in value if isinstance(value, list) else ():
        yield from iter_objects(member)


def days(duration: str) -> float:
    date, _, time = duration[1:].partition("T")
    parts = [(number, letter) for number, letter in re.findall(r"(\d+)(\D)", date)]
    parts += [(number, f"T{letter}") for number, letter in re.findall(r"(\d+)(\D)", time)]
    return sum(int(number) * DAYS[letter] for number, letter in parts)


def test_every_shipped_duration_is_of_whole_numbers_and_agrees_with_its_days(shipped: Client) -> None:
    export = shipped.get("/v1/export/kb.json")

    ranges = [value for value in iter_objects(export.json()) if "min_days" in value]

    assert not FRACTION.search(export.text)
    assert not FRACTION.search(shipped.get("/v1/export/release.json").text)
    assert len(ranges) > 100
    for value in ranges:
        for name in ("min", "max"):
            duration = value[name]
            assert (duration is None) == (value[f"{name}_days"] is None)
            if duration is not None:
                assert WHOLE_DURATION.fullmatch(duration)
                assert value[f"{name}_days"] == pytest.approx(days(duration), rel=1e-12)
    assert {value["source_value"] and value["source_value"]["unit"] for value in ranges} == {None, "day", "month"}


def test_relief_has_one_shape_in_lists_details_linked_procedures_comparisons_and_options(
    client: Client, load: Load
) -> None:
    source_value = {"min": 7.3, "max": 8.6, "unit": "month"}
    load(
        generator("disc"),
        procedure("p", treats=["disc"], claims=[relief("r", min="P222D", max="P262D", source_value=source_value)]),
        procedure("q", treats=["disc"], claims=[relief("s", text="several months", label="several months")]),
    )
    compared = client.get("/v1/compare?procedure=p&procedure=q").json()
    rows = {row["name"]: row["cells"][0]["values"][0]["value"] for row in compared["rows"] if row["cells"][0]["values"]}
    numeric = client.get("/v1/relief-durations").json()["items"][0]["value"]
    vague = client.get("/v1/procedures/q").json()["relief_durations"]["items"][0]["value"]

    responses = (
        client.get("/v1/procedures").json()["items"][0],
        client.get("/v1/procedures/p").json(),
        client.get("/v1/pain-generators/disc/procedures").json()["items"][0],
        compared["procedures"][0],
    )

    assert rows["relief_durations"] == numeric
    for typical in (rows["typical_relief"], *(response["typical_relief"]["items"][0] for response in responses)):
        assert typical == numeric | {"claim": "r"}
    assert {name: numeric[name] for name in ("min", "max", "min_days", "max_days", "source_value", "typical")} == {
        "min": "P222D",
        "max": "P262D",
        "min_days": 222.0,
        "max_days": 262.0,
        "source_value": source_value,
        "typical": True,
    }
    assert vague.keys() == numeric.keys()
    assert [vague[name] for name in ("min", "max", "min_days", "max_days", "source_value")] == [None] * 5
    assert (vague["magnitude"], vague["text"], vague["label"]) == ("month", "several months", "several months")


def test_cells_of_two_typical_estimates_correspond(client: Client, load: Load) -> None:
    load(
        procedure(
            "p",
            intents=["diagnostic", "therapeutic"],
            claims=[
                relief("d", intent="diagnostic", text="hours", label="hours", magnitude="hour"),
                relief("t", min="P3M", label="3 months"),
            ],
        )
    )

    (row,) = csv.DictReader(io.StringIO(client.get("/v1/procedures.csv").text))

    assert row["typical_relief_intent"] == "diagnostic; therapeutic"
    assert row["typical_relief_min"] == "; P3M"
    assert row["typical_relief_text"] == "hours; "
    assert row["typical_relief_source_unit"] == ""


def test_only_the_typical_estimate_leads_and_a_ceiling_is_named_so_in_every_form(client: Client, load: Load) -> None:
    load(
        procedure(
            "p",
            claims=[
                relief("typical", min="P1M", max="P3M", label="1 to 3 months", statistic="range"),
                relief("shorter", source="review", min="P1W", max="P2W", label="1 to 2 weeks"),
                relief("shortest", source="review", min="P3M", max="P4M", label="3 to 4 months"),
                relief("ceiling", max="P2Y", label="2 years", statistic="up_to"),
                relief("total", min="P3Y", max="P3Y", label="3 years", statistic="total"),
                relief("maker", source="leaflet", min="P5Y", max="P5Y", label="5 years"),
            ],
        ),
        procedure("q"),
    )

    (typical,) = client.get("/v1/procedures/p").json()["typical_relief"]["items"]
    assert typical["claim"] == "typical"
    page = client.get("/procedures/p/evidence").text
    headlines = re.findall(r'<span class="big">([^<]*)</span>', page)
    assert headlines == ["1 to 2 weeks", "1 to 3 months", "3 to 4 months"]
    leaflet = client.get("/procedures/p/leaflet").text
    assert not any(label in leaflet for label in ("2 years", "3 years", "5 years"))
    rows = client.get("/v1/compare?procedure=p&procedure=q").json()["rows"]
    labels = {
        value["label"]
        for row in rows
        if row["name"] == "relief_durations"
        for cell in row["cells"]
        for value in cell["values"]
    }
    assert labels >= {
        "2 years (at most)",
        "3 years (total over several sessions)",
        "5 years (a maker's or practice's own words)",
        "1 to 3 months",
    }
    (headline,) = (row["cells"][0]["values"] for row in rows if row["name"] == "typical_relief")
    assert [value["label"] for value in headline] == ["Therapeutic: 1 to 3 months"]
    (chart,) = client.get("/embed/v1/relief/p.json").json()["sections"][1]["blocks"]
    measured = {row["label"]: row["measured"] for row in chart["rows"]}
    assert measured["2 years"] == "How long relief lasts; at most"
    assert measured["1 to 3 months"] == "How long relief lasts"
