"""Search phrases: words that people search with are no names, in every form."""

import pytest
from build import condition, procedure, risk
from conftest import Client, Load

PHRASE = "cooked spine nerves"


@pytest.fixture
def phrased(client: Client, load: Load) -> Client:
    load(
        procedure("facet-rfa", name="Facet ablation", patient_phrases=[PHRASE]),
        condition("spine-pain", patient_phrases=[PHRASE]),
        risk("burns", patient_phrases=[PHRASE]),
    )
    return client


@pytest.mark.parametrize("path", ["/v1/procedures", "/v1/conditions", "/v1/risks", "/procedures", "/conditions"])
def test_a_phrase_redirects_nowhere_and_suggests_its_record(phrased: Client, path: str) -> None:
    response = phrased.get(f"{path}/{PHRASE.replace(' ', '-')}")

    assert response.status_code == 404
    slug = {"procedures": "facet-rfa", "conditions": "spine-pain", "risks": "burns"}[path.rsplit("/", 1)[-1]]
    assert slug in response.text


def test_a_phrase_is_no_value_of_a_filter(phrased: Client) -> None:
    response = phrased.get("/v1/procedures", params={"condition": PHRASE})

    assert (response.status_code, response.json()["suggestions"][0]["slug"]) == (422, "spine-pain")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/procedures/facet-rfa",
        "/v1/procedures",
        "/v1/conditions/spine-pain",
        "/v1/risks/burns",
        "/v1/export/kb.ndjson",
        "/v1/suggest?q=cooked",
        "/procedures/facet-rfa",
        "/conditions/spine-pain",
        "/embed/v1/search.json",
    ],
)
def test_no_response_but_search_shows_a_phrase(phrased: Client, path: str) -> None:
    response = phrased.get(path)

    assert response.status_code == 200
    assert "cooked" not in response.text.lower().replace("q=cooked", "")


def test_search_finds_a_record_by_its_phrase(phrased: Client) -> None:
    hits = phrased.get("/v1/search", params={"q": PHRASE}).json()["items"]

    assert {hit["slug"] for hit in hits} == {"facet-rfa", "spine-pain", "burns"}
    assert {hit["matched"]["kind"] for hit in hits} == {"patient_phrase"}
