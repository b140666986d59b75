"""Edition of a clinic: it adds to pages, embeds and leaflets, and hides nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, page, procedure, risk
from conftest import Client, Load

from app.domain.clinic import ClinicEdition, get_contrast
from app.errors import ConfigurationError
from app.main import create_app
from app.seed.clinic_checks import find_clinic_errors
from app.settings import Settings, load_settings
from app.text.emergency_phrases import build_emergency_phrases
from app.web.leaflet_pdf import read_leaflet

EDITION: dict[str, Any] = {
    "name": "Hillside Pain Clinic",
    "logo": "data:image/png;base64,iVBORw0KGgo=",
    "colors": {"accent": "#7a1f5c", "accent_dark": "#f0a8d8"},
    "telephone": "+1 555 010 0100",
    "hours": ["Monday to Friday, 8 to 17"],
    "booking_url": "https://clinic.example/book",
    "locations": [{"name": "Hillside", "address": "1 Hill Road"}],
    "emergency_number": "112",
    "offered": ["offered"],
    "procedures": {
        "offered": {
            "page_url": "https://clinic.example/offered",
            "preparation": ["Use the entrance in the yard."],
            "aftercare": ["Our nurse calls you the next day."],
        }
    },
}
Serve = Callable[[dict[str, Any] | None], Client]


@pytest.fixture
def serve(database_url: str, load: Load, runner: Any, tmp_path: Path) -> Iterator[Serve]:
    """serve(edition): client of a service with an edition, over the same content."""
    rate = {"risk": "bleeding", "phrase": "3 of 100", "state": "known", "observed": 3, "n": 100, "per": "people"}
    against = {"body": "A body", "position": "against", "year": 2024}
    load(
        risk("bleeding"),
        condition("sciatica"),
        page("emergencies"),
        *(
            procedure(
                slug,
                indicated=["sciatica"],
                claims=[
                    claim(f"{slug}--risk", "procedure_risk", rate | {"seriousness": "serious"}),
                    claim(f"{slug}--against", "recommendation", against),
                    claim(f"{slug}--call", "when_to_call", {"tier": "emergency", "signs": ["you cannot pass urine"]}),
                ],
            )
            for slug in ("offered", "other")
        ),
    )
    clients: list[Client] = []

    def start(edition: dict[str, Any] | None) -> Client:
        path = tmp_path / f"clinic-{len(clients)}.json"
        path.write_text(json.dumps(edition), encoding="utf-8")
        settings = Settings(database_url=database_url, clinic=path if edition else None)
        clients.append(Client(create_app(settings), runner))
        clients[-1].poll_release()
        return clients[-1]

    yield start
    for client in clients:
        client.close()


PAGES = ("/procedures/offered", "/procedures/offered/leaflet", "/embed/procedures/offered?variant=full")


def test_every_text_of_ours_names_the_emergency_number_of_the_country(serve: Serve) -> None:
    client = serve(EDITION)
    paths = ("/", "/procedures/offered", "/procedures/offered/evidence", "/procedures/offered/leaflet", "/notice")
    paths += ("/procedures", "/guide/emergencies", "/emergencies", "/conditions/sciatica", "/compare", "/search?q=x")
    paths += tuple(f"/embed/procedures/offered?variant={variant}" for variant in ("card", "summary", "full"))
    paths += (
        "/embed/v1/procedures/offered/card.json",
        "/embed/v1/search.json",
        "/embed/search?q=x",
        "/procedures/none",
    )

    for path in paths:
        text = client.get(path).text
        assert "local emergency number" not in text, path
        assert "999" not in text, path
    assert "call 112" in client.get("/procedures/offered").text


@pytest.mark.parametrize("path", PAGES)
def test_pages_leaflets_and_embeds_show_the_clinic(serve: Serve, path: str) -> None:
    html = serve(EDITION).get(path).text

    for text in (
        "Hillside Pain Clinic",
        "+1 555 010 0100",
        "tel:+15550100100",
        "https://clinic.example/book",
        "Monday to Friday, 8 to 17",
        "Before you come: from Hillside Pain Clinic",
        "Use the entrance in the yard.",
        "Our nurse calls you the next day.",
        "Call 112, or go to the nearest emergency department now.",
        "/clinic.css?v=",
    ):
        assert text in html, text


def test_the_printed_leaflet_labels_the_words_of_the_clinic(serve: Serve) -> None:
    blocks = read_leaflet(serve(EDITION).get("/procedures/offered/leaflet").text)["body"]
    texts = [(block["kind"], "".join(run["text"] for run in block["runs"]).strip()) for block in blocks]

    assert texts[0] == ("paragraph", "Hillside Pain Clinic")
    label = texts.index(("heading", "Before you come: from Hillside Pain Clinic"))
    assert texts[label + 1] == ("paragraph", "Use the entrance in the yard.")


def test_the_colors_of_the_clinic_are_a_style_sheet(serve: Serve) -> None:
    response = serve(EDITION).get("/clinic.css")

    assert response.headers["content-type"].startswith("text/css")
    assert "--accent: #7a1f5c" in response.text
    assert "--accent: #f0a8d8" in response.text


@pytest.mark.parametrize("path", ["/procedures/other", "/procedures/other/leaflet", "/embed/procedures/other"])
def test_what_a_clinic_does_not_offer_stays_with_its_harms_and_positions(serve: Serve, path: str) -> None:
    html = serve(EDITION).get(path).text

    for text in ("Bleeding", "A body", "not advice", "CC BY 4.0", "o procedure"):
        assert text in html, text
    assert "leaflet" in path or "Hillside Pain Clinic does not offer this procedure." in html


def test_options_keep_every_procedure_and_lead_to_the_pages_of_the_clinic(serve: Serve) -> None:
    [section] = serve(EDITION).get("/embed/v1/conditions/sciatica/options/summary.json").json()["sections"]
    [line] = [line for line in section["blocks"][0]["items"] if line["name"] == "What treats it"]
    links = {item["text"]: (item["url"], item["note"]) for item in line["items"]}

    harm = "most serious harm: Bleeding (serious): 3 of 100 people"
    assert links["Offered"] == ("https://clinic.example/offered", harm)
    assert links["Other"] == ("/procedures/other", f"{harm}; not offered at this clinic")


@pytest.mark.parametrize("path", ["/conditions/sciatica", "/compare?procedure=offered&procedure=other", "/procedures"])
def test_pages_mark_what_the_clinic_does_not_offer(serve: Serve, path: str) -> None:
    html = serve(EDITION).get(path).text

    assert 'Other</a> <span class="meta">(not offered at Hillside Pain Clinic)</span>' in html
    assert html.count("(not offered at") == 1


def test_the_claims_of_the_api_stay_byte_equal(serve: Serve) -> None:
    plain, worn = serve(None), serve(EDITION)

    for path in ("/v1/procedures/offered", "/v1/conditions/sciatica/options", "/v1/claims/offered--risk"):
        assert worn.get(path).content == plain.get(path).content, path


def test_another_edition_is_another_response_and_another_folder_of_exports(serve: Serve, tmp_path: Path) -> None:
    first, second = serve(EDITION), serve(EDITION | {"telephone": "+1 555 010 0199"})

    for path in (*PAGES, "/embed/v1/procedures/offered/card.json"):
        assert first.get(path).headers["etag"] != second.get(path).headers["etag"], path
    fingerprints = {
        Settings(database_url="sqlite:///:memory:", clinic=tmp_path / f"clinic-{number}.json").fingerprint
        for number in range(2)
    }
    assert len(fingerprints) == 2


@pytest.mark.parametrize(
    ("edition", "message"),
    [
        ("{", "it is not JSON"),
        ("[]", "must be an object"),
        ({}, "/name: is required"),
        (EDITION | {"hide": ["harms"]}, "/hide: is not a field of this file"),
        (EDITION | {"telephone": "call us"}, "/telephone: must be a telephone number"),
        (EDITION | {"logo": "https://cdn.example/logo.png"}, "/logo: must be a data URL"),
        (EDITION | {"colors": {"accent": "#ffff00", "accent_dark": "#f0a8d8"}}, "/colors/accent: its contrast"),
        (
            EDITION | {"procedures": {"offered": {"preparation": [""]}}},
            "/procedures/offered/preparation/0: must not be",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence_at_the_start_with_the_place(tmp_path: Path, edition: Any, message: str) -> None:
    path = tmp_path / "clinic.json"
    path.write_text(edition if isinstance(edition, str) else json.dumps(edition), encoding="utf-8")

    with pytest.raises(ConfigurationError) as error:
        load_settings({"KB_CLINIC": str(path)})

    assert message in str(error.value)
    assert str(error.value).startswith("KB_CLINIC=")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match="the file cannot be read"):
        load_settings({"KB_CLINIC": "/nowhere/clinic.json"})


PHRASES = build_emergency_phrases([("retention", {"emergency": ["cannot pass urine"]})], {}, ["emergency", "same_day"])


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("Bring a driver.", 0),
        ("If you cannot pass urine, call us on Monday.", 1),
        ("If you cannot pass urine, wait. In an emergency call 112.", 1),
        ("If you cannot pass urine, call 112 now.", 0),
    ],
)
def test_a_text_of_the_clinic_names_an_emergency_only_with_its_number(text: str, errors: int) -> None:
    edition = ClinicEdition.parse(json.dumps(EDITION | {"procedures": {"offered": {"aftercare": [text]}}}))

    found = list(find_clinic_errors(edition, ["offered"], PHRASES))

    assert len(found) == errors
    assert all(error.startswith("/procedures/offered/aftercare/0: ") for error in found)


def test_an_unknown_procedure_is_refused_with_the_nearest() -> None:
    edition = ClinicEdition.parse(json.dumps(EDITION | {"offered": ["ofered"]}))

    errors = list(find_clinic_errors(edition, ["offered"], PHRASES))

    assert errors == ["/offered/0: the content has no procedure 'ofered'; did you mean 'offered'?"]


def test_contrast_is_that_of_wcag() -> None:
    assert round(get_contrast("#000000", "#ffffff"), 2) == 21.0
    assert round(get_contrast("#767676", "#ffffff"), 2) == 4.54
