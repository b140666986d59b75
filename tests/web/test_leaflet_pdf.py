"""Leaflets as PDF: one sheet that says what the page says, when to call on its first side, tags for screen readers."""

import asyncio
import io
from collections.abc import Iterator

import pypdf
import pytest
from conftest import Client

from app.main import create_app
from app.settings import Settings

SLUGS = ("vertebroplasty", "epidural-steroid-injection", "spinal-cord-stimulation", "intrathecal-drug-delivery")


@pytest.fixture
def client(shipped_urls: dict[str, str], runner: asyncio.Runner) -> Iterator[Client]:
    settings = Settings(database_url=shipped_urls["sqlite"], features=("pdf",), loopback_url="http://127.0.0.1:8000")
    client = Client(create_app(settings), runner)
    client.poll_release()
    yield client
    client.close()


def read(client: Client, path: str) -> pypdf.PdfReader:
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf"), response.text[:300]
    return pypdf.PdfReader(io.BytesIO(response.content))


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("letter", 612)])
def test_a_leaflet_is_one_sheet_with_when_to_call_on_its_first_side(
    client: Client, slug: str, paper: str, width: int
) -> None:
    pdf = read(client, f"/procedures/{slug}/leaflet.pdf?format={paper}")
    first = " ".join(pdf.pages[0].extract_text().split())

    assert len(pdf.pages) <= 2
    assert round(float(pdf.pages[0].mediabox.width)) == width
    assert first.index("Key messages") < first.index("When to call") < first.index("Do not drive yourself.")
    assert "This is information, not advice." in first


@pytest.mark.parametrize("slug", SLUGS)
def test_a_leaflet_says_every_serious_risk_position_against_and_sign_of_its_record(client: Client, slug: str) -> None:
    pdf = read(client, f"/procedures/{slug}/leaflet.pdf")
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split()).replace("- ", "-")
    record = client.get(f"/v1/procedures/{slug}").json()
    expected = [row["risk"]["name"] for row in record["serious_risks"]["items"]]
    expected += [row["body"] for row in record["positions"]["items"] if row["position"] == "against"]
    expected += [row["sign"].rstrip(".") for row in record["when_to_call"]["items"]]

    assert expected
    assert not [words for words in expected if " ".join(words.split()).replace("- ", "-") not in text]


def test_a_leaflet_is_tagged_titled_in_english_and_the_same_each_time(client: Client) -> None:
    path = "/procedures/vertebroplasty/leaflet.pdf"
    pdf = read(client, path)
    catalog = pdf.trailer["/Root"]

    assert bool(catalog["/MarkInfo"]["/Marked"])
    assert "/StructTreeRoot" in catalog
    assert catalog["/Lang"] == "en"
    assert pdf.metadata is not None
    assert "vertebroplasty" in str(pdf.metadata.title).lower()
    first = client.get(path).content
    client.app.cache.clear()
    assert client.get(path).content == first


def test_an_unknown_paper_is_refused_and_an_unknown_record_is_a_page(client: Client) -> None:
    assert client.get("/procedures/vertebroplasty/leaflet.pdf?format=foolscap").status_code == 422
    assert client.get("/procedures/no-such-procedure/leaflet.pdf").status_code == 404


def test_without_the_feature_the_pdf_says_how_to_enable_it(shipped: Client) -> None:
    response = shipped.get("/procedures/vertebroplasty/leaflet.pdf")

    assert response.status_code == 404
    assert "KB_FEATURES=pdf" in response.text
    assert "leaflet.pdf" not in shipped.get("/procedures/vertebroplasty/leaflet").text
