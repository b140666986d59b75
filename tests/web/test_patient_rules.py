"""Rules of patient information, one test for each rule that applies to pages.

Rule 16 (verbs that match the certainty), rule 20 (readability) and the definitions of rule 21 apply to prose: the
content checks cover them.
"""

import re
from typing import Any

import pytest
from build import claim, condition, generator, procedure, relief, risk
from web.site_pages import Element, is_full_run, list_slugs, parse

from app.domain import vocabulary
from app.web.claim_lists import iter_claims

RICH = "lumbar-medial-branch-radiofrequency-ablation"
one_database = pytest.mark.parametrize("shipped", ["sqlite"], indirect=True)
_parsed_pages: dict[str, Element] = {}


def _tree(client: Any, path: str) -> Element:
    if path not in _parsed_pages:
        _parsed_pages[path] = parse(client.get(path).text)
    return _parsed_pages[path]


def _procedures(client: Any) -> list[str]:
    slugs = list_slugs(client, "procedures")
    return slugs if is_full_run() else list(dict.fromkeys([RICH, *slugs[::9]]))


def _pages(client: Any) -> list[tuple[str, Element]]:
    return [(slug, _tree(client, f"/procedures/{slug}/evidence")) for slug in _procedures(client)]


def _leaflets(client: Any) -> list[tuple[str, Element]]:
    return [(slug, _tree(client, f"/procedures/{slug}/leaflet")) for slug in _procedures(client)]


def _table(tree: Element, caption: str) -> Element | None:
    return next((table for table in tree.all("table") if any(caption in c.text for c in table.all("caption"))), None)


def _cells(table: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("th", "td")] for row in next(table.all("tbody")).all("tr")]


def _heads(table: Element) -> list[str]:
    return [cell.text for cell in next(table.all("thead")).all("th")]


def harm(claim_id: str, **value: Any) -> dict[str, Any]:
    defaults = {"risk": "bleeding", "phrase": "bleeding", "state": "known", "per": "people", "timeframe": "one month"}
    defaults["attribution"] = "any_cause"
    return claim(claim_id, "procedure_risk", defaults | value)


def _with_harms(load: Any, *claims: dict[str, Any]) -> None:
    load(procedure("p", claims=claims), risk("bleeding"))


def test_rule_1_a_table_has_one_base_named_in_its_header(client: Any, load: Any) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=3, n=100), harm("p--procedure-risk-2", observed=1, n=50))

    table = _table(parse(client.get("/procedures/p/evidence").text), "Harms out of 1,000")

    assert table
    assert "Out of 1,000" in _heads(table)
    assert [row[1] for row in _cells(table)] == ["30", "20"]


def test_rule_2_the_whole_table_moves_to_a_larger_base_before_a_fraction_of_a_person(client: Any, load: Any) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=3, n=100), harm("p--procedure-risk-2", observed=1, n=5000))

    table = _table(parse(client.get("/procedures/p/evidence").text), "Harms out of 10,000")

    assert table
    assert [row[1] for row in _cells(table)] == ["300", "2"]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"timeframe": None}, "the source does not say over which time"),
        ({"per": "not_stated"}, "the source does not say what was counted"),
    ],
)
def test_rule_3_a_rate_without_unit_or_time_is_withheld_with_a_reason(
    client: Any, load: Any, missing: dict[str, Any], reason: str
) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=3, n=100, **missing))

    tree = parse(client.get("/procedures/p/evidence").text)

    assert _table(tree, "Harms out of") is None
    withheld = _table(tree, "Harms as the sources counted them")
    assert withheld
    assert _cells(withheld)[0][1] == "3 of 100"
    assert reason in withheld.text


@pytest.mark.parametrize("missing", [{"timeframe": None}, {"per": "not_stated"}])
def test_rule_3_the_page_of_a_harm_withholds_such_a_rate_and_keeps_its_statement(
    client: Any, load: Any, missing: dict[str, Any]
) -> None:
    _with_harms(
        load,
        harm("p--procedure-risk-1", observed=3, n=100),
        harm("p--procedure-risk-2", observed=7, n=100, **missing),
    )

    tree = parse(client.get("/risks/bleeding").text)

    table = _table(tree, "How often, out of 1,000")
    assert table
    assert [row[1] for row in _cells(table)] == ["30"]
    assert {item.attributes.get("id") for item in tree.all("li")} >= {"p--procedure-risk-1", "p--procedure-risk-2"}


def test_rule_3_the_page_of_a_harm_without_any_such_rate_has_no_table(client: Any, load: Any) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=7, n=100, timeframe=None))

    tree = parse(client.get("/risks/bleeding").text)

    assert _table(tree, "How often") is None
    assert "Statement of p--procedure-risk-1." in tree.text


@one_database
def test_rule_4_a_rate_says_for_whom_and_from_what(shipped: Any) -> None:
    for slug, tree in _pages(shipped):
        for caption in ("Harms out of", "People who respond"):
            if table := _table(tree, caption):
                assert {"For whom", "Counted", "Source", "Range"} <= set(_heads(table)), slug
                assert all(all(cell for cell in row) for row in _cells(table)), slug


@one_database
def test_rule_5_both_framings_are_shown_and_add_up_to_the_base(shipped: Any) -> None:
    rows = 0
    for slug, tree in _pages(shipped):
        if table := _table(tree, "People who respond, out of 1,000"):
            for row in _cells(table):
                rows += 1
                assert int(row[1].replace(",", "")) + int(row[2].replace(",", "")) == 1000, slug
    assert rows


@one_database
def test_rule_6_no_chance_is_written_as_one_in_so_many(shipped: Any) -> None:
    for slug, tree in [*_pages(shipped), *_leaflets(shipped)]:
        for part in tree.all("h1", "h2", "h3", "h4", "figcaption", "th", "td", "text"):
            assert not re.search(r"\b(?:1|one) in (?:\d|a hundred|a thousand)", part.text, re.IGNORECASE), (
                slug,
                part.text,
            )


def test_rule_7_a_band_is_shown_with_its_number_and_its_scheme(client: Any, load: Any) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=3, n=100))

    tree = parse(client.get("/procedures/p/evidence").text)
    band = client.get("/v1/procedures/p").json()["risks"]["items"][0]["value"]["band"]["items"][0]

    table = _table(tree, "Harms out of")
    assert table
    assert _cells(table)[0][_heads(table).index("Band")] == "Common"
    assert "Bands: EU scheme, out of 10,000" in tree.text
    assert set(band) == {"name", "scheme", "min", "max", "origin"}


@pytest.mark.parametrize(
    ("n", "band"), [(10, "very_common"), (100, "common"), (1000, "uncommon"), (10_000, "rare"), (10_001, "very_rare")]
)
def test_rule_8_an_exact_limit_belongs_to_the_more_frequent_band(client: Any, load: Any, n: int, band: str) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=1, n=n))

    value = client.get("/v1/procedures/p").json()["risks"]["items"][0]["value"]

    assert value["band"]["items"][0]["name"] == band


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("none_seen", "looked for, none seen"),
        ("not_known", "not known"),
        ("not_reported", "not reported"),
        ("not_looked_for", "not looked for"),
    ],
)
def test_rule_9_four_kinds_of_missing_data_are_distinguished(client: Any, load: Any, state: str, label: str) -> None:
    _with_harms(load, harm("p--procedure-risk-1", state=state))

    harms = parse(client.get("/procedures/p/evidence").text).by_id("harms")

    assert harms
    assert f"({label})" in harms.text
    assert not re.search(r"(?<![\d,.])0(?![\d,.])|very rare", harms.text.replace("rare 1 to under 10; very rare", ""))


def test_rule_10_none_seen_has_its_denominator_and_upper_limit(client: Any, load: Any) -> None:
    _with_harms(load, harm("p--procedure-risk-1", state="none_seen", observed=0, n=50))

    tree = parse(client.get("/procedures/p/evidence").text)

    table = _table(tree, "Harms out of 1,000")
    assert table
    assert re.fullmatch(r"none seen \(0 of 50; could be up to (?:5[89]|6\d|7[0-2]) of 1,000\)", _cells(table)[0][1])
    assert "no risk" not in tree.text.lower()


@one_database
def test_rule_11_patients_see_no_numbers_needed_to_treat(shipped: Any) -> None:
    for slug, tree in [*_pages(shipped), *_leaflets(shipped)]:
        for part in [*tree.by_class("key"), *tree.all("td", "figcaption")]:
            assert not re.search(r"\bNNT\b|number needed to treat", part.text, re.IGNORECASE), (slug, part.text)


@one_database
def test_rule_12_an_estimate_has_a_range_or_says_that_none_is_reported(shipped: Any) -> None:
    for slug, tree in _pages(shipped):
        for caption in ("Harms out of", "People who respond"):
            if table := _table(tree, caption):
                column = _heads(table).index("Range")
                for row in _cells(table):
                    assert re.fullmatch(r"-?[\d.]+ to [\d.]+ %|range not reported", row[column]), (slug, row)


@one_database
def test_rule_13_counts_are_computed_from_the_figures_of_the_claim(shipped: Any) -> None:
    for slug, tree in _pages(shipped):
        table = _table(tree, "People who respond")
        if not table:
            continue
        claims = shipped.get(f"/v1/procedures/{slug}").json()["response_rates"]["items"]
        shares = {
            round(claim_json["value"]["percent_min"] * 10)
            for claim_json in claims
            if claim_json["value"]["percent_min"] is not None
        }
        assert {int(row[1].replace(",", "")) for row in _cells(table)} <= shares, slug


def test_a_share_that_responds_never_stands_without_the_comparison_or_its_absence(client: Any, load: Any) -> None:
    def share(number: int, percent: float, comparator: float | None, qualifiers: dict[str, Any]) -> Any:
        value = {"percent_min": percent, "percent_max": percent, "at": "P14D", "at_label": "14 days"}
        return claim(
            f"p--response-rate-{number}",
            "response_rate",
            value | {"comparator_percent": comparator},
            qualifiers={"definition": f"definition {number}"} | qualifiers,
        )

    shares = [
        share(1, 90.0, None, {"population": "a cohort"}),
        share(2, 60.0, 50.0, {"comparator": "another device", "comparator_is_sham": False}),
        share(3, 44.0, 21.0, {"comparator": "placebo", "comparator_is_sham": True}),
    ]
    load(procedure("p", claims=shares))

    page, leaflet = (parse(client.get(f"/procedures/p{form}").text) for form in ("/evidence", "/leaflet"))
    card = client.get("/embed/v1/procedures/p/full.json").text
    table = _table(page, "People who respond")

    assert table
    assert [row[0] for row in _cells(table)] == ["definition 3", "definition 2", "definition 1"]
    assert [row[3] for row in _cells(table)] == [
        "210 of 1,000 with placebo",
        "500 of 1,000 with another device",
        "no figure of a comparison group",
    ]
    for text in (page.text, leaflet.text, card):
        assert "210 of 1,000 with placebo" in text
        assert "500 of 1,000 with another device" in text
    # What a short form cuts off is the share that nothing was compared with.
    assert "900 of 1,000" not in leaflet.text


def test_rule_14_page_texts_never_call_a_chance_small_without_a_number(client: Any, load: Any) -> None:
    load(
        procedure("p", treats=["g"], indicated=["c"]),
        condition("c", arises_from=["g"]),
        generator("g"),
        risk("bleeding"),
    )
    paths = "/ /procedures /procedures/p /procedures/p/evidence /procedures/p/leaflet /conditions/c /conditions/c/evidence /pain-generators/g /risks /risks/bleeding /notice"

    for path in paths.split():
        for sentence in re.split(r"(?<=[.;:]) ", parse(client.get(path).text).text):
            if re.search(r"\b(?:rare|rarely|safe|minimal|usually|uncommon)\b", sentence, re.IGNORECASE):
                assert re.search(r"\d", sentence), (path, sentence)


@one_database
def test_rule_15_a_comparison_has_no_procedure_as_an_option_and_no_empty_cell(shipped: Any) -> None:
    tree = _tree(shipped, f"/compare?procedure={RICH}&procedure=epidural-steroid-injection")
    table = next(tree.all("table"))

    assert _heads(table)[-1] == "No procedure"
    assert {len(row) for row in _cells(table)} == {4}
    assert all(cell for row in _cells(table) for cell in row)
    assert "no data found" in table.text


@one_database
def test_rule_17_every_statement_shows_the_kind_of_its_source_and_a_certainty_only_if_a_source_states_it(
    shipped: Any,
) -> None:
    kinds = "|".join(map(re.escape, vocabulary.DESIGNS.values()))
    for slug, tree in _pages(shipped):
        detail = shipped.get(f"/v1/procedures/{slug}").json()
        rated = {claim["id"] for claim in iter_claims(detail) if claim["certainty"]}
        for block in tree.by_class("claims"):
            for child in block.children:
                if not isinstance(child, str):
                    assert re.search(rf"(?:{kinds}), (?:\d{{4}}|year not stated)", child.text), (slug, child)
                    assert ("· certainty" in child.text) <= (child.attributes["id"] in rated), (slug, child)


@one_database
def test_rule_18_opposing_findings_are_side_by_side_with_the_axis_they_differ_on(shipped: Any) -> None:
    disputed = shipped.get("/v1/disagreements").json()["contradictions"][0]["record"]["slug"]
    conflicts = shipped.get(f"/v1/procedures/{disputed}").json()["conflicts"]["items"]
    part = _tree(shipped, f"/procedures/{disputed}/evidence").by_id("evidence")

    assert conflicts
    assert part
    for conflict in conflicts:
        assert f"Disagreement: {conflict['dimension'].lower()}" in part.text
    assert len(part.by_class("sides")[0].by_class("facts")) >= 2
    for facts in part.by_class("facts"):
        terms = [term.text for term in facts.all("dt")]
        assert terms in (["Body", "Year"], ["Size", "Compared with", "After", "Year"])
        assert all(value.text for value in facts.all("dd"))


@one_database
def test_rule_19_a_page_opens_with_two_to_five_key_messages_that_do_not_tell_what_to_do(shipped: Any) -> None:
    for slug, tree in _pages(shipped):
        main = next(tree.all("main"))
        assert next(main.all("h2")).text == "Key messages", slug
        key = tree.by_class("key")[0]
        if messages := [item.text for item in key.all("li")]:
            # Trials, positions against, harms and duration each take one: no benefit stands without its harm.
            assert 2 <= len(messages) <= 5, slug
            assert not re.search(r"you should (?:not )?have|we recommend", key.text, re.IGNORECASE), slug


@one_database
def test_rule_21_page_leaflet_comparison_and_api_use_the_same_name(shipped: Any) -> None:
    record = shipped.get(f"/v1/procedures/{RICH}").json()
    name = record["name"]

    assert next(_tree(shipped, f"/procedures/{RICH}/evidence").all("h1")).text == name
    # For patients the leaflet has their name, with the clinical one beside.
    leaflet = _tree(shipped, f"/procedures/{RICH}/leaflet")
    assert next(leaflet.all("h1")).text == record["patient_name"]
    assert name in leaflet.text
    assert name in _tree(shipped, f"/compare?procedure={RICH}&procedure=epidural-steroid-injection").text


@one_database
def test_rule_22_a_page_has_the_fixed_order_and_the_license_of_a_drug(shipped: Any) -> None:
    order = "key what before day benefit harms evidence alternatives afterwards call sources".split()
    for slug, tree in _pages(shipped):
        ids = [section.attributes.get("id") for section in tree.all("section")]
        assert [section_id for section_id in ids if section_id in order] == order, slug
        if "Nerve block" in tree.by_class("kicker")[0].text or "Injection" in tree.by_class("kicker")[0].text:
            assert "License of the drug" in tree.text, slug


@one_database
def test_rule_23_when_to_call_is_on_every_page_and_leaflet_and_linked_from_the_top(shipped: Any) -> None:
    for slug, tree in _pages(shipped):
        links = [link.attributes.get("href") for link in tree.all("a")]
        assert links.index("#call") < links.index("#key"), slug
    for slug, tree in [*_pages(shipped), *_leaflets(shipped)]:
        part = tree.by_id("call")
        assert part, slug
        assert "Emergency" in part.text, slug
        assert "local emergency number" in part.text, slug
        assert "Call the clinic" in part.text, slug


@one_database
def test_rule_24_a_page_has_questions_to_take_along(shipped: Any) -> None:
    for slug, tree in _pages(shipped):
        part = tree.by_id("questions")
        assert part, slug
        assert len(list(part.all("li"))) >= 4, slug
    assert all("Questions to ask" in tree.text for _, tree in _leaflets(shipped))


@one_database
def test_rule_25_a_chart_is_a_named_image_with_a_table_of_the_same_values(shipped: Any) -> None:
    charts = [*_pages(shipped), ("all", _tree(shipped, "/relief"))]
    for slug, tree in charts:
        for figure in (element for element in tree.all("figure") if element.by_class("plot")):
            picture = next(svg for svg in figure.all("svg") if svg.attributes.get("role") == "img")
            first, second = list(picture.all())[:2]
            assert (first.name, second.name) == ("title", "desc"), slug
            assert picture.attributes["aria-labelledby"].split() == [first.attributes["id"], second.attributes["id"]]
            assert list(figure.all("figcaption")), slug
            rows = _cells(next(figure.all("table")))
            labels = [link.attributes["aria-label"] for link in figure.by_class("links")[0].all("a")]
            assert len(rows) == len(labels), slug
            for row, label in zip(rows, labels, strict=True):
                value = row[1] if slug == "all" else row[0]
                assert value.removesuffix(" (typical)") in label, (slug, row, label)
                assert row[-1] in label, (slug, row, label)


@one_database
def test_rule_26_color_is_never_the_only_cue(shipped: Any) -> None:
    for cell in (td for td in _tree(shipped, "/matrix").all("td") if list(td.all("a"))):
        assert re.search(r"^[DT]+ .+ (?:diagnoses|treats) .+", cell.text)
    sheets = [link for link in _tree(shipped, "/").all("link") if link.attributes["rel"] == "stylesheet"]
    css = "".join(shipped.get(sheet.attributes["href"]).text for sheet in sheets)
    assert re.search(r"svg \.commercial \{ stroke-dasharray", css)
    assert re.search(r"svg \.tail \{[^}]*stroke-dasharray", css)


@one_database
def test_rule_27_the_time_axis_names_its_steps_and_says_that_they_are_uneven(shipped: Any) -> None:
    figure = next(_tree(shipped, "/relief").all("figure"))
    texts = [text.text for text in figure.all("text")]

    assert {"1 day", "1 week", "1 month", "1 year"} <= set(texts)
    assert not {"1 hour", "10 years"} & set(texts), "the axis begins and ends with its data"
    assert "uneven steps" in next(figure.all("figcaption")).text
    assert not [rect for rect in figure.by_class("plot")[0].all("rect") if "range" in rect.attributes.get("class", "")]


@one_database
def test_rule_28_an_icon_array_draws_the_whole_base_and_the_stated_count(shipped: Any) -> None:
    array_count = 0
    for slug, tree in _pages(shipped):
        view_boxes = set()
        for picture in tree.by_class("people"):
            array_count += 1
            view_boxes.add(picture.attributes["viewbox"])
            path = next(picture.all("path")).attributes["d"]
            width, height = map(int, picture.attributes["viewbox"].split()[2:])
            assert width * height == 1000 * 8 * 8
            assert _area(path) // 64 == int(re.findall(r"([\d,]+) filled", picture.text)[0].replace(",", "")), slug
        assert len(view_boxes) <= 1, slug
    assert array_count


def _area(path: str) -> int:
    """Total area of rectangles in an SVG path of the form M x y H x V y H x Z."""
    rectangles = re.findall(r"M(\d+) (\d+)H(\d+)V(\d+)H\d+Z", path)
    return sum((int(right) - int(left)) * (int(bottom) - int(top)) for left, top, right, bottom in rectangles)


def test_rule_28_no_array_is_drawn_below_one_person(client: Any, load: Any) -> None:
    _with_harms(load, harm("p--procedure-risk-1", observed=1, n=5000))

    assert not parse(client.get("/procedures/p/evidence").text).by_class("people")


def test_rule_29_relief_is_shorter_typical_and_longer_and_up_to_alone_is_not_an_estimate(
    client: Any, load: Any
) -> None:
    load(
        procedure(
            "p",
            claims=[
                relief("p--relief-duration-1", source="review", min="P6M", max="P9M", label="6 to 9 months"),
                relief("p--relief-duration-2", min="P3M", max="P4M", label="3 to 4 months"),
                relief(
                    "p--relief-duration-3", min="P12M", max="P12M", label="a year", ongoing=True, statistic="at_least"
                ),
                relief("p--relief-duration-4", min=None, max="P5Y", label="up to 5 years", statistic="up_to"),
            ],
        )
    )

    tree = parse(client.get("/procedures/p/evidence").text)

    cards = [item.text for item in tree.by_class("three")[0].all("li")]
    assert [card.split()[0] for card in cards] == ["Shorter", "Typical", "Longer"]
    assert "3 to 4 months" in cards[0]
    assert "6 to 9 months" in cards[1]
    assert "a year" in cards[2]
    assert "5 years" not in " ".join(cards)
    # Relief was still present at the end of observation: the range is open.
    assert len(tree.by_class("tail")) == 2


def test_the_options_of_a_condition_show_the_serious_harms_beside_the_relief(client: Any, load: Any) -> None:
    estimate = relief("p--relief-duration-1", min="P6M", max="P9M", label="6 to 9 months")
    bleeding = harm("p--procedure-risk-1", observed=3, n=100, seriousness="serious")
    load(procedure("p", indicated=["c"], claims=[estimate, bleeding]), condition("c"), risk("bleeding"))

    table = _table(parse(client.get("/conditions/c/evidence").text), "What treats it")
    sections = client.get("/embed/v1/conditions/c/options/full.json").json()["sections"]

    assert table
    assert _heads(table)[2:4] == ["Typical relief", "Serious harms"]
    assert _cells(table)[0][2:4] == ["6 to 9 months", "Bleeding: 3 of 100 people, one month"]
    assert "Bleeding (serious): 3 of 100 people, one month" in str(sections)


def test_only_a_longer_estimate_is_called_longer(client: Any, load: Any) -> None:
    load(
        procedure(
            "p",
            claims=[
                relief("p--relief-duration-1", min="P3W", max="P3M", label="3 weeks to 3 months"),
                relief("p--relief-duration-2", min="P3W", max="P4M", label="3 weeks to 4 months"),
            ],
        )
    )

    text = parse(client.get("/procedures/p/leaflet").text).text

    assert "Typical relief: 3 weeks to 3 months. Longer: 3 weeks to 4 months." in text
    assert "Shorter:" not in text


@one_database
def test_rule_30_page_and_leaflet_state_authors_review_date_and_funding(shipped: Any) -> None:
    for slug, tree in [*_pages(shipped), *_leaflets(shipped)]:
        text = tree.text
        assert "Written by procedure-kb contributors" in text, slug
        assert re.search(r"[Rr]eview due by \d{4}-\d\d-\d\d", text), slug
        assert "No outside funding" in text, slug
        assert "Release " in text, slug
        assert not re.search(r"HONcode|PIF TICK|Information Standard", text), slug
    for slug, tree in _pages(shipped):
        assert "Content changes only by releases" in tree.text, slug
        assert tree.by_class("due")[0].attributes["data-due"], slug
