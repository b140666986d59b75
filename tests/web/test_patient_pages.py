"""Pages for patients, over every shipped record: short, plain, safe, and with a mark that leads to the evidence."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from build import claim, condition, procedure, risk
from conftest import Client, Load
from web.site_pages import Element, list_slugs, parse

from app.domain import vocabulary
from app.formats.safety import list_contraindication_topics, list_risk_groups

one_database = pytest.mark.parametrize("shipped", ["sqlite"], indirect=True)
MOST_STOPS = 60
# Words of our own or of the trade, which no page for patients has.
BANNED = re.compile(
    r"(?<!\w)(?:certainty|very uncertain|lesion sites?|bands|axis|pain generators?|lay name|umbrella)(?!\w)|>=|<=|≥|≤",
    re.IGNORECASE,
)
_pages: dict[str, tuple[Any, Element]] = {}


def list_pages(shipped: Client, folder: str) -> Iterator[tuple[str, Any, Element]]:
    """Yield the slug, the detail and the parsed page of every record of a folder."""
    for slug in list_slugs(shipped, folder):
        path = f"/{folder}/{slug}"
        if path not in _pages:
            shipped.poll_release()
            _pages[path] = shipped.get(f"/v1{path}").json(), parse(shipped.get(path).text)
        yield slug, *_pages[path]


def list_both(shipped: Client) -> list[tuple[str, Any, Element]]:
    return [*list_pages(shipped, "procedures"), *list_pages(shipped, "conditions")]


def is_focusable(element: Element) -> bool:
    if element.name == "summary":
        return True
    parent = element.parent
    while parent is not None:
        # What is folded is no stop until it is opened.
        if parent.name == "details" and "open" not in parent.attributes:
            return False
        parent = parent.parent
    return element.name in {"button", "input", "select", "textarea"} or "href" in element.attributes


def get_section(tree: Element, section_id: str) -> Element:
    section = tree.by_id(section_id)
    assert section is not None, section_id
    return section


@one_database
def test_a_page_has_at_most_60_keyboard_stops(shipped: Client) -> None:
    stops = {
        slug: len([element for element in tree.all("a", "button", "input", "summary") if is_focusable(element)])
        for slug, _, tree in list_both(shipped)
    }
    print(f"keyboard stops: most {max(stops.values())}, median {sorted(stops.values())[len(stops) // 2]}")

    assert {slug: count for slug, count in stops.items() if count > MOST_STOPS} == {}


@one_database
def test_a_page_has_no_word_of_the_trade(shipped: Client) -> None:
    found = {slug: BANNED.findall(next(tree.all("body")).text) for slug, _, tree in list_both(shipped)}

    assert {slug: words for slug, words in found.items() if words} == {}


@one_database
def test_a_page_answers_the_questions_of_a_patient_in_one_order(shipped: Client) -> None:
    order = "what harms for-me benefit how-long before day afterwards call alternatives questions".split()
    for slug, _, tree in list_pages(shipped, "procedures"):
        assert [section.attributes["id"] for section in tree.all("section")] == order, slug
    order = "what urgent care procedures source-of-pain call questions".split()
    for slug, _, tree in list_pages(shipped, "conditions"):
        ids = [section.attributes["id"] for section in tree.all("section")]
        assert ids == [section_id for section_id in order if section_id in ids], slug
        assert {"what", "care", "procedures", "call", "questions"} <= set(ids), slug


@one_database
def test_a_page_names_every_harm_with_its_figure_and_every_position_against(shipped: Client) -> None:
    for slug, detail, tree in list_pages(shipped, "procedures"):
        harms = get_section(tree, "harms").text
        for row in list_risk_groups(detail):
            assert row["risk"]["name"] in harms, (slug, row["risk"]["name"])
            if row["worst"] and row["worst"]["observed"] is not None and row["worst"]["n"]:
                assert f"{row['worst']['n']:,}" in harms, (slug, row)
            elif row["worst"] and row["worst"]["percent_max"] is not None:
                assert f"{row['worst']['percent_max']:g} %" in harms, (slug, row)
        for position in detail["positions"]["items"]:
            if position["position"] == "against":
                year = f", {position['year']}" if position["year"] else ""
                assert f"{position['body']}{year}" in harms, (slug, position)


@one_database
def test_the_serious_harms_come_before_any_benefit(shipped: Client) -> None:
    for slug, detail, tree in list_pages(shipped, "procedures"):
        headings = [heading.text for heading in tree.all("h2")]
        assert headings.index("What can go wrong") < headings.index("How much it helps"), slug
        labels = [heading.text for heading in get_section(tree, "harms").all("h3")]
        stated = {row["seriousness"] for row in list_risk_groups(detail)} & {"life_threatening", "serious"}
        assert labels == [label for level, label in vocabulary.SERIOUSNESS.items() if level in stated], slug


@one_database
def test_a_page_names_every_topic_of_contraindications_and_every_sign(shipped: Client) -> None:
    for slug, detail, tree in list_pages(shipped, "procedures"):
        text = get_section(tree, "for-me").text
        for row in list_contraindication_topics(detail):
            label = vocabulary.CONTRAINDICATION_TOPICS[row["topic"]].lower()
            assert (label if row["topic"] != "other" else "other reasons") in text, (slug, row)
    for slug, detail, tree in list_both(shipped):
        signs = {element.text for element in get_section(tree, "call").all("li")}
        assert {row["sign"][0].upper() + row["sign"][1:] for row in detail["when_to_call"]["items"]} <= signs, slug
        assert "local emergency number" in get_section(tree, "call").text, slug


@one_database
def test_a_condition_shows_its_most_urgent_signs_before_its_procedures(shipped: Client) -> None:
    for slug, detail, tree in list_pages(shipped, "conditions"):
        main = next(tree.all("main")).text
        first = detail["when_to_call"]["items"][0]["sign"]
        assert main.index("Signs that need help") < main.index("What treats it"), slug
        assert first.lower() in get_section(tree, "urgent").text.lower(), slug


@one_database
def test_what_treats_a_condition_is_named_with_its_most_serious_harm(shipped: Client) -> None:
    for slug, _, tree in list_pages(shipped, "conditions"):
        options = shipped.get(f"/v1/conditions/{slug}/options").json()
        rows = [element.text for element in get_section(tree, "procedures").all("li")]
        listed = [*options["treats"]["items"], *options["diagnoses"]["items"]]
        assert len(rows) == len(listed), slug
        for option, row in zip(listed, rows, strict=True):
            if harms := option["serious_risks"]["items"]:
                assert f"Most serious harm: {harms[0]['risk']['name']}" in row, (slug, row)
                assert len(harms) == 1 or f"({len(harms) - 1} more on its page)" in row, (slug, row)
            else:
                assert "Serious harms: no data found" in row, (slug, row)


@one_database
def test_what_treats_a_condition_is_named_with_the_positions_against_it(shipped: Client) -> None:
    for slug, _, tree in list_pages(shipped, "conditions"):
        options = shipped.get(f"/v1/conditions/{slug}/options").json()
        rows = [element.text for element in get_section(tree, "procedures").all("li")]
        for option, row in zip(options["treats"]["items"], rows, strict=False):
            assert option["procedure"]["name"].lower() in row.lower(), (slug, row)
            for position in option["positions"]["items"]:
                if position["position"] == "against":
                    assert position["body"] in row.partition("Against it:")[2], (slug, position)


@one_database
def test_options_have_the_name_of_patients_with_the_clinical_name_beside(shipped: Client) -> None:
    row = get_section(parse(shipped.get("/conditions/lumbar-radiculopathy").text), "procedures").all("li")
    texts = [" ".join(element.text.split()) for element in row]

    named = "Steroid injection beside one spinal nerve (transforaminal) Transforaminal epidural steroid injection"
    assert any(text.startswith(named) for text in texts), texts


@one_database
def test_a_leaflet_is_titled_as_its_page(shipped: Client) -> None:
    for slug, _, tree in list_pages(shipped, "procedures"):
        [title] = tree.all("h1")
        [leaflet_title] = parse(shipped.get(f"/procedures/{slug}/leaflet").text).all("h1")
        assert leaflet_title.text == title.text


@one_database
def test_every_mark_leads_to_its_claim_on_the_evidence_page(shipped: Client) -> None:
    marks = 0
    for folder in ("procedures", "conditions"):
        for slug, _, tree in list(list_pages(shipped, folder))[::7]:
            evidence = parse(shipped.get(f"/{folder}/{slug}/evidence").text)
            for mark in tree.by_class("mark"):
                (link,) = mark.all("a")
                path, _, claim_id = link.attributes["href"].partition("#")
                assert path == f"/{folder}/{slug}/evidence"
                target = evidence.by_id(claim_id)
                assert target is not None, (slug, claim_id)
                if target.name == "li":
                    assert link.text.split(",")[0].rstrip("…") in re.findall(r"\d+", target.by_class("number")[0].text)
                marks += 1
    assert marks > 100


@one_database
def test_a_page_lists_no_statement_and_names_no_source(shipped: Client) -> None:
    for slug, _, tree in list_both(shipped):
        assert not tree.by_class("claims"), slug
        assert not tree.by_class("src"), slug
        assert not [link for link in tree.all("a") if re.match(r"/sources/.", link.attributes["href"])], slug


@one_database
def test_a_broad_record_says_first_how_many_forms_it_has(shipped: Client) -> None:
    for slug, detail, tree in list_both(shipped):
        if count := detail["forms"]["count"]:
            first = next(get_section(tree, "what").all("p"))
            assert first.text.startswith(f"{count} form"), slug
            assert "what they share" in first.text, slug


@one_database
def test_the_evidence_page_shows_every_claim_and_can_show_one_kind(shipped: Client) -> None:
    for folder in ("procedures", "conditions"):
        for slug in list_slugs(shipped, folder)[::11]:
            shipped.poll_release()
            detail = shipped.get(f"/v1/{folder}/{slug}").json()
            claims = {
                claim["id"]: claim["kind"]
                for block in detail.values()
                if isinstance(block, dict)
                for claim in block.get("items", [])
                if isinstance(claim, dict) and "kind" in claim and "statement" in claim
            }
            evidence = parse(shipped.get(f"/{folder}/{slug}/evidence").text)
            ids = {element.attributes["id"] for element in evidence.all() if "id" in element.attributes}
            assert set(claims) <= ids, slug
            kind = next(iter(claims.values()))
            links = {link.attributes["href"] for link in evidence.all("a")}
            assert f"/{folder}/{slug}/evidence?kind={kind}" in links
            chosen = parse(shipped.get(f"/{folder}/{slug}/evidence?kind={kind}").text)
            shown = [element.attributes["id"] for element in chosen.by_class("claims")[0].all("li")]
            assert shown == [claim_id for claim_id, name in claims.items() if name == kind], slug


def test_an_unknown_kind_is_refused_with_the_nearest(client: Client, load: Load) -> None:
    load(procedure("p", claims=[claim("p--finding-1", "finding", {"outcome": "pain", "direction": "favors"})]))

    response = client.get("/procedures/p/evidence?kind=findng")

    assert response.status_code == 422
    assert "finding" in response.text


def test_a_share_that_responds_stands_beside_that_of_the_sham_out_of_100(client: Client, load: Load) -> None:
    value = {"percent_min": 27.5, "percent_max": 27.5, "comparator_percent": 29.3, "at": "P3M", "at_label": "3 months"}
    qualifiers = {
        "definition": ">=50% less pain",
        "comparator": "sham",
        "comparator_is_sham": True,
        "population": "81 people",
    }
    load(procedure("p", claims=[claim("p--response-rate-1", "response_rate", value, qualifiers=qualifiers)]))

    section = get_section(parse(client.get("/procedures/p").text), "benefit")

    assert "28 of 100 with it, 29 of 100 with sham" in section.text
    assert "at least 50% less pain" in section.text
    assert "Who was chosen: 81 people" in section.text
    first, second = section.by_class("people")
    assert first.attributes["viewbox"] == second.attributes["viewbox"] == "0 0 80 80"
    assert ("28 filled dots of 100, 72 rings" in first.text, "29 filled dots of 100, 71 rings" in second.text) == (
        True,
        True,
    )


def test_a_harm_that_nobody_counted_says_so(client: Client, load: Load) -> None:
    harm = {"risk": "bleeding", "phrase": "bleeding", "state": "known", "seriousness": "serious"}
    load(
        procedure("p", claims=[claim("p--procedure-risk-1", "procedure_risk", harm)]), risk("bleeding"), condition("c")
    )

    harms = get_section(parse(client.get("/procedures/p").text), "harms").text
    silent = get_section(parse(client.get("/conditions/c").text), "care").text

    assert "How often is not stated: Bleeding." in harms
    assert "No source here says what care comes first" in silent
