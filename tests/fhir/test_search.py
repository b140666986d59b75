"""Search over /fhir as R5 has it: tokens, strings, references, what a page holds, and how errors are handled."""

from typing import Any
from urllib.parse import quote

import pytest
from conftest import Client
from fhir.resources import get_fhir_model_class

from app.formats.fhir.subsets import MANDATORY_ELEMENTS, SUMMARY_ELEMENTS

ALL = ["a-procedure-whose-slug-is-longer-than-the-sixty-fou.ef14f10afb9d", "p", "q"]


def search(client: Client, path: str, **options: Any) -> dict[str, Any]:
    response = client.get(f"/fhir/{path}", **options)
    assert response.status_code == 200, response.text
    bundle: dict[str, Any] = response.json()
    get_fhir_model_class("Bundle").model_validate(bundle)
    return bundle


def list_ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", ())]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ActivityDefinition?identifier=urn:other|q", []),
        ("ActivityDefinition?identifier=|q", []),
        ("ActivityDefinition?identifier=urn:procedure-kb:identifier:procedures|", ALL),
        ("ActivityDefinition?identifier=p,urn:other|q", ["p"]),
        ("Citation?identifier=https://doi.org|10.1000/182", ["cited"]),
        ("Citation?identifier=12345", ["cited"]),
        ("Citation?identifier=https://doi.org|12345", []),
        ("Citation?identifier=|NG59", ["cited"]),
        ("ActivityDefinition?status=urn:other|active", []),
        ("ActivityDefinition?status=activ", []),
        ("ActivityDefinition?topic=urn:procedure-kb:CodeSystem:intents|ablation", []),
        ("ActivityDefinition?topic=urn:procedure-kb:CodeSystem:families|ablation", ["q"]),
        ("ActivityDefinition?code=http://snomed.info/sct|123456", []),
        ("ClinicalUseDefinition?effect=http://snomed.info/sct|123456", []),
        ("ClinicalUseDefinition?effect=bleedin", []),
        ("ClinicalUseDefinition?contraindication=local_infection", ["p--stop"]),
        ("ClinicalUseDefinition?type=urn:other|indication", []),
        ("Evidence?claim-kind=urn:other|target", []),
    ],
)
def test_a_token_matches_by_code_and_system(fhir: Client, path: str, expected: list[str]) -> None:
    assert list_ids(search(fhir, path)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ActivityDefinition?url=urn:procedure-kb:ActivityDefinition:q|9.9.9", []),
        ("CodeSystem?url=urn:procedure-kb:CodeSystem:families|9.9.9", []),
        ("ActivityDefinition?url=urn:procedure-kb:ActivityDefinition:q,urn:procedure-kb:ActivityDefinition:p", ["p", "q"]),
    ],
)  # fmt: skip
def test_a_canonical_url_matches_with_its_version(fhir: Client, path: str, expected: list[str]) -> None:
    assert list_ids(search(fhir, path)) == expected
    (entry,) = search(fhir, "ActivityDefinition?_id=q")["entry"]
    version = entry["resource"]["version"]
    assert list_ids(search(fhir, f"ActivityDefinition?url=urn:procedure-kb:ActivityDefinition:q|{quote(version)}")) == [
        "q"
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ActivityDefinition?name=needle,q", ["p", "q"]),
        ("ActivityDefinition?name=needle&name=p", ["p"]),
        ("ActivityDefinition?name=needle&name=q", []),
        ("ActivityDefinition?name=Kb_q", ["q"]),
        ("ActivityDefinition?name:exact=Kb_q", ["q"]),
        ("ActivityDefinition?title=needle", []),
        ("ActivityDefinition?title:contains=whose", [ALL[0]]),
        ("CodeSystem?name=KbFamilies", ["families"]),
        ("CodeSystem?name:exact=KbFamiliesCodeSystem", ["families"]),
        ("ValueSet?name:exact=KbFamiliesCodeSystem", []),
        ("ActivityDefinition?topic=ablation,injection", ALL),
        ("ActivityDefinition?topic=ablation&topic=injection", []),
        ("ActivityDefinition?topic=ablation,therapeutic", ALL),
        ("ActivityDefinition?topic=ablation&topic=therapeutic", ["q"]),
        ("ActivityDefinition?_id=p&_id=q", []),
    ],
)
def test_a_comma_means_or_and_a_repeated_parameter_and(fhir: Client, path: str, expected: list[str]) -> None:
    assert sorted(list_ids(search(fhir, path))) == expected


@pytest.mark.parametrize(
    ("subject", "count"),
    [
        ("ActivityDefinition/p", 3),
        ("p", 3),
        ("http://kb.test/fhir/ActivityDefinition/p", 3),
        ("http://kb.test/fhir/ActivityDefinition/p/_history/1", 3),
        ("https://other.test/fhir/ActivityDefinition/p", 0),
        ("EvidenceVariable/p", 0),
        ("ActivityDefinition/unknown", 0),
        ("ActivityDefinition/p,ActivityDefinition/q", 3),
    ],
)
def test_a_reference_matches_relative_and_absolute(fhir: Client, subject: str, count: int) -> None:
    assert search(fhir, f"ClinicalUseDefinition?subject={subject}")["total"] == count


def test_a_count_of_zero_gives_the_total_and_a_large_one_the_largest_page(fhir: Client) -> None:
    empty = search(fhir, "ActivityDefinition?_count=0")
    assert (empty["total"], "entry" in empty, len(empty["link"])) == (3, False, 1)
    assert search(fhir, "ActivityDefinition?_summary=count")["total"] == 3
    clamped = search(fhir, "StructureDefinition?_count=5000")
    assert clamped["link"][0]["url"].endswith("_count=100")
    assert len(clamped["entry"]) == clamped["total"]


def test_a_total_is_left_out_on_request(fhir: Client) -> None:
    assert "total" not in search(fhir, "ActivityDefinition?_total=none")
    assert search(fhir, "ActivityDefinition?_total=accurate")["total"] == 3
    assert search(fhir, "ActivityDefinition?_total=none&_count=0")["total"] == 3


def test_matches_are_sorted_and_paged_in_that_order(fhir: Client) -> None:
    assert list_ids(search(fhir, "ActivityDefinition?_sort=_id")) == ALL
    assert list_ids(search(fhir, "ActivityDefinition?_sort=-title")) == ALL[::-1]
    assert list_ids(search(fhir, "ActivityDefinition?_sort=status,-_id")) == ALL[::-1]
    seen: list[str] = []
    url: str | None = "/fhir/ActivityDefinition?_sort=-_id&_count=1"
    while url:
        bundle = fhir.get(url).json()
        seen += list_ids(bundle)
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert seen == ALL[::-1]


def test_a_summary_has_the_elements_that_r5_marks(fhir: Client) -> None:
    (entry,) = search(fhir, "ActivityDefinition?_id=p&_summary=true")["entry"]
    assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert {"title", "status", "code"} <= entry["resource"].keys()
    assert entry["resource"].keys().isdisjoint({"extension", "text", "topic", "relatedArtifact"})
    text = search(fhir, "ActivityDefinition?_id=p&_summary=text")["entry"][0]["resource"]
    assert text.keys() == {"resourceType", "id", "meta", "text", "status"}
    whole = fhir.get("/fhir/ActivityDefinition/p").json()
    assert fhir.get("/fhir/ActivityDefinition/p?_summary=data").json().keys() == whole.keys() - {"text"}
    assert "tag" not in whole["meta"]
    elements = fhir.get("/fhir/Evidence/p--target-t0?_elements=url,assertion").json()
    assert elements.keys() == {"resourceType", "id", "meta", "url", "assertion", "status", "variableDefinition"}


@pytest.mark.parametrize("resource_type", sorted(SUMMARY_ELEMENTS))
def test_summary_and_mandatory_elements_are_those_of_r5(resource_type: str) -> None:
    model = get_fhir_model_class(resource_type)
    properties = {field.alias or name: field.json_schema_extra or {} for name, field in model.model_fields.items()}
    summary = SUMMARY_ELEMENTS[resource_type]

    assert summary <= properties.keys()
    assert {name for name in summary if not properties[name].get("summary_element_property")} == set()
    required = {
        name
        for name, extra in properties.items()
        if extra.get("element_required") or model.model_fields[_find(model, name)].is_required()
    }
    assert MANDATORY_ELEMENTS[resource_type] >= required - {"resourceType"}


def _find(model: Any, alias: str) -> str:
    return next(name for name, field in model.model_fields.items() if (field.alias or name) == alias)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200),
        ("application/fhir+json; fhirVersion=5.0", 200),
        ("application/fhir+xml", 406),
        ("application/fhir+json; fhirVersion=4.0", 406),
        ("application/fhir+json;q=0", 406),
        ("application/fhir+xml, application/fhir+json;q=0.5", 200),
    ],
)
def test_another_format_or_version_is_not_acceptable(fhir: Client, accept: str, status: int) -> None:
    # The same URL twice: neither response may be taken from the cache for the other.
    for path in ("/fhir/ActivityDefinition/p", "/fhir/ActivityDefinition/p"):
        assert fhir.get(path, headers={"Accept": "*/*"}).status_code == 200
        response = fhir.get(path, headers={"Accept": accept})
        assert (response.status_code, response.json()["resourceType"]) == (
            status,
            "ActivityDefinition" if status == 200 else "OperationOutcome",
        )
        assert response.headers["vary"] == "Accept-Encoding, Accept, Prefer"
    assert fhir.get("/fhir/ActivityDefinition/p?_format=json", headers={"Accept": accept}).status_code == 200


def test_lenient_handling_ignores_unknown_parameters_and_strict_refuses_them(fhir: Client) -> None:
    path = "/fhir/ActivityDefinition?made-up=1&_id=p"
    for _ in range(2):
        assert fhir.get(path).status_code == 400
        assert fhir.get(path, headers={"Prefer": "handling=strict"}).status_code == 400
        bundle = fhir.get(path, headers={"Prefer": "return=minimal, handling=lenient"}).json()
        assert list_ids(bundle) == ["p"]
        # What was ignored is not in the link.
        assert bundle["link"][0]["url"] == "http://kb.test/fhir/ActivityDefinition?_id=p"
    modifier = fhir.get("/fhir/ActivityDefinition?name:sounds=x", headers={"Prefer": "handling=lenient"})
    assert modifier.status_code == 400


def test_a_search_by_post_is_the_search_by_get(fhir: Client) -> None:
    response = fhir.request(
        "POST",
        "/fhir/ActivityDefinition/_search?_count=1",
        content="name=needle%2Cq",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.json() == fhir.get("/fhir/ActivityDefinition?_count=1&name=needle%2Cq").json()
    assert fhir.request("POST", "/fhir/ActivityDefinition/_search", content="made-up=1").status_code == 400
    assert fhir.request("POST", "/fhir/ActivityDefinition/_search").json()["total"] == 3
