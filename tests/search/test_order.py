"""The order of hits, query by query and not on average: all of them, on a small corpus whose records compete."""

import pytest
from build import condition, generator, page, procedure, risk, source
from conftest import Client, Load

RECORDS = (
    generator("knee", name="Knee joint", names=[{"text": "Articulatio genus", "kind": "synonym"}]),
    generator("hip", name="Hip joint"),
    condition("knee-pain", name="Knee arthritis", arises_from=["knee"], patient_phrases=["my knees ache on stairs"]),
    condition("hip-pain", name="Hip arthritis", arises_from=["hip"]),
    condition("sciatica", name="Lumbar radiculopathy", names=[{"text": "Sciatica", "kind": "synonym"}]),
    procedure(
        "genicular",
        name="Genicular nerve ablation",
        treats=["knee"],
        indicated=["knee-pain"],
        names=[{"text": "Knee ablation", "kind": "synonym"}, {"text": "GNA", "kind": "abbreviation"}],
    ),
    procedure("knee-injection", name="Knee joint injection", treats=["knee"], indicated=["knee-pain"]),
    procedure("hip-injection", name="Hip joint injection", treats=["hip"], indicated=["hip-pain"]),
    procedure("epidural", name="Epidural steroid injection", indicated=["sciatica"]),
    condition("neck-narrowing", name="Cervical spinal stenosis", body_regions=["neck"]),
    condition("back-narrowing", name="Lumbar spinal stenosis", body_regions=["low_back"]),
    procedure("neck-epidural", name="Cervical epidural injection", indicated=["neck-narrowing"]),
    procedure("back-epidural", name="Lumbar epidural injection", indicated=["back-narrowing", "sciatica"]),
    risk("bleeding", name="Bleeding in the joint"),
    risk("infection", name="Joint infection"),
    page("journey", title="Before an injection"),
    source("knee-trial", title="Injection of the arthritic knee: a randomized trial", year=2019),
    source("hip-trial", title="Injection of the arthritic hip: a randomized trial", year=2021),
)


@pytest.fixture
def loaded(client: Client, load: Load) -> Client:
    load(*RECORDS)
    return client


ORDERS = {
    # What is called so, then what has the word in its name or among its relations, guide pages and sources last.
    "knee": "generator/knee condition/knee-pain procedure/knee-injection procedure/genicular source/knee-trial",
    "hip": "generator/hip condition/hip-pain procedure/hip-injection source/hip-trial",
    "injection": (
        "procedure/knee-injection procedure/hip-injection procedure/back-epidural procedure/neck-epidural procedure/epidural"
        " guide_page/journey source/knee-trial source/hip-trial"
    ),
    "joint": (
        "generator/knee generator/hip risk/infection risk/bleeding procedure/knee-injection procedure/hip-injection"
    ),
    # A whole name first.
    "knee joint": "generator/knee procedure/knee-injection condition/knee-pain procedure/genicular",
    "knee arthritis": "condition/knee-pain procedure/knee-injection procedure/genicular",
    # All words count, in any order, misspelled too.
    "knee injection": "procedure/knee-injection source/knee-trial",
    "injectoin knee": "procedure/knee-injection source/knee-trial",
    "joint injection": "procedure/knee-injection procedure/hip-injection",
    '"joint injection"': "procedure/knee-injection procedure/hip-injection",
    "arthritis": "condition/knee-pain condition/hip-pain",
    "bleeding joint": "risk/bleeding",
    "infection": "risk/infection",
    # Synonyms, abbreviations and phrases of patients.
    "knee ablation": "procedure/genicular",
    "gna": "procedure/genicular",
    "sciatca": "condition/sciatica",
    "articulatio genus": "generator/knee",
    "my knees ache": "condition/knee-pain",
    "knee trial": "source/knee-trial",
    # A region of the body, and what is wanted: a procedure.
    "stenosis": "condition/back-narrowing condition/neck-narrowing",
    "stenosis neck": "condition/neck-narrowing procedure/neck-epidural",
    "epidural": "procedure/epidural procedure/back-epidural procedure/neck-epidural",
    "epidural neck": "procedure/neck-epidural procedure/epidural",
    "injection for stenosis": "procedure/back-epidural procedure/neck-epidural",
    "injection for sciatica": "procedure/back-epidural procedure/epidural condition/sciatica",
    "cervical stenosis injection": "procedure/neck-epidural condition/neck-narrowing",
    "infection after knee injection": "procedure/knee-injection",
}


@pytest.mark.parametrize("query", ORDERS)
def test_all_hits_of_a_query_are_in_their_order(loaded: Client, query: str) -> None:
    body = loaded.get("/v1/search", params={"q": query}).json()

    expected = ORDERS[query].replace("generator/", "pain_generator/").split()
    assert [f"{hit['type']}/{hit['slug']}" for hit in body["items"]] == expected
    assert body["page"]["total"] == len(expected)
    for limit in range(1, len(expected)):
        page = loaded.get("/v1/search", params={"q": query, "limit": limit}).json()
        assert [f"{hit['type']}/{hit['slug']}" for hit in page["items"]] == expected[:limit]
