"""Restoring an earlier release gives the same revision and the same bytes as its first load."""

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


def build_records(*, later: bool) -> list[dict[str, Any]]:
    records = [generator("joint"), condition("pain", arises_from=["joint"]), risk("bleeding"), page("b"), page("a")]
    months = 9 if later else 3
    for n in range(3 + later):
        claims = [relief(f"z{n}", min=f"P{months}M"), relief(f"a{n}", min=f"P{months}M", intent="therapeutic")]
        records.append(procedure(f"p{n}", treats=["joint"], indicated=["pain"], claims=claims))
    return records


@pytest.fixture
def seeds(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first", tmp_path / "second"
    write_seed(first, *build_records(later=False))
    write_release(first, load_content(first), version="1.0.0", date="2026-01-01", title="First")
    shutil.copytree(first / "releases", second / "releases")
    write_seed(second, *build_records(later=True))
    write_release(second, load_content(second), version="1.1.0", date="2026-02-01", title="Second")
    return first, second


def get_bodies(client: Client) -> list[tuple[bytes, str]]:
    client.poll_release()
    return [(response.content, response.headers["etag"]) for response in map(client.get, PATHS)]


def test_rolling_back_restores_the_bytes_of_the_earlier_release(
    client: Client, writer: Engine, seeds: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = seeds
    write_content(writer, load_content(first))
    before = get_bodies(client)
    write_content(writer, load_content(second))
    assert get_bodies(client) != before

    write_content(writer, load_content(restore_from_history(second, "1.0.0", tmp_path / "back")))

    assert get_bodies(client) == before


def test_an_unknown_release_is_an_error_that_names_the_known_ones(seeds: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UnknownRelease, match=r"1\.0\.0, 1\.1\.0"):
        restore_from_history(seeds[1], "1.0.5", tmp_path / "back")


def test_git_restores_the_files_of_the_commit_that_added_the_release(seeds: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = seeds
    repository = tmp_path / "repository"
    for seed in (first, second):
        shutil.rmtree(repository / "seed_data", ignore_errors=True)
        shutil.copytree(seed, repository / "seed_data")
        for command in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", "-C", str(repository), *command], check=True)

    restored = restore_from_git(repository / "seed_data", "1.0.0", tmp_path / "back")

    assert load_content(restored).revision == load_content(first).revision
    with pytest.raises(UnknownRelease, match="no commit of the git repository"):
        restore_from_git(repository / "seed_data", "9.9.9", tmp_path / "none")


def test_the_command_loads_an_earlier_release(
    seeds: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATABASE_URL", str(tmp_path / "kb.sqlite3"))
    invoke = CliRunner().invoke

    assert "Loaded release 1.1.0" in invoke(cli, ["load", "--seed", str(seeds[1])]).output
    assert "Loaded release 1.0.0" in invoke(cli, ["load", "--seed", str(seeds[1]), "--release", "1.0.0"]).output
    assert invoke(cli, ["load", "--from-git"]).exit_code == 2
    assert invoke(cli, ["load", "--seed", str(seeds[1]), "--release", "3.0.0"]).exit_code == 1


def serve(url: str, runner: asyncio.Runner, folder: Path) -> Client:
    # With the public address of the client of the shipped content: canonical links name it.
    settings = Settings(database_url=url, export_dir=folder / "export", loopback_url="http://127.0.0.1:8000")
    client = Client(create_app(settings), runner)
    client.poll_release()
    return client


def load_export(file: Path, url: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> Any:
    monkeypatch.setenv("KB_DATABASE_URL", url)
    return CliRunner().invoke(cli, ["load", "--from-export", str(file), *options])


SHIPPED_PATHS = [
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
    from_sqlite = shipped.app.app.state.services.engine.is_file  # type: ignore[attr-defined]
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
    records = [line["document"]["links"]["self"] for line in lines if line["type"] != "current_release"]
    second = serve(url, runner, tmp_path)
    for path in SHIPPED_PATHS + records:
        expected, actual = shipped.get(path), second.get(path)
        assert expected.status_code == 200, path
        assert (actual.content, actual.headers["etag"]) == (expected.content, expected.headers["etag"]), path
    second.close()


def test_an_export_contains_pending_changes_and_every_earlier_release(
    client: Client,
    writer: Engine,
    seeds: tuple[Path, Path],
    runner: asyncio.Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = seeds
    write_content(writer, load_content(first))
    before = get_bodies(client)
    edited = json.loads((second / "risks.json").read_text())
    edited["risks"][0]["description"] = "Edited since."
    (second / "risks.json").write_text(json.dumps(edited))
    write_content(writer, load_content(second))
    after = get_bodies(client)
    file, url = tmp_path / "release.json", str(tmp_path / "other.sqlite3")
    file.write_bytes(client.get("/v1/export/release.json").content)

    loaded = []
    for options in ([], ["--release", "1.0.0"]):
        assert load_export(file, url, monkeypatch, *options).exit_code == 0
        other = serve(Settings(database_url=url).database_url, runner, tmp_path)
        loaded.append(get_bodies(other))
        other.close()

    assert loaded == [after, before]
    missing = load_export(file, url, monkeypatch, "--release", "1.0.5")
    assert (missing.exit_code, "releases in the export: 1.0.0, 1.1.0" in missing.output) == (1, True)


def edit_and_seal(edit: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """Edit an export and recompute its hash."""

    def spoil(body: bytes) -> bytes:
        export = json.loads(body)
        edit(export)
        del export["sha256"]
        before = json.dumps(export)[:-1].encode() + b",\n"
        return before + b'"sha256":"' + hashlib.sha256(before).hexdigest().encode() + b'"}\n'

    return spoil


def nest_deeply(export: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    export["releases"][0]["changes"][0]["old"] = deep


def add_entity(slug: str, value: Any) -> Callable[[bytes], bytes]:
    added = {"entity": slug, "change": "added", "field": "", "old": None, "new": value}
    return edit_and_seal(lambda export: export["pending"].append(added))


INVALID_EXPORTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut short": (lambda body: body[: len(body) // 2], "missing checksum line"),
    "nothing": (lambda _: b"", "missing checksum line"),
    "not JSON": (lambda _: b"<html>502 Bad Gateway</html>", "not release.json"),
    "not text": (lambda body: b"\xff\xfe" + body, "not UTF-8"),
    "another export": (lambda _: b'{"release":{},"procedures":[]}', "not release.json"),
    "one letter": (lambda body: body.replace(b"Statement of", b"statement of", 1), "checksum mismatch"),
    "line ends": (lambda body: body.replace(b"\n", b"\r\n"), "missing checksum line"),
    "a hash and no JSON": (
        lambda _: b'{\n"sha256":"' + hashlib.sha256(b"{\n").hexdigest().encode() + b'"}garbage',
        "missing checksum line",
    ),
    "no object": (lambda _: b'"sha256":"' + hashlib.sha256(b"").hexdigest().encode() + b'"}', "invalid JSON"),
    "another shape": (edit_and_seal(lambda export: export.pop("releases")), "missing required field 'releases'"),
    "no release": (edit_and_seal(lambda export: export["releases"].clear()), "nothing was loaded"),
    "another revision": (
        edit_and_seal(lambda export: export.update(revision="0" * 16)),
        "names revision 0000000000000000",
    ),
    "another version": (edit_and_seal(lambda export: export.update(version="7.0.0")), "The files restored for 7.0.0"),
    "a conflicting change": (
        edit_and_seal(lambda export: export["releases"][0]["changes"].pop(0)),
        "the history cannot be replayed",
    ),
    "a conflicting pending change": (
        edit_and_seal(
            lambda export: export["pending"].append({"entity": "risks/x", "change": "removed", "field": "/y/z"})
        ),
        "conflicts with the last release",
    ),
    "nested deeply": (edit_and_seal(nest_deeply), "nested too deeply"),
    "a path for a slug": (add_entity("procedures/../../escaped", {}), "is not a seed record"),
    "a long slug": (add_entity(f"procedures/{'a' * 200}", {}), "is not a seed record"),
    "a word for a record": (add_entity("procedures/word", "word"), "expected a JSON object"),
    "a word for an entry": (add_entity("guide/word", "word"), "/pages/"),
    "no place": (add_entity("guide/word", {"slug": "word", "place": "last"}), "nothing was loaded"),
    "an unknown family": (add_entity("spells/word", {}), "is not a seed record"),
}


@pytest.fixture(scope="module")
def exported_release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """Database with release 1.0.0, and its export."""
    folder = tmp_path_factory.mktemp("exported")
    write_seed(folder / "seed", *build_records(later=False))
    write_release(folder / "seed", load_content(folder / "seed"), version="1.0.0", date="2026-01-01", title="First")
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setenv("KB_DATABASE_URL", str(folder / "kb.sqlite3"))
        assert CliRunner().invoke(cli, ["load", "--seed", str(folder / "seed")]).exit_code == 0
        client = serve(Settings(database_url=str(folder / "kb.sqlite3")).database_url, runner, folder)
        exported = client.get("/v1/export/release.json").content
        client.close()
    return folder / "kb.sqlite3", exported


@pytest.mark.parametrize("name", INVALID_EXPORTS)
def test_an_invalid_export_is_reported_and_the_previous_release_stays(
    exported_release: tuple[Path, bytes],
    name: str,
    runner: asyncio.Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database, exported = exported_release
    spoil, message = INVALID_EXPORTS[name]
    invalid = tmp_path / "release.json"
    invalid.write_bytes(spoil(exported))
    assert invalid.read_bytes() != exported

    load = load_export(invalid, str(database), monkeypatch)

    assert isinstance(load.exception, SystemExit)
    assert (load.exit_code, message in load.output) == (1, True), load.output
    client = serve(Settings(database_url=str(database)).database_url, runner, tmp_path)
    assert client.get("/v1/releases/current").json()["version"] == "1.0.0"
    client.close()


def test_an_export_that_is_not_a_file_or_is_combined_with_other_sources_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / "kb.sqlite3")

    assert load_export(tmp_path, url, monkeypatch).exit_code == 1
    assert load_export(tmp_path / "none.json", url, monkeypatch).exit_code == 1
    assert load_export(tmp_path / "none.json", url, monkeypatch, "--from-git").exit_code == 2
    assert load_export(tmp_path / "none.json", url, monkeypatch, "--seed", str(tmp_path)).exit_code == 2
    assert not (tmp_path / "kb.sqlite3").exists()
