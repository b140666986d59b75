"""What a broken seed is told: all findings at once, each with file, line, pointer and what would be right."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, generator, page, procedure, relief, risk, write_seed
from conftest import Client, Load
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.loader.content import read_state
from app.loader.release_file import write_release
from app.loader.writer import write
from app.seed.diff import canonical, changes_between, replay
from app.seed.reader import SeedRefused, line_of
from app.seed.schema import Change


def findings(root: Path) -> list[Any]:
    with pytest.raises(SeedRefused) as refused:
        read_state(root)
    return refused.value.findings


def sound() -> list[dict[str, Any]]:
    return [
        generator("joint"),
        condition("pain", arises_from=["joint"]),
        risk("bleeding"),
        procedure("a-sound", treats=["joint"]),
    ]


FAULTS: dict[str, tuple[Callable[[], dict[str, Any]], str, str]] = {
    "no-citation": (
        lambda: procedure("p0", claims=[{**relief("c0", min="P3M"), "citations": []}]),
        "/claims/0/citations",
        "at least 1 item",
    ),
    "dangling": (lambda: procedure("p1", treats=["jiont"]), "/claims/0/value/pain_generator", "'joint' is the nearest"),
    "duration": (lambda: procedure("p2", claims=[relief("c2", min="P3Q")]), "/claims/0/value/min", "ISO 8601"),
    "order": (
        lambda: procedure("p3", claims=[relief("c3", min="P2Y", max="P3M")]),
        "/claims/0/value",
        "longer than max",
    ),
    "unknown-field": (lambda: procedure("p4", famliy="x"), "/famliy", "'family' is the nearest"),
    "no-unit": (
        lambda: procedure(
            "p5", claims=[claim("c5", "recovery", {"label": "x", "quantities": [{"name": "rest", "min": 2, "max": 2}]})]
        ),
        "/claims/0/value/quantities/0/unit",
        "required",
    ),
    "name": (lambda: procedure("p6", name="A sound"), "/name", "not shared"),
    "claim-id": (lambda: procedure("p7", claims=[relief("a-sound--target-t0", min="P3M")]), "/claims/0/id", "used in"),
    "rate": (
        lambda: procedure("p8", claims=[claim("c8", "response_rate", {"percent_min": 120})]),
        "/claims/0/value/percent_min",
        "less than or equal to 100",
    ),
    "family": (lambda: procedure("p9", family="ablatoin"), "/family", "not one of"),
}


def test_ten_faults_in_ten_files_are_ten_findings_and_the_release_before_still_answers(
    client: Client, load: Load, tmp_path: Path
) -> None:
    load(*sound())
    broken = write_seed(tmp_path / "broken", *sound(), *(make() for make, _, _ in FAULTS.values()))

    found = findings(broken)

    by_file = {finding.file: finding for finding in found}
    assert len(found) == 10, "\n".join(map(str, found))
    for n, (_, pointer, words) in enumerate(FAULTS.values()):
        finding = by_file[f"procedures/p{n}.json"]
        assert (finding.pointer, words in finding.message) == (pointer, True), str(finding)
        assert finding.line > 1
    assert client.get("/v1/procedures/a-sound").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: (root / "procedures/a-sound.json").write_bytes(b"\xff{}"), "not UTF-8"),
        (lambda root: (root / "procedures/a-sound.json").write_text("{,}"), "not JSON"),
        (lambda root: (root / "procedures/a-sound.json").write_text("[]"), "an object is expected"),
        (lambda root: (root / "procedures/a-sound.json").write_text('{"slug": "a", "slug": "b"}'), "stands twice"),
        (lambda root: (root / "procedures/a-sound.json").write_text('{"a": NaN}'), "NaN is no number"),
        (lambda root: (root / "procedures/a-sound.json").write_text("[" * 100_000), "nested too deeply"),
        (
            lambda root: (root / "procedures/a-sound.json").rename(root / "procedures/other.json"),
            "name it a-sound.json",
        ),
        (lambda root: (root / "about.json").unlink(), "the file is missing"),
        (lambda root: (root / "risks.json").write_text('{"riks": []}'), "'risks' is the nearest"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path, change: Callable[[Path], object], words: str) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    change(root)

    assert any(words in finding.message for finding in findings(root))


@pytest.mark.parametrize(
    ("kind", "value", "pointer", "words"),
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
            | {"percent_max": 0.35},
            "/claims/0/value/percent_min",
            "12 of 4891 is 0.2453 percent, not 0.35",
        ),
        (
            "recovery",
            {"label": "x", "quantities": [{"name": "rest", "min": 2, "max": 2, "unit": "week"}]},
            "/claims/0/value/quantities/0/unit",
            "no unit is called 'week': 'weeks' is the nearest",
        ),
        (
            "recovery",
            {"label": "x", "quantities": [{"name": "rest", "min": 2, "max": 2, "unit": "4wk"}]},
            "/claims/0/value/quantities/0/unit",
            "no unit is called '4wk'",
        ),
    ],
)
def test_a_figure_that_cannot_stand_is_told_what_would_be_right(
    tmp_path: Path, kind: str, value: dict[str, Any], pointer: str, words: str
) -> None:
    root = write_seed(tmp_path / "seed", *sound(), procedure("p", claims=[claim("c", kind, value)]))

    (found,) = findings(root)

    assert (found.file, found.pointer) == ("procedures/p.json", pointer)
    assert words in found.message


@pytest.mark.parametrize(("percent", "part", "whole"), [(67, 2, 3), (66.7, 2, 3), (0.25, 12, 4891), (33, 1, 3)])
def test_a_rounded_share_agrees_with_its_counts(tmp_path: Path, percent: float, part: int, whole: int) -> None:
    rate = {"percent_min": percent, "percent_max": percent, "responders": part, "n_at": whole}
    root = write_seed(tmp_path / "seed", *sound(), procedure("p", claims=[claim("c", "response_rate", rate)]))

    assert read_state(root).development is True


def test_control_characters_do_not_load(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p", name="bad\u0001name"))

    assert "U+0001" in findings(root)[0].message

    stop = claim("c", "recovery", {"label": "bad\u0000label"})
    (found,) = findings(write_seed(tmp_path / "deep", procedure("p", claims=[stop])))
    assert (found.pointer, "U+0000" in found.message) == ("/claims/0/value/label", True)


def test_a_published_slug_that_is_gone_must_be_a_former_one(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    publish(root, "1.0.0")
    (root / "procedures" / "a-sound.json").unlink()

    assert "was published and is gone" in findings(root)[0].message

    moved = procedure("better", former_slugs=["a-sound"])
    moved.pop("_")
    (root / "procedures" / "better.json").write_text(json.dumps(moved), encoding="utf-8")
    assert read_state(root).development is True


def test_a_former_slug_that_was_published_leads_somewhere_for_good(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("new", former_slugs=["old"]))
    publish(root, "1.0.0")
    file = root / "procedures" / "new.json"
    seed = json.loads(file.read_text(encoding="utf-8"))

    file.write_text(json.dumps(seed | {"former_slugs": []}), encoding="utf-8")
    (found,) = findings(root)
    assert (found.file, found.pointer) == ("procedures/new.json", "/former_slugs")
    assert "'old' led to 'new'" in found.message

    # Moved once more, it takes the older slug along.
    file.unlink()
    newest = root / "procedures" / "newest.json"
    newest.write_text(json.dumps(seed | {"slug": "newest", "former_slugs": ["new"]}), encoding="utf-8")
    assert "'old' led to 'new'" in findings(root)[0].message
    newest.write_text(json.dumps(seed | {"slug": "newest", "former_slugs": ["new", "old"]}), encoding="utf-8")
    assert read_state(root).development is True


def test_a_withdrawn_record_stays_withdrawn(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    publish(root, "1.0.0")
    (root / "procedures" / "a-sound.json").unlink()
    entry = {"type": "procedure", "slug": "a-sound", "reason": "no longer done", "replaced_by": []}
    (root / "withdrawn.json").write_text(json.dumps({"withdrawn": [entry]}), encoding="utf-8")
    publish(root, "1.1.0")

    (root / "withdrawn.json").write_text(json.dumps({"withdrawn": []}), encoding="utf-8")

    (found,) = findings(root)
    assert (found.file, "'a-sound' was withdrawn" in found.message) == ("withdrawn.json", True)


def publish(root: Path, version: str) -> None:
    write_release(root, read_state(root), version=version, date="2026-01-01", title="Test")


def test_content_edited_since_a_release_is_a_development_version(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    assert read_state(root).version.startswith("0.0.0+dev.")

    publish(root, "1.0.0")
    assert (read_state(root).version, read_state(root).development) == ("1.0.0", False)

    edited = json.loads((root / "procedures/a-sound.json").read_text())
    edited["family"] = "ablation"
    (root / "procedures/a-sound.json").write_text(json.dumps(edited))
    state = read_state(root)
    assert state.version.startswith("1.0.0+dev.")
    assert [(change.entity, change.field, change.old, change.new) for change in state.pending] == [
        ("procedures/a-sound", "/family", "injection", "ablation")
    ]


def test_an_upgraded_and_a_fresh_database_hold_the_same_revision(tmp_path: Path, writer: Engine) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    publish(root, "1.0.0")
    first = write(writer, read_state(root))
    again = write(writer, read_state(root))

    assert (first.written, again.written) == (True, False)
    assert first.revision == again.revision == read_state(root).revision


def test_line_of_a_pointer_is_the_line_of_its_value() -> None:
    text = '{\n "a": [\n  1,\n  {"b/c": 2}\n ],\n "d": "x"\n}'

    assert [line_of(text, pointer) for pointer in ("", "/a/1", "/a/1/b~1c", "/d", "/none")] == [1, 4, 4, 6, 1]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=4),
    max_leaves=12,
)


entities = st.dictionaries(st.text("ab/-", min_size=1, max_size=3), json_values, max_size=4)


@example(old={"a": {}}, new={"a": {" b ": "a key between spaces"}})
@given(old=entities, new=entities)
def test_replaying_the_changes_leads_to_the_new_state(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = canonical(old), canonical(new)

    changes = [Change.model_validate_json(change.model_dump_json()) for change in changes_between(before, after)]

    assert replay(changes, before) == after


def unreadable(root: Path, name: str, make: Callable[[Path], object]) -> Path:
    (root / name).unlink(missing_ok=True)
    make(root / name)
    return root


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte order mark": (lambda path: path.write_bytes(b"\xef\xbb\xbf{}"), "byte order mark"),
    "nothing": (lambda path: path.write_bytes(b""), "not JSON"),
    "UTF-16": (lambda path: path.write_bytes("{}".encode("utf-16")), "not UTF-8"),
    "a folder": (lambda path: path.mkdir(), "not a file"),
    "a pipe": (os.mkfifo, "not a file"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "cannot be read"),
    "a link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "an endless number": (lambda path: path.write_text('{"year":\n 1e400}'), "1e400 is no number"),
    "a number of 5000 digits": (lambda path: path.write_text('{"year": %s}' % ("9" * 5000)), "is no number"),
    "a number past 2**53": (lambda path: path.write_text('{"year": 9007199254740993}'), "is no number"),
    "deep nesting": (lambda path: path.write_text('{"a":' * 100_000), "nested too deeply"),
}


@pytest.mark.parametrize("name", ["procedures/a-sound.json", "risks.json", "guide.json", "about.json"])
@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_readable_file_is_one_finding_and_nothing_else_is_blamed(
    tmp_path: Path, name: str, odd: str
) -> None:
    make, words = ODD[odd]
    root = unreadable(
        write_seed(
            tmp_path / "seed",
            *sound(),
            procedure(
                "other",
                broader=["a-sound"],
                claims=[claim("o", "procedure_risk", {"risk": "bleeding", "state": "not_known", "phrase": "x"})],
            ),
        ),
        name,
        make,
    )

    (found,) = findings(root)

    assert (found.file, words in found.message) == (name, True), str(found)


@pytest.mark.parametrize("text", ["\ud800", "\x1b[31m", "\u202e"])
def test_a_finding_shows_what_no_terminal_should_be_sent_escaped(tmp_path: Path, text: str) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    (root / "risks.json").write_text(json.dumps({"risks": [{"slug": text}]}), encoding="utf-8")

    shown = "\n".join(str(finding) for finding in findings(root))

    assert text not in shown
    shown.encode("utf-8")


def test_a_file_whose_ending_is_in_capitals_is_not_passed_over(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    (root / "procedures/a-sound.json").rename(root / "procedures/a-sound.JSON")

    assert ["name it a-sound.json" in finding.message for finding in findings(root)] == [True]


def test_a_windows_line_end_changes_nothing(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    before, path = read_state(root).revision, root / "procedures/a-sound.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert read_state(root).revision == before


def test_the_order_of_claims_says_nothing_and_the_order_of_the_guide_is_content(tmp_path: Path) -> None:
    claims = [relief(f"c{n}", min="P3M") for n in range(3)]
    first = read_state(write_seed(tmp_path / "a", procedure("p", claims=claims), page("one"), page("two")))
    turned = read_state(write_seed(tmp_path / "b", procedure("p", claims=claims[::-1]), page("one"), page("two")))
    other = read_state(write_seed(tmp_path / "c", procedure("p", claims=claims), page("two"), page("one")))

    assert first.revision == turned.revision
    assert list(first.index.claims) == list(turned.index.claims)
    assert first.revision != other.revision


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"type": "prosedure"}, "/withdrawn/0/type", "procedure"),
        ({"slug": "a-sound"}, "/withdrawn/0/slug", "stands among the records"),
        ({"replaced_by": ["a-soud"]}, "/withdrawn/0/replaced_by/0", "'a-sound' is the nearest"),
    ],
)
def test_a_withdrawal_names_a_type_a_slug_that_is_gone_and_what_is_there(
    tmp_path: Path, change: dict[str, Any], pointer: str, words: str
) -> None:
    gone = {"_": "withdrawn", "type": "procedure", "slug": "old", "reason": "Gone.", "replaced_by": ["a-sound"]}
    root = write_seed(tmp_path / "seed", *sound(), {**gone, **change})

    (found,) = findings(root)

    assert (found.pointer, words in found.message) == (pointer, True), str(found)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"version": "1.1"}, "version '1.1'"),
        ({"version": "../../1.1.0"}, "version"),
        ({"version": "1.0.0"}, "not later than 1.0.0"),
        ({"date": "2026-02-30"}, "no date of the calendar"),
        ({"date": "2025-12-31"}, "before 2026-01-01"),
        ({"title": "two\nlines"}, "title"),
    ],
)
def test_a_release_that_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    publish(root, "1.0.0")
    write_seed(root, *sound(), procedure("new"))

    with pytest.raises(ValueError, match=re.escape(words)):
        write_release(root, read_state(root), **{"version": "1.1.0", "date": "2026-02-01", "title": "Test", **wrong})

    assert [path.name for path in (root / "releases").iterdir()] == ["1.0.0.json"]


def test_a_history_that_was_tampered_with_is_refused_at_the_release_that_does_not_fit(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", *sound())
    publish(root, "1.0.0")
    write_seed(root, *sound(), procedure("new"))
    publish(root, "1.1.0")
    path = root / "releases/1.0.0.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"injection"', '"ablation"'), encoding="utf-8")

    (found,) = findings(root)

    assert (found.file, "content_hash" in found.message) == ("releases/1.0.0.json", True)
