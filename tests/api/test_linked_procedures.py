import httpx
import pytest
from build import claim, condition, generator, page, procedure, relief, risk
from conftest import Client, Load

from app.domain.json import Json


def list_slugs(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["slug"] for item in response.json()["items"]]


def test_a_pain_generator_lists_only_procedures_that_treat_it(client: Client, load: Load) -> None:
    load(
        generator("lumbar-facet-joint"),
        generator("knee-joint"),
        procedure("facet-rfa", treats=["lumbar-facet-joint"]),
        procedure("knee-rfa", treats=["knee-joint"]),
    )

    response = client.get("/v1/pain-generators/lumbar-facet-joint/procedures", params={"role": "treats"})

    assert list_slugs(response) == ["facet-rfa"]
    (relation,) = response.json()["items"][0]["relations"]
    assert relation["path"] == [{"type": "pain_generator", "slug": "lumbar-facet-joint", "name": "Lumbar facet joint"}]


def test_a_broader_pain_generator_includes_procedures_of_narrower_ones(client: Client, load: Load) -> None:
    load(
        generator("facet-joint"),
        generator("lumbar-facet-joint", broader=["facet-joint"]),
        generator("hip"),
        procedure("facet-rfa", treats=["lumbar-facet-joint"]),
        procedure("hip-rfa", treats=["hip"]),
    )

    assert list_slugs(client.get("/v1/pain-generators/facet-joint/procedures")) == ["facet-rfa"]
    assert list_slugs(client.get("/v1/procedures", params={"pain_generator": "facet-joint"})) == ["facet-rfa"]
    path = client.get("/v1/pain-generators/facet-joint/procedures").json()["items"][0]["relations"][0]["path"]
    assert [step["slug"] for step in path] == ["facet-joint", "lumbar-facet-joint"]


def test_a_procedure_is_listed_once_with_all_its_relations_the_best_first(client: Client, load: Load) -> None:
    def target(claim_id: str, generator_slug: str, role: str, source: str) -> dict[str, object]:
        return claim(claim_id, "target", {"pain_generator": generator_slug, "role": role}, source=source)

    load(
        generator("facet-joint"),
        generator("cervical-facet-joint", broader=["facet-joint"]),
        generator("lumbar-facet-joint", broader=["facet-joint"]),
        procedure(
            "facet-rfa",
            claims=[
                target("cervical", "cervical-facet-joint", "treats", "trial"),
                target("lumbar", "lumbar-facet-joint", "treats", "review"),
                target("weak", "facet-joint", "treats", "leaflet"),
                target("test", "facet-joint", "diagnoses", "trial"),
            ],
        ),
    )

    for query in ("", "?role=treats", "?role=treats&role=diagnoses", "?sort=relief"):
        (row,) = client.get(f"/v1/pain-generators/facet-joint/procedures{query}").json()["items"]
        assert [
            (relation["claim"], relation["role"], relation["path"][-1]["slug"]) for relation in row["relations"]
        ] == [
            ("test", "diagnoses", "facet-joint"),
            ("weak", "treats", "facet-joint"),
            ("lumbar", "treats", "lumbar-facet-joint"),
            ("cervical", "treats", "cervical-facet-joint"),
        ]


def test_role_and_pain_generator_must_match_in_the_same_claim(client: Client, load: Load) -> None:
    load(
        generator("disc"),
        generator("nerve"),
        procedure("tests-disc-treats-nerve", diagnoses=["disc"], treats=["nerve"]),
    )

    assert list_slugs(client.get("/v1/procedures", params={"pain_generator": "disc", "role": "treats"})) == []
    assert list_slugs(client.get("/v1/procedures", params={"pain_generator": "disc", "role": "diagnoses"})) == [
        "tests-disc-treats-nerve"
    ]


def test_a_filter_accepts_a_known_name(client: Client, load: Load) -> None:
    sciatica = condition("lumbar-radiculopathy", names=[{"text": "Sciatica", "kind": "lay_name"}])
    load(sciatica, condition("gout"), procedure("epidural", indicated=["lumbar-radiculopathy"]), procedure("other"))

    assert list_slugs(client.get("/v1/procedures", params={"condition": "sciatica"})) == ["epidural"]


def test_repeated_values_are_alternatives_and_different_filters_are_combined(client: Client, load: Load) -> None:
    load(
        procedure("a", family="ablation", body_regions=["knee"]),
        procedure("b", family="injection", body_regions=["knee"]),
        procedure("c", family="injection", body_regions=["hip"]),
    )

    either = client.get("/v1/procedures", params=[("family", "ablation"), ("family", "injection")])
    both = client.get("/v1/procedures", params={"family": "injection", "body_region": "knee"})

    assert list_slugs(either) == ["a", "b", "c"]
    assert list_slugs(both) == ["b"]


def test_a_facet_ignores_its_own_filter(client: Client, load: Load) -> None:
    load(procedure("a", family="ablation"), procedure("b"), procedure("c", body_regions=["hip"]))

    response = client.get("/v1/procedures", params={"family": "ablation", "facet": "family"}).json()

    counts = {value["value"]: (value["count"], value["selected"]) for value in response["facets"][0]["values"]}
    assert counts == {"ablation": (1, True), "injection": (2, False)}


def test_unknown_relief_is_last_in_both_directions_and_never_matches_the_filter(client: Client, load: Load) -> None:
    load(
        procedure("short", claims=[relief("s", min="P2W", max="P4W", magnitude="week")]),
        procedure("unknown"),
        procedure("long", claims=[relief("l", min="P9M")]),
    )

    assert list_slugs(client.get("/v1/procedures", params={"sort": "relief"})) == ["short", "long", "unknown"]
    assert list_slugs(client.get("/v1/procedures", params={"sort": "-relief"})) == ["long", "short", "unknown"]
    assert list_slugs(client.get("/v1/procedures", params={"min_relief": "P6M"})) == ["long"]


def test_typical_relief_is_the_middle_estimate_by_its_lower_end(client: Client, load: Load) -> None:
    load(
        procedure(
            "p",
            claims=[
                relief("ad", source="leaflet", min="P2Y", max="P3Y"),
                relief("long", source="review", min="P9M", max="P2Y"),
                relief("middle", source="trial", min="P3M", max="P6M"),
                relief("vague", source="review", text="weeks or months", label="weeks or months", magnitude="week"),
                relief("ceiling", source="review", statistic="up_to", max="P9Y"),
            ],
        )
    )

    typical = client.get("/v1/procedures/p").json()["typical_relief"]

    assert [(estimate["claim"], estimate["min"]) for estimate in typical["items"]] == [("middle", "P3M")]
    assert "middle of 3 estimates" in typical["items"][0]["selection_reason"]


def test_of_two_estimates_with_one_lower_end_the_shorter_is_typical(client: Client, load: Load) -> None:
    estimates = [
        relief("open", min="P3W"),
        relief("months", min="P3W", max="P3M"),
        relief("weeks", min="P3W", max="P4W"),
        relief("year", min="P1Y", max="P1Y"),
    ]
    load(procedure("p", claims=estimates[1:3]), procedure("q", claims=[e | {"id": f"q-{e['id']}"} for e in estimates]))

    typical = [client.get(f"/v1/procedures/{slug}").json()["typical_relief"]["items"] for slug in ("p", "q")]

    assert [[estimate["claim"] for estimate in row] for row in typical] == [["weeks"], ["q-months"]]


@pytest.mark.parametrize(
    "estimate",
    [
        relief("e", source="leaflet", min="P2Y"),
        relief("e", min="P2Y") | {"commercial": True},
        relief("e", statistic="up_to", max="P2Y"),
        relief("e", max="P2Y"),
        relief("e", statistic="total", min="P78W", max="P78W"),
        relief("e", statistic="aim", min="P1Y"),
        relief("e", text="as long as it lasts", label="as long as it lasts", magnitude="unknown"),
        relief("e", measure="time_to_recurrence", min="P2Y"),
        relief("e", measure="nerve_block", min="P2Y"),
        *(relief("e", covers=covers, min="P2Y") for covers in ("technique", "subgroup", "wider")),
    ],
    ids="practice maker ceiling maximum total aim phrase recurrence nerve technique subgroup wider".split(),
)
def test_no_headline_comes_from_what_is_no_estimate(client: Client, load: Load, estimate: Json) -> None:
    load(procedure("p", claims=[estimate]))

    assert client.get("/v1/procedures/p").json()["typical_relief"] == {"status": "unknown", "items": []}
    assert client.get("/v1/procedures?min_relief=PT1M").json()["items"] == []


def test_a_frequency_band_needs_a_rate_and_an_exact_limit_counts_as_the_more_frequent_band(
    client: Client, load: Load
) -> None:
    def risk_claim(name: str, **value: object) -> dict[str, object]:
        return claim(name, "procedure_risk", {"risk": "bleeding", "phrase": "bleeding", "state": "known", **value})

    load(
        risk("bleeding"),
        procedure(
            "p",
            claims=[
                risk_claim("exact", observed=1, n=1000, per="people"),
                risk_claim("range", percent_min=0.5, percent_max=5, per="people"),
                risk_claim("words", frequency_words="rare"),
                risk_claim("lesions", observed=6, n=616, per="lesions"),
                risk_claim("not-stated", observed=6, n=616, per="not_stated"),
                claim(
                    "none",
                    "procedure_risk",
                    {"risk": "bleeding", "phrase": "bleeding", "state": "none_seen", "observed": 0, "n": 50}
                    | {"per": "people", "attribution": "procedure"},
                ),
            ],
        ),
    )

    values = {item["id"]: item["value"] for item in client.get("/v1/procedures/p/risks").json()["items"]}

    assert values["exact"]["band"]["items"][0]["name"] == "uncommon"
    assert values["range"]["band"]["status"] == "unknown"
    assert values["words"]["band"]["status"] == "unknown"
    # The scheme counts people, not lesion sites.
    assert values["lesions"]["band"]["status"] == values["not-stated"]["band"]["status"] == "unknown"
    assert values["none"]["upper_limit_percent"] == 5.82


def test_only_a_procedure_with_a_source_for_the_condition_is_what_treats_it(client: Client, load: Load) -> None:
    knee, neck = {"body_regions": ["knee"]}, {"body_regions": ["neck"]}
    load(
        generator("joint"),
        condition("arthritis", arises_from=["joint"], **knee),
        condition("arthritis-after-injury", broader=["arthritis"]),
        procedure("stimulator", family="neuromodulation", indicated=["arthritis-after-injury"]),
        procedure("injection", treats=["joint"], indicated=["arthritis"], **knee),
        procedure("ablation", family="ablation", treats=["joint"], **knee),
        procedure("neck-ablation", family="ablation", treats=["joint"], **neck),
        procedure("block", family="nerve_block", diagnoses=["joint"], **knee),
    )

    options = client.get("/v1/conditions/arthritis/options").json()

    def list_options(block: Json) -> list[str]:
        return [option["procedure"]["slug"] for option in block["items"]]

    assert list_options(options["treats"]) == ["injection", "stimulator"]
    assert options["treats"]["items"][0]["relation"]["claim"] == "injection--indication-0"
    (structure,) = options["related_by_structure"]["items"]
    assert structure["pain_generator"]["slug"] == "joint"
    assert list_options(structure["reaches"]) == ["ablation"]
    assert list_options(structure["diagnoses"]) == ["block"]
    page = client.get("/conditions/arthritis/evidence").text
    assert page.index("What treats it") < page.index("Related by structure only") < page.index("/procedures/ablation")
    assert "neck-ablation" not in page
    patient_page = client.get("/conditions/arthritis").text.partition("</head>")[2]
    assert patient_page.index("What treats it") < patient_page.index("/procedures/injection")
    assert patient_page.index("/procedures/stimulator") < patient_page.index("Related by structure only")
    assert "ablation" not in patient_page


def test_a_procedure_shows_the_positions_on_its_forms_those_against_it_first(client: Client, load: Load) -> None:
    def recommend(claim_id: str, position: str, year: int = 2020) -> Json:
        value = {"body": f"Body of {claim_id}", "year": year, "position": position, "scope": "back pain"}
        return claim(claim_id, "recommendation", value)

    load(
        generator("root"),
        condition("sciatica"),
        procedure("epidural", claims=[recommend("umbrella", "against", 2025)]),
        procedure(
            "caudal",
            broader=["epidural"],
            treats=["root"],
            indicated=["sciatica"],
            claims=[recommend("own-for", "for"), recommend("own-against", "against")],
        ),
        procedure("lumbar", broader=["epidural"], claims=[recommend("sibling", "insufficient")]),
    )

    def list_claims(positions: Json) -> list[str]:
        return [row["claim"] for row in positions["items"]]

    expected = ["umbrella", "own-against", "own-for"]
    (option,) = client.get("/v1/conditions/sciatica/options").json()["treats"]["items"]
    assert list_claims(option["positions"]) == expected
    for path in ("/v1/conditions/sciatica/procedures", "/v1/pain-generators/root/procedures", "/v1/targets"):
        (row,) = client.get(path).json()["items"]
        assert list_claims(row["positions"]) == expected, path
    assert list_claims(client.get("/v1/conditions/sciatica").json()["procedures"]["items"][0]["positions"]) == expected
    detail = client.get("/v1/procedures/epidural").json()
    assert list_claims(detail["positions"]) == ["umbrella", "own-against", "sibling", "own-for"]
    assert detail["positions"]["items"][1]["procedure"]["slug"] == "caudal"

    assert list_slugs(client.get("/v1/procedures?position=insufficient")) == ["epidural", "lumbar"]
    assert list_slugs(client.get("/v1/conditions/sciatica/procedures?position=against")) == ["caudal"]
    assert list_slugs(client.get("/v1/conditions/sciatica/procedures?position=conditional")) == []

    compared = client.get("/v1/compare?procedure=caudal&procedure=lumbar").json()
    (row,) = [row for row in compared["rows"] if row["name"] == "positions"]
    assert [value["label"] for value in row["cells"][1]["values"]] == [
        "Against (Body of umbrella, 2025): back pain",
        "Insufficient evidence (Body of sibling, 2020): back pain",
    ]
    for path in (
        "/conditions/sciatica",
        "/conditions/sciatica/evidence",
        "/procedures/caudal",
        "/procedures/caudal/evidence",
        "/procedures/caudal/leaflet",
    ):
        assert "Body of umbrella" in client.get(path).text, path
        assert "Against the procedure" not in client.get(path).text, path
    for path in ("/embed/v1/conditions/sciatica/options/full.json", "/embed/v1/procedures/caudal/full.json"):
        assert "Against (Body of umbrella, 2025)" in client.get(path).text, path


def test_a_position_that_only_a_condition_states_shows_wherever_the_procedure_is_an_option(
    client: Client, load: Load
) -> None:
    against = {"body": "A board", "year": 2016, "position": "against", "scope": "back pain", "procedures": ["caudal"]}
    load(
        condition("back-pain", claims=[claim("ng59", "recommendation", against)]),
        condition("sciatica"),
        procedure("epidural"),
        procedure("caudal", broader=["epidural"], indicated=["sciatica"]),
    )

    for path in ("/v1/procedures/epidural", "/v1/procedures/caudal"):
        (row,) = client.get(path).json()["positions"]["items"]
        assert (row["claim"], row["procedure"]["slug"], row["stated_on"]["slug"]) == ("ng59", "caudal", "back-pain")
    assert list_slugs(client.get("/v1/procedures?position=against")) == ["caudal", "epidural"]
    (option,) = client.get("/v1/conditions/sciatica/options").json()["treats"]["items"]
    assert option["positions"]["items"] == [row]
    for path in (
        "/conditions/sciatica",
        "/conditions/sciatica/evidence",
        "/procedures/caudal",
        "/procedures/caudal/evidence",
        "/procedures/epidural/leaflet",
    ):
        assert "A board, 2016" in client.get(path).text, path
    assert 'id="ng59"' in client.get("/conditions/back-pain/evidence").text
    for path in ("/procedures/caudal/evidence", "/embed/v1/procedures/caudal/full.json"):
        assert "/conditions/back-pain/evidence#ng59" in client.get(path).text, path
    # The page for patients leads to the position on the evidence page of the procedure.
    assert "/procedures/caudal/evidence#ng59" in client.get("/procedures/caudal").text
    assert 'id="ng59"' in client.get("/procedures/caudal/evidence").text


def test_the_matrix_has_every_target_once(client: Client, load: Load) -> None:
    load(generator("a"), generator("b"), procedure("p", treats=["a", "b"]), procedure("q", diagnoses=["b"]))

    matrix = client.get("/v1/targets/matrix").json()

    cells = {(cell["procedure"], cell["pain_generator"], cell["role"]) for cell in matrix["cells"]}
    assert cells == {("p", "a", "treats"), ("p", "b", "treats"), ("q", "b", "diagnoses")}
    diagnostic = client.get("/v1/targets/matrix", params={"role": "diagnoses"}).json()["procedures"]
    assert [procedure["slug"] for procedure in diagnostic] == ["q"]


def test_a_comparison_has_the_same_rows_for_every_procedure_and_shows_unknown(client: Client, load: Load) -> None:
    load(generator("a"), procedure("p", treats=["a"], family="ablation"), procedure("q"))

    rows = client.get("/v1/compare", params=[("procedure", "p"), ("procedure", "q")]).json()["rows"]

    assert all([cell["procedure"] for cell in row["cells"]] == ["p", "q"] for row in rows)
    by_name = {row["name"]: row for row in rows}
    assert by_name["family"]["differs"] is True
    assert by_name["implant"]["differs"] is False
    assert [cell["status"] for cell in by_name["targets"]["cells"]] == ["known", "unknown"]


def test_the_procedures_of_a_risk_have_no_role_to_filter_by(client: Client, load: Load) -> None:
    claims = [claim("harm", "procedure_risk", {"risk": "bleeding", "phrase": "bleeding", "state": "known"})]
    load(risk("bleeding"), procedure("a", claims=claims), procedure("b"))

    (row,) = client.get("/v1/risks/bleeding/procedures?family=injection").json()["items"]

    assert [(relation["role"], relation["claim"]) for relation in row["relations"]] == [("has_risk", "harm")]
    for query in ("role=treats", "facet=role"):
        assert client.get(f"/v1/risks/bleeding/procedures?{query}").status_code == 422


def test_a_comparison_has_the_values_of_the_details_and_each_once(client: Client, load: Load) -> None:
    rate = {"percent_min": 60, "percent_max": 60, "at_label": "six months"}
    load(
        generator("disc"),
        risk("bleeding"),
        procedure(
            "p",
            treats=["disc"],
            claims=[
                relief("r", min="P3M", max="P6M"),
                claim("first", "response_rate", rate),
                claim("same", "response_rate", rate, source="review"),
                claim("open", "response_rate", {"percent_min": 50}),
                claim("none", "response_rate", {"percent_max": 70}),
                claim(
                    "harm",
                    "procedure_risk",
                    {"risk": "bleeding", "phrase": "bleeding", "state": "known", "percent_max": 2}
                    | {"per": "not_stated"},
                ),
            ],
        ),
        procedure("q", family="ablation"),
    )
    details = client.get("/v1/procedures/p").json()

    response = client.get("/v1/compare", params=[("procedure", "p"), ("procedure", "q")])

    values = {row["name"]: row["cells"][0]["values"] for row in response.json()["rows"]}
    assert values["implant"] == [{"label": "No", "value": False, "claims": []}]
    assert values["family"] == [{"label": "Injection", "value": "injection", "claims": []}]
    assert [value["value"] for value in values["relief_durations"]] == [
        claim["value"] for claim in details["relief_durations"]["items"]
    ]
    assert [(value["label"], value["value"]["percent_min"], value["claims"]) for value in values["response_rates"]] == [
        ("60 %, six months", 60, ["same", "first"]),
        ("at most 70 %", None, ["none"]),
        ("at least 50 %", 50, ["open"]),
    ]
    assert [value["label"] for value in values["risks"]] == [
        "Bleeding (needs treatment): at most 2 % (what was counted is not stated)"
    ]


def test_a_batch_has_the_requested_order_and_lists_missing_slugs(client: Client, load: Load) -> None:
    load(procedure("a"), procedure("b"))

    response = client.get("/v1/procedures/batch", params=[("slug", "b"), ("slug", "x"), ("slug", "a")]).json()

    assert [item["slug"] for item in response["items"]] == ["b", "a"]
    assert response["not_found"] == ["x"]


def test_a_batch_takes_known_names_and_former_slugs(client: Client, load: Load) -> None:
    shared = [{"text": "Block", "kind": "synonym", "ambiguous": True}]
    load(
        procedure("a", names=[{"text": "Rhizotomy", "kind": "synonym"}, *shared], former_slugs=["old-a"]),
        procedure("b", names=shared),
    )
    names = ["b", "rhizotomy", "old-a", "Rhizotomy", "block", "none"]

    response = client.get("/v1/procedures/batch", params={"slug": names}).json()

    assert [item["slug"] for item in response["items"]] == ["b", "a"]
    assert response["not_found"] == ["block", "none"]


def test_an_empty_list_of_a_record_says_whether_it_is_unknown_or_does_not_apply(client: Client, load: Load) -> None:
    load(
        generator("disc"),
        generator("nerve"),
        condition("sciatica"),
        risk("bleeding"),
        procedure("block", diagnoses=["disc"], claims=[relief("r", min="P1M")], not_applicable=["findings"]),
    )

    def status(path: str) -> tuple[str, int]:
        response = client.get(f"/v1/{path}").json()
        return response["status"], response["page"]["total"]

    assert status("procedures/block/relief-durations") == ("known", 1)
    assert status("procedures/block/response-rates") == ("unknown", 0)
    assert status("procedures/block/findings") == ("not_applicable", 0)
    assert status("pain-generators/disc/procedures") == ("known", 1)
    assert status("pain-generators/disc/procedures?role=treats") == ("known", 0)
    assert status("pain-generators/nerve/procedures") == ("unknown", 0)
    assert status("conditions/sciatica/procedures?role=treats") == ("unknown", 0)
    assert status("risks/bleeding/procedures") == ("unknown", 0)


def test_guide_pages_have_the_order_of_their_file(client: Client, load: Load) -> None:
    load(page("zebra"), page("apple"))

    assert list_slugs(client.get("/v1/guide")) == ["zebra", "apple"]


def test_procedures_of_a_record_are_filtered_by_procedure_and_by_claim(client: Client, load: Load) -> None:
    load(
        generator("facet-joint"),
        procedure("block", diagnoses=["facet-joint"], treats=["facet-joint"], family="nerve_block"),
        procedure("ablation", treats=["facet-joint"], family="ablation", implant=True),
        procedure("other", family="ablation"),
    )
    path = "/v1/pain-generators/facet-joint/procedures"

    def list_matches(query: str) -> list[str]:
        return list_slugs(client.get(f"{path}?{query}"))

    assert list_matches("family=ablation") == ["ablation"]
    assert list_matches("family=ablation&family=nerve_block&role=treats") == ["ablation", "block"]
    assert list_matches("implant=true") == ["ablation"]
    assert list_matches("role=diagnoses") == ["block"]
    assert list_matches("role=diagnoses&family=ablation") == []
    page = client.get(f"{path}?facet=family&facet=role&role=treats").json()
    counts = {facet["name"]: {row["value"]: row["count"] for row in facet["values"]} for facet in page["facets"]}
    assert counts == {"family": {"ablation": 1, "nerve_block": 1}, "role": {"treats": 2, "diagnoses": 1}}
    assert page["page"]["total"] == 2
