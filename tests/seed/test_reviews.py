"""Reviews by clinicians: what they cover, when they lapse, and which entries are refused."""

from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, page, procedure, relief, review, risk, source, write_seed

from app.loader.content import load_content
from app.loader.release_file import write_release
from app.loader.restore import restore_from_history
from app.seed.problems import SeedInvalid
from app.seed.reviews import collect_reviewed_content, find_review_states, list_lapsed_reviews

ANY = "0" * 64


def rate(claim_id: str, **fields: Any) -> dict[str, Any]:
    return claim(claim_id, "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"}, **fields)


def content() -> dict[str, dict[str, Any]]:
    """Records by name: a broad procedure, a narrower and a still narrower one, and what they cite."""
    return {
        "broad": procedure("broad", claims=[relief("broad--relief", min="P3M", source="seen")]),
        "narrow": procedure(
            "narrow", broader=["broad"], claims=[rate("narrow--risk"), relief("narrow--relief", min="P1M")]
        ),
        "narrowest": procedure("narrowest", broader=["narrow"], claims=[rate("narrowest--risk", source="deep")]),
        "apart": procedure("apart", claims=[rate("apart--risk")]),
        "risk": risk("bleeding"),
        "seen": source("seen"),
        "deep": source("deep"),
    }


def hash_reviewed(root: Path, records: dict[str, dict[str, Any]], record_type: str, slug: str) -> str:
    return collect_reviewed_content(load_content(write_seed(root, *records.values())).bundle, record_type, slug).sha256


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("broad", {"name": "Broader still"}),
        ("broad", {"claims": [relief("broad--relief", min="P4M", source="seen")]}),
        ("seen", {"year": 2001}),
        ("narrow", {"claims": [rate("narrow--risk", statement="Another statement.")]}),
        ("narrowest", {"claims": [rate("narrowest--risk", source="deep", statement="Another statement.")]}),
        ("deep", {"title": "Another title"}),
    ],
)
def test_a_review_lapses_when_what_was_reviewed_changes(tmp_path: Path, name: str, change: dict[str, Any]) -> None:
    records = content()
    before = hash_reviewed(tmp_path / "a", records, "procedure", "broad")
    changed = {**records, name: {**records[name], **change}}
    root = write_seed(tmp_path / "b", *changed.values(), review("procedure", "broad", before))

    bundle = load_content(root).bundle

    (warning,) = list_lapsed_reviews(bundle)
    assert (warning.file, warning.pointer, warning.line > 1) == ("reviews/broad.json", "/sha256", True)
    assert "has lapsed" in warning.message
    assert "`procedure-kb review procedures/broad`" in warning.message
    assert find_review_states(bundle)["procedure", "broad"].lapsed


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("narrow", {"claims": [rate("narrow--risk"), relief("narrow--relief", min="P2M")]}),
        ("apart", {"name": "Another name"}),
        ("risk", {"description": "Another description."}),
    ],
)
def test_a_review_holds_while_only_other_content_changes(tmp_path: Path, name: str, change: dict[str, Any]) -> None:
    records = content()
    before = hash_reviewed(tmp_path / "a", records, "procedure", "broad")
    changed = {**records, name: {**records[name], **change}}
    root = write_seed(tmp_path / "b", *changed.values(), review("procedure", "broad", before))

    bundle = load_content(root).bundle

    assert list_lapsed_reviews(bundle) == []
    assert not find_review_states(bundle)["procedure", "broad"].lapsed


def advice(claim_id: str, **value: Any) -> dict[str, Any]:
    return claim(claim_id, "recommendation", {"body": "A body", "position": "for", **value})


SHOWN_ELSEWHERE: dict[str, dict[str, Any]] = {
    "broad": procedure("broad", claims=[advice("broad--advice")]),
    "narrow": procedure("narrow", broader=["broad"], indicated=["pain"], claims=[relief("narrow--relief", min="P1M")]),
    "narrowest": procedure("narrowest", broader=["narrow"], claims=[rate("narrowest--risk")]),
    "pain": condition("pain"),
    "ache": condition("ache", claims=[advice("ache--advice", procedures=["narrow"])]),
    "risk": risk("bleeding", seriousness="serious"),
}


@pytest.mark.parametrize(
    ("name", "change", "lapsed"),
    [
        ("broad", {"claims": [advice("broad--advice", position="against")]}, {"narrow", "pain"}),
        ("ache", {"claims": [advice("ache--advice", procedures=["narrow"], position="against")]}, {"narrow", "pain"}),
        ("narrowest", {"claims": [rate("narrowest--risk", statement="Another.")]}, {"narrow", "pain"}),
        ("narrow", {"claims": [relief("narrow--relief", min="P2M")]}, {"narrow", "pain"}),
        ("risk", {"seriousness": "moderate"}, {"narrow", "pain"}),
        ("risk", {"description": "Another description."}, set()),
    ],
)
def test_a_review_lapses_when_what_a_record_shows_of_others_changes(
    tmp_path: Path, name: str, change: dict[str, Any], lapsed: set[str]
) -> None:
    changed = {**SHOWN_ELSEWHERE, name: {**SHOWN_ELSEWHERE[name], **change}}
    if name == "narrow":
        changed["narrow"] = procedure("narrow", broader=["broad"], indicated=["pain"], **change)

    def hash_both(folder: str, records: dict[str, dict[str, Any]]) -> dict[str, str]:
        bundle = load_content(write_seed(tmp_path / folder, *records.values())).bundle
        subjects = {"narrow": "procedure", "pain": "condition"}
        return {slug: collect_reviewed_content(bundle, subjects[slug], slug).sha256 for slug in subjects}

    before, after = hash_both("a", SHOWN_ELSEWHERE), hash_both("b", changed)

    assert {slug for slug in before if before[slug] != after[slug]} == lapsed


def test_a_review_covers_the_claims_of_other_records_that_a_text_rests_on(tmp_path: Path) -> None:
    guide = page("home", summary={"text": "A page.", "claims": ["apart--risk"]})
    records = {**content(), "guide": guide}
    bundle = load_content(write_seed(tmp_path / "a", *records.values())).bundle

    assert collect_reviewed_content(bundle, "guide_page", "home").other_claims.keys() == {"apart--risk"}
    assert collect_reviewed_content(bundle, "risk", "bleeding").other_claims.keys() == {
        "narrow--risk",
        "narrowest--risk",
        "apart--risk",
    }
    assert collect_reviewed_content(bundle, "procedure", "broad").other_claims.keys() == {
        "narrow--risk",
        "narrowest--risk",
    }
    assert collect_reviewed_content(bundle, "procedure", "broad").sources.keys() == {"seen", "trial", "deep"}


def test_a_review_does_not_depend_on_the_layout_of_files(tmp_path: Path) -> None:
    records = content()
    reordered = {**records, "narrow": {key: records["narrow"][key] for key in reversed(records["narrow"])}}
    reordered["narrow"]["claims"] = records["narrow"]["claims"][::-1]

    assert hash_reviewed(tmp_path / "a", records, "procedure", "narrow") == hash_reviewed(
        tmp_path / "b", reordered, "procedure", "narrow"
    )


def test_of_several_reviews_the_latest_that_holds_counts(tmp_path: Path) -> None:
    sha256 = hash_reviewed(tmp_path / "a", {"p": condition("pain")}, "condition", "pain")
    root = write_seed(tmp_path / "b", condition("pain"), review("condition", "pain", sha256))
    (root / "reviews/pain.json").rename(root / "reviews/first.json")
    write_seed(root, condition("pain"), review("condition", "pain", ANY, reviewer="B Later", reviewed_on="2026-09-01"))

    state = find_review_states(load_content(root).bundle)["condition", "pain"]

    assert (state.review.reviewer, state.lapsed) == ("Ada Example", False)


@pytest.mark.parametrize(
    ("fields", "pointer", "text"),
    [
        ({"sha256": "abc"}, "/sha256", "must be 64 lowercase hexadecimal digits"),
        ({"reviewer": ""}, "/reviewer", "must "),
        ({"credentials": None}, "/credentials", "must be text"),
        ({"reviewed_on": "2026-02-30"}, "/reviewed_on", "not a valid date"),
        ({"signed": True}, "/signed", "unknown field 'signed'"),
        ({"type": "source", "slug": "trial"}, "/type", "not one of"),
        ({"slug": "pian"}, "/slug", "unknown condition 'pian'; did you mean 'pain'?"),
    ],
)
def test_a_malformed_entry_is_refused(tmp_path: Path, fields: dict[str, Any], pointer: str, text: str) -> None:
    root = write_seed(tmp_path / "seed", condition("pain"), {**review("condition", "pain", ANY), **fields})

    with pytest.raises(SeedInvalid) as raised:
        load_content(root)

    (problem,) = raised.value.problems
    assert (problem.file, problem.pointer) == (f"reviews/{fields.get('slug', 'pain')}.json", pointer)
    assert problem.line > 1
    assert text in problem.message


def test_a_review_is_content_and_is_restored_with_its_release(tmp_path: Path) -> None:
    sha256 = hash_reviewed(tmp_path / "a", {"p": condition("pain")}, "condition", "pain")
    root = write_seed(tmp_path / "b", condition("pain"), review("condition", "pain", sha256))
    write_release(root, load_content(root), version="1.0.0", date="2026-03-02", title="Reviewed")

    restored = load_content(restore_from_history(root, "1.0.0", tmp_path / "restored"))

    assert restored.revision == load_content(root).revision
    assert not find_review_states(restored.bundle)["condition", "pain"].lapsed
