"""Back to an earlier release: the same revision, and the same bytes, as when it was first loaded."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from build import condition, generator, page, procedure, relief, risk, write_seed
from conftest import Client
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.cli import cli
from app.loader.earlier import NoSuchRelease, seed_from_git, seed_from_history
from app.loader.releasing import write_release
from app.loader.state import read_state
from app.loader.write import write

PATHS = [
    "/v1/procedures",
    "/v1/procedures/p1",
    "/v1/releases",
    "/v1/guide",
    "/v1/risks",
    "/v1/search?q=p1",
    "/v1/sources",
]


def records(*, later: bool) -> list[dict[str, Any]]:
    found = [generator("joint"), condition("pain", arises_from=["joint"]), risk("bleeding"), page("b"), page("a")]
    months = 9 if later else 3
    for n in range(3 + later):
        claims = [relief(f"z{n}", min=f"P{months}M"), relief(f"a{n}", min=f"P{months}M", intent="therapeutic")]
        found.append(procedure(f"p{n}", treats=["joint"], indicated=["pain"], claims=claims))
    return found


@pytest.fixture
def seeds(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first", tmp_path / "second"
    write_seed(first, *records(later=False))
    write_release(first, read_state(first), version="1.0.0", date="2026-01-01", title="First")
    shutil.copytree(first / "releases", second / "releases")
    write_seed(second, *records(later=True))
    write_release(second, read_state(second), version="1.1.0", date="2026-02-01", title="Second")
    return first, second


def bodies(client: Client) -> list[tuple[bytes, str]]:
    client.see()
    return [(answer.content, answer.headers["etag"]) for answer in map(client.get, PATHS)]


def test_rolling_back_answers_with_the_bytes_of_then(
    client: Client, writer: Engine, seeds: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = seeds
    write(writer, read_state(first))
    then = bodies(client)
    write(writer, read_state(second))
    assert bodies(client) != then

    write(writer, read_state(seed_from_history(second, "1.0.0", tmp_path / "back")))

    assert bodies(client) == then


def test_a_release_that_is_not_in_the_history_is_refused_with_those_that_are(
    seeds: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(NoSuchRelease, match=r"1\.0\.0, 1\.1\.0"):
        seed_from_history(seeds[1], "1.0.5", tmp_path / "back")


def test_git_gives_the_files_of_the_commit_that_made_the_release(seeds: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = seeds
    repository = tmp_path / "repository"
    for state in (first, second):
        shutil.rmtree(repository / "seed_data", ignore_errors=True)
        shutil.copytree(state, repository / "seed_data")
        for command in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", "-C", str(repository), *command], check=True)

    found = seed_from_git(repository / "seed_data", "1.0.0", tmp_path / "back")

    assert read_state(found).revision == read_state(first).revision
    with pytest.raises(NoSuchRelease, match="in no commit"):
        seed_from_git(repository / "seed_data", "9.9.9", tmp_path / "none")


def test_the_command_loads_an_earlier_release(
    seeds: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATABASE_URL", str(tmp_path / "kb.sqlite3"))
    run = CliRunner()

    assert "Loaded release 1.1.0" in run.invoke(cli, ["load", "--seed", str(seeds[1])]).output
    assert "Loaded release 1.0.0" in run.invoke(cli, ["load", "--seed", str(seeds[1]), "--release", "1.0.0"]).output
    assert run.invoke(cli, ["load", "--from-git"]).exit_code == 2
    assert run.invoke(cli, ["load", "--seed", str(seeds[1]), "--release", "3.0.0"]).exit_code == 1
