"""Tables of rates: every cell is a figure of the claim, or says that the source has none."""

from typing import Any

import pytest
from build import claim, condition, procedure, risk
from conftest import Client, Load
from web.site_pages import Element, parse


def list_rows(tree: Element, caption: str) -> list[list[str]]:
    tables = [table for table in tree.all("table") if any(caption in text.text for text in table.all("caption"))]
    return [
        [cell.text for cell in row.all("th", "td")] for table in tables for row in next(table.all("tbody")).all("tr")
    ]


@pytest.mark.parametrize(
    ("value", "qualifiers", "cells"),
    [
        (
            {"responders": 22, "n_at": 50, "lost": 3, "ci_low": 30.5, "ci_high": 58},
            {"population": "adults", "n": 60},
            ["440", "560", "30.5 to 58 %", "adults", "22 of 50, 3 lost"],
        ),
        ({"n_at": 50}, {"n": 60}, ["440", "560", "range not reported", "not stated", "50 people"]),
        ({}, {"n": 1060}, ["440", "560", "range not reported", "not stated", "1,060 people"]),
        ({"responders": 22, "lost": 0}, {}, ["440", "560", "range not reported", "not stated", "0 lost"]),
        ({"ci_low": 30}, {}, ["440", "560", "range not reported", "not stated", "number not stated"]),
    ],
)
def test_a_share_that_responds_has_its_range_its_people_and_its_number(
    client: Client, load: Load, value: dict[str, Any], qualifiers: dict[str, Any], cells: list[str]
) -> None:
    share = {"percent_min": 44.0, "percent_max": 44.0, "at": "P14D", "at_label": "14 days"} | value
    load(
        procedure(
            "p",
            claims=[
                claim("p--response-rate-1", "response_rate", share, qualifiers={"definition": "half"} | qualifiers)
            ],
        )
    )

    [row] = list_rows(parse(client.get("/procedures/p/evidence").text), "People who respond")

    assert [row[0], row[4]] == ["half", "14 days"]
    assert [row[1], row[2], *row[5:8]] == cells


@pytest.mark.parametrize(
    "missing", [{"percent_max": 50.0}, {"percent_min": None, "percent_max": None}, {"at": None, "at_label": None}]
)
def test_a_share_that_is_a_range_or_has_no_time_is_no_count_of_people(
    client: Client, load: Load, missing: dict[str, Any]
) -> None:
    share = {"percent_min": 44.0, "percent_max": 44.0, "at": "P14D", "at_label": "14 days"} | missing
    load(
        procedure("p", claims=[claim("p--response-rate-1", "response_rate", share, qualifiers={"definition": "half"})])
    )

    page = client.get("/procedures/p/evidence").text

    assert list_rows(parse(page), "People who respond") == []
    assert "No share can be shown as a count of people" in page


@pytest.mark.parametrize(
    ("value", "base", "figure", "as_counted"),
    [
        ({"observed": 3, "n": 100}, "1,000", "30", "3 of 100"),
        ({"observed": 3, "n": 2500}, "1,000", "1", "3 of 2,500"),
        ({"observed": 1, "n": 2000}, "10,000", "5", "1 of 2,000"),
        ({"percent_min": 2.5, "percent_max": 2.5}, "1,000", "25", "2.5 %"),
        ({"percent_min": 1, "percent_max": 5}, "1,000", "10 to 50", "1 to 5 %"),
    ],
)
def test_a_harm_is_a_count_on_its_base_or_the_count_of_the_source(
    client: Client, load: Load, value: dict[str, Any], base: str, figure: str, as_counted: str
) -> None:
    known = {
        "risk": "bleeding",
        "phrase": "bleeding",
        "state": "known",
        "per": "people",
        "attribution": "any_cause",
    } | value
    load(
        procedure("p", claims=[claim("p--procedure-risk-1", "procedure_risk", known | {"timeframe": "one month"})]),
        procedure("q", claims=[claim("q--procedure-risk-1", "procedure_risk", known)]),
        risk("bleeding"),
    )

    [counted] = list_rows(parse(client.get("/procedures/p/evidence").text), f"Harms out of {base}")
    [withheld] = list_rows(parse(client.get("/procedures/q/evidence").text), "Harms as the sources counted them")
    [of_risk] = list_rows(parse(client.get("/risks/bleeding").text), f"How often, out of {base}")

    assert (counted[1], of_risk[1]) == (figure, figure)
    assert of_risk[2:6] == ["people", "one month", "range not reported", "not stated"]
    assert withheld[1] == as_counted
    assert list_rows(parse(client.get("/procedures/q/evidence").text), "Harms out of") == []


def test_what_is_not_known_of_an_option_is_said_in_its_cell_and_there_is_no_empty_table(
    client: Client, load: Load
) -> None:
    load(condition("some", name="Some pain"), condition("other", name="Other pain"), procedure("p", indicated=["some"]))

    with_option, without = (parse(client.get(f"/conditions/{slug}/evidence").text) for slug in ("some", "other"))

    assert [row[2:] for row in list_rows(with_option, "")] == [["no data found"] * 3]
    assert list(without.all("table")) == []
    assert "Not known: no cited statement in this knowledge base." in without.text


@pytest.mark.parametrize(("family", "count"), [("injection", 1), ("nerve_block", 1), ("ablation", 0)])
def test_a_page_says_of_a_drug_that_no_source_tells_its_license(
    client: Client, load: Load, family: str, count: int
) -> None:
    load(procedure("p", family=family))

    for path, sentence in (
        ("/procedures/p", "No source here says whether the drug is licensed for this use."),
        ("/procedures/p/evidence", "License of the drug"),
    ):
        assert parse(client.get(path).text).text.count(sentence) == count, path
