"""Rules of evidence: content that breaks one is refused, with file, line and pointer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, procedure, relief, risk, write_seed

from app.loader.content import load_content
from app.seed.problems import SeedInvalid

# Rule -> (a record that breaks it, pointer of the problem, part of its message).
BROKEN: dict[str, tuple[Callable[[], dict[str, Any]], str, str]] = {
    "a source whose words are a practice's own is commercial": (
        lambda: procedure(
            "p",
            claims=[
                claim("c", "recovery", {"label": "x"})
                | {"citations": [{"source": "trial", "note": "A practice's or maker's own words."}]}
            ],
        ),
        "/claims/0/citations/0/note",
        "source 'trial' is not commercial",
    ),
    "certainty is what a review or a guideline states": (
        lambda: procedure(
            "p",
            claims=[
                claim("c", "finding", {"outcome": "pain", "direction": "favors"})
                | {"certainty": {"rating": "high", "stated_by": "The trial", "outcome": "pain"}}
            ],
        ),
        "/claims/0/certainty",
        "only a review or a guideline states certainty",
    ),
    "points have a scale": (
        lambda: procedure(
            "p",
            claims=[claim("c", "finding", {"outcome": "pain", "direction": "favors", "effect": "2 points lower"})],
        ),
        "/claims/0/value/effect",
        "need their scale",
    ),
    "points in a key message have a scale": (
        lambda: procedure(
            "p",
            claims=[claim("c", "recovery", {"label": "x"})],
            key_messages=[{"text": "Pain was 0.80 points lower in 100 people.", "claims": ["c"]}],
        ),
        "/key_messages/0/text",
        "say its range",
    ),
    "a contraindication has a topic": (
        lambda: procedure("p", claims=[claim("c", "contraindication", {"label": "Pregnancy"})]),
        "/claims/0/value/topics",
        "topics",
    ),
    "an estimate of some people says whether they are all it is about": (
        lambda: procedure("p", claims=[relief("c", min="P7M") | {"qualifiers": {"population": "repeats that helped"}}]),
        "/claims/0/value",
        "state `covers`",
    ),
    "a recommendation on a procedure is about it": (
        lambda: procedure(
            "p",
            claims=[claim("c", "recommendation", {"body": "A body", "position": "against", "procedures": ["p"]})],
        ),
        "/claims/0/value/procedures",
        "is about its subject",
    ),
    "a vague phrase counts as its smallest reading": (
        lambda: procedure(
            "p", claims=[relief("c", text="weeks or months", label="weeks or months", magnitude="month")]
        ),
        "/claims/0/value/magnitude",
        "at least a week",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_content_that_breaks_a_rule_is_refused(tmp_path: Path, rule: str) -> None:
    build, pointer, text = BROKEN[rule]

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path, build()))

    problems = [problem for problem in raised.value.problems if text in problem.message]
    assert [(problem.file, problem.pointer) for problem in problems] == [("procedures/p.json", pointer)]
    assert problems[0].line > 1


def test_a_recommendation_on_a_condition_names_its_procedures(tmp_path: Path) -> None:
    against = claim("c", "recommendation", {"body": "A body", "position": "against"})

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path, condition("back-pain", claims=[against])))

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == ("conditions/back-pain.json", "/claims/0/value")
    assert "state the `procedures`" in problem.message


def build_risk_claim(claim_id: str = "c", **value: Any) -> dict[str, Any]:
    return claim(claim_id, "procedure_risk", {"risk": "bleeding", "phrase": "bleeding", "state": "known"} | value)


def test_a_claim_may_only_raise_the_seriousness_of_a_risk(tmp_path: Path) -> None:
    risks = [risk("bleeding", seriousness="moderate")]
    load_content(
        write_seed(tmp_path / "higher", *risks, procedure("p", claims=[build_risk_claim(seriousness="serious")]))
    )

    with pytest.raises(SeedInvalid) as raised:
        load_content(
            write_seed(tmp_path / "lower", *risks, procedure("p", claims=[build_risk_claim(seriousness="minor")]))
        )

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == ("procedures/p.json", "/claims/0/value/seriousness")
    assert "may only raise" in problem.message


def test_a_count_of_all_complications_has_no_seriousness(tmp_path: Path) -> None:
    root = write_seed(
        tmp_path,
        risk("bleeding", seriousness="mixed"),
        procedure("p", claims=[build_risk_claim(seriousness="serious")]),
    )

    with pytest.raises(SeedInvalid) as raised:
        load_content(root)

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == ("procedures/p.json", "/claims/0/value/seriousness")
    assert "counts harms of all kinds" in problem.message


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"not_found": ["recoveries"]}, "unknown block 'recoveries'"),
        ({"not_found": ["recovery"]}, "block 'recovery' has claims"),
        ({"not_found": ["serious_risks"]}, "block 'serious_risks' has claims"),
        (
            {"not_found": ["trial_periods"], "not_applicable": ["trial_periods"]},
            "block 'trial_periods' is not applicable",
        ),
    ],
)
def test_a_search_without_a_result_is_about_a_block_without_claims(
    tmp_path: Path, fields: dict[str, list[str]], text: str
) -> None:
    searches = [{"block": block, "searched": ["PubMed"], "searched_on": "2026-10-01"} for block in fields["not_found"]]
    harm = claim("r", "procedure_risk", {"risk": "stroke", "phrase": "stroke", "state": "known"})
    claims = [claim("c", "recovery", {"label": "x"}), harm]
    record = procedure("p", claims=claims, **(fields | {"not_found": searches}))

    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path, record, risk("stroke", seriousness="serious")))

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == ("procedures/p.json", "/not_found/0/block")
    assert text in problem.message


def build_finding(**value: Any) -> dict[str, Any]:
    return claim("c", "finding", {"outcome": "pain on a scale of 0 to 10", "direction": "favors"} | value)


@pytest.mark.parametrize(
    ("statement", "pointer", "text"),
    [
        (build_risk_claim(observed=3, per="people"), "/claims/0/value/per", "3 of how many people?"),
        (build_risk_claim(percent_min=2, percent_max=3), "/claims/0/value", "a rate of what?"),
        (build_risk_claim(observed=3, n=18), "/claims/0/value", "a rate of what?"),
        (build_risk_claim(state="none_seen"), "/claims/0/value", "none seen of which cause?"),
        (
            build_finding(quantities=[{"name": "gain", "unit": "points", "min": 2, "max": 2}]),
            "/claims/0/value",
            "fill `scale`",
        ),
        (
            build_finding(outcome="pain", quantities=[{"name": "gain", "unit": "points of 10", "min": 2, "max": 2}]),
            "/claims/0/value",
            "fill `scale`",
        ),
    ],
)
def test_a_figure_keeps_its_denominator_and_its_scale(
    tmp_path: Path, statement: dict[str, Any], pointer: str, text: str
) -> None:
    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path, risk("bleeding"), procedure("p", claims=[statement])))

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == ("procedures/p.json", pointer)
    assert text in problem.message
