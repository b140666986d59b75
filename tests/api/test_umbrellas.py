"""Umbrella records: what their forms can do to people stands on them."""

from typing import Any

import pytest
from build import claim, condition, emergency, procedure, relief, risk
from conftest import Client, Load

from app.domain.json import Json


def build_risk(claim_id: str, slug: str, **value: Any) -> Json:
    return claim(claim_id, "procedure_risk", {"risk": slug, "phrase": slug, "state": "known"} | value)


RISKS = (
    risk("stroke", name="Stroke", seriousness="life_threatening"),
    risk("infection", name="Infection", seriousness="moderate"),
    risk("bruise", name="Bruise", seriousness="minor"),
)


@pytest.fixture
def umbrella(client: Client, load: Load) -> Client:
    against = {"body": "A body", "year": 2025, "position": "against", "scope": "back pain"}
    load(
        *RISKS,
        condition("sciatica"),
        procedure("epidural", claims=[build_risk("own-bruise", "bruise")], indicated=["sciatica"]),
        procedure(
            "caudal",
            broader=["epidural"],
            claims=[
                build_risk("caudal-stroke", "stroke", observed=1, n=1000, per="people"),
                build_risk("caudal-infection", "infection", observed=2, n=100, per="not_stated"),
                claim(
                    "caudal-stop",
                    "contraindication",
                    {"label": "Blood thinners", "topics": ["anticoagulants"], "strength": "absolute"},
                ),
                claim("caudal-against", "recommendation", against),
                claim("caudal-call", "when_to_call", {"tier": "emergency", "signs": ["you cannot pass urine"]}),
                claim("caudal-time", "procedure_time", {"label": "20 minutes"}),
            ],
        ),
        procedure(
            "caudal-with-catheter",
            broader=["caudal"],
            claims=[
                build_risk("catheter-stroke", "stroke", observed=1, n=200, per="procedures"),
                build_risk("catheter-infection", "infection", seriousness="serious"),
                claim(
                    "catheter-stop",
                    "contraindication",
                    {"label": "Warfarin", "topics": ["anticoagulants"], "strength": "caution"},
                ),
                claim(
                    "catheter-warning",
                    "safety_warning",
                    {"label": "Serious nerve harm", "body": "FDA", "date": "2014-04-23", "boxed": True},
                ),
                claim("catheter-for", "recommendation", {"body": "Another body", "position": "for"}),
            ],
        ),
    )
    return client


def test_an_umbrella_rolls_up_the_safety_of_all_its_forms(umbrella: Client) -> None:
    forms = umbrella.get("/v1/procedures/epidural").json()["forms"]

    assert (forms["status"], forms["count"]) == ("known", 2)
    assert [form["slug"] for form in forms["records"]] == ["caudal", "caudal-with-catheter"]
    rows = [(row["risk"]["slug"], row["seriousness"], row["subjects"], row["claims"]) for row in forms["risks"]]
    assert rows == [
        ("stroke", "life_threatening", ["caudal", "caudal-with-catheter"], ["caudal-stroke", "catheter-stroke"]),
        ("infection", "serious", ["caudal-with-catheter"], ["catheter-infection"]),
        ("infection", "moderate", ["caudal"], ["caudal-infection"]),
    ]
    worst = forms["risks"][0]["worst"]
    assert (worst["observed"], worst["n"], worst["per"], worst["claim"]) == (1, 200, "procedures", "catheter-stroke")
    assert worst["form"] == umbrella.get("/v1/procedures/caudal-with-catheter").json()["name"]
    assert (
        umbrella.get("/v1/procedures/caudal-with-catheter").json()["risk_groups"]["items"][0]["worst"]["form"] is None
    )
    (topic,) = forms["contraindications"]
    assert (topic["topic"], topic["strength"]) == ("anticoagulants", "absolute")
    assert topic["labels"] == ["Blood thinners", "Warfarin"]
    (warning,) = forms["safety_warnings"]
    assert (warning["body"], warning["boxed"], warning["claims"]) == ("FDA", True, ["catheter-warning"])
    assert [row["position"] for row in forms["recommendations"]] == ["against", "for"]
    assert [(row["tier"], row["sign"]) for row in forms["when_to_call"]] == [("emergency", "you cannot pass urine")]
    counts = {row["block"]: (row["count"], row["subjects"]) for row in forms["statements"]}
    assert counts["procedure_times"] == (1, ["caudal"])


def test_an_umbrella_shows_the_sign_of_every_emergency_of_its_forms_once(client: Client, load: Load) -> None:
    def call(form: str) -> Json:
        value = {"tier": "emergency", "signs": ["any leg weakness", "numb saddle"], "emergencies": ["cauda", "sepsis"]}
        return procedure(form, broader=["block"], claims=[claim(f"{form}-call", "when_to_call", value)])

    load(emergency("cauda"), emergency("sepsis"), procedure("block"), call("p"), call("q"))

    rows = client.get("/v1/procedures/block").json()["when_to_call"]["items"]

    assert [(row["sign"], row["tier"]) for row in rows] == [
        ("A sign of cauda.", "emergency"),
        ("A sign of sepsis.", "emergency"),
    ]


def test_an_umbrella_shows_the_emergency_signs_of_its_forms_that_the_catalog_does_not_have(
    client: Client, load: Load
) -> None:
    value = {"tier": "emergency", "signs": ["fainting with throat pain"]}
    load(condition("neuralgia"), condition("throat", broader=["neuralgia"], claims=[claim("c", "when_to_call", value)]))

    rows = client.get("/v1/conditions/neuralgia").json()["when_to_call"]["items"]

    assert [(row["sign"], row["tier"]) for row in rows] == [("fainting with throat pain", "emergency")]


def test_a_block_that_only_forms_have_is_not_called_unknown(umbrella: Client) -> None:
    detail = umbrella.get("/v1/procedures/epidural").json()

    assert detail["procedure_times"]["status"] == "stated_on_forms"
    assert detail["safety_warnings"]["status"] == "stated_on_forms"
    assert detail["recovery"]["status"] == "unknown"
    assert umbrella.get("/v1/procedures/caudal-with-catheter").json()["forms"]["status"] == "not_applicable"
    page = umbrella.get("/procedures/epidural/evidence").text
    assert "Not stated for all forms; 1 statement on its forms:" in page
    assert "No opposing findings" not in page


def test_an_umbrella_has_the_disagreements_that_are_filed_for_it(umbrella: Client) -> None:
    filed = [row["record"]["slug"] for row in umbrella.get("/v1/disagreements").json()["contradictions"]]

    for slug in ("epidural", "caudal", "caudal-with-catheter"):
        conflicts = umbrella.get(f"/v1/procedures/{slug}").json()["conflicts"]
        assert (conflicts["status"] == "known") == (slug in filed), slug


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        # The page for patients names the topic within a sentence; the others have the words of the claims.
        ("/procedures/epidural", "blood thinners"),
        ("/procedures/epidural/evidence", "Blood thinners"),
        ("/procedures/epidural/leaflet", "Blood thinners"),
        ("/embed/v1/procedures/epidural/full.json", "Blood thinners"),
    ],
)
def test_every_form_of_an_umbrella_leads_with_its_forms_and_their_serious_harms(
    umbrella: Client, path: str, topic: str
) -> None:
    text = umbrella.get(path).text.partition("</head>")[2] or umbrella.get(path).text

    for expected in ("2 forms", "Stroke", "1 of 200 procedures", "A body", topic):
        assert expected in text, expected
    assert text.index("Stroke") < text.index("Bruise")


def test_lists_and_options_show_the_serious_risks_of_a_procedure_and_its_forms(umbrella: Client) -> None:
    rows = umbrella.get("/v1/conditions/sciatica/procedures").json()["items"]
    options = umbrella.get("/v1/conditions/sciatica/options").json()["treats"]["items"]
    compared = umbrella.get("/v1/compare?procedure=epidural&procedure=caudal").json()["rows"]

    for row in (*rows, *options):
        risks = [(risk["risk"]["slug"], risk["seriousness"]) for risk in row["serious_risks"]["items"]]
        assert risks == [("stroke", "life_threatening"), ("infection", "serious")]
    (cells,) = [row["cells"] for row in compared if row["name"] == "risks"]
    assert [value["label"] for value in cells[0]["values"]] == [
        "Stroke (can threaten life): 1 of 200 procedures (Caudal with catheter)",
        "Infection (serious): how often is not stated",
        "Infection (needs treatment): 2 of 100 (what was counted is not stated) (Caudal)",
        "Bruise (passes by itself): how often is not stated",
    ]


def test_a_figure_of_a_risk_carries_its_population_in_every_form(client: Client, load: Load) -> None:
    infected = {"population": "people with an infected spine"}
    death = build_risk("death", "stroke", observed=3, n=18, per="people") | {"qualifiers": infected}
    load(*RISKS, condition("sciatica"), procedure("p", claims=[death], indicated=["sciatica"]), procedure("q"))

    for path in (
        "/v1/procedures",
        "/v1/procedures/p",
        "/v1/conditions/sciatica/options",
        "/v1/compare?procedure=p&procedure=q",
        "/procedures/p",
        "/procedures/p/evidence",
        "/procedures/p/leaflet",
        "/conditions/sciatica/evidence",
        "/compare?procedure=p&procedure=q",
        *(f"/embed/v1/procedures/p/{variant}.json" for variant in ("full", "summary", "card")),
        "/embed/v1/conditions/sciatica/options/full.json",
    ):
        assert "people with an infected spine" in client.get(path).text, path


def test_a_condition_shows_the_signs_of_its_narrower_conditions(client: Client, load: Load) -> None:
    signs = {"tier": "emergency", "signs": ["pain after a fall"]}
    load(
        condition("back-pain"),
        condition(
            "fracture",
            broader=["back-pain"],
            claims=[claim("flag", "red_flag", {"label": "a fall"}), claim("call", "when_to_call", signs)],
        ),
    )

    detail = client.get("/v1/conditions/back-pain").json()

    assert detail["red_flags"]["status"] == "stated_on_forms"
    assert [row["sign"] for row in detail["forms"]["when_to_call"]] == ["pain after a fall"]
    assert "pain after a fall" in client.get("/conditions/back-pain/evidence").text


def test_no_form_calls_unknown_what_a_narrower_record_knows(client: Client, load: Load) -> None:
    load(
        condition("back-pain"),
        condition(
            "fracture",
            broader=["back-pain"],
            claims=[
                claim("flag", "red_flag", {"label": "an accident"}),
                claim("call", "when_to_call", {"tier": "emergency", "signs": ["a fall"]}),
            ],
        ),
        procedure("epidural", indicated=["back-pain"]),
        procedure("caudal", broader=["epidural"], claims=[relief("r", min="P3W", label="3 weeks")]),
    )

    for path in ("/conditions/back-pain/evidence", "/embed/v1/conditions/back-pain/options/full.json"):
        assert "not stated for all forms; its forms have statements" in client.get(path).text, path
        assert "a fall" in client.get(path).text, path
    assert "A fall" in client.get("/conditions/back-pain").text
    assert "Durations are stated on its forms alone." in client.get("/embed/v1/relief/epidural.json").text
    frame = client.get("/embed/relief-chart?procedure=epidural&procedure=caudal").text
    assert "Epidural: durations are stated on its forms alone." in frame


def test_what_was_looked_for_and_not_found_is_said_with_place_and_date(client: Client, load: Load) -> None:
    search = {"block": "device_longevity", "searched": ["PubMed", "the FDA"], "searched_on": "2026-10-01"}
    load(procedure("pump", not_found=[search]), procedure("stimulator"))

    detail = client.get("/v1/procedures/pump").json()

    assert detail["device_longevity"] == {"status": "not_found", "items": []}
    assert detail["not_found"] == [search]
    page = client.get("/procedures/pump/evidence").text
    assert "Looked for in PubMed, the FDA on 2026-10-01 and not found." in page


def test_a_procedure_of_which_no_source_names_a_serious_harm_says_where_it_was_looked_for(
    client: Client, load: Load
) -> None:
    search = {"block": "serious_risks", "searched": ["PubMed"], "searched_on": "2026-10-01"}
    load(procedure("block", not_found=[search]), procedure("stimulator"))

    assert client.get("/v1/procedures/block").json()["serious_risks"] == {"status": "not_found", "items": []}
    assert client.get("/v1/procedures/stimulator").json()["serious_risks"] == {"status": "unknown", "items": []}
    assert "Looked for in PubMed on 2026-10-01 and not found." in client.get("/procedures/block/evidence").text


def test_a_figure_that_counts_several_harms_together_says_so(client: Client, load: Load) -> None:
    together = {"name": "composite", "text": "The source counts these together: stroke or infection"}
    figure = build_risk("block-stroke", "stroke", percent_min=1, percent_max=2, per="people", details=[together])
    load(risk("stroke", seriousness="life_threatening"), procedure("block", claims=[figure]))

    worst = client.get("/v1/procedures/block").json()["serious_risks"]["items"][0]["worst"]

    assert worst["composite"] == together["text"]
    for path in ("/procedures/block", "/procedures/block/leaflet", "/embed/v1/procedures/block/full.json"):
        assert "the source counts these together: stroke or infection" in client.get(path).text, path
