"""Review of a record by a named clinician, in every form."""

import asyncio
import csv
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from build import claim, condition, procedure, review, risk, write_seed
from conftest import Client, Load

from app.api.mcp.serialization import CitedSources, serialize_record
from app.domain.json import Json
from app.loader.content import load_content
from app.main import create_app
from app.seed.reviews import collect_reviewed_content
from app.settings import Settings

RISK = claim("seen--risk", "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"})
RECORDS = [procedure("seen", claims=[RISK]), procedure("old"), procedure("new"), condition("pain"), risk("bleeding")]
REVIEWED = "Reviewed by Ada Example, MD, FIPP, on 2026-03-01."
LAPSED = f"{REVIEWED} It has changed since: that review no longer holds."
NOT_REVIEWED = "No clinician has reviewed this."
SENTENCES = {"seen": REVIEWED, "old": LAPSED, "new": NOT_REVIEWED}


@pytest.fixture
def reviewed(client: Client, load: Load, tmp_path: Path) -> Client:
    bundle = load_content(write_seed(tmp_path / "unreviewed", *RECORDS)).bundle
    sha256 = collect_reviewed_content(bundle, "procedure", "seen").sha256
    load(*RECORDS, review("procedure", "seen", sha256), review("procedure", "old", "0" * 64))
    return client


def get_review(client: Client, path: str) -> Json:
    found: Json = client.get(path).json()["review"]
    return found


def test_a_record_says_who_reviewed_it_and_when_or_that_nobody_has(reviewed: Client) -> None:
    signed = {"reviewed_by": "Ada Example", "credentials": "MD, FIPP", "reviewed_on": "2026-03-01"}
    unsigned = {"reviewed_by": None, "credentials": None, "reviewed_on": None}
    due = {"review_due": "2027-01-01"}

    assert get_review(reviewed, "/v1/procedures/seen") == {"status": "reviewed", **signed, "lapsed": False, **due}
    assert get_review(reviewed, "/v1/procedures/old") == {"status": "lapsed", **signed, "lapsed": True, **due}
    for path in ("/v1/procedures/new", "/v1/conditions/pain", "/v1/conditions/pain/options", "/v1/risks/bleeding"):
        assert get_review(reviewed, path) == {"status": "not_reviewed", **unsigned, "lapsed": False, **due}


def test_lists_have_the_review_of_each_record(reviewed: Client) -> None:
    items = reviewed.get("/v1/procedures").json()["items"]

    assert {item["slug"]: item["review"]["status"] for item in items} == {
        "new": "not_reviewed",
        "old": "lapsed",
        "seen": "reviewed",
    }


def test_the_release_counts_the_reviewed_records(reviewed: Client) -> None:
    assert get_review(reviewed, "/v1/releases/current") == {
        "status": "not reviewed",
        "reviewed_records": 1,
        "lapsed_records": 1,
        "review_due": "2027-01-01",
    }
    assert "A named clinician has reviewed 1 record of it." in reviewed.get("/").text
    assert "A named clinician has reviewed 1 record of it." in reviewed.get("/notice").text


@pytest.mark.parametrize("slug", SENTENCES)
def test_pages_leaflets_and_cards_say_it_in_plain_sight(reviewed: Client, slug: str) -> None:
    page = reviewed.get(f"/procedures/{slug}").text
    leaflet = reviewed.get(f"/procedures/{slug}/leaflet").text
    card = reviewed.get(f"/embed/v1/procedures/{slug}/full.json").json()

    for html in (page, leaflet):
        heading = html.split("</h1>")[1]
        assert heading.startswith(f'<p class="meta"><strong>{SENTENCES[slug]}</strong></p>')
    assert card["review"].startswith(SENTENCES[slug])


@pytest.mark.parametrize("path", ["/conditions/pain", "/risks/bleeding"])
def test_every_page_of_a_record_says_that_nobody_has_reviewed_it(reviewed: Client, path: str) -> None:
    assert f"<strong>{NOT_REVIEWED}</strong>" in reviewed.get(path).text


def test_the_table_of_procedures_has_the_reviewer(reviewed: Client) -> None:
    rows = {row["slug"]: row for row in csv.DictReader(io.StringIO(reviewed.get("/v1/procedures.csv").text))}
    columns = ("review_status", "reviewed_by", "reviewer_credentials", "reviewed_on")

    assert [rows["seen"][column] for column in columns] == ["reviewed", "Ada Example", "MD, FIPP", "2026-03-01"]
    assert [rows["new"][column] for column in columns] == ["not_reviewed", "", "", ""]


def test_the_sqlite_export_has_the_reviews(reviewed: Client, tmp_path: Path) -> None:
    path = tmp_path / "kb.sqlite"
    path.write_bytes(reviewed.get("/v1/export/kb.sqlite").content)
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT slug, reviewed_by, lapsed FROM review ORDER BY slug").fetchall()
    connection.close()

    assert rows == [("old", "Ada Example", 1), ("seen", "Ada Example", 0)]


def test_linked_data_names_the_reviewer_only_while_the_review_holds(reviewed: Client) -> None:
    pages = {
        slug: reviewed.get(f"/v1/procedures/{slug}.jsonld").json()["mainEntityOfPage"]
        for slug in ("seen", "old", "new")
    }

    assert pages["seen"]["lastReviewed"] == "2026-03-01"
    assert pages["seen"]["reviewedBy"] == {"@type": "Person", "name": "Ada Example", "honorificSuffix": "MD, FIPP"}
    for slug in ("old", "new"):
        assert not {"lastReviewed", "reviewedBy"} & pages[slug].keys()


@pytest.fixture
def fhir(reviewed: Client, database_url: str, runner: asyncio.Runner) -> Iterator[Client]:
    del reviewed
    client = Client(
        create_app(Settings(database_url=database_url, features=("fhir",), public_url="http://kb.test")), runner
    )
    client.poll_release()
    yield client
    client.close()


def test_fhir_names_the_reviewer_only_while_the_review_holds(fhir: Client) -> None:
    seen = fhir.get("/fhir/ActivityDefinition/seen").json()
    old = fhir.get("/fhir/ActivityDefinition/old").json()

    assert (seen["lastReviewDate"], seen["reviewer"]) == ("2026-03-01", [{"name": "Ada Example, MD, FIPP"}])
    assert not {"lastReviewDate", "reviewer"} & old.keys()


def test_an_assistant_learns_of_the_review(reviewed: Client) -> None:
    document = reviewed.get("/v1/procedures/old").json()

    assert serialize_record(document, CitedSources(), [])["review"] == document["review"]
