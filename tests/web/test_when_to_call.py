"""When to call: pages, leaflets and cards show the signs of their record, the most urgent first, and no others."""

from typing import Any

import pytest
from build import claim, emergency, procedure
from conftest import Client, Load
from web.site_pages import parse

SPINE = {"applies_to": {"procedures": ["spine-block"], "body_regions": ["low_back"]}}


@pytest.fixture
def loaded(client: Client, load: Load) -> Client:
    signs = {"tier": "same_day", "signs": ["a warm wound"]}
    load(
        emergency("saddle", short_sign="A numb saddle.", **SPINE),
        emergency("anyone", short_sign="A crushing chest.", applies_to={"general": True}),
        procedure("spine-block", body_regions=["low_back"], claims=[claim("s--call", "when_to_call", signs)]),
        procedure("head-block", body_regions=["head_face"]),
    )
    return client


@pytest.mark.parametrize("path", ["/procedures/{}", "/procedures/{}/leaflet"])
def test_a_page_shows_the_signs_of_its_record_the_most_urgent_first(loaded: Client, path: str) -> None:
    spine = parse(loaded.get(path.format("spine-block")).text).by_id("call").text.lower()
    head = parse(loaded.get(path.format("head-block")).text).by_id("call").text

    assert spine.index("local emergency number") < spine.index("a numb saddle.") < spine.index("a warm wound")
    assert "A numb saddle." not in head
    assert "A crushing chest." in head


def test_a_card_shows_the_signs_of_its_record_the_most_urgent_first(loaded: Client) -> None:
    def load_levels(slug: str) -> list[dict[str, Any]]:
        levels: list[dict[str, Any]] = loaded.get(f"/embed/v1/procedures/{slug}/full.json").json()["call"]["levels"]
        return levels

    emergency_level, today, clinic = load_levels("spine-block")

    assert emergency_level["heading"] == "Emergency"
    assert emergency_level["text"].endswith("A numb saddle.")
    assert today["text"].endswith("a warm wound.")
    assert clinic["heading"] == "Call the clinic"
    assert "saddle" not in str(load_levels("head-block"))


def test_a_chart_of_several_procedures_links_the_signs_of_each(loaded: Client) -> None:
    html = loaded.get("/embed/relief-chart?procedure=head-block&procedure=spine-block").text

    assert "local emergency number" in parse(html).by_id("kb-call").text
    for slug in ("head-block", "spine-block"):
        assert f'href="/procedures/{slug}#call" target="_blank" rel="noopener">when to call</a>' in html


def test_an_emergency_has_a_page_with_what_to_do_first(shipped: Client) -> None:
    text = shipped.get("/emergencies/septic-arthritis").text
    guide = shipped.get("/guide/emergencies").text

    assert text.index("local emergency number") < text.index("Get help today: signs")
    assert "/emergencies/septic-arthritis" in guide
