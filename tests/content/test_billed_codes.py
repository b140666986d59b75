"""Codes that pain clinics bill: each leads to the record that a clinician would choose, or to none where there is none."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Client

from app.api.v1.code_lookup import MAX_CODES

# Record -> codes of all regions, sides and encounters that are billed for it.
CODES = {
    "axial-neck-pain": "M54.2",
    "cancer-pain": "G89.3",
    "carpal-tunnel-syndrome": "G56.01 G56.03",
    "cervical-facet-arthropathy": "M47.812 M47.813",
    "cervical-radiculopathy": "M54.12 M54.13 M47.22 M50.11 M50.120 M50.121 M50.122 M50.123 M50.13",
    "cervicogenic-headache": "G44.86",
    "chronic-back-and-neck-pain": "M54.9 M54.89",
    "chronic-low-back-pain": "M54.5 M54.50 M54.59",
    "chronic-migraine": "G43.709 G43.719",
    "chronic-pelvic-pain": "R10.20 R10.21 R10.22 R10.23",
    "chronic-postsurgical-pain": "G89.28",
    "coccydynia": "M53.3",
    "complex-regional-pain-syndrome": "G90.50 G90.511 G90.522 G56.41 G57.71",
    "degenerative-disc-disease": "M51.360 M51.361 M51.362 M51.369 M51.370 M51.379",
    "fibromyalgia": "M79.7",
    "greater-trochanteric-pain-syndrome": "M70.61 M70.62",
    "herniated-disc": "M51.26 M51.27 M50.20 M50.220 M50.222",
    "hip-osteoarthritis": "M16.0 M16.11 M16.12 M16.31 M16.51",
    "intercostal-neuralgia": "G58.0",
    "knee-osteoarthritis": "M17.0 M17.11 M17.12 M17.2 M17.31 M17.5",
    "limb-ischemia": "I70.221 I70.222 I70.234 I70.262 I70.321 I70.443",
    "lumbar-facet-arthropathy": "M47.816 M47.817",
    "lumbar-radiculopathy": "M54.16 M54.17 M54.30 M54.31 M54.32 M54.40 M54.41 M54.42 M47.26 M47.27 M51.16 M51.17",
    "lumbar-spinal-stenosis": "M48.061 M48.062 M48.07",
    "meralgia-paresthetica": "G57.10 G57.11 G57.12",
    "myofascial-pain-syndrome": "M79.10 M79.12 M79.18",
    "neuropathic-pain": "M79.2",
    "occipital-neuralgia": "M54.81",
    "painful-diabetic-neuropathy": "E11.42 E10.42",
    "peripheral-neuropathy": "G62.9 G60.9 G62.81",
    "persistent-spinal-pain-syndrome-type-2": "M96.1",
    "phantom-limb-pain": "G54.6",
    "postherpetic-neuralgia": "B02.29 B02.22",
    "rib-fracture": "S22.41XA S22.42XD",
    "sacroiliac-joint-dysfunction": "M46.1 M53.2X8",
    "shoulder-pain": "M25.511 M25.512 M75.01 M75.41 M75.102 M19.011",
    "spondylolisthesis": "M43.16 M43.17",
    "thoracic-back-pain": "M54.6",
    "trigeminal-neuralgia": "G50.0",
    "vertebral-compression-fracture": "M80.08XA M80.08XD M80.88XA M48.54XA M48.56XA S22.060A S22.070D S22.080A S32.000A S32.010A"
    " S32.020A S32.030D S32.050S",
    "vertebrogenic-pain": "M54.51",
    "whiplash-associated-neck-pain": "S13.4XXA S13.4XXD",
    "avascular-necrosis-of-the-hip": "M87.051 M87.151 M87.852",
}
# Symptoms and statuses that are no record: what is related to them is not what they mean.
WITHOUT_RECORD = """G89.4 G89.29 G89.21 M79.601 M79.605 M79.671 M25.561 M25.571 R51.9 M54.14 M48.02 M48.04 M53.86 G54.9 G55 G44.89 I70.211
S23.3XXA S43.401A Z79.891 F11.20 M77.11"""


def look_up(client: Client, codes: list[str]) -> Iterator[Any]:
    for begin in range(0, len(codes), MAX_CODES):
        query = {"code": codes[begin : begin + MAX_CODES], "system": "icd-10-cm"}
        yield from client.get("/v1/lookup", params=query).json()["items"]


def test_a_billed_code_leads_to_the_record_that_a_clinician_would_choose(shipped: Client) -> None:
    expected = {code: slug for slug, codes in CODES.items() for code in codes.split()}
    for item in look_up(shipped, list(expected)):
        slug = expected[item["code"]]
        assert item["status"] == "known", item["code"]
        assert item["records"][0]["slug"] == slug, item["code"]
        redirected = shipped.get(f"/v1/conditions/{item['code']}", follow_redirects=False)
        assert redirected.headers.get("location") == f"/v1/conditions/{slug}", item["code"]


def test_a_billed_code_of_a_symptom_without_record_leads_to_no_treatment(shipped: Client) -> None:
    for item in look_up(shipped, WITHOUT_RECORD.split()):
        assert item["status"] in {"related", "unknown"}, item["code"]
        assert all(record["treatments"] is None for record in item["records"]), item["code"]


@pytest.mark.parametrize(("arm", "leg"), [("M79.601", "M79.604"), ("M79.603", "M79.606")])
def test_pain_in_an_arm_leads_to_no_record_of_the_leg(shipped: Client, arm: str, leg: str) -> None:
    of_arm, of_leg = look_up(shipped, [arm, leg])

    assert of_arm["records"] == []
    assert [record["slug"] for record in of_leg["records"]] == ["sympathetically-maintained-leg-pain"]
