"""Problems of an invalid seed: all reported at once, each with file, line, pointer and a fix."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, generator, page, procedure, relief, risk, write_seed
from conftest import Client, Load
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.loader.content import load_content
from app.loader.release_file import write_release
from app.loader.writer import write_content
from app.seed import reader
from app.seed.diff import canonicalize, compute_changes, replay
from app.seed.json_pointer import find_line, index_lines
from app.seed.problems import SeedInvalid
from app.seed.schema import ContentChange


def list_problems(root: Path) -> list[Any]:
    with pytest.raises(SeedInvalid) as raised:
        load_content(root)
    return raised.value.problems


def valid_records() -> list[dict[str, Any]]:
    return [
        generator("joint"),
        condition("pain", arises_from=["joint"]),
        risk("bleeding"),
        procedure("a-sound", treats=["joint"]),
    ]


INVALID_RECORDS: dict[str, tuple[Callable[[], dict[str, Any]], str, str]] = {
    "no-citation": (
        lambda: procedure("p0", claims=[{**relief("c0", min="P3M"), "citations": []}]),
        "/claims/0/citations",
        "at least 1 value",
    ),
    "dangling": (
        lambda: procedure("p1", treats=["jiont"]),
        "/claims/0/value/pain_generator",
        "unknown pain generator 'jiont'; did you mean 'joint'?",
    ),
    "duration": (lambda: procedure("p2", claims=[relief("c2", min="P3Q")]), "/claims/0/value/min", "ISO 8601"),
    "order": (
        lambda: procedure("p3", claims=[relief("c3", min="P2Y", max="P3M")]),
        "/claims/0/value",
        "longer than max",
    ),
    "unknown-field": (lambda: procedure("p4", famliy="x"), "/famliy", "did you mean 'family'?"),
    "no-unit": (
        lambda: procedure(
            "p5", claims=[claim("c5", "recovery", {"label": "x", "quantities": [{"name": "rest", "min": 2, "max": 2}]})]
        ),
        "/claims/0/value/quantities/0/unit",
        "required",
    ),
    "name": (lambda: procedure("p6", name="A sound"), "/name", "must be unique"),
    "claim-id": (lambda: procedure("p7", claims=[relief("a-sound--target-t0", min="P3M")]), "/claims/0/id", "used in"),
    "rate": (
        lambda: procedure("p8", claims=[claim("c8", "response_rate", {"percent_min": 120})]),
        "/claims/0/value/percent_min",
        "must be at most 100 (got 120)",
    ),
    "family": (lambda: procedure("p9", family="ablatoin"), "/family", "not one of"),
}


def test_ten_invalid_files_give_ten_problems_and_the_previous_release_is_still_served(
    client: Client, load: Load, tmp_path: Path
) -> None:
    load(*valid_records())
    broken = write_seed(tmp_path / "broken", *valid_records(), *(build() for build, _, _ in INVALID_RECORDS.values()))

    problems = list_problems(broken)

    by_file = {problem.file: problem for problem in problems}
    assert len(problems) == 10, "\n".join(map(str, problems))
    for n, (_, pointer, text) in enumerate(INVALID_RECORDS.values()):
        problem = by_file[f"procedures/p{n}.json"]
        assert (problem.pointer, text in problem.message) == (pointer, True), str(problem)
        assert problem.line > 1
    assert client.get("/v1/procedures/a-sound").status_code == 200


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda root: (root / "procedures/a-sound.json").write_bytes(b"\xff{}"), "not UTF-8"),
        (lambda root: (root / "procedures/a-sound.json").write_text("{,}"), "invalid JSON"),
        (lambda root: (root / "procedures/a-sound.json").write_text("[]"), "expected a JSON object"),
        (
            lambda root: (root / "procedures/a-sound.json").write_text('{"slug": "a", "slug": "b"}'),
            "duplicate key 'slug'",
        ),
        (lambda root: (root / "procedures/a-sound.json").write_text('{"a": NaN}'), "number out of range: NaN"),
        (lambda root: (root / "procedures/a-sound.json").write_text("[" * 100_000), "nested too deeply"),
        (
            lambda root: (root / "procedures/a-sound.json").rename(root / "procedures/other.json"),
            "rename the file to a-sound.json",
        ),
        (lambda root: (root / "about.json").unlink(), "the file is missing"),
        (lambda root: (root / "risks.json").write_text('{"riks": []}'), "did you mean 'risks'?"),
    ],
)
def test_an_unreadable_file_is_reported(tmp_path: Path, change: Callable[[Path], object], text: str) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    change(root)

    assert any(text in problem.message for problem in list_problems(root))


@pytest.mark.parametrize(
    ("kind", "value", "pointer", "text"),
    [
        (
            "response_rate",
            {"percent_min": 75, "percent_max": 75, "responders": 11, "n_at": 16},
            "/claims/0/value/percent_min",
            "11 of 16 is 68.75 percent, not 75",
        ),
        (
            "response_rate",
            {"comparator_percent": 14, "comparator_responders": 7, "comparator_n": 14},
            "/claims/0/value/comparator_percent",
            "7 of 14 is 50 percent, not 14",
        ),
        (
            "procedure_risk",
            {"risk": "bleeding", "phrase": "x", "state": "known", "observed": 12, "n": 4891, "percent_min": 0.35}
            | {"percent_max": 0.35, "per": "people"},
            "/claims/0/value/percent_min",
            "12 of 4891 is 0.2453 percent, not 0.35",
        ),
        (
            "recovery",
            {"label": "x", "quantities": [{"name": "rest", "min": 2, "max": 2, "unit": "week"}]},
            "/claims/0/value/quantities/0/unit",
            "unknown unit 'week'; did you mean 'weeks'?",
        ),
        (
            "recovery",
            {"label": "x", "quantities": [{"name": "rest", "min": 2, "max": 2, "unit": "4wk"}]},
            "/claims/0/value/quantities/0/unit",
            "unknown unit '4wk'",
        ),
    ],
)
def test_an_inconsistent_number_is_reported_with_the_correct_value(
    tmp_path: Path, kind: str, value: dict[str, Any], pointer: str, text: str
) -> None:
    root = write_seed(tmp_path / "seed", *valid_records(), procedure("p", claims=[claim("c", kind, value)]))

    (problem,) = list_problems(root)

    assert (problem.file, problem.pointer) == ("procedures/p.json", pointer)
    assert text in problem.message


@pytest.mark.parametrize(("percent", "part", "whole"), [(67, 2, 3), (66.7, 2, 3), (0.25, 12, 4891), (33, 1, 3)])
def test_a_rounded_percentage_matches_its_counts(tmp_path: Path, percent: float, part: int, whole: int) -> None:
    rate = {"percent_min": percent, "percent_max": percent, "responders": part, "n_at": whole}
    root = write_seed(tmp_path / "seed", *valid_records(), procedure("p", claims=[claim("c", "response_rate", rate)]))

    assert load_content(root).development is True


def test_control_characters_are_rejected(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p", name="bad\u0001name"))

    assert "U+0001" in list_problems(root)[0].message

    nul = claim("c", "recovery", {"label": "bad\u0000label"})
    (problem,) = list_problems(write_seed(tmp_path / "deep", procedure("p", claims=[nul])))
    assert (problem.pointer, "U+0000" in problem.message) == ("/claims/0/value/label", True)


def test_a_removed_published_slug_must_become_a_former_slug(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    publish(root, "1.0.0")
    (root / "procedures" / "a-sound.json").unlink()

    assert "was published and is missing" in list_problems(root)[0].message

    renamed = procedure("better", former_slugs=["a-sound"])
    renamed.pop("_")
    (root / "procedures" / "better.json").write_text(json.dumps(renamed), encoding="utf-8")
    assert load_content(root).development is True


def test_a_published_former_slug_must_redirect_permanently(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("new", former_slugs=["old"]))
    publish(root, "1.0.0")
    file = root / "procedures" / "new.json"
    seed = json.loads(file.read_text(encoding="utf-8"))

    file.write_text(json.dumps(seed | {"former_slugs": []}), encoding="utf-8")
    (problem,) = list_problems(root)
    assert (problem.file, problem.pointer) == ("procedures/new.json", "/former_slugs")
    assert "'old' redirected to 'new'" in problem.message

    # Renamed again, the record must keep its older slug.
    file.unlink()
    newest = root / "procedures" / "newest.json"
    newest.write_text(json.dumps(seed | {"slug": "newest", "former_slugs": ["new"]}), encoding="utf-8")
    assert "'old' redirected to 'new'" in list_problems(root)[0].message
    newest.write_text(json.dumps(seed | {"slug": "newest", "former_slugs": ["new", "old"]}), encoding="utf-8")
    assert load_content(root).development is True


def test_a_withdrawn_record_keeps_its_entry(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    publish(root, "1.0.0")
    (root / "procedures" / "a-sound.json").unlink()
    entry = {"type": "procedure", "slug": "a-sound", "reason": "no longer done", "replaced_by": []}
    (root / "withdrawn.json").write_text(json.dumps({"withdrawn": [entry]}), encoding="utf-8")
    publish(root, "1.1.0")

    (root / "withdrawn.json").write_text(json.dumps({"withdrawn": []}), encoding="utf-8")

    (problem,) = list_problems(root)
    assert (problem.file, "'a-sound' was withdrawn" in problem.message) == ("withdrawn.json", True)


def publish(root: Path, version: str) -> None:
    write_release(root, load_content(root), version=version, date="2026-01-01", title="Test")


def test_content_edited_after_a_release_is_a_development_version(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    assert load_content(root).version.startswith("0.0.0+dev.")

    publish(root, "1.0.0")
    assert (load_content(root).version, load_content(root).development) == ("1.0.0", False)

    edited = json.loads((root / "procedures/a-sound.json").read_text())
    edited["family"] = "ablation"
    (root / "procedures/a-sound.json").write_text(json.dumps(edited))
    state = load_content(root)
    assert state.version.startswith("1.0.0+dev.")
    assert [(change.entity, change.field, change.old, change.new) for change in state.unreleased_changes] == [
        ("procedures/a-sound", "/family", "injection", "ablation")
    ]


def test_loading_the_same_content_again_writes_nothing_and_keeps_the_revision(tmp_path: Path, writer: Engine) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    publish(root, "1.0.0")
    first = write_content(writer, load_content(root))
    again = write_content(writer, load_content(root))

    assert (first.written, again.written) == (True, False)
    assert first.revision == again.revision == load_content(root).revision


def test_the_line_of_a_pointer_is_the_line_of_its_value() -> None:
    text = '{\n "a": [\n  1,\n  {"b/c": 2}\n ],\n "d": "x"\n}'

    assert [find_line(index_lines(text), pointer) for pointer in ("", "/a/1", "/a/1/b~1c", "/d", "/none")] == [
        1,
        4,
        4,
        6,
        1,
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=4), children, max_size=4)
    ),
    max_leaves=12,
)


entities = st.dictionaries(st.text("ab/-", min_size=1, max_size=3), json_values, max_size=4)


@example(old={"a": {}}, new={"a": {" b ": "a key between spaces"}})
@given(old=entities, new=entities)
def test_replaying_the_changes_produces_the_new_state(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = canonicalize(old), canonicalize(new)

    changes = [ContentChange.model_validate_json(change.model_dump_json()) for change in compute_changes(before, after)]

    assert replay(changes, before) == after


def replace_file(root: Path, name: str, write_file: Callable[[Path], object]) -> Path:
    (root / name).unlink(missing_ok=True)
    write_file(root / name)
    return root


UNREADABLE_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte order mark": (lambda path: path.write_bytes(b"\xef\xbb\xbf{}"), "byte order mark"),
    "an empty file": (lambda path: path.write_bytes(b""), "invalid JSON"),
    "UTF-16": (lambda path: path.write_bytes("{}".encode("utf-16")), "not UTF-8"),
    "a folder": (lambda path: path.mkdir(), "not a regular file"),
    "a pipe": (os.mkfifo, "not a regular file"),
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "cannot be read"),
    "a link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "an infinite number": (lambda path: path.write_text('{"year":\n 1e400}'), "number out of range: 1e400"),
    "a number of 5000 digits": (lambda path: path.write_text('{"year": %s}' % ("9" * 5000)), "number out of range"),
    "a number past 2**53": (lambda path: path.write_text('{"year": 9007199254740993}'), "number out of range"),
    "deep nesting": (lambda path: path.write_text('{"a":' * 100_000), "nested too deeply"),
}


@pytest.mark.parametrize("name", ["procedures/a-sound.json", "risks.json", "guide.json", "about.json"])
@pytest.mark.parametrize("case", UNREADABLE_FILES)
def test_an_unreadable_file_is_one_problem_without_consequential_ones(tmp_path: Path, name: str, case: str) -> None:
    write_file, text = UNREADABLE_FILES[case]
    root = replace_file(
        write_seed(
            tmp_path / "seed",
            *valid_records(),
            procedure(
                "other",
                broader=["a-sound"],
                claims=[claim("o", "procedure_risk", {"risk": "bleeding", "state": "not_known", "phrase": "x"})],
            ),
        ),
        name,
        write_file,
    )

    (problem,) = list_problems(root)

    assert (problem.file, text in problem.message) == (name, True), str(problem)


@pytest.mark.parametrize("text", ["\ud800", "\x1b[31m", "\u202e"])
def test_a_problem_escapes_text_that_is_unsafe_for_a_terminal(tmp_path: Path, text: str) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    (root / "risks.json").write_text(json.dumps({"risks": [{"slug": text}]}), encoding="utf-8")

    report = "\n".join(map(str, list_problems(root)))

    assert text not in report
    report.encode("utf-8")


def test_a_file_with_an_uppercase_extension_is_not_ignored(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    (root / "procedures/a-sound.json").rename(root / "procedures/a-sound.JSON")

    assert ["rename the file to a-sound.json" in problem.message for problem in list_problems(root)] == [True]


def test_windows_line_endings_do_not_change_the_revision(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    before, path = load_content(root).revision, root / "procedures/a-sound.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert load_content(root).revision == before


def test_the_order_of_claims_has_no_meaning_and_the_order_of_the_guide_is_content(tmp_path: Path) -> None:
    claims = [relief(f"c{n}", min="P3M") for n in range(3)]
    first = load_content(write_seed(tmp_path / "a", procedure("p", claims=claims), page("one"), page("two")))
    reversed_claims = load_content(
        write_seed(tmp_path / "b", procedure("p", claims=claims[::-1]), page("one"), page("two"))
    )
    reordered_guide = load_content(write_seed(tmp_path / "c", procedure("p", claims=claims), page("two"), page("one")))

    assert first.revision == reversed_claims.revision
    assert list(first.graph.claims) == list(reversed_claims.graph.claims)
    assert first.revision != reordered_guide.revision


@pytest.mark.parametrize(
    ("change", "pointer", "text"),
    [
        ({"type": "prosedure"}, "/withdrawn/0/type", "procedure"),
        ({"slug": "a-sound"}, "/withdrawn/0/slug", "is withdrawn but still exists"),
        ({"replaced_by": ["a-soud"]}, "/withdrawn/0/replaced_by/0", "did you mean 'a-sound'?"),
    ],
)
def test_an_invalid_withdrawal_is_reported(tmp_path: Path, change: dict[str, Any], pointer: str, text: str) -> None:
    gone = {"_": "withdrawn", "type": "procedure", "slug": "old", "reason": "Gone.", "replaced_by": ["a-sound"]}
    root = write_seed(tmp_path / "seed", *valid_records(), {**gone, **change})

    (problem,) = list_problems(root)

    assert (problem.pointer, text in problem.message) == (pointer, True), str(problem)


@pytest.mark.parametrize(
    ("invalid", "text"),
    [
        ({"version": "1.1"}, "version '1.1'"),
        ({"version": "../../1.1.0"}, "version"),
        ({"version": "1.0.0"}, "not later than 1.0.0"),
        ({"date": "2026-02-30"}, "not a valid date"),
        ({"date": "2025-12-31"}, "before 2026-01-01"),
        ({"title": "two\nlines"}, "title"),
    ],
)
def test_an_invalid_release_is_rejected_before_anything_is_written(
    tmp_path: Path, invalid: dict[str, str], text: str
) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    publish(root, "1.0.0")
    write_seed(root, *valid_records(), procedure("new"))

    with pytest.raises(ValueError, match=re.escape(text)):
        write_release(
            root, load_content(root), **{"version": "1.1.0", "date": "2026-02-01", "title": "Test", **invalid}
        )

    assert [path.name for path in (root / "releases").iterdir()] == ["1.0.0.json"]


def test_a_modified_history_is_reported_at_the_release_that_does_not_fit(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    publish(root, "1.0.0")
    write_seed(root, *valid_records(), procedure("new"))
    publish(root, "1.1.0")
    path = root / "releases/1.0.0.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"injection"', '"ablation"'), encoding="utf-8")

    (problem,) = list_problems(root)

    assert (problem.file, "content_hash" in problem.message) == ("releases/1.0.0.json", True)


@pytest.mark.parametrize(
    ("record", "pointer", "text"),
    [
        (
            procedure("p", claims=[claim("c", "symptom", {"label": "x"})]),
            "/claims/0/kind",
            "claim kind 'symptom' is for a condition or a guide page: no block of a procedure shows it",
        ),
        (
            condition("c", claims=[claim("c-1", "procedure_risk", {"risk": "r", "phrase": "x", "state": "known"})]),
            "/claims/0/kind",
            "claim kind 'procedure_risk' is for a procedure",
        ),
        (
            procedure("p", claims=[claim("c", "guide", {"label": "x"})]),
            "/claims/0/kind",
            "claim kind 'guide' is for a guide page",
        ),
        (
            condition("c", texts={"afterwards": {"text": "x", "claims": ["c-1"]}}),
            "/texts/afterwards",
            "unknown text 'afterwards'; texts of a condition: summary, clinical",
        ),
        (
            generator("g", texts={"when_to_call": {"text": "x", "claims": ["c-1"]}}),
            "/texts/when_to_call",
            "texts of a pain generator: summary, clinical",
        ),
        (condition("c", not_applicable=["trial_periods"]), "/not_applicable/0", "unknown block 'trial_periods'"),
    ],
)
def test_what_no_page_of_the_record_type_shows_is_refused(
    tmp_path: Path, record: dict[str, Any], pointer: str, text: str
) -> None:
    root = write_seed(tmp_path / "seed", record, risk("r"), generator("other"))

    (problem,) = [problem for problem in list_problems(root) if problem.pointer == pointer]

    assert problem.file == f"{record['_']}/{record['slug']}.json"
    assert problem.line > 1
    assert text in problem.message


def test_thousands_of_problems_in_one_file_are_found_in_seconds_and_each_has_its_line(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    file = root / "risks.json"
    entries = [{"slug": f"bad-{number}", "nonsense": number} for number in range(4_000)]
    file.write_text(json.dumps({"risks": entries}, indent=1))
    lines = file.read_text().splitlines()

    began = time.monotonic()
    problems = [problem for problem in list_problems(root) if problem.pointer.endswith("/nonsense")]

    # Two thousand took two minutes when the file was read once for each.
    assert time.monotonic() - began < 60
    assert len(problems) == 4_000
    assert all(f'"nonsense": {problem.pointer.split("/")[2]}' in lines[problem.line - 1] for problem in problems)


def test_a_file_over_the_limit_is_refused_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_seed(tmp_path / "seed", *valid_records())
    monkeypatch.setattr(reader, "MAX_FILE_BYTES", 100)

    problems = list_problems(root)

    assert any(re.fullmatch(r"has \d+ bytes; at most 100 are read", problem.message) for problem in problems)
