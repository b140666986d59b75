import httpx
from build import claim, condition, generator, page, procedure, relief, risk
from conftest import Client, Load


def slugs(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["slug"] for item in answer.json()["items"]]


def test_a_generator_lists_what_treats_it_and_not_its_neighbours(client: Client, load: Load) -> None:
    load(
        generator("lumbar-facet-joint"),
        generator("knee-joint"),
        procedure("facet-rfa", treats=["lumbar-facet-joint"]),
        procedure("knee-rfa", treats=["knee-joint"]),
    )

    found = client.get("/v1/pain-generators/lumbar-facet-joint/procedures", params={"role": "treats"})

    assert slugs(found) == ["facet-rfa"]
    assert found.json()["items"][0]["edge"]["path"] == [
        {"type": "pain_generator", "slug": "lumbar-facet-joint", "name": "Lumbar facet joint"}
    ]


def test_a_broader_generator_finds_what_its_narrower_ones_have(client: Client, load: Load) -> None:
    load(
        generator("facet-joint"),
        generator("lumbar-facet-joint", broader=["facet-joint"]),
        generator("hip"),
        procedure("facet-rfa", treats=["lumbar-facet-joint"]),
        procedure("hip-rfa", treats=["hip"]),
    )

    assert slugs(client.get("/v1/pain-generators/facet-joint/procedures")) == ["facet-rfa"]
    assert slugs(client.get("/v1/procedures", params={"pain_generator": "facet-joint"})) == ["facet-rfa"]
    path = client.get("/v1/pain-generators/facet-joint/procedures").json()["items"][0]["edge"]["path"]
    assert [one["slug"] for one in path] == ["facet-joint", "lumbar-facet-joint"]


def test_a_role_belongs_to_the_same_edge_as_its_generator(client: Client, load: Load) -> None:
    load(
        generator("disc"),
        generator("nerve"),
        procedure("tests-disc-treats-nerve", diagnoses=["disc"], treats=["nerve"]),
    )

    assert slugs(client.get("/v1/procedures", params={"pain_generator": "disc", "role": "treats"})) == []
    assert slugs(client.get("/v1/procedures", params={"pain_generator": "disc", "role": "diagnoses"})) == [
        "tests-disc-treats-nerve"
    ]


def test_a_filter_takes_a_known_name_for_a_slug(client: Client, load: Load) -> None:
    sciatica = condition("lumbar-radiculopathy", names=[{"text": "Sciatica", "kind": "lay_name"}])
    load(sciatica, condition("gout"), procedure("epidural", indicated=["lumbar-radiculopathy"]), procedure("other"))

    assert slugs(client.get("/v1/procedures", params={"condition": "sciatica"})) == ["epidural"]


def test_repeated_values_are_alternatives_and_filters_add_up(client: Client, load: Load) -> None:
    load(
        procedure("a", family="ablation", body_regions=["knee"]),
        procedure("b", family="injection", body_regions=["knee"]),
        procedure("c", family="injection", body_regions=["hip"]),
    )

    either = client.get("/v1/procedures", params=[("family", "ablation"), ("family", "injection")])
    both = client.get("/v1/procedures", params={"family": "injection", "body_region": "knee"})

    assert slugs(either) == ["a", "b", "c"]
    assert slugs(both) == ["b"]


def test_a_facet_leaves_out_its_own_filter(client: Client, load: Load) -> None:
    load(procedure("a", family="ablation"), procedure("b"), procedure("c", body_regions=["hip"]))

    answer = client.get("/v1/procedures", params={"family": "ablation", "facet": "family"}).json()

    counts = {value["value"]: (value["count"], value["selected"]) for value in answer["facets"][0]["values"]}
    assert counts == {"ablation": (1, True), "injection": (2, False)}


def test_unknown_relief_stands_last_both_ways_and_never_passes_the_filter(client: Client, load: Load) -> None:
    load(
        procedure("short", claims=[relief("s", min="P2W", max="P4W", magnitude="week")]),
        procedure("unknown"),
        procedure("long", claims=[relief("l", min="P9M")]),
    )

    assert slugs(client.get("/v1/procedures", params={"sort": "relief"})) == ["short", "long", "unknown"]
    assert slugs(client.get("/v1/procedures", params={"sort": "-relief"})) == ["long", "short", "unknown"]
    assert slugs(client.get("/v1/procedures", params={"min_relief": "P6M"})) == ["long"]


def test_the_typical_relief_is_the_one_of_the_better_design(client: Client, load: Load) -> None:
    load(
        procedure(
            "p",
            claims=[
                relief("ad", source="leaflet", min="P2Y", max="P3Y"),
                relief("best", source="review", min="P3M", max="P6M"),
                relief("next", source="trial", min="P6M", max="P9M"),
                relief("ceiling", source="review", statistic="up_to", max="P9Y"),
            ],
        )
    )

    typical = client.get("/v1/procedures/p").json()["typical_relief"]

    assert [(item["claim"], item["min"], item["max"]) for item in typical["items"]] == [("best", "P3M", "P6M")]
    assert "systematic review, 2021" in typical["items"][0]["chosen_because"]


def test_only_commercial_estimates_are_typical_only_where_nothing_else_is(client: Client, load: Load) -> None:
    load(procedure("p", claims=[relief("ad", source="leaflet", min="P2Y")]))

    typical = client.get("/v1/procedures/p").json()["typical_relief"]["items"][0]

    assert typical["commercial"] is True
    assert typical["chosen_because"].startswith("Only commercial sources")


def test_a_band_stands_only_where_there_is_a_rate_and_an_exact_limit_goes_to_the_more_frequent(
    client: Client, load: Load
) -> None:
    def observed(name: str, **value: object) -> dict[str, object]:
        return claim(name, "procedure_risk", {"risk": "bleeding", "phrase": "bleeding", "state": "known", **value})

    load(
        risk("bleeding"),
        procedure(
            "p",
            claims=[
                observed("exact", observed=1, n=1000, per="people"),
                observed("range", percent_min=0.5, percent_max=5),
                observed("words", frequency_words="rare"),
                claim(
                    "none",
                    "procedure_risk",
                    {"risk": "bleeding", "phrase": "bleeding", "state": "none_seen", "observed": 0, "n": 50},
                ),
            ],
        ),
    )

    shown = {item["id"]: item["value"] for item in client.get("/v1/procedures/p/risks").json()["items"]}

    assert shown["exact"]["band"]["items"][0]["name"] == "uncommon"
    assert shown["range"]["band"]["status"] == "unknown"
    assert shown["words"]["band"]["status"] == "unknown"
    assert shown["none"]["upper_limit_percent"] == 5.82


def test_options_follow_the_order_of_invasiveness(client: Client, load: Load) -> None:
    load(
        generator("joint"),
        condition("arthritis", arises_from=["joint"]),
        procedure("stimulator", family="neuromodulation", treats=["joint"]),
        procedure("ablation", family="ablation", treats=["joint"]),
        procedure("injection", treats=["joint"], indicated=["arthritis"]),
        procedure("block", family="nerve_block", diagnoses=["joint"]),
    )

    through = client.get("/v1/conditions/arthritis/options").json()["pain_generators"]["items"][0]

    assert [item["procedure"]["slug"] for item in through["confirms"]["items"]] == ["block"]
    assert [item["procedure"]["slug"] for item in through["treats"]["items"]] == ["injection", "ablation", "stimulator"]
    assert through["treats"]["items"][0]["indicated"]["status"] == "known"


def test_the_matrix_holds_every_edge_once(client: Client, load: Load) -> None:
    load(generator("a"), generator("b"), procedure("p", treats=["a", "b"]), procedure("q", diagnoses=["b"]))

    matrix = client.get("/v1/targets/matrix").json()

    cells = {(cell["procedure"], cell["pain_generator"], cell["role"]) for cell in matrix["cells"]}
    assert cells == {("p", "a", "treats"), ("p", "b", "treats"), ("q", "b", "diagnoses")}
    assert [
        one["slug"] for one in client.get("/v1/targets/matrix", params={"role": "diagnoses"}).json()["procedures"]
    ] == ["q"]


def test_a_comparison_has_the_same_rows_for_every_column_and_says_unknown(client: Client, load: Load) -> None:
    load(generator("a"), procedure("p", treats=["a"], family="ablation"), procedure("q"))

    rows = client.get("/v1/compare", params=[("procedure", "p"), ("procedure", "q")]).json()["rows"]

    assert all([cell["procedure"] for cell in row["cells"]] == ["p", "q"] for row in rows)
    by_name = {row["name"]: row for row in rows}
    assert by_name["family"]["differs"] is True
    assert by_name["implant"]["differs"] is False
    assert [cell["status"] for cell in by_name["targets"]["cells"]] == ["known", "unknown"]


def test_a_batch_answers_in_the_order_asked_and_says_what_is_missing(client: Client, load: Load) -> None:
    load(procedure("a"), procedure("b"))

    answer = client.get("/v1/procedures/batch", params=[("slug", "b"), ("slug", "x"), ("slug", "a")]).json()

    assert [item["slug"] for item in answer["items"]] == ["b", "a"]
    assert answer["not_found"] == ["x"]


def test_the_guide_keeps_the_order_of_its_file(client: Client, load: Load) -> None:
    load(page("zebra"), page("apple"))

    assert slugs(client.get("/v1/guide")) == ["zebra", "apple"]


def test_a_look_up_is_filtered_by_what_belongs_to_the_procedure_and_to_the_edge(client: Client, load: Load) -> None:
    load(
        generator("facet-joint"),
        procedure("block", diagnoses=["facet-joint"], treats=["facet-joint"], family="nerve_block"),
        procedure("ablation", treats=["facet-joint"], family="ablation", implant=True),
        procedure("other", family="ablation"),
    )
    path = "/v1/pain-generators/facet-joint/procedures"

    def found(query: str) -> list[tuple[str, str]]:
        return [(row["slug"], row["edge"]["role"]) for row in client.get(f"{path}?{query}").json()["items"]]

    assert found("family=ablation") == [("ablation", "treats")]
    assert found("family=ablation&family=nerve_block&role=treats") == [("ablation", "treats"), ("block", "treats")]
    assert found("implant=true") == [("ablation", "treats")]
    assert found("role=diagnoses") == [("block", "diagnoses")]
    assert found("role=diagnoses&family=ablation") == []
    page = client.get(f"{path}?facet=family&facet=role&role=treats").json()
    counts = {one["name"]: {row["value"]: row["count"] for row in one["values"]} for one in page["facets"]}
    assert counts == {"family": {"ablation": 1, "nerve_block": 1}, "role": {"treats": 2, "diagnoses": 1}}
    assert page["page"]["total"] == 2
