"""Rules of emergencies: content that breaks one is refused, with file, line and pointer."""

from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, emergency, page, procedure, risk, write_seed

from app.loader.content import load_content
from app.seed.problems import SeedInvalid

CATALOG = emergency("drop-foot", phrases={"emergency": ["foot drops", "fit shivers"]})
WITH_LATER_SIGN = emergency(
    "cold-foot",
    signs=[{"text": "A white foot"}, {"text": "A cold foot", "tier": "same_day"}],
    phrases={"emergency": ["white foot"], "same_day": ["cold foot"]},
    applies_to={"body_regions": ["leg_foot"]},
)


def call_claim(tier: str, *signs: str, **value: Any) -> dict[str, Any]:
    return claim("c", "when_to_call", {"tier": tier, "signs": list(signs), **value})


@pytest.mark.parametrize(
    ("record", "pointer", "text"),
    [
        (
            procedure("p", claims=[call_claim("same_day", "a sore arm", "a foot that drops")]),
            "/claims/0/value/signs/1",
            "a sign of 'drop-foot' is emergency, not same_day",
        ),
        (
            procedure("p", body_regions=["leg_foot"], claims=[call_claim("routine", "x", emergencies=["cold-foot"])]),
            "/claims/0/value/emergencies/0",
            "no sign that is less urgent than same_day",
        ),
        (
            procedure("p", claims=[call_claim("emergency", "x", emergencies=["cold-feet"])]),
            "/claims/0/value/emergencies/0",
            "unknown emergency 'cold-feet'",
        ),
        (
            procedure(
                "p",
                claims=[claim("c", "recovery", {"label": "x"})],
                texts={"afterwards": {"text": "Rest. If your foot drops, call the clinic.", "claims": ["c"]}},
            ),
            "/texts/afterwards/text",
            "sends readers to less than emergency help",
        ),
        (
            procedure(
                "p",
                claims=[claim("c", "recovery", {"label": "x"})],
                key_messages=[{"text": "Your foot drops? Contact your care team.", "claims": ["c"]}],
            ),
            "/key_messages/0/text",
            "sends readers to less than emergency help",
        ),
        (
            procedure(
                "p",
                claims=[claim("c", "recovery", {"label": "x"})],
                key_messages=[{"text": "A foot that drops needs a check soon.", "claims": ["c"]}],
            ),
            "/key_messages/0/text",
            "sends readers to less than emergency help",
        ),
        (
            procedure(
                "p",
                claims=[claim("c", "recovery", {"label": "x"}, statement="Foot drops? A leaflet says to call the GP.")],
            ),
            "/claims/0/statement",
            "sends readers to less than emergency help",
        ),
        (
            procedure(
                "p", body_regions=["head_face"], claims=[call_claim("emergency", "x", emergencies=["cold-foot"])]
            ),
            "/claims/0/value/emergencies/0",
            "happens in other parts of the body",
        ),
        (
            procedure("p", claims=[call_claim("same_day", "a cough, a sore arm or a fit of the shivers")]),
            "/claims/0/value/signs/0",
            "a sign of 'drop-foot' is emergency, not same_day",
        ),
        (
            condition(
                "p",
                claims=[
                    claim("c", "red_flag", {"label": "x"}, statement="A foot that drops is a warning."),
                    claim("d", "when_to_call", {"tier": "emergency", "signs": ["x"]}),
                ],
            ),
            "/claims/0/statement",
            "'A foot that drops is a warning.' is a sign of 'drop-foot', which no emergency of this record names",
        ),
        (
            condition("p", claims=[claim("c", "red_flag", {"label": "x"}, statement="Weight loss is a warning.")]),
            "/claims/0",
            "no claim of the kind when_to_call says how soon to get help for it",
        ),
        (
            procedure(
                "p",
                claims=[
                    claim(
                        "c",
                        "when_to_call",
                        {"tier": "same_day", "signs": ["x"]},
                        statement="A sore foot may wait. A cough, or a fit of the shivers, is an emergency.",
                    )
                ],
            ),
            "/claims/0/statement",
            "'a fit of the shivers' is a sign of 'drop-foot', which no emergency of this record names",
        ),
        (
            risk("clot", category="bleeding", seriousness="life_threatening"),
            "/risks/0/seriousness",
            "no emergency has it among its `risks`",
        ),
        (
            page("g", items=[{"heading": "Foot", "text": "See your doctor if a foot drops."}]),
            "/pages/0/items/0/text",
            "sends readers to less than emergency help",
        ),
        (
            emergency("e", short_sign="A fit, which is rare."),
            "/emergencies/2/short_sign",
            "'rare' reassures",
        ),
        (
            emergency("e", tier="same_day", signs=[{"text": "x", "tier": "emergency"}]),
            "/emergencies/2/tier",
            "most urgent",
        ),
        (
            emergency("e", phrases={"emergency": ["@nothing x"]}),
            "/emergencies/2/phrases/emergency/0",
            "word list @nothing",
        ),
        (emergency("e", phrases={"routine": ["x"]}), "/emergencies/2/phrases/routine", "no sign has the tier routine"),
        (emergency("e", risks=["none"]), "/emergencies/2/risks/0", "unknown risk 'none'"),
    ],
)
def test_content_that_breaks_a_rule_is_refused(tmp_path: Path, record: dict[str, Any], pointer: str, text: str) -> None:
    with pytest.raises(SeedInvalid) as raised:
        load_content(write_seed(tmp_path, CATALOG, WITH_LATER_SIGN, record))

    (problem,) = [problem for problem in raised.value.problems if problem.pointer == pointer]
    assert text in problem.message
    assert problem.line > 1


@pytest.mark.parametrize(
    "text",
    [
        "If your foot drops, call your local emergency number, not the clinic.",
        "Call the clinic to change your date.",
        "A foot drops when its nerve is pressed.",
    ],
)
def test_prose_may_describe_a_sign_and_send_to_emergency_help(tmp_path: Path, text: str) -> None:
    record = procedure(
        "p",
        claims=[claim("c", "recovery", {"label": "x"})],
        texts={"afterwards": {"text": text, "claims": ["c"]}},
    )

    load_content(write_seed(tmp_path, CATALOG, record))


def test_a_sign_that_is_said_to_be_absent_is_not_named(tmp_path: Path) -> None:
    record = procedure("p", claims=[call_claim("same_day", "a tired leg, without a foot that drops")])

    load_content(write_seed(tmp_path, CATALOG, record))
