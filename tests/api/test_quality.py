"""Quality and disagreements of the shipped content."""

from conftest import Client


def test_quality_covers_every_record_and_lists_the_gaps(shipped: Client) -> None:
    quality = shipped.get("/v1/quality").json()
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert quality["overall"]["claims"] == counts["claims"]
    assert len(quality["records"]) == quality["overall"]["records"]
    for record in quality["records"]:
        assert shipped.get(record["links"]["self"]).status_code == 200
        for share in ("patient_education", "commercial", "with_figures"):
            assert (record[share] is None) == (record["claims"] == 0)
            assert record[share] is None or 0 <= record[share] <= 1
    for gap in quality["gaps"].values():
        assert all(ref["slug"] for ref in gap)


def test_quality_measures_how_well_the_sources_are_identified(shipped: Client) -> None:
    overall = shipped.get("/v1/quality").json()["overall"]
    sources = overall["sources"]

    assert 0 < sources["published"] <= shipped.get("/v1/releases/current").json()["counts"]["sources"]
    assert sources["citations"] >= overall["claims"]
    for share in ("with_identifier", "with_year", "with_locator", "from_published"):
        assert 0 < sources[share] <= 1
    for row in sources["claims_by_design"]:
        assert row["share"] == round(row["claims"] / overall["claims"], 4)


def test_bodies_take_opposite_positions_on_hyaluronate_for_the_knee(shipped: Client) -> None:
    contradictions = shipped.get("/v1/disagreements").json()["contradictions"]

    (contradiction,) = (row for row in contradictions if row["record"]["slug"] == "hyaluronate-joint-injection")

    assert {group["position"] for group in contradiction["positions"]} == {"against", "conditional"}
    for group in contradiction["positions"]:
        for claim in group["claims"]:
            document = shipped.get(claim["links"]["self"]).json()
            assert document["value"]["position"] == group["position"]
            assert document["citations"]


def test_quality_has_the_reading_grade_of_patient_texts_by_two_formulas(shipped: Client) -> None:
    quality = shipped.get("/v1/quality").json()

    for entry in [quality["overall"], *quality["records"]]:
        assert set(entry["reading_grade"]) == {"flesch_kincaid", "automated_readability"}
    assert 0 < quality["overall"]["reading_grade"]["flesch_kincaid"] <= 8
