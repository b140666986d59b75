"""Infobutton: what clients of HL7's Context-Aware Knowledge Retrieval ask, read with a generic Atom and a JSON reader."""

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from build import condition
from conftest import Client, Load

ICD = "2.16.840.1.113883.6.90"
ATOM = "{http://www.w3.org/2005/Atom}"
JSON = {"knowledgeResponseType": "application/json"}


@pytest.fixture
def coded(client: Client, load: Load) -> Client:
    record = {"type": "condition", "slug": "sciatica", "relation": "exact"}
    codes = [{"id": "M54.16", "title": "Radiculopathy, lumbar region", "billable": True, "records": [record]}]
    load(condition("sciatica"), {"_": "codes", "slug": "icd-10-cm", "version": "2026-04-01", "codes": codes})
    return client


def ask(client: Client, **criteria: str) -> Any:
    names = {"cs": "mainSearchCriteria.v.cs", "c": "mainSearchCriteria.v.c", "dn": "mainSearchCriteria.v.dn"}
    return client.get("/v1/infobutton?" + urlencode({names.get(name, name): text for name, text in criteria.items()}))


REQUESTS: list[tuple[dict[str, str], list[str]]] = [
    ({"cs": ICD, "c": "M54.16"}, ["Sciatica"]),
    ({"cs": ICD, "c": "m5416"}, ["Sciatica"]),
    ({"cs": ICD, "c": "M54.16", "dn": "Lumbar radiculopathy"}, ["Sciatica"]),
    ({"cs": ICD, "c": "M54.16", "informationRecipient.languageCode.c": "en"}, ["Sciatica"]),
    ({"cs": ICD, "c": "M54.16", "informationRecipient": "PROV"}, ["Sciatica"]),
    ({"cs": ICD, "c": "M54.16", "age.v.v": "51", "age.v.u": "a", "taskContext.c.c": "PROBLISTREV"}, ["Sciatica"]),
    ({"cs": ICD, "dn": "sciatica"}, ["Sciatica"]),
    ({"cs": ICD, "c": "M54.16", "informationRecipient.languageCode.c": "es", "performer": "PAT"}, ["Sciatica"]),
    ({"cs": f"urn:oid:{ICD}", "c": "M54.16"}, ["Sciatica"]),
    ({"cs": ICD, "c": "E11.9"}, []),
    ({"cs": "2.16.840.1.113883.6.103", "c": "250.33", "dn": "Diabetes mellitus with other coma type 1"}, []),
    ({"cs": "2.16.840.1.113883.6.96", "c": "195967001"}, []),
    ({"cs": "2.16.840.1.113883.6.69", "c": "00310-0751-39"}, []),
    ({"cs": "2.16.840.1.113883.6.1", "c": "3187-2", "dn": "Factor IX assay"}, []),
    ({"cs": "2.16.840.1.113883.6.12", "c": "64483"}, []),
    ({"cs": "2.16.840.1.113883.6.88", "c": "637188"}, []),
    ({"cs": ICD, "c": "no code"}, []),
    ({"cs": ICD}, []),
    ({"cs": ICD, "c": "", "dn": ""}, []),
    ({"cs": ICD, "dn": "no name"}, []),
]


@pytest.mark.parametrize(("criteria", "titles"), REQUESTS)
def test_a_request_is_answered_in_json_and_atom(coded: Client, criteria: dict[str, str], titles: list[str]) -> None:
    as_json, as_atom = ask(coded, **criteria, **JSON), ask(coded, **criteria)

    assert (as_json.status_code, as_atom.status_code) == (200, 200)
    assert as_json.headers["content-type"] == "application/json"
    assert as_atom.headers["content-type"].startswith("text/xml")
    feed = as_json.json()["feed"]
    root = ET.fromstring(as_atom.text)
    assert [entry["title"]["_value"] for entry in feed["entry"]] == titles
    assert [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")] == titles
    terms = [each["term"] for entry in feed["entry"] for each in entry["category"]]
    assert (
        terms
        == [each.get("term") for each in root.findall(f"{ATOM}entry/{ATOM}category")]
        == ["condition"] * len(titles)
    )
    assert {"scheme": "mainSearchCriteria.v.cs", "term": criteria["cs"]} in feed["category"]
    for name in ("id", "title", "updated"):
        assert root.findtext(f"{ATOM}{name}") == feed[name]["_value"] != ""


def test_an_entry_links_the_page_and_ends_with_the_notice(coded: Client) -> None:
    (patient,) = ask(coded, cs=ICD, c="M54.16", **JSON).json()["feed"]["entry"]
    (clinician,) = ask(coded, cs=ICD, c="M54.16", informationRecipient="PROV", **JSON).json()["feed"]["entry"]

    assert patient["link"][0]["href"].endswith("/conditions/sciatica")
    assert clinician["link"][0]["href"].endswith("/conditions/sciatica/evidence#clinicians")
    assert "Information, not advice." in patient["summary"]["_value"]


def test_a_form_that_is_not_offered_is_refused(coded: Client) -> None:
    response = ask(coded, cs=ICD, c="M54.16", knowledgeResponseType="application/javascript")

    assert (response.status_code, response.json()["errors"][0]["parameter"]) == (422, "knowledgeResponseType")
    assert response.headers["content-type"] == "application/problem+json"


def test_an_entry_of_a_procedure_has_its_serious_harms_and_the_positions_against_it(shipped: Client) -> None:
    criteria = {"cs": "2.16.840.1.113883.6.4", "c": "00HU3MZ"}
    entries = ask(shipped, **criteria, **JSON).json()["feed"]["entry"]

    assert {entry["category"][0]["term"] for entry in entries} == {"procedure"}
    for entry in entries:
        # Another system shows it: a path would lead to a page of that system.
        assert entry["link"][0]["href"].startswith("http://127.0.0.1:8000/procedures/")
        document = shipped.get(f"/v1/procedures/{entry['link'][0]['href'].rsplit('/', 1)[1]}").json()
        text = entry["summary"]["_value"]
        assert document["serious_risks"]["items"]
        assert all(row["risk"]["name"] in text for row in document["serious_risks"]["items"])
        opposed = [row for row in document["positions"]["items"] if row["position"] in {"against", "insufficient"}]
        assert all(row["body"] in text for row in opposed)
