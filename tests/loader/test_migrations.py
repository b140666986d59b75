"""Migration of a database from an earlier schema."""

from pathlib import Path

from build import procedure, write_seed
from conftest import Client
from sqlalchemy import Engine

from app.db.migrations import downgrade, migrate
from app.loader.content import load_content
from app.loader.writer import write_content


def test_a_database_from_before_packed_lists_has_no_release_until_it_is_loaded_again(
    client: Client, writer: Engine, tmp_path: Path
) -> None:
    content = load_content(write_seed(tmp_path / "seed", procedure("p1"), procedure("p2", family="ablation")))
    write_content(writer, content)
    downgrade(writer, "0001")

    assert migrate(writer)
    client.poll_release()
    before = client.get("/v1/procedures")
    loaded = write_content(writer, content)
    client.poll_release()

    assert (before.status_code, before.json()["code"]) == (503, "not_loaded")
    assert loaded.written
    assert [item["slug"] for item in client.get("/v1/procedures?family=ablation").json()["items"]] == ["p2"]


def test_renaming_the_tables_keeps_the_loaded_content(client: Client, writer: Engine, tmp_path: Path) -> None:
    content = load_content(write_seed(tmp_path / "seed", procedure("p1"), procedure("p2", family="ablation")))
    write_content(writer, content)
    client.poll_release()
    before = client.get("/v1/procedures?family=ablation&sort=-name&facet=family")
    downgrade(writer, "0002")

    assert migrate(writer)
    after = client.get("/v1/procedures?sort=-name&facet=family&family=ablation")

    assert before.json()["items"]
    assert (after.status_code, after.json()["items"]) == (200, before.json()["items"])
    assert not write_content(writer, content).written
