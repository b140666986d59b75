"""Migration of a database from an earlier schema."""

from pathlib import Path

from build import procedure, write_seed
from conftest import Client
from sqlalchemy import Engine, insert

from app.db.migrations import downgrade, migrate
from app.loader.content import load_content
from app.loader.writer import write_content
from app.models import Name


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
    content = load_content(write_seed(tmp_path / "seed", procedure("p1"), procedure("p2", family="infusion")))
    write_content(writer, content)
    client.poll_release()
    before = client.get("/v1/procedures?family=infusion&sort=-name&facet=family")
    downgrade(writer, "0002")

    assert migrate(writer)
    after = client.get("/v1/procedures?sort=-name&facet=family&family=infusion")

    assert before.json()["items"]
    assert (after.status_code, after.json()["items"]) == (200, before.json()["items"])
    assert not write_content(writer, content).written


def test_phrases_leave_the_names_of_a_loaded_release(client: Client, writer: Engine, tmp_path: Path) -> None:
    content = load_content(write_seed(tmp_path / "seed", procedure("p1", patient_phrases=["cooked nerves"])))
    write_content(writer, content)
    downgrade(writer, "0005")
    with writer.begin() as connection:
        connection.execute(insert(Name), [phrase_of_p1()])

    assert migrate(writer)
    client.poll_release()

    assert client.get("/v1/procedures/cooked-nerves").status_code == 404
    assert [hit["slug"] for hit in client.get("/v1/search?q=cooked+nerves").json()["items"]] == ["p1"]


def phrase_of_p1() -> dict[str, str]:
    text = "cooked nerves"
    return {"type": "procedure", "slug": "p1", "kind": "patient_phrase", "text": text, "normalized": text}
