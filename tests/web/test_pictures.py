"""Pictures: the body map and its pages, the drawings of families, and charts that begin where their data begin."""

from typing import Any

import pytest
from build import claim, condition, generator, procedure, relief
from conftest import Client, Load
from web.site_pages import parse

from app.domain import vocabulary

one_database = pytest.mark.parametrize("shipped", ["sqlite"], indirect=True)


def test_the_body_map_has_every_region_as_a_shape_and_in_a_list_with_the_same_links(client: Client, load: Load) -> None:
    load(procedure("p"))

    (body_map,) = parse(client.get("/").text).by_class("body-map")

    listed = {link.attributes["href"] for item in body_map.all("li") for link in item.all("a")}
    drawn = {link.attributes["href"] for picture in body_map.all("svg") for link in picture.all("a")}
    assert listed == {f"/body/{region}" for region in vocabulary.BODY_REGIONS}
    assert drawn == listed - {"/body/whole_body"}
    # The list is the control for the keyboard: the shapes are no stops of their own.
    assert all(link.attributes["tabindex"] == "-1" for picture in body_map.all("svg") for link in picture.all("a"))


def test_a_region_shows_its_signs_before_its_conditions_and_their_options(client: Client, load: Load) -> None:
    signs = {"tier": "emergency", "signs": ["numb saddle"]}
    load(
        condition("sciatica", body_regions=["low_back"], claims=[claim("s--call", "when_to_call", signs)]),
        condition("gonarthrosis", body_regions=["knee"]),
    )

    page = parse(client.get("/body/low_back").text)
    main = next(page.all("main")).text
    links = {link.attributes["href"] for link in page.all("a")}

    assert main.index("Numb saddle") < main.index("Sciatica")
    assert {"/conditions/sciatica", "/conditions/sciatica#procedures"} <= links
    assert "/conditions/gonarthrosis" not in links


def test_an_unknown_region_is_not_found_and_the_nearest_is_named(client: Client, load: Load) -> None:
    load(procedure("p"))

    response = client.get("/body/low_bakc")

    assert response.status_code == 404
    assert "/body/low_back" in response.text


@pytest.mark.parametrize("family", vocabulary.PROCEDURE_FAMILIES)
def test_every_family_has_a_drawing_with_a_text_alternative(client: Client, load: Load, family: str) -> None:
    load(procedure("p", family=family))

    (drawing,) = parse(client.get("/procedures/p").text).by_class("drawing")
    (title,) = drawing.all("title")

    assert drawing.attributes["role"] == "img"
    assert drawing.attributes["aria-labelledby"] == title.attributes["id"]
    assert len(title.text) > 40


def test_a_chart_begins_where_its_data_begin_and_lists_phrases_beside(client: Client, load: Load) -> None:
    long_label = "three to six months in most of the people who had two blocks before the treatment"
    load(
        procedure(
            "p",
            claims=[
                relief("p--relief-duration-1", min="P3M", max="P6M", label=long_label),
                relief("p--relief-duration-2", min=None, max=None, label="a good while"),
            ],
        )
    )

    evidence = parse(client.get("/procedures/p/evidence").text)
    texts: list[Any] = [element.text for element in evidence.by_class("plot")[0].all("text")]

    assert "1 hour" not in texts
    assert "1 day" not in texts
    assert {"1 month", "1 year"} <= set(texts)
    assert "a good while" in evidence.by_class("in-words")[0].text
    assert "a good while" not in " ".join(texts)
    # A label is wrapped, never cut.
    assert long_label in " ".join(texts)


@one_database
def test_a_comparison_marks_what_is_the_same_and_says_something_of_no_procedure(shipped: Client) -> None:
    slugs = ("lumbar-medial-branch-radiofrequency-ablation", "spinal-cord-stimulation")
    table = next(parse(shipped.get("/compare?" + "&".join(f"procedure={slug}" for slug in slugs)).text).all("table"))
    rows = {
        next(row.all("th")).text: [cell.text for cell in row.all("td")] for row in next(table.all("tbody")).all("tr")
    }

    assert not any("differs" in label for label in rows)
    assert "care without a procedure" in rows["Conditions"][-1]
    assert " in place of Spinal cord stimulation: " in rows["How many respond"][-1]


def test_a_comparison_shows_side_by_side_what_was_measured_alike(client: Client, load: Load) -> None:
    share = {"percent_min": 60.0, "percent_max": 60.0, "at": "P6M", "at_label": "6 months", "comparator_percent": 30.0}
    later = share | {"at": "P1Y", "at_label": "1 year"}
    alike = {"definition": ">=50% pain relief", "comparator": "sham"}
    load(
        procedure("p", claims=[claim("p--response-rate-1", "response_rate", share, qualifiers=alike)]),
        procedure("q", claims=[claim("q--response-rate-1", "response_rate", share, qualifiers=alike)]),
        procedure("r", claims=[claim("r--response-rate-1", "response_rate", later, qualifiers=alike)]),
    )

    def load_rows(*slugs: str) -> tuple[str, dict[str, list[str]]]:
        main = next(parse(client.get("/compare?" + "&".join(f"procedure={slug}" for slug in slugs)).text).all("main"))
        rows = [row for body in main.all("tbody") for row in body.all("tr")]
        return main.text, {next(row.all("th")).text: [cell.text for cell in row.all("td")] for row in rows}

    text, rows = load_rows("p", "q", "r")
    matched = rows["Measured alike: at least 50% pain relief (share of people), 6 months"]

    assert [cell == "no data found" for cell in matched] == [False, False, True, False]
    assert "sham in place of P: 30 %" in matched[3]
    assert "No source here measured the same outcome" not in text
    assert "No source here measured the same outcome" in load_rows("p", "r")[0]


def test_the_heat_map_begins_with_a_part_of_the_body(client: Client, load: Load) -> None:
    load(procedure("p", treats=["knee"]), generator("knee"))

    page = parse(client.get("/matrix").text)
    links = [link.attributes["href"] for link in next(page.all("main")).all("a")]

    assert links[: len(vocabulary.BODY_REGIONS)] == [f"/matrix?body_region={name}" for name in vocabulary.BODY_REGIONS]
