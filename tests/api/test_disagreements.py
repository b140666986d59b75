"""Disagreements are between two sources on the same question."""

from typing import Any

import pytest
from build import claim, procedure, relief, source
from conftest import Client, Load

SENTENCE = "No two sources here answer the same question in opposite ways."
SOURCES = (
    source("cohort", design="cohort"),
    source("other-trial", title="Another trial"),
    source("maker", commercial=True, design="patient_education"),
)


def recommendation(claim_id: str, body: str, position: str, cited: str, **qualifiers: Any) -> dict[str, Any]:
    scope = qualifiers.pop("scope", None)
    value = {"body": body, "position": position, "scope": scope}
    return claim(claim_id, "recommendation", value, source=cited, qualifiers=qualifiers)


def finding(claim_id: str, direction: str, cited: str, **changes: Any) -> dict[str, Any]:
    qualifiers = {"population": "sciatica", "comparator": "sham", "comparator_is_sham": True}
    value = {"outcome": "pain", "direction": direction}
    value |= {name: changes.pop(name) for name in ("outcome", "at") if name in changes}
    return claim(claim_id, "finding", value, source=cited, qualifiers=qualifiers | changes)


def list_conflicts(client: Client, slug: str = "p") -> list[tuple[str, dict[str, list[str]]]]:
    """List the disagreements of a procedure as (kind, claims by position), and check that the list of all has the same."""
    detail = client.get(f"/v1/procedures/{slug}").json()
    conflicts = [
        (conflict["claim_kind"], {group["position"]: group["claims"] for group in conflict["positions"]})
        for conflict in detail["conflicts"]["items"]
    ]
    listed = client.get("/v1/disagreements").json()
    rows = [row for row in listed["contradictions"] if row["record"]["slug"] == slug]
    rows += [row for row in listed["estimates"] if row["procedure"]["slug"] == slug]
    assert len(rows) == len(conflicts)
    has_any = bool(conflicts) or detail["forms_with_conflicts"]["status"] == "known"
    for path in (f"/procedures/{slug}/evidence", f"/procedures/{slug}/leaflet"):
        assert (SENTENCE in client.get(path).text) is not has_any
    return conflicts


def test_two_trials_against_sham_with_opposite_results_disagree(client: Client, load: Load) -> None:
    load(
        procedure(
            "p",
            claims=[
                finding("p--finding-1", "favors", "trial"),
                finding("p--finding-2", "no_difference", "other-trial", population="people with sciatica"),
            ],
        ),
        *SOURCES,
    )

    assert list_conflicts(client) == [
        ("finding", {"favors": ["p--finding-1"], "no_difference": ["p--finding-2"]}),
    ]
    page = client.get("/procedures/p/evidence").text
    assert "Disagreement: studies against a sham differ" in page


@pytest.mark.parametrize(
    "change",
    [
        {"population": "spinal stenosis"},
        {"population": None},
        {"technique": "pulsed"},
        {"outcome": "disability"},
        {"at": "P1Y"},
        {"comparator": "exercise", "comparator_is_sham": False},
    ],
)
def test_another_population_technique_outcome_time_or_comparator_is_another_question(
    client: Client, load: Load, change: dict[str, Any]
) -> None:
    claims = [finding("p--finding-1", "favors", "trial"), finding("p--finding-2", "against", "other-trial", **change)]
    load(procedure("p", claims=claims), *SOURCES)

    assert list_conflicts(client) == []


def test_one_source_does_not_disagree_with_itself(client: Client, load: Load) -> None:
    claims = [finding("p--finding-1", "favors", "trial"), finding("p--finding-2", "no_difference", "trial")]
    load(procedure("p", claims=claims), *SOURCES)

    assert list_conflicts(client) == []


def test_a_body_never_disagrees_with_itself(client: Client, load: Load) -> None:
    claims = [
        recommendation("p--recommendation-1", "NICE TA159", "conditional", "trial", population="neuropathic pain"),
        recommendation("p--recommendation-2", "NICE", "against", "other-trial", population="neuropathic pain"),
    ]
    load(procedure("p", claims=claims), *SOURCES)

    assert list_conflicts(client) == []


def test_two_bodies_disagree_on_the_same_population_alone(client: Client, load: Load) -> None:
    claims = [
        recommendation("p--recommendation-1", "NICE", "conditional", "trial", population="knee osteoarthritis"),
        recommendation("p--recommendation-2", "AAOS", "against", "cohort", scope="symptomatic knee osteoarthritis"),
        recommendation("p--recommendation-3", "OARSI", "against", "other-trial", population="hip osteoarthritis"),
        recommendation("p--recommendation-4", "ACR", "for", "review", population="knee osteoarthritis"),
    ]
    load(procedure("p", claims=claims), *SOURCES)

    assert list_conflicts(client) == [
        (
            "recommendation",
            {
                "against": ["p--recommendation-2"],
                "conditional": ["p--recommendation-1"],
                "for": ["p--recommendation-4"],
            },
        )
    ]


def test_a_test_and_a_treatment_are_two_questions(client: Client, load: Load) -> None:
    claims = [
        recommendation("p--recommendation-1", "NICE", "for", "trial", technique="diagnostic block"),
        recommendation("p--recommendation-2", "AAOS", "against", "cohort", technique="block"),
    ]
    load(procedure("p", intents=["diagnostic", "therapeutic"], claims=claims), *SOURCES)

    assert list_conflicts(client) == []


def test_two_procedures_do_not_disagree_and_the_broader_one_names_the_form_that_has_a_disagreement(
    client: Client, load: Load
) -> None:
    load(
        procedure("plexus-block"),
        procedure("celiac-plexus-block", broader=["plexus-block"], claims=[finding("c--finding-1", "favors", "trial")]),
        procedure(
            "hypogastric-plexus-block",
            broader=["plexus-block"],
            claims=[
                finding("h--finding-1", "against", "other-trial"),
                finding("h--finding-2", "favors", "cohort"),
            ],
        ),
        *SOURCES,
    )

    assert list_conflicts(client, "plexus-block") == []
    assert list_conflicts(client, "celiac-plexus-block") == []
    assert len(list_conflicts(client, "hypogastric-plexus-block")) == 1
    forms = client.get("/v1/procedures/plexus-block").json()["forms_with_conflicts"]["items"]
    assert [form["slug"] for form in forms] == ["hypogastric-plexus-block"]
    assert "Sources disagree on these forms" in client.get("/procedures/plexus-block/evidence").text


def test_estimates_disagree_if_independent_sources_have_no_duration_in_common(client: Client, load: Load) -> None:
    load(
        procedure(
            "p",
            claims=[
                relief("p--relief-duration-1", min="P1M", max="P3M"),
                relief("p--relief-duration-2", min="P6M", max="P1Y", source="other-trial"),
                relief("p--relief-duration-3", min="P2Y", max="P3Y", source="maker"),
            ],
        ),
        procedure(
            "q",
            claims=[
                relief("q--relief-duration-1", min="P1M", max="P3M"),
                relief("q--relief-duration-2", min="P6M", max="P1Y", source="other-trial", covers="subgroup")
                | {"qualifiers": {"population": "knee pain"}},
                relief("q--relief-duration-3", min="P1D", max="P2D", intent="diagnostic", source="other-trial"),
            ],
        ),
        *SOURCES,
    )

    assert list_conflicts(client, "p") == [
        ("relief_duration", {"longer": ["p--relief-duration-2"], "shorter": ["p--relief-duration-1"]}),
    ]
    assert list_conflicts(client, "q") == []
    (row,) = client.get("/v1/disagreements").json()["estimates"]
    assert (row["shortest"]["id"], row["longest"]["id"], row["ratio"]) == (
        "p--relief-duration-1",
        "p--relief-duration-2",
        2.0,
    )
    assert client.get("/relief").text.count("≠ Sources differ") == 1
    assert "≠ The sources differ" in client.get("/procedures/p/evidence").text
    assert "≠ The sources differ" not in client.get("/procedures/q/evidence").text


def test_estimates_that_differ_most_come_first_and_equal_ones_by_their_procedure(client: Client, load: Load) -> None:
    longest = {"b": "P4M", "a": "P4M", "c": "P9M"}
    load(
        *(
            procedure(
                slug,
                claims=[
                    relief(f"{slug}--relief-duration-1", min="P1M", max="P2M"),
                    relief(f"{slug}--relief-duration-2", min=start, max="P1Y", source="other-trial"),
                ],
            )
            for slug, start in longest.items()
        ),
        *SOURCES,
    )

    rows = client.get("/v1/disagreements").json()["estimates"]

    assert [(row["procedure"]["slug"], row["ratio"]) for row in rows] == [("c", 4.5), ("a", 2.0), ("b", 2.0)]
    assert rows[0]["estimates"] == ["c--relief-duration-1", "c--relief-duration-2"]


def test_without_any_disagreement_both_lists_are_empty(client: Client, load: Load) -> None:
    load(procedure("p", claims=[relief("p--relief-duration-1", min="P1M", max="P3M")]))

    assert (found := client.get("/v1/disagreements").json())["estimates"] == [] == found["contradictions"]


def test_shipped_pages_and_the_list_of_disagreements_agree(shipped: Client) -> None:
    listed = shipped.get("/v1/disagreements").json()
    slugs = {row["record"]["slug"] for row in listed["contradictions"]}
    slugs |= {row["procedure"]["slug"] for row in listed["estimates"]}
    for item in shipped.get("/v1/procedures?limit=100").json()["items"]:
        detail = shipped.get(item["links"]["self"]).json()
        forms = {form["slug"] for form in detail["forms_with_conflicts"]["items"]}
        assert forms <= slugs
        assert (item["slug"] in slugs) == (detail["conflicts"]["status"] == "known")
        disputed = item["slug"] in slugs or bool(forms)
        assert (SENTENCE in shipped.get(f"/procedures/{item['slug']}/evidence").text) is not disputed
