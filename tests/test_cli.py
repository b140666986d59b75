"""The command line: exit codes that scripts can use, plain lines where there is no terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

from build import procedure, write_seed

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={**given, "PYTHONPATH": str(ROOT), **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_says_what_is_sound_and_counts(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))

    done = run("check", "--seed", str(root))

    assert (done.returncode, "1 procedures" in done.stdout) == (0, True)


def test_a_drop_of_quality_against_the_baseline_fails_the_strict_check(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))
    without = run("check", "--strict", "--seed", str(root))
    baseline = {"claims": 0, "better_than_patient_education": 0, "conditions_without_procedure": 0}
    (root / "quality.json").write_text(json.dumps(baseline))
    kept = run("check", "--strict", "--seed", str(root))
    (root / "quality.json").write_text(json.dumps(baseline | {"claims": 7}))
    dropped = run("check", "--strict", "--seed", str(root))

    assert (without.returncode, kept.returncode, dropped.returncode) == (1, 0, 1)
    assert "there is no baseline" in without.stdout
    assert "claims: 0 now, 7 in the baseline" in dropped.stdout
    assert run("check", "--seed", str(root)).returncode == 0


def test_a_broken_seed_ends_with_code_1_and_a_line_for_each_finding(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p", family="magic"), procedure("q", implant=3))

    done = run("load", "--seed", str(root), KB_DATABASE_URL=str(tmp_path / "kb.sqlite3"))

    assert done.returncode == 1
    assert done.stdout.count("procedures/") == 2
    assert "nothing was loaded" in done.stderr
    assert not (tmp_path / "kb.sqlite3").exists()


def test_a_wrong_setting_is_named_with_its_remedy() -> None:
    done = run("status", KB_PORT="eighty")

    assert done.returncode == 2
    assert "KB_PORT" in done.stderr
    assert "Port that the server listens on" in done.stderr


def test_load_is_a_no_op_the_second_time_and_status_agrees(tmp_path: Path) -> None:
    root, database = write_seed(tmp_path / "seed", procedure("p")), str(tmp_path / "kb.sqlite3")

    first = run("load", "--seed", str(root), KB_DATABASE_URL=database)
    again = run("load", "--seed", str(root), KB_DATABASE_URL=database)
    status = run("status", KB_DATABASE_URL=database)

    assert "Migrated" in first.stdout
    assert "nothing to do" in again.stdout
    assert (status.returncode, "0.0.0+dev" in status.stdout) == (0, True)


def test_the_status_of_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    status = run("status", KB_DATABASE_URL=str(tmp_path / "folder" / "none.sqlite3"))

    assert (status.returncode, "Schema    none" in status.stdout) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_release_writes_the_history_and_diff_is_empty_after_it(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))

    assert "changes since the beginning" in run("diff", "--seed", str(root)).stdout
    assert run("release", "--seed", str(root), "--date", "2026-01-01").returncode == 0
    assert "0 changes since 1.0.0" in run("diff", "--seed", str(root)).stdout
    assert run("release", "--seed", str(root)).returncode == 1


def test_a_database_that_cannot_be_reached_ends_with_code_3() -> None:
    assert run("status", KB_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").returncode == 3


def test_the_schemas_for_editors_are_fresh() -> None:
    assert run("schema", "--check").returncode == 0
