"""Rules of names: a name leads to one record, unless all that have it say that it is ambiguous."""

from pathlib import Path
from typing import Any

import pytest
from build import condition, emergency, generator, procedure, risk, write_seed
from conftest import Client, Load

from app.loader.content import load_content
from app.seed.problems import SeedInvalid


def named(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text, "kind": "synonym", **fields}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (
            procedure("nerve-burning", names=[named("radiofrequency-ablation")]),
            "procedures/nerve-burning.json /names/0",
        ),
        (condition("burnt", names=[named("RADIOFREQUENCY ablation")]), "conditions/burnt.json /names/0"),
        (generator("probe", names=[named("RFA")]), "pain_generators/probe.json /names/0"),
        (risk("burn", names=["RFA"]), "risks.json /risks/0/names/0"),
        (risk("burn", lay_name="RFA"), "risks.json /risks/0/lay_name"),
    ],
)
def test_a_name_of_another_record_is_refused(tmp_path: Path, other: dict[str, Any], expected: str) -> None:
    root = write_seed(tmp_path / "seed", procedure("radiofrequency-ablation", names=[named("RFA")]), other)

    with pytest.raises(SeedInvalid) as raised:
        load_content(root)

    problems = {f"{problem.file} {problem.pointer}": problem for problem in raised.value.problems}
    assert "is a name of procedure 'radiofrequency-ablation' too" in problems[expected].message
    assert problems[expected].line > 1
    assert problems.keys() <= {expected, "procedures/radiofrequency-ablation.json /names/0"}


def test_a_name_must_be_marked_in_each_record_that_has_it(tmp_path: Path) -> None:
    records = [
        condition("neck", names=[named("Radiculopathy", ambiguous=True)]),
        condition("back", names=[named("radiculopathy")]),
    ]

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path / "seed", *records))

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == ("conditions/back.json", "/names/0")


def test_a_name_of_one_record_is_not_ambiguous(tmp_path: Path) -> None:
    record = condition("neck", names=[named("Radiculopathy", ambiguous=True)])

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path / "seed", record))

    (problem,) = raised.value.problems
    assert problem.message == "no other record has the name 'Radiculopathy': it is not ambiguous"


def test_an_ambiguous_name_lists_its_records(client: Client, load: Load) -> None:
    shared = [named("Radiculopathy", ambiguous=True)]
    load(condition("neck", names=shared), condition("back", names=shared))

    response = client.get("/v1/conditions/radiculopathy")

    assert (response.status_code, response.json()["code"]) == (404, "ambiguous_name")
    assert [record["slug"] for record in response.json()["suggestions"]] == ["back", "neck"]
    assert client.get("/v1/conditions/neck").json()["names"][1] == {"text": "Radiculopathy", "kind": "synonym"}


def limb(**applies_to: Any) -> dict[str, Any]:
    return emergency("cold-limb", applies_to=applies_to, phrases={"emergency": ["cold white foot/leg"]})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (condition("leg-pain", names=[named("White, cold leg")]), "conditions/leg-pain.json /names/0"),
        (condition("leg-pain", name="Cold white foot"), "conditions/leg-pain.json /name"),
        (procedure("block", names=[named("block for a cold white leg")]), "procedures/block.json /names/0"),
        (generator("artery", names=[named("white cold foot")]), "pain_generators/artery.json /names/0"),
    ],
)
def test_a_name_that_says_an_emergency_is_refused(tmp_path: Path, record: dict[str, Any], expected: str) -> None:
    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path / "seed", limb(), record))

    (problem,) = raised.value.problems
    assert f"{problem.file} {problem.pointer}" == expected
    assert "says the emergency 'cold-limb'" in problem.message


def test_a_record_that_shows_the_emergency_may_be_named_so_and_so_may_a_harm(tmp_path: Path) -> None:
    records = [condition("leg-pain", names=[named("cold white leg")]), risk("clot", names=["white cold foot"])]
    root = write_seed(tmp_path / "seed", limb(conditions=["leg-pain"]), *records)

    assert load_content(root).bundle.conditions[0].names[0].text == "cold white leg"


@pytest.mark.parametrize(
    ("patient_name", "expected"),
    [
        ("Radiofrequency of a nerve", "too clinical for patients: 'radiofrequency'"),
        ("Lumbar radiculopathy", "too clinical for patients: 'radiculopathy'"),
        ("(Cryoneurolysis)", "too clinical for patients: nothing but parentheses"),
        ("Nerve burning", "'Nerve burning' is a name of procedure 'burning' too"),
        ("x" * 61, "at most 60 characters"),
    ],
)
def test_a_name_for_patients_is_everyday_short_and_of_one_record(
    tmp_path: Path, patient_name: str, expected: str
) -> None:
    other = procedure("burning", patient_name="Nerve burning (radiofrequency ablation)", names=[named("Nerve burning")])
    root = write_seed(tmp_path / "seed", other, procedure("freezing", patient_name=patient_name))

    with pytest.raises(SeedInvalid) as raised:
        load_content(root)

    (message,) = [problem.message for problem in raised.value.problems if problem.pointer == "/patient_name"]
    assert expected in message


def test_a_record_without_a_name_for_patients_is_refused(tmp_path: Path) -> None:
    record = condition("gout")
    del record["patient_name"]

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path / "seed", record))

    assert [problem.pointer for problem in raised.value.problems] == ["/patient_name"]


def test_the_name_that_patients_use_is_shown_searched_and_leads_to_the_record(client: Client, load: Load) -> None:
    load(procedure("cryoneurolysis", patient_name="Freezing a nerve (cryoneurolysis)", names=[named("freezing")]))

    (row,) = client.get("/v1/procedures").json()["items"]
    detail = client.get("/v1/procedures/cryoneurolysis").json()
    (hit,) = client.get("/v1/search?q=freezing+a+nerve").json()["items"]
    redirect = client.get("/v1/procedures/freezing-a-nerve-cryoneurolysis", follow_redirects=False)

    assert row["patient_name"] == detail["patient_name"] == "Freezing a nerve (cryoneurolysis)"
    assert [name["kind"] for name in detail["names"]] == ["preferred", "lay_name", "synonym"]
    assert hit["matched"] == {"field": "names", "kind": "lay_name", "text": "Freezing a nerve (cryoneurolysis)"}
    assert redirect.headers["location"] == "/v1/procedures/cryoneurolysis"


def test_a_record_with_too_many_search_phrases_is_refused(tmp_path: Path) -> None:
    phrases = [f"sore back {n}" for n in range(16)]
    assert load_content(write_seed(tmp_path / "fewer", condition("back-pain", patient_phrases=phrases[:15]))).bundle

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path / "seed", condition("back-pain", patient_phrases=phrases)))

    assert [problem.pointer for problem in raised.value.problems] == ["/patient_phrases"]
