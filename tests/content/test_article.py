"""The 84 facts of the founding article, checked by value through the API."""

from typing import Any

import pytest
from checkout import ROOT
from conftest import Client

HAUTE = "haute-md-ipm"
ESI, NB, RFA = "epidural-steroid-injection", "nerve-block", "radiofrequency-ablation"
SCS, DRG = "spinal-cord-stimulation", "dorsal-root-ganglion-stimulation"
# Fact -> claim id, path of its record, and texts that the statement or value must contain.
FACTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "A01": ("guide--a01", "guide/overview", ("source", "minimally invasive")),
    "A02": ("guide--a02", "guide/overview", ("without major surgery", "long-term")),
    "A03": ("guide--a03", "guide/overview", ("diagnostic and therapeutic",)),
    "A04": ("guide--a04", "guide/overview", ("whole body",)),
    "A05": ("guide--a05", "guide/overview", ("70", "ceiling")),
    "A06": ("guide--a06", "guide/comparison", ("source of pain", "symptoms")),
    "A07": ("guide--a07", "guide/comparison", ("image-guided", "physical therapy")),
    "A08": ("guide--a08", "guide/comparison", ("restored function", "coping")),
    "A09": ("guide--a09", "guide/comparison", ("systemic",)),
    "A10": ("guide--a10", "guide/comparison", ("active participant", "passive recipient")),
    "A11": ("guide--a11", "guide/overview", ("injections", "heat", "neuromodulation")),
    "A12": (f"{NB}--guidance-a12", f"procedures/{NB}", ("fluoroscopy", "ultrasound")),
    "A13": (f"{ESI}--mechanism-a13", f"procedures/{ESI}", ("corticosteroid", "epidural space", "swelling")),
    "A14": (f"{ESI}--indication-a14", f"procedures/{ESI}", ("low back", "leg")),
    "A15": (f"{NB}--mechanism-a15", f"procedures/{NB}", ("local anesthetic", "steroid")),
    "A16": (f"{NB}--target-a16", f"procedures/{NB}", ("confirms",)),
    "A17": (f"{ESI}--setting-a17", f"procedures/{ESI}", ("outpatient",)),
    "A18": (f"{RFA}--target-a18", f"procedures/{RFA}", ("rhizotomy", "facet joints")),
    "A19": (f"{RFA}--prerequisite-a19", f"procedures/{RFA}", ("diagnostic blocks",)),
    "A20": (f"{RFA}--mechanism-a20", f"procedures/{RFA}", ("needle", "heat lesion")),
    "A21": (f"{RFA}--mechanism-a21", f"procedures/{RFA}", ("grow back",)),
    "A22": (f"{SCS}--mechanism-a22", f"procedures/{SCS}", ("rather than destroying",)),
    "A23": (f"{SCS}--indication-a23", f"procedures/{SCS}", ("back surgery",)),
    "A24": (f"{SCS}--mechanism-a24", f"procedures/{SCS}", ("pacemaker", "leads")),
    "A25": (f"{SCS}--mechanism-a25", f"procedures/{SCS}", ("tingling", "nothing")),
    "A26": (f"{DRG}--prerequisite-a26", f"procedures/{DRG}", ("foot", "knee", "groin")),
    "A27": (f"{SCS}--trial-period-a27", f"procedures/{SCS}", ("trial", "temporary leads")),
    "A28": ("guide--a28", "guide/candidacy", ("diagnostic target",)),
    "A29": ("guide--a29", "guide/candidacy", ("six weeks",)),
    "A30": ("guide--a30", "guide/candidacy", ("spinal fusion", "joint replacement")),
    "A31": ("guide--a31", "guide/candidacy", ("opioids",)),
    "A32": ("guide--a32", "guide/candidacy", ("localized",)),
    "A33": (
        "chronic-back-and-neck-pain--arises-from-a33",
        "conditions/chronic-back-and-neck-pain",
        ("facet joints", "disc", "sacroiliac"),
    ),
    "A34": ("lumbar-radiculopathy--symptom-a34", "conditions/lumbar-radiculopathy", ("low back", "leg")),
    "A35": ("herniated-disc--causes-a35", "conditions/herniated-disc", ("usual cause",)),
    "A36": (
        "persistent-spinal-pain-syndrome-type-2--definition-a36",
        "conditions/persistent-spinal-pain-syndrome-type-2",
        ("failed back surgery",),
    ),
    "A37": (
        "complex-regional-pain-syndrome--definition-a37",
        "conditions/complex-regional-pain-syndrome",
        ("severe", "arm or a leg"),
    ),
    "A38": (
        "peripheral-neuropathy--definition-a38",
        "conditions/peripheral-neuropathy",
        ("burning", "tingling", "numbness"),
    ),
    "A39": ("guide--a39", "guide/journey", ("most critical",)),
    "A40": ("guide--a40", "guide/journey", ("medical history",)),
    "A41": ("guide--a41", "guide/journey", ("range of motion", "strength", "reflexes")),
    "A42": ("guide--a42", "guide/journey", ("MRI or CT", "not always")),
    "A43": ("guide--a43", "guide/journey", ("diagnostic injection",)),
    "A44": ("guide--a44", "guide/journey", ("confirmed",)),
    "A45": ("guide--a45", "guide/journey", ("outpatient", "same day")),
    "A46": ("guide--a46", "guide/journey", ("pressure", "no sharp pain")),
    "A47": ("guide--a47", "guide/journey", ("twilight",)),
    "A48": ("guide--a48", "guide/journey", ("millimeter",)),
    "A49": ("guide--a49", "guide/journey", ("30 minutes",)),
    "A50": ("guide--a50", "guide/journey", ("observation", "driver")),
    "A51": ("guide--a51", "guide/journey", ("day or two", "ice")),
    "A52": ("guide--a52", "guide/journey", ("24 to 48 hours",)),
    "A53": ("guide--a53", "guide/journey", ("few weeks",)),
    "A54": ("guide--a54", "guide/benefits", ("targeted relief",)),
    "A55": ("guide--a55", "guide/benefits", ("opioids",)),
    "A56": ("guide--a56", "guide/benefits", ("physical function",)),
    "A57": ("guide--a57", "guide/benefits", ("hours or days",)),
    "A58": ("guide--a58", "guide/safety", ("Infection",)),
    "A59": ("guide--a59", "guide/safety", ("Bleeding or bruising",)),
    "A60": ("guide--a60", "guide/safety", ("nerve irritation or numbness",)),
    "A61": ("guide--a61", "guide/safety", ("allergic reaction",)),
    "A62": ("guide--a62", "guide/safety", ("skill",)),
    "A63": ("guide--a63", "guide/credentials", ("anesthesiology", "neurology")),
    "A64": ("guide--a64", "guide/credentials", ("subspecialty", "pain medicine")),
    "A65": ("guide--a65", "guide/credentials", ("ACGME", "year")),
    "A66": ("guide--a66", "guide/credentials", ("UC Davis", "fewer applicants")),
    "A67": ("guide--a67", "guide/questions", ("diagnostic process",)),
    "A68": ("guide--a68", "guide/questions", ("volume", "success")),
    "A69": ("guide--a69", "guide/questions", ("non-interventional",)),
    "A70": ("guide--a70", "guide/questions", ("who performs",)),
    "A71": ("guide--a71", "guide/faqs", ("no sharp pain",)),
    "A72": ("guide--a72", "guide/faqs", ("bruise", "day or two")),
    "A73": (f"{NB}--relief-duration-a73", f"procedures/{NB}", ("few hours",)),
    "A74": (f"{NB}--mechanism-a74", f"procedures/{NB}", ("intended", "question")),
    "A77": (f"{SCS}--relief-duration-a77", f"procedures/{SCS}", ("many years",)),
    "A78": ("guide--a78", "guide/faqs", ("depends", "condition")),
    "A79": ("guide--a79", "guide/costs", ("major insurance plans",)),
    "A80": ("guide--a80", "guide/costs", ("medically necessary",)),
    "A81": ("guide--a81", "guide/costs", ("newer technology",)),
    "A82": ("guide--a82", "guide/costs", ("pre-authorization",)),
    "A83": ("guide--a83", "guide/specialists", ("orthopedic surgeon",)),
    "A84": ("guide--a84", "guide/specialists", ("neurosurgeon",)),
}
# Facts that better sources state too, and name first. A16 stands with a study of how often one block misleads.
WITH_OTHER_SOURCES = {"A13", "A14", "A16", "A21"}
# Durations that only the article gave, without a figure of a study: fact -> claim that no record has any more.
WITHDRAWN = {
    "A21": f"{RFA}--relief-duration-a21",
    "A75": f"{ESI}--relief-duration-a75",
    "A76": f"{RFA}--relief-duration-a76",
}


def test_the_table_lists_all_84_facts() -> None:
    assert sorted({*FACTS, *WITHDRAWN}) == [f"A{n:02d}" for n in range(1, 85)]


@pytest.mark.parametrize("fact", WITHDRAWN)
def test_a_withdrawn_fact_of_the_article_is_gone_and_listed_with_its_reason(shipped: Client, fact: str) -> None:
    excluded = (ROOT / "docs/content/excluded.md").read_text(encoding="utf-8")

    assert shipped.get(f"/v1/claims/{WITHDRAWN[fact]}").status_code in {404, 410}
    assert any(f"| {fact}: " in row and f"| {HAUTE} | withdrawn: " in row for row in excluded.splitlines())


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_of_the_article_is_cited_with_its_section(shipped: Client, fact: str) -> None:
    claim_id, record_path, texts = FACTS[fact]
    claim = shipped.get(f"/v1/claims/{claim_id}").json()
    content = f"{claim['statement']} {claim['value']}".lower()

    assert [text for text in texts if text.lower() not in content] == []
    sources = [citation["source"]["slug"] for citation in claim["citations"]]
    assert HAUTE in sources
    assert (len(sources) > 1) == (fact in WITH_OTHER_SOURCES)
    assert claim["citations"][sources.index(HAUTE)]["locator"]
    assert claim_id in shipped.get(f"/v1/{record_path}").text


def get_value(shipped: Client, claim_id: str) -> dict[str, Any]:
    value: dict[str, Any] = shipped.get(f"/v1/claims/{claim_id}").json()["value"]
    return value


def test_relief_after_ablation_is_what_nice_reads_in_the_trials(shipped: Client) -> None:
    detail = shipped.get(f"/v1/procedures/{RFA}").json()

    (estimate,) = [claim for claim in detail["relief_durations"]["items"] if claim["value"]["min"] == "P6M"]
    assert (estimate["value"]["max"], estimate["value"]["statistic"]) == (None, "at_least")
    assert [citation["source"]["slug"] for citation in estimate["citations"]] == ["nice-ng59-rr3"]


@pytest.mark.parametrize(("fact", "magnitude"), [("A73", "hour"), ("A77", "year")])
def test_a_phrase_without_a_number_gets_no_number(shipped: Client, fact: str, magnitude: str) -> None:
    value = get_value(shipped, FACTS[fact][0])

    assert (value["min"], value["max"], value["magnitude"]) == (None, None, magnitude)
    assert value["text"]


def test_the_seventy_percent_figure_is_a_finding_and_a_ceiling(shipped: Client) -> None:
    claim = shipped.get("/v1/claims/guide--a05").json()

    assert (claim["kind"], claim["value"]["ceiling"]) == ("finding", True)
    assert claim["value"]["quantities"] == [
        {"name": "pain reduction, ceiling", "min": None, "max": 70, "unit": "percent"}
    ]


def test_a_pain_generator_lists_the_ablation_that_treats_it(shipped: Client) -> None:
    page = shipped.get("/v1/pain-generators/facet-joint/procedures", params={"role": "treats", "limit": 100}).json()

    assert RFA in [row["slug"] for row in page["items"]]


def test_sciatica_finds_the_epidural_steroid_injection(shipped: Client) -> None:
    page = shipped.get("/v1/procedures", params={"condition": "sciatica", "limit": 100}).json()

    assert ESI in [row["slug"] for row in page["items"]]
