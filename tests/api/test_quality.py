from conftest import Client


def test_quality_covers_every_record_and_names_the_gaps(shipped: Client) -> None:
    whole = shipped.get("/v1/quality").json()
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert whole["overall"]["claims"] == counts["claims"]
    assert len(whole["records"]) == whole["overall"]["records"]
    for one in whole["records"]:
        assert shipped.get(one["links"]["self"]).status_code == 200
        for share in ("better_than_patient_education", "commercial", "with_figures"):
            assert (one[share] is None) == (one["claims"] == 0)
            assert one[share] is None or 0 <= one[share] <= 1
    for gap in whole["gaps"].values():
        assert all(ref["slug"] for ref in gap)


def test_epidural_steroid_injection_has_bodies_for_against_and_undecided(shipped: Client) -> None:
    found = shipped.get("/v1/disagreements").json()["contradictions"]

    one = next(
        row
        for row in found
        if row["record"]["slug"] == "epidural-steroid-injection" and row["about"] == "recommendation"
    )

    assert {"for", "against", "insufficient"} <= {side["position"] for side in one["sides"]}
    for side in one["sides"]:
        for claim in side["claims"]:
            shown = shipped.get(claim["links"]["self"]).json()
            assert shown["value"]["position"] == side["position"]
            assert shown["citations"]


def test_estimates_that_part_most_stand_first_with_both_ends(shipped: Client) -> None:
    rows = shipped.get("/v1/disagreements").json()["estimates"]

    assert [row["ratio"] for row in rows] == sorted((row["ratio"] for row in rows), reverse=True)
    for row in rows:
        ends = [shipped.get(row[end]["links"]["self"]).json()["value"] for end in ("shortest", "longest")]
        assert {end["measure"] for end in ends} == {row["measure"]}
        assert {row["shortest"]["id"], row["longest"]["id"]} <= set(row["estimates"])


def test_quality_gives_the_reading_grade_of_patient_texts_by_two_formulas(shipped: Client) -> None:
    whole = shipped.get("/v1/quality").json()

    for one in [whole["overall"], *whole["records"]]:
        grade = one["reading_grade"]
        assert set(grade) == {"flesch_kincaid", "automated_readability"}
    assert 0 < whole["overall"]["reading_grade"]["flesch_kincaid"] <= 8
