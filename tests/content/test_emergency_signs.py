"""No form of the shipped content names a sign of an emergency under a lower tier, or sends its readers to a clinic."""

from collections.abc import Iterator
from typing import Any

import pytest
from checkout import ROOT
from conftest import Client
from web.site_pages import parse

from app.domain import vocabulary
from app.domain.json import Json
from app.loader.content import load_content
from app.seed.emergency_checks import find_lowered_sign, find_misdirected_sign
from app.text.emergency_phrases import EmergencyPhrases

PATHS = {"procedure": "procedures", "condition": "conditions", "pain_generator": "pain-generators"}


@pytest.fixture(scope="module")
def records() -> list[tuple[str, str]]:
    return [(record_type, record.slug) for record_type, record in load_content(ROOT / "seed_data").bundle.records()]


@pytest.fixture(scope="module")
def phrases() -> EmergencyPhrases:
    return load_content(ROOT / "seed_data").bundle.emergency_phrases


def iter_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from iter_texts(member)


def load_cards(client: Client, record_type: str, slug: str) -> list[Json]:
    path = {"procedure": f"procedures/{slug}", "condition": f"conditions/{slug}/options"}.get(record_type)
    variants = ("full", "summary", "card") if path else ()
    return [client.get(f"/embed/v1/{path}/{variant}.json").json() for variant in variants]


# One database is enough: both have the same bytes.
@pytest.mark.parametrize("shipped", ["sqlite"], indirect=True)
def test_no_page_card_or_leaflet_puts_a_sign_of_an_emergency_under_a_lower_tier(
    shipped: Client, records: list[tuple[str, str]], phrases: EmergencyPhrases
) -> None:
    tiers = {label: tier for tier, label in vocabulary.CALL_TIERS.items()}
    wrong: list[tuple[str, str]] = []
    for record_type, slug in records:
        path = f"/{PATHS[record_type]}/{slug}"
        rows = shipped.get(f"/v1{path}").json()["when_to_call"]["items"]
        wrong += [(path, row["sign"]) for row in rows if find_lowered_sign(phrases, row["sign"], row["tier"])]
        cards = load_cards(shipped, record_type, slug)
        for level in (level for card in cards for level in card["call"]["levels"] if level["heading"] in tiers):
            signs = level["text"].split(". ")
            wrong += [(path, sign) for sign in signs if find_lowered_sign(phrases, sign, tiers[level["heading"]])]
        texts = [text for card in cards for text in iter_texts(card)]
        for page in (path, f"{path}/leaflet") if record_type == "procedure" else (path,):
            texts += [element.text for element in parse(shipped.get(page).text).all("p", "li", "td", "dd")]
        wrong += [(path, text) for text in dict.fromkeys(texts) if find_misdirected_sign(phrases, text)]
    assert wrong == []
    assert len(records) > 150
