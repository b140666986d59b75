"""Names of the shipped records: none is a symptom, an emergency, or another diagnosis or technique."""

import pytest
from conftest import Client

MISLEADING = [
    ("conditions", "toes-going-black-and-very-sore"),
    ("conditions", "sacroiliitis"),
    ("conditions", "cervical-spondylosis"),
    ("conditions", "slipping-disc"),
    ("conditions", "broken-back"),
    ("conditions", "post-amputation-pain"),
    ("conditions", "pancreatic-cancer"),
    ("conditions", "chronic-pancreatitis"),
    ("conditions", "nerve-damage"),
    ("conditions", "jaw-pain"),
    ("conditions", "rib-pain"),
    ("conditions", "headache-after-a-head-injury"),
    ("conditions", "pain-between-the-shoulder-blades"),
    ("procedures", "drg-rhizotomy"),
    ("procedures", "dorsal-rhizotomy"),
    ("procedures", "spinal-steroid-injection"),
    ("pain-generators", "epidural-fibrosis"),
]
AMBIGUOUS = {
    "conditions/radiculopathy": {"cervical-radiculopathy", "lumbar-radiculopathy"},
    "procedures/vertebral-augmentation": {"vertebroplasty", "balloon-kyphoplasty"},
    "procedures/facet-joint-injection": {"intra-articular-facet-joint-injection", "medial-branch-block"},
    "procedures/cervical-epidural-steroid-injection": {
        "cervical-interlaminar-epidural-steroid-injection",
        "transforaminal-epidural-steroid-injection",
    },
    "procedures/botox": {"botulinum-toxin-muscle-injection", "onabotulinumtoxina-injection-for-migraine"},
}


@pytest.mark.parametrize(("folder", "name"), MISLEADING)
def test_what_is_no_name_of_a_record_leads_to_none(shipped: Client, folder: str, name: str) -> None:
    assert shipped.get(f"/v1/{folder}/{name}").json()["code"] == "not_found"
    assert shipped.get(f"/{folder}/{name}").status_code == 404


def test_poor_circulation_leads_to_the_record_that_sends_to_a_vascular_team(shipped: Client) -> None:
    response = shipped.get("/v1/conditions/poor-circulation-in-the-legs")

    assert response.headers["location"] == "/v1/conditions/limb-ischemia"


@pytest.mark.parametrize("path", AMBIGUOUS)
def test_a_name_of_several_records_leads_to_the_choice(shipped: Client, path: str) -> None:
    response = shipped.get(f"/v1/{path}").json()

    assert response["code"] == "ambiguous_name"
    assert {suggestion["slug"] for suggestion in response["suggestions"]} == AMBIGUOUS[path]


def test_cancer_and_swelling_of_the_pancreas_are_two_conditions(shipped: Client) -> None:
    narrower = shipped.get("/v1/conditions/pancreatic-pain").json()["related"]["narrower"]["items"]
    procedures = {
        record["slug"]: {
            row["slug"] for row in shipped.get(f"/v1/conditions/{record['slug']}/procedures").json()["items"]
        }
        for record in narrower
    }

    assert procedures.keys() == {"pancreatic-cancer-pain", "chronic-pancreatitis-pain"}
    for slugs in procedures.values():
        assert slugs >= {"celiac-plexus-block-and-neurolysis", "splanchnic-nerve-block-and-neurolysis"}


@pytest.mark.parametrize(
    "query",
    [
        "poor circulation in the legs",
        "toes going black",
        "blocked leg arteries",
        "leg ulcer",
        "cold white foot with pain at rest",
        "no blood getting to toes",
    ],
)
def test_a_leg_without_blood_is_not_taken_for_nerve_pain(shipped: Client, query: str) -> None:
    hits = shipped.get("/v1/search", params={"q": query}).json()["items"]

    assert "sympathetically-maintained-leg-pain" not in {hit["slug"] for hit in hits}
