"""Command line: exit codes for scripts, plain lines without a terminal."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from build import claim, procedure, relief, risk, write_seed
from checkout import ROOT
from drills.processes import Api, mount, mounted_tmpfs


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={**inherited, "PYTHONPATH": str(ROOT), **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_of_a_valid_seed_counts_its_records(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))

    process = run("check", "--seed", str(root))

    assert (process.returncode, "1 procedures" in process.stdout) == (0, True)


def test_quality_below_the_baseline_fails_the_strict_check(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))
    without = run("check", "--strict", "--seed", str(root))
    baseline = {"claims": 0, "with_figures": 0, "conditions_without_procedure": 0}
    (root / "quality.json").write_text(json.dumps(baseline))
    unchanged = run("check", "--strict", "--seed", str(root))
    (root / "quality.json").write_text(json.dumps(baseline | {"claims": 7}))
    dropped = run("check", "--strict", "--seed", str(root))

    assert (without.returncode, unchanged.returncode, dropped.returncode) == (1, 0, 1)
    assert "no baseline: write" in without.stdout
    assert "claims: 0 now, 7 in the baseline" in dropped.stdout
    assert run("check", "--seed", str(root)).returncode == 0


def test_more_harms_from_leaflets_alone_fail_the_strict_check(tmp_path: Path) -> None:
    harm = claim("p--harm", "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"}, source="leaflet")
    root = write_seed(tmp_path / "seed", risk("bleeding"), procedure("p", claims=[harm]))
    (root / "quality.json").write_text(json.dumps({"claims_resting_on_education_or_policy_alone": 0.9}))

    process = run("check", "--strict", "--seed", str(root))

    assert process.returncode == 1
    assert "claims_resting_on_education_or_policy_alone: 1.0 now, 0.9 in the baseline" in process.stdout


def test_an_invalid_seed_exits_with_1_and_a_line_for_each_finding(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p", family="magic"), procedure("q", implant=3))

    process = run("load", "--seed", str(root), KB_DATABASE_URL=str(tmp_path / "kb.sqlite3"))

    assert process.returncode == 1
    assert process.stdout.count("procedures/") == 2
    assert "nothing was loaded" in process.stderr
    assert not (tmp_path / "kb.sqlite3").exists()


@pytest.mark.parametrize("command", ["check", "diff", "release"])
def test_a_command_that_never_loads_does_not_say_that_nothing_was_loaded(command: str, tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p", family="magic"))

    process = run(command, "--seed", str(root))

    assert (process.returncode, process.stderr) == (1, "1 problem in the seed files.\n")


def start_server(tmp_path: Path, path: str, **settings: str) -> tuple[str, str, httpx.Response]:
    """URL and second line that `serve` prints, and a response of it. On any host, the request goes to the loopback address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    environment |= {"KB_PORT": "0", "KB_DATABASE_URL": str(tmp_path / "kb.sqlite3"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app.cli", "serve", "--no-load"]
    with subprocess.Popen(command, cwd=ROOT, env=environment | settings, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split()[2]
            public_url_line = process.stdout.readline()
            transport = httpx.HTTPTransport(retries=8)
            response = httpx.Client(transport=transport).get(url.replace("0.0.0.0", "127.0.0.1") + path)
        finally:
            process.terminate()
    return url, public_url_line, response


def test_a_server_on_port_0_prints_the_port_that_it_listens_on(tmp_path: Path) -> None:
    url, public_url_line, response = start_server(tmp_path, "/health/live")

    assert response.status_code == 200
    assert not url.endswith(":0")
    assert public_url_line == f"KB_PUBLIC_URL is not set: links that must be absolute begin with {url}.\n"


def test_a_server_that_other_hosts_reach_says_what_is_off_without_a_public_url(tmp_path: Path) -> None:
    _, public_url_line, response = start_server(
        tmp_path,
        "/fhir/metadata",
        KB_HOST="0.0.0.0",
        KB_FEATURES="fhir",
    )

    assert public_url_line == (
        "KB_PUBLIC_URL is not set: FHIR, oEmbed, canonical links, the sitemap need it and are off.\n"
    )
    assert (response.status_code, "set KB_PUBLIC_URL" in response.text) == (404, True)


def test_an_invalid_setting_is_reported_with_its_description() -> None:
    process = run("status", KB_PORT="eighty")

    assert process.returncode == 2
    assert "KB_PORT" in process.stderr
    assert "Port that the server listens on" in process.stderr


def test_load_is_a_no_op_the_second_time_and_status_agrees(tmp_path: Path) -> None:
    root, database = write_seed(tmp_path / "seed", procedure("p")), str(tmp_path / "kb.sqlite3")

    first = run("load", "--seed", str(root), KB_DATABASE_URL=database)
    again = run("load", "--seed", str(root), KB_DATABASE_URL=database)
    status = run("status", KB_DATABASE_URL=database)

    assert "Migrated" in first.stdout
    assert "is already loaded" in again.stdout
    assert (status.returncode, "0.0.0+dev" in status.stdout) == (0, True)


def test_the_status_of_a_missing_file_does_not_create_it(tmp_path: Path) -> None:
    status = run("status", KB_DATABASE_URL=str(tmp_path / "folder" / "none.sqlite3"))

    assert (status.returncode, "Schema    none" in status.stdout) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("status",), ("load",), ("serve", "--no-load"), ("serve",)])
def test_a_database_on_a_read_only_medium_ends_in_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    seed = write_seed(tmp_path / "seed", procedure("p"))
    with mounted_tmpfs(tmp_path / "medium", "64m") as medium:
        env = {"KB_DATABASE_URL": str(medium / "kb.sqlite3"), "KB_SEED_DIR": str(seed), "KB_PORT": "0"}
        assert run("load", **env).returncode == 0
        mount("-o", "remount,ro", str(medium))

        process = run(*command, **env)

    assert process.returncode == 3
    assert process.stderr.count("\n") == 1
    assert process.stderr.startswith(f"The database cannot be used: {medium} cannot be written")


def test_a_database_prepared_for_a_read_only_medium_is_served_from_it(tmp_path: Path) -> None:
    seed = write_seed(tmp_path / "seed", procedure("p"))
    with mounted_tmpfs(tmp_path / "medium", "64m") as medium:
        file = medium / "kb.sqlite3"
        env = {"KB_DATABASE_URL": str(file), "KB_SEED_DIR": str(seed)}
        assert run("load", **env).returncode == 0
        # The command of docs/operations/database.md.
        command = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode = DELETE')"
        subprocess.run(["python3", "-c", command, str(file)], check=True)
        mount("-o", "remount,ro", str(medium))

        status, load = run("status", **env), run("load", **env)
        api = Api(tmp_path, f"sqlite:///{file}").start()
        try:
            response = httpx.get(f"{api.base}/v1/procedures/p", timeout=30)
        finally:
            api.stop()

    assert (status.returncode, load.returncode, response.status_code) == (0, 3, 200)
    assert command in (ROOT / "docs/operations/database.md").read_text(encoding="utf-8")


def test_release_writes_the_history_and_the_next_diff_is_empty(tmp_path: Path) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))

    assert "changes since the beginning" in run("diff", "--seed", str(root)).stdout
    assert run("release", "--seed", str(root), "--date", "2026-01-01").returncode == 0
    assert "0 changes since 1.0.0" in run("diff", "--seed", str(root)).stdout
    assert run("release", "--seed", str(root)).returncode == 1


def test_an_unreachable_database_exits_with_3() -> None:
    assert run("status", KB_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").returncode == 3


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kb:secret@127.0.0.1:1/kb",
        "postgresql://kb@127.0.0.1:1/kb?password=secret",
        "postgresql://kb:sec/secret@127.0.0.1:1/kb",
        "postgresql://kb:secret@127.0.0.1:1,127.0.0.1:2/kb?sslmode=nonsense",
    ],
)
@pytest.mark.parametrize("command", ["status", "load"])
def test_no_command_shows_the_password_of_a_database(command: str, url: str) -> None:
    process = run(command, KB_DATABASE_URL=url)

    assert process.returncode in {2, 3}
    assert "secret" not in process.stdout + process.stderr
    assert "Traceback" not in process.stderr


def test_a_port_that_is_taken_is_a_wrong_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = run("serve", KB_PORT=str(port), KB_DATABASE_URL=str(tmp_path / "kb.sqlite3"))

    assert process.returncode == 2
    assert process.stderr.startswith(f"KB_HOST='127.0.0.1', KB_PORT={port}: the server cannot listen there:")
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["load", "serve"])
def test_a_medium_that_cannot_be_written_ends_in_a_sentence(command: str) -> None:
    # Nobody, not even root, makes a directory there.
    process = run(command, KB_PORT="0", KB_DATABASE_URL="/proc/kb/kb.sqlite3")

    assert process.returncode in {2, 3}
    assert "Traceback" not in process.stderr
    assert process.stderr.count("\n") == 1


def test_the_schemas_for_editors_are_up_to_date() -> None:
    assert run("schema", "--check").returncode == 0


def test_review_prints_what_is_to_be_read_and_writes_the_entry(tmp_path: Path) -> None:
    text = {"text": "It helps.", "claims": ["p--relief"]}
    root = write_seed(
        tmp_path / "seed", procedure("p", claims=[relief("p--relief", min="P3M")], texts={"summary": text})
    )

    printed = run("review", "procedures/p", "--seed", str(root))
    signed = ("--reviewer", "Ada Example", "--credentials", "MD, FIPP", "--date", "2026-03-01")
    written = run("review", "procedures/p", "--seed", str(root), *signed)

    assert (printed.returncode, written.returncode) == (0, 0)
    for part in ("# P", "It helps.", "p--relief (procedure p)", "Statement of p--relief.", "trial: ", "SHA-256 "):
        assert part in printed.stdout
    entry = json.loads((root / "reviews/procedure-p-2026-03-01.json").read_text(encoding="utf-8"))
    assert entry["sha256"] in printed.stdout
    assert (entry["reviewer"], entry["credentials"], entry["type"], entry["slug"]) == (
        "Ada Example",
        "MD, FIPP",
        "procedure",
        "p",
    )
    assert run("check", "--seed", str(root)).stdout.startswith("OK: ")
    write_seed(root, procedure("p", name="Another name"))
    changed = run("check", "--seed", str(root))
    assert changed.returncode == 0
    assert "warning: reviews/procedure-p-2026-03-01.json:" in changed.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("procedures/q",), 2, "did you mean 'procedures/p'?"),
        (("p",), 2, "No record 'p'"),
        (("sources/trial",), 2, "No record 'sources/trial'"),
        (("procedures/p", "--reviewer", "Ada Example"), 2, "go together"),
        (("procedures/p", "--reviewer", "A", "--credentials", "MD", "--date", "2026-02-30"), 1, "not a valid date"),
    ],
)
def test_a_review_without_record_or_reviewer_writes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    root = write_seed(tmp_path / "seed", procedure("p"))

    process = run("review", *arguments, "--seed", str(root))

    assert (process.returncode, text in process.stderr) == (code, True), process.stderr
    assert not (root / "reviews").exists()
