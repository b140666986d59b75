"""Rules that the shipped content keeps beyond its shape."""

import json
import re
from collections import Counter
from statistics import median

import pytest
import simple_icd_10_cm
import textstat
from checkout import ROOT
from conftest import Client

from app.domain.json import Json

SEED = ROOT / "seed_data"
FAMILIES = ("procedures", "conditions", "pain_generators")


def records() -> list[tuple[str, Json]]:
    return [
        (family, json.loads(path.read_text(encoding="utf-8")))
        for family in FAMILIES
        for path in sorted((SEED / family).glob("*.json"))
    ]


RECORDS = records()
GUIDE = json.loads((SEED / "guide.json").read_text(encoding="utf-8"))["pages"]
CLAIMS: list[Json] = [claim for _, record in RECORDS for claim in record.get("claims", [])]
GUIDE_CLAIMS: list[Json] = [claim for page in GUIDE for claim in page.get("claims", [])]


def of_kind(kind: str) -> list[Json]:
    return [claim for claim in CLAIMS if claim["kind"] == kind]


def test_the_content_is_as_large_as_its_issue_asks(shipped: Client) -> None:
    counts = shipped.get("/v1/releases/current").json()["counts"]
    least = {"procedures": 48, "conditions": 33, "pain_generators": 31, "sources": 600, "claims": 1600}

    assert {name: counts[name] for name in least if counts[name] < least[name]} == {}


def test_every_claim_stands_under_its_own_address(shipped: Client) -> None:
    missing = [
        claim["id"]
        for claim in CLAIMS + GUIDE_CLAIMS
        if shipped.get(f"/v1/claims/{claim['id']}").json().get("statement") != claim["statement"]
    ]

    assert missing == []


def test_no_two_claims_say_the_same() -> None:
    said = Counter(claim["statement"] for claim in CLAIMS + GUIDE_CLAIMS)

    assert [statement for statement, times in said.items() if times > 1] == []


def test_relief_by_a_test_block_is_counted_in_minutes_hours_or_days() -> None:
    kinds = {record["slug"]: record for family, record in RECORDS if family == "procedures"}
    longer = [
        claim["id"]
        for record in kinds.values()
        for claim in record["claims"]
        if claim["kind"] == "relief_duration"
        and claim["value"]["intent"] == "diagnostic"
        and claim["value"]["magnitude"] not in {"minute", "hour", "day", "unknown"}
    ]

    assert longer == []


def test_no_quantity_in_percent_is_above_a_hundred() -> None:
    above = [
        (claim["id"], quantity)
        for claim in CLAIMS + GUIDE_CLAIMS
        for quantity in claim["value"].get("quantities", [])
        if quantity["unit"] == "percent" and max(abs(quantity.get(end) or 0) for end in ("min", "max")) > 100
    ]

    assert above == []


def test_a_count_of_a_risk_names_what_is_counted() -> None:
    assert [
        claim["id"] for claim in of_kind("procedure_risk") if claim["value"].get("n") and not claim["value"].get("per")
    ] == []


def test_every_block_is_known_or_said_to_be_unknown_or_not_applicable(shipped: Client) -> None:
    states = {"known", "unknown", "not_applicable"}
    for family, record in RECORDS:
        shown = shipped.get(f"/v1/{family.replace('_', '-')}/{record['slug']}").json()
        blocks = {
            name: block
            for name, block in shown.items()
            if isinstance(block, dict) and "items" in block and "status" in block
        }
        assert blocks, record["slug"]
        assert {name for name, block in blocks.items() if block["status"] not in states} == set(), record["slug"]


def test_every_condition_reaches_a_procedure_or_is_listed_as_a_gap(shipped: Client) -> None:
    quality = shipped.get("/v1/quality").json()
    gaps = {ref["slug"] for ref in quality["gaps"]["conditions_without_procedure"]}
    for family, record in RECORDS:
        if family == "conditions":
            found = shipped.get("/v1/procedures", params={"condition": record["slug"], "limit": 1}).json()
            assert bool(found["items"]) != (record["slug"] in gaps), record["slug"]


def test_every_source_is_cited_or_listed_as_left_out() -> None:
    cited = {citation["source"] for claim in CLAIMS + GUIDE_CLAIMS for citation in claim["citations"]}
    listed = (ROOT / "docs/content/excluded.md").read_text(encoding="utf-8")
    sources = json.loads((SEED / "sources.json").read_text(encoding="utf-8"))["sources"]

    assert [one["slug"] for one in sources if one["slug"] not in cited and f"| {one['slug']} |" not in listed] == []


def test_what_is_left_out_says_why_in_full() -> None:
    listed = (ROOT / "docs/content/excluded.md").read_text(encoding="utf-8")

    assert "…" not in listed
    for row in re.findall(r"^\| (?!record|---)(.*) \|$", listed, re.MULTILINE):
        assert len(row.split(" | ")[-1]) > 15, row


def test_codes_and_their_titles_are_those_of_the_published_table() -> None:
    for claim in of_kind("code"):
        value = claim["value"]
        codes = [code for code in value.get("values", []) if re.fullmatch(r"[A-Z]\d\d(\.\w+)?", code)]
        assert [code for code in codes if not simple_icd_10_cm.is_valid_item(code)] == [], claim["id"]
        title = value["label"].removeprefix(codes[0] if codes else "").strip(" :")
        # A label that is no title is in lower case: it says what the source says of the code.
        if len(codes) == 1 and (title != value["label"] or title[:1].isupper()) and title:
            assert title.casefold() == simple_icd_10_cm.get_description(codes[0]).casefold(), claim["id"]


def patient_texts() -> list[tuple[str, str]]:
    texts = [
        (f"{record['slug']}/{name}", text["text"])
        for _, record in RECORDS
        for name, text in record.get("texts", {}).items()
        if name != "clinical"
    ]
    texts += [
        (f"{record['slug']}/{n}", text["text"])
        for _, record in RECORDS
        for n, text in enumerate(record.get("key_messages", []))
    ]
    return texts + [(f"guide/{page['slug']}", page["summary"]["text"]) for page in GUIDE]


@pytest.mark.parametrize("formula", ["flesch_kincaid_grade", "smog_index"])
def test_patients_can_read_what_is_for_them(formula: str) -> None:
    grades = {place: getattr(textstat, formula)(text) for place, text in patient_texts()}

    assert median(grades.values()) <= 8
    assert {place: grade for place, grade in grades.items() if grade > 10} == {}


def test_a_described_record_has_a_summary_of_two_to_four_sentences_and_a_paragraph_for_clinicians() -> None:
    # These two stand for a family in the founding article, which says one thing of each.
    short = {"chronic-back-and-neck-pain", "facet-joint"}
    for _, record in RECORDS:
        if record.get("stub") or record["slug"] in short:
            continue
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z\"'(0-9])", record["texts"]["summary"]["text"])
        assert "clinical" in record["texts"], record["slug"]
        assert 2 <= len(sentences) <= 6, (record["slug"], sentences)


def test_no_text_for_patients_gives_a_chance_as_one_in_so_many() -> None:
    assert [place for place, text in patient_texts() if re.search(r"\b(1|one) in (\d|an?\b|ten|hundred)", text)] == []


def test_no_text_for_patients_says_that_there_is_no_risk() -> None:
    bare = re.compile(r"\bno risk\b|\bis safe\b|\brisk-free\b|(?<![\d.])0 ?(%|percent)", re.IGNORECASE)

    assert [place for place, text in patient_texts() if bare.search(text)] == []
