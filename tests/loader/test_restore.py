"""Back to an earlier release: the same revision, and the same bytes, as when it was first loaded."""

import asyncio
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build import condition, generator, page, procedure, relief, risk, write_seed
from conftest import Client, new_database
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.cli import cli
from app.loader.content import load_content
from app.loader.release_file import write_release
from app.loader.restore import UnknownRelease, restore_from_git, restore_from_history
from app.loader.writer import write_content
from app.main import create_app
from app.settings import Settings

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
    write_release(first, load_content(first), version="1.0.0", date="2026-01-01", title="First")
    shutil.copytree(first / "releases", second / "releases")
    write_seed(second, *records(later=True))
    write_release(second, load_content(second), version="1.1.0", date="2026-02-01", title="Second")
    return first, second


def bodies(client: Client) -> list[tuple[bytes, str]]:
    client.see()
    return [(answer.content, answer.headers["etag"]) for answer in map(client.get, PATHS)]


def test_rolling_back_answers_with_the_bytes_of_then(
    client: Client, writer: Engine, seeds: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = seeds
    write_content(writer, load_content(first))
    then = bodies(client)
    write_content(writer, load_content(second))
    assert bodies(client) != then

    write_content(writer, load_content(restore_from_history(second, "1.0.0", tmp_path / "back")))

    assert bodies(client) == then


def test_a_release_that_is_not_in_the_history_is_refused_with_those_that_are(
    seeds: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(UnknownRelease, match=r"1\.0\.0, 1\.1\.0"):
        restore_from_history(seeds[1], "1.0.5", tmp_path / "back")


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

    found = restore_from_git(repository / "seed_data", "1.0.0", tmp_path / "back")

    assert load_content(found).revision == load_content(first).revision
    with pytest.raises(UnknownRelease, match="in no commit"):
        restore_from_git(repository / "seed_data", "9.9.9", tmp_path / "none")


def test_the_command_loads_an_earlier_release(
    seeds: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATABASE_URL", str(tmp_path / "kb.sqlite3"))
    run = CliRunner()

    assert "Loaded release 1.1.0" in run.invoke(cli, ["load", "--seed", str(seeds[1])]).output
    assert "Loaded release 1.0.0" in run.invoke(cli, ["load", "--seed", str(seeds[1]), "--release", "1.0.0"]).output
    assert run.invoke(cli, ["load", "--from-git"]).exit_code == 2
    assert run.invoke(cli, ["load", "--seed", str(seeds[1]), "--release", "3.0.0"]).exit_code == 1


def served(url: str, runner: asyncio.Runner, folder: Path) -> Client:
    one = Client(create_app(Settings(database_url=url, export_dir=folder / "export")), runner)
    one.see()
    return one


def load_export(file: Path, url: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> Any:
    monkeypatch.setenv("KB_DATABASE_URL", url)
    return CliRunner().invoke(cli, ["load", "--from-export", str(file), *more])


SHIPPED = [
    "/v1/releases",
    "/v1/releases/current",
    "/v1/releases/1.0.0/changes?limit=100",
    "/v1/guide",
    "/v1/targets?limit=100",
    "/v1/quality",
    "/v1/disagreements",
    "/v1/search?q=back+pain",
    "/v1/search?q=cannot+move+my+legs",
    "/v1/conditions?sort=name",
    "/v1/export/kb.ndjson",
    "/v1/export/release.json",
    "/procedures/radiofrequency-ablation",
]


def test_an_export_loads_into_an_empty_database_of_the_other_engine_byte_for_byte(
    shipped: Client,
    shipped_urls: dict[str, str],
    postgres_url: str,
    runner: asyncio.Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from_sqlite = shipped.app.app.state.engine.is_file  # type: ignore[attr-defined]
    url = Settings(
        database_url=new_database(postgres_url) if from_sqlite else str(tmp_path / "kb.sqlite3")
    ).database_url
    assert url not in shipped_urls.values()
    file = tmp_path / "release.json"
    file.write_bytes(shipped.get("/v1/export/release.json").content)

    loaded = load_export(file, url, monkeypatch)

    current = shipped.get("/v1/releases/current").json()["version"]
    assert f"Loaded release {current}" in loaded.output, loaded.output
    lines = [json.loads(line) for line in shipped.get("/v1/export/kb.ndjson").content.splitlines()]
    own = [line["document"]["links"]["self"] for line in lines if line["type"] != "current_release"]
    second = served(url, runner, tmp_path)
    for path in SHIPPED + own:
        then, now = shipped.get(path), second.get(path)
        assert then.status_code == 200, path
        assert (now.content, now.headers["etag"]) == (then.content, then.headers["etag"]), path
    second.close()


def test_an_export_holds_the_changes_since_its_last_release_and_every_release_before(
    client: Client,
    writer: Engine,
    seeds: tuple[Path, Path],
    runner: asyncio.Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = seeds
    write_content(writer, load_content(first))
    then = bodies(client)
    edited = json.loads((second / "risks.json").read_text())
    edited["risks"][0]["description"] = "Edited since."
    (second / "risks.json").write_text(json.dumps(edited))
    write_content(writer, load_content(second))
    now = bodies(client)
    file, url = tmp_path / "release.json", str(tmp_path / "other.sqlite3")
    file.write_bytes(client.get("/v1/export/release.json").content)

    found = []
    for more in ([], ["--release", "1.0.0"]):
        assert load_export(file, url, monkeypatch, *more).exit_code == 0
        other = served(Settings(database_url=url).database_url, runner, tmp_path)
        found.append(bodies(other))
        other.close()

    assert found == [now, then]
    missing = load_export(file, url, monkeypatch, "--release", "1.0.5")
    assert (missing.exit_code, "known are 1.0.0, 1.1.0" in missing.output) == (1, True)


def sealed(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """An export that somebody changed, with the hash of what they made of it."""

    def changed(body: bytes) -> bytes:
        export = json.loads(body)
        change(export)
        del export["sha256"]
        before = json.dumps(export)[:-1].encode() + b",\n"
        return before + b'"sha256":"' + hashlib.sha256(before).hexdigest().encode() + b'"}\n'

    return changed


def nest(export: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    export["releases"][0]["changes"][0]["old"] = deep


def entity(slug: str, value: Any) -> Callable[[bytes], bytes]:
    added = {"entity": slug, "change": "added", "field": "", "old": None, "new": value}
    return sealed(lambda export: export["pending"].append(added))


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut short": (lambda body: body[: len(body) // 2], "cut short"),
    "nothing": (lambda _: b"", "cut short"),
    "not JSON": (lambda _: b"<html>502 Bad Gateway</html>", "is not release.json"),
    "not text": (lambda body: b"\xff\xfe" + body, "not UTF-8"),
    "another export": (lambda _: b'{"release":{},"procedures":[]}', "is not release.json"),
    "one letter": (lambda body: body.replace(b"Statement of", b"statement of", 1), "another hash"),
    "line ends": (lambda body: body.replace(b"\n", b"\r\n"), "cut short"),
    "a hash and no JSON": (
        lambda _: b'{\n"sha256":"' + hashlib.sha256(b"{\n").hexdigest().encode() + b'"}garbage',
        "cut short",
    ),
    "no object": (lambda _: b'"sha256":"' + hashlib.sha256(b"").hexdigest().encode() + b'"}', "not JSON"),
    "another shape": (sealed(lambda export: export.pop("releases")), "'releases' is required"),
    "no release": (sealed(lambda export: export["releases"].clear()), "nothing was loaded"),
    "another revision": (sealed(lambda export: export.update(revision="0" * 16)), "of revision 0000000000000000"),
    "another version": (sealed(lambda export: export.update(version="7.0.0")), "The files found for 7.0.0"),
    "a change that does not fit": (
        sealed(lambda export: export["releases"][0]["changes"].pop(0)),
        "the history does not replay",
    ),
    "a pending change that does not fit": (
        sealed(lambda export: export["pending"].append({"entity": "risks/x", "change": "removed", "field": "/y/z"})),
        "does not fit the last release",
    ),
    "nested deeply": (sealed(nest), "nested too deeply"),
    "a path for a slug": (entity("procedures/../../escaped", {}), "is no record that a seed holds"),
    "a long slug": (entity(f"procedures/{'a' * 200}", {}), "is no record that a seed holds"),
    "a word for a record": (entity("procedures/word", "word"), "an object is expected"),
    "a word for an entry": (entity("guide/word", "word"), "/pages/"),
    "no place": (entity("guide/word", {"slug": "word", "place": "last"}), "nothing was loaded"),
    "an unknown family": (entity("spells/word", {}), "is no record that a seed holds"),
}


@pytest.fixture(scope="module")
def one_release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A database of 1.0.0, and the export of it."""
    folder = tmp_path_factory.mktemp("exported")
    write_seed(folder / "seed", *records(later=False))
    write_release(folder / "seed", load_content(folder / "seed"), version="1.0.0", date="2026-01-01", title="First")
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setenv("KB_DATABASE_URL", str(folder / "kb.sqlite3"))
        assert CliRunner().invoke(cli, ["load", "--seed", str(folder / "seed")]).exit_code == 0
        one = served(Settings(database_url=str(folder / "kb.sqlite3")).database_url, runner, folder)
        exported = one.get("/v1/export/release.json").content
        one.close()
    return folder / "kb.sqlite3", exported


@pytest.mark.parametrize("name", BAD)
def test_a_bad_export_is_a_finding_and_the_release_before_stays(
    one_release: tuple[Path, bytes],
    name: str,
    runner: asyncio.Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database, exported = one_release
    spoil, message = BAD[name]
    spoilt = tmp_path / "release.json"
    spoilt.write_bytes(spoil(exported))
    assert spoilt.read_bytes() != exported

    refused = load_export(spoilt, str(database), monkeypatch)

    assert isinstance(refused.exception, SystemExit)
    assert (refused.exit_code, message in refused.output) == (1, True), refused.output
    one = served(Settings(database_url=str(database)).database_url, runner, tmp_path)
    assert one.get("/v1/releases/current").json()["version"] == "1.0.0"
    one.close()


def test_an_export_that_is_no_file_or_comes_with_other_sources_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / "kb.sqlite3")

    assert load_export(tmp_path, url, monkeypatch).exit_code == 1
    assert load_export(tmp_path / "none.json", url, monkeypatch).exit_code == 1
    assert load_export(tmp_path / "none.json", url, monkeypatch, "--from-git").exit_code == 2
    assert load_export(tmp_path / "none.json", url, monkeypatch, "--seed", str(tmp_path)).exit_code == 2
    assert not (tmp_path / "kb.sqlite3").exists()
