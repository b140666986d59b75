"""Editorial rules for the shipped content."""

import gzip
import json
import re
from collections import Counter
from html import escape
from statistics import median

import pytest
import simple_icd_10_cm
import textstat
from checkout import ROOT
from conftest import Client

from app.domain.code_table import find_title, has_narrower_codes
from app.domain.json import Json
from app.seed.code_checks import find_code_errors
from app.seed.schema import CodeSystemIn

SEED = ROOT / "seed_data"
FOLDERS = ("procedures", "conditions", "pain_generators")


def read_records() -> list[tuple[str, Json]]:
    return [
        (folder, json.loads(path.read_text(encoding="utf-8")))
        for folder in FOLDERS
        for path in sorted((SEED / folder).glob("*.json"))
    ]


RECORDS = read_records()
GUIDE = json.loads((SEED / "guide.json").read_text(encoding="utf-8"))["pages"]
CLAIMS: list[Json] = [claim for _, record in RECORDS for claim in record.get("claims", [])]
GUIDE_CLAIMS: list[Json] = [claim for page in GUIDE for claim in page.get("claims", [])]


def list_claims(claim_kind: str) -> list[Json]:
    return [claim for claim in CLAIMS if claim["kind"] == claim_kind]


def test_the_content_has_its_required_size(shipped: Client) -> None:
    counts = shipped.get("/v1/releases/current").json()["counts"]
    minimum = {"procedures": 48, "conditions": 33, "pain_generators": 31, "sources": 600, "claims": 1600}

    assert {name: counts[name] for name in minimum if counts[name] < minimum[name]} == {}


def test_every_claim_has_its_own_url(shipped: Client) -> None:
    missing = [
        claim["id"]
        for claim in CLAIMS + GUIDE_CLAIMS
        if shipped.get(f"/v1/claims/{claim['id']}").json().get("statement") != claim["statement"]
    ]

    assert missing == []


def test_no_two_claims_have_the_same_statement() -> None:
    statements = Counter(claim["statement"] for claim in CLAIMS + GUIDE_CLAIMS)

    assert [statement for statement, count in statements.items() if count > 1] == []


def test_relief_by_a_test_block_lasts_minutes_hours_or_days() -> None:
    longer = [
        claim["id"]
        for folder, record in RECORDS
        if folder == "procedures"
        for claim in record["claims"]
        if claim["kind"] == "relief_duration"
        and claim["value"]["intent"] == "diagnostic"
        and claim["value"]["magnitude"] not in {"minute", "hour", "day", "unknown"}
    ]

    assert longer == []


def test_no_percentage_is_above_a_hundred() -> None:
    above = [
        (claim["id"], quantity)
        for claim in CLAIMS + GUIDE_CLAIMS
        for quantity in claim["value"].get("quantities", [])
        if quantity["unit"] == "percent" and max(abs(quantity.get(end) or 0) for end in ("min", "max")) > 100
    ]

    assert above == []


def test_a_risk_with_a_denominator_names_its_unit() -> None:
    assert [
        claim["id"]
        for claim in list_claims("procedure_risk")
        if claim["value"].get("n") and not claim["value"].get("per")
    ] == []


def test_every_block_has_one_of_the_statuses(shipped: Client) -> None:
    statuses = {"known", "unknown", "not_found", "stated_on_forms", "not_applicable"}
    for folder, record in RECORDS:
        detail = shipped.get(f"/v1/{folder.replace('_', '-')}/{record['slug']}").json()
        blocks = {
            name: block
            for name, block in detail.items()
            if isinstance(block, dict) and "items" in block and "status" in block
        }
        assert blocks, record["slug"]
        assert {name for name, block in blocks.items() if block["status"] not in statuses} == set(), record["slug"]


def list_untold_blocks(client: Client, folder: str, *blocks: str) -> list[tuple[str, str]]:
    """List records and blocks that neither cite a fact nor say where it was looked for."""
    details = {
        record["slug"]: client.get(f"/v1/{folder}/{record['slug']}").json()
        for name, record in RECORDS
        if name == folder
    }
    return [
        (slug, block)
        for slug, detail in details.items()
        for block in blocks
        if detail[block]["status"] in {"unknown", "not_applicable"}
    ]


def test_every_procedure_tells_who_must_not_have_it_how_it_bleeds_harms_and_when_to_call(shipped: Client) -> None:
    blocks = ("contraindications", "bleeding_risks", "serious_risks", "when_to_call_claims")

    assert list_untold_blocks(shipped, "procedures", *blocks) == []


def test_every_condition_tells_its_care_its_course_and_its_red_flags(shipped: Client) -> None:
    assert list_untold_blocks(shipped, "conditions", "first_line_care", "natural_courses", "red_flags") == []


def test_first_line_care_and_natural_course_are_cited_for_most_conditions() -> None:
    kinds = [{claim["kind"] for claim in record["claims"]} for folder, record in RECORDS if folder == "conditions"]

    assert sum({"first_line_care", "natural_course"} <= cited for cited in kinds) >= 0.8 * len(kinds)


def test_every_condition_reaches_a_procedure_or_is_listed_as_a_gap(shipped: Client) -> None:
    quality = shipped.get("/v1/quality").json()
    gaps = {ref["slug"] for ref in quality["gaps"]["conditions_without_procedure"]}
    for folder, record in RECORDS:
        if folder == "conditions":
            page = shipped.get("/v1/procedures", params={"condition": record["slug"], "limit": 1}).json()
            assert bool(page["items"]) != (record["slug"] in gaps), record["slug"]


def test_no_typical_relief_is_longer_than_a_clinician_would_sign(shipped: Client) -> None:
    longest_first = shipped.get("/v1/procedures?sort=-relief&limit=100").json()["items"]
    days = [
        max(relief["min_days"] or 0 for relief in row["typical_relief"]["items"])
        for row in longest_first
        if row["typical_relief"]["items"]
    ]

    # Radiofrequency of lumbar facet joints and of knee nerves: six to twelve months, by NICE and a university hospital.
    assert {row["slug"] for row in shipped.get("/v1/procedures?min_relief=P6M").json()["items"]} == {
        "genicular-nerve-radiofrequency-ablation",
        "lumbar-medial-branch-radiofrequency-ablation",
    }
    assert shipped.get("/v1/procedures?min_relief=P1Y").json()["items"] == []
    assert days == sorted(days, reverse=True)
    for row in longest_first:
        for relief in row["typical_relief"]["items"]:
            assert (relief["measure"], relief["covers"]) == ("duration", "procedure"), row["slug"]


def test_every_source_is_cited() -> None:
    emergencies = json.loads((SEED / "emergencies.json").read_text(encoding="utf-8"))["emergencies"]
    claims = CLAIMS + GUIDE_CLAIMS + [claim for emergency in emergencies for claim in emergency["claims"]]
    cited = {citation["source"] for claim in claims for citation in claim["citations"]}
    sources = json.loads((SEED / "sources.json").read_text(encoding="utf-8"))["sources"]

    assert [slug for source in sources if (slug := source["slug"]) not in cited] == []


def test_every_exclusion_gives_its_full_reason() -> None:
    excluded = (ROOT / "docs/content/excluded.md").read_text(encoding="utf-8")

    assert "…" not in excluded
    for row in re.findall(r"^\| (?!record|---)(.*) \|$", excluded, re.MULTILINE):
        assert len(row.split(" | ")[-1]) > 15, row


def test_codes_and_their_titles_match_the_published_table() -> None:
    systems = [
        CodeSystemIn.model_validate_json(file.read_bytes()) for file in (ROOT / "seed_data/codes").glob("*.json")
    ]

    assert {system.slug for system in systems} == {"icd-10-cm", "icd-10-pcs", "mesh", "fma", "uberon"}
    for system in systems:
        assert list(find_code_errors(system)) == []


def test_the_table_of_codes_and_titles_is_the_published_one() -> None:
    published = {
        code: " ".join(simple_icd_10_cm.get_description(code).split())
        for code in simple_icd_10_cm.get_all_codes(True)
        if simple_icd_10_cm.is_category_or_subcategory(code)
    }

    assert {code: find_title(code) for code in published} == published
    *lines, endings = (ROOT / "app/domain/code_tables/icd-10-cm.txt").read_text(encoding="utf-8").split("\n\n")
    counts = {row.split("\t")[0]: row.count("\t") for row in endings.splitlines()}
    rows = [line.split("\t") for category in lines for line in category.splitlines()]
    assert sum(1 + sum(counts[name] for name in names) for _, _, *names in rows) == len(published)
    billable = {code for code in published if simple_icd_10_cm.is_leaf(code)}
    assert {code for code in published if not has_narrower_codes(code)} == billable


def list_patient_texts() -> list[tuple[str, str]]:
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
def test_patient_texts_are_easy_to_read(formula: str) -> None:
    grades = {path: getattr(textstat, formula)(text) for path, text in list_patient_texts()}

    assert median(grades.values()) <= 8
    assert {path: grade for path, grade in grades.items() if grade > 10} == {}


def test_a_described_record_has_a_summary_of_two_to_six_sentences_and_a_paragraph_for_clinicians() -> None:
    # The founding article uses these two as umbrella terms and says only one thing about each.
    short = {"chronic-back-and-neck-pain", "facet-joint"}
    for _, record in RECORDS:
        if record.get("stub") or record["slug"] in short:
            continue
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z\"'(0-9])", record["texts"]["summary"]["text"])
        assert "clinical" in record["texts"], record["slug"]
        assert 2 <= len(sentences) <= 6, (record["slug"], sentences)


def test_the_summary_and_the_key_messages_of_a_procedure_name_a_harm() -> None:
    harms = {claim["id"] for kind in ("procedure_risk", "safety_warning") for claim in list_claims(kind)}
    procedures = [record for folder, record in RECORDS if folder == "procedures" and not record.get("stub")]

    assert [record["slug"] for record in procedures if not harms & set(record["texts"]["summary"]["claims"])] == []
    assert [
        record["slug"]
        for record in procedures
        if not harms & {claim for message in record["key_messages"] for claim in message["claims"]}
    ] == []


def test_no_patient_text_expresses_a_chance_as_one_in_n() -> None:
    assert [
        path for path, text in list_patient_texts() if re.search(r"\b(1|one) in (\d|an?\b|ten|hundred)", text)
    ] == []


def test_no_patient_text_claims_absence_of_risk() -> None:
    denial = re.compile(r"\bno risk\b|\bis safe\b|\brisk-free\b|(?<![\d.])0 ?(%|percent)", re.IGNORECASE)

    assert [path for path, text in list_patient_texts() if denial.search(text)] == []


def test_a_detail_stays_within_40_kilobytes_compressed(shipped: Client) -> None:
    sizes = {
        record["slug"]: len(gzip.compress(shipped.get(f"/v1/{folder.replace('_', '-')}/{record['slug']}").content))
        for folder, record in RECORDS
    }

    assert {slug: size for slug, size in sizes.items() if size > 40_000} == {}


def test_every_umbrella_shows_every_serious_risk_of_its_forms(shipped: Client) -> None:
    umbrellas = {parent for folder, record in RECORDS if folder == "procedures" for parent in record.get("broader", [])}
    for slug in umbrellas:
        detail = shipped.get(f"/v1/procedures/{slug}").json()
        page, leaflet = (shipped.get(f"/procedures/{slug}{path}").text for path in ("", "/leaflet"))
        card = shipped.get(f"/embed/v1/procedures/{slug}/full.json").text
        for form in detail["forms"]["records"]:
            for claim in shipped.get(f"/v1/procedures/{form['slug']}").json()["risks"]["items"]:
                if claim["value"]["seriousness"] not in {"serious", "life_threatening"}:
                    continue
                assert claim["id"] in {id_ for row in detail["forms"]["risks"] for id_ in row["claims"]}
                for text in (page, leaflet, card):
                    assert escape(claim["value"]["risk"]["name"]) in text or claim["value"]["risk"]["name"] in text
    assert len(umbrellas) >= 4


@pytest.mark.parametrize("variant", ["card", "summary"])
def test_a_short_card_names_the_most_serious_risks_first_and_counts_the_others(shipped: Client, variant: str) -> None:
    slugs = [record["slug"] for folder, record in RECORDS if folder == "procedures"]
    cut = []
    for slug in slugs:
        names = [row["risk"]["name"] for row in shipped.get(f"/v1/procedures/{slug}").json()["serious_risks"]["items"]]
        [section] = shipped.get(f"/embed/v1/procedures/{slug}/{variant}.json").json()["sections"]
        line = next(row for row in section["blocks"][0]["items"] if row["name"].startswith("Serious harms"))
        more = re.search(r"(\d+) more serious", json.dumps(line["items"]))
        named = names[: len(names) - int(more[1])] if more else names
        assert named or not names
        assert [name for name in named if name not in line["text"]] == []
        cut += [slug] if more else []
    assert len(cut) < len(slugs) / 3


def test_every_treatment_has_a_source_and_shows_each_position_against_it(shipped: Client) -> None:
    procedures = {record["slug"]: record for folder, record in RECORDS if folder == "procedures"}

    def list_ancestors(slug: str) -> set[str]:
        return {slug}.union(*(list_ancestors(parent) for parent in procedures[slug].get("broader", [])))

    def list_opposed(forms: set[str]) -> set[tuple[Json, ...]]:
        values = [
            claim["value"]
            for form in forms
            for claim in procedures[form]["claims"]
            if claim["kind"] == "recommendation"
        ]
        # A guideline for a condition can be on its record alone.
        values += [
            claim["value"]
            for claim in CLAIMS
            if claim["kind"] == "recommendation" and not forms.isdisjoint(claim["value"].get("procedures", ()))
        ]
        return {
            (value["body"], value.get("year"), value.get("scope")) for value in values if value["position"] == "against"
        }

    checked = 0
    for folder, record in RECORDS:
        if folder != "conditions":
            continue
        for option in shipped.get(f"/v1/conditions/{record['slug']}/options").json()["treats"]["items"]:
            relation, slug = (
                shipped.get(f"/v1/claims/{option['relation']['claim']}").json(),
                option["procedure"]["slug"],
            )
            assert (relation["kind"], relation["value"]["role"]) == ("indication", "treats"), option
            narrower = {other for other in procedures if slug in list_ancestors(other)}
            shown = [row for row in option["positions"]["items"] if row["position"] == "against"]
            expected = list_opposed(list_ancestors(slug) | narrower)
            assert {(row["body"], row["year"], row["scope"]) for row in shown} == expected, slug
            checked += len(expected)
    assert checked > 50
