"""Searches and suggestions name the emergency that a text describes, whatever the words."""

import json
from pathlib import Path
from typing import Any

import pytest
from build import claim, emergency, procedure
from conftest import Client, Load

from app.domain import vocabulary

FOLDER = Path(__file__).parent
# Emergency -> sentences that were written apart from the phrases of the catalog.
SENTENCES = json.loads((FOLDER / "emergencies.json").read_text(encoding="utf-8"))
HARMLESS = json.loads((FOLDER / "harmless.json").read_text(encoding="utf-8"))


def find_notices(client: Client, text: str) -> list[dict[str, Any]]:
    notices: list[dict[str, Any]] = client.get("/v1/search", params={"q": text}).json()["notices"]
    return notices


def test_every_emergency_has_sentences_to_try(shipped: Client) -> None:
    page = shipped.get("/v1/emergencies", params={"limit": "100"}).json()

    assert {emergency["slug"] for emergency in page["items"]} == SENTENCES.keys()
    assert all(len(sentences) >= 4 for sentences in SENTENCES.values())


@pytest.mark.parametrize("slug", SENTENCES)
def test_every_emergency_is_recognized_in_many_wordings(shipped: Client, slug: str) -> None:
    for sentence in SENTENCES[slug]:
        assert slug in {notice["emergency"] for notice in find_notices(shipped, sentence)}, sentence


def test_harmless_sentences_return_no_notice(shipped: Client) -> None:
    for sentence in HARMLESS:
        assert find_notices(shipped, sentence) == [], sentence


def test_a_notice_is_a_sign_or_an_action_and_never_reassures(shipped: Client) -> None:
    for sentences in SENTENCES.values():
        for notice in find_notices(shipped, sentences[0]):
            assert notice["name"] in notice["statement"]
            assert notice["action"] in notice["statement"]
            assert notice["claims"]
            assert not {"rare", "rarely", "unlikely"} & set(notice["statement"].lower().split())


def test_the_most_urgent_notice_is_first(shipped: Client) -> None:
    tiers = list(vocabulary.CALL_TIERS)
    for sentences in SENTENCES.values():
        order = [tiers.index(notice["tier"]) for notice in find_notices(shipped, sentences[0])]
        assert order == sorted(order)


def test_suggestions_have_the_same_notices(shipped: Client) -> None:
    text = "cannot pee and numb between my legs"

    assert shipped.get("/v1/suggest", params={"q": text}).json()["notices"] == find_notices(shipped, text) != []


@pytest.mark.parametrize(
    "text",
    [
        *("cannot lift it", "can't lift it", "unable to lift it", "not being able to lift it", "inability to lift it"),
        *("no longer lift it", "it I could not lift", "lost the ability to lift it", "isn't able to lift it"),
    ],
)
def test_all_ways_to_say_cannot_are_one(client: Client, load: Load, text: str) -> None:
    load(emergency("dropped", phrases={"emergency": ["cannot lift"]}), procedure("p"))

    assert [notice["emergency"] for notice in find_notices(client, text)] == ["dropped"]


def test_an_aid_for_what_lasts_is_no_emergency_and_a_report_beside_it_is_one(client: Client, load: Load) -> None:
    load(emergency("dropped", phrases={"emergency": ["~ foot drops", "@newly weak foot"]}), procedure("p"))

    def is_noticed(text: str) -> bool:
        return bool(find_notices(client, text))

    assert is_noticed("foot drops")
    assert not is_noticed("shoe for a foot that drops")
    assert not is_noticed("new knee brace for weak foot")
    assert is_noticed("tips for a foot that drops")
    assert is_noticed("shoe for new weak foot")
    assert is_noticed("shoe for my foot, it drops")
    assert is_noticed("brace for a foot that drops since the injection")
    assert is_noticed("cannot walk, brace for a foot that drops")


def test_a_phrase_may_have_a_lower_tier(client: Client, load: Load) -> None:
    signs = [{"text": "A zigzag"}, {"text": "A squiggle", "tier": "same_day"}]
    load(emergency("zigzag", signs=signs, phrases={"emergency": ["zigzag"], "same_day": ["squiggle"]}), procedure("p"))

    (urgent,), (later,) = find_notices(client, "zigzag squiggle"), find_notices(client, "squiggle")

    assert (urgent["tier"], later["tier"]) == ("emergency", "same_day")
    assert later["action"] == vocabulary.CALL_ACTIONS["same_day"]


def test_a_record_shows_the_emergencies_of_its_risks_and_what_sources_say_of_it(client: Client, load: Load) -> None:
    risk_claim = claim("p--risk", "procedure_risk", {"risk": "clot", "phrase": "clot", "state": "known"})
    stated = {"tier": "same_day", "signs": ["a warm wound"]}
    load(
        {
            "_": "risks",
            "slug": "clot",
            "name": "Clot",
            "lay_name": "clot",
            "category": "bleeding",
            "description": "A clot.",
        }
        | {"seriousness": "serious", "seriousness_reason": "Test."},
        emergency("embolism", risks=["clot"]),
        emergency("elsewhere"),
        emergency("anyone", applies_to={"general": True}),
        procedure("p", claims=[risk_claim, claim("p--call", "when_to_call", stated)]),
        procedure("q"),
    )

    rows = client.get("/v1/procedures/p").json()["when_to_call"]["items"]
    others = client.get("/v1/procedures/q").json()["when_to_call"]["items"]

    assert [(row["sign"], row["tier"], row["origin"], row["claims"]) for row in rows] == [
        ("A sign of embolism.", "emergency", "editorial", ["embolism--emergency-01"]),
        ("a warm wound", "same_day", "source", ["p--call"]),
    ]
    assert [(row["emergencies"][0]["slug"], row["origin"]) for row in others] == [("anyone", "general")]


def test_an_emergency_that_a_source_names_has_the_sign_of_the_catalog_too(client: Client, load: Load) -> None:
    # A source may state a few signs of an emergency and leave out the gravest.
    stated = {"tier": "emergency", "signs": ["pain in both legs"], "emergencies": ["cauda"]}
    load(emergency("cauda"), procedure("p", claims=[claim("p--call", "when_to_call", stated)]))

    rows = client.get("/v1/procedures/p").json()["when_to_call"]["items"]

    assert [(row["sign"], row["origin"]) for row in rows] == [
        ("A sign of cauda.", "editorial"),
        ("pain in both legs", "source"),
    ]
