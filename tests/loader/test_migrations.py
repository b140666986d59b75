"""A database of an earlier schema, brought to this one."""

from pathlib import Path

from build import procedure, write_seed
from conftest import Client
from sqlalchemy import Engine

from app.db.migrations import downgrade, migrate
from app.loader.content import load_content
from app.loader.writer import write_content


def test_a_database_from_before_lists_were_packed_holds_no_release_until_it_is_loaded(
    client: Client, writer: Engine, tmp_path: Path
) -> None:
    state = load_content(write_seed(tmp_path / "seed", procedure("p1"), procedure("p2", family="ablation")))
    write_content(writer, state)
    downgrade(writer, "0001")

    assert migrate(writer)
    client.see()
    before = client.get("/v1/procedures")
    written = write_content(writer, state)
    client.see()

    assert (before.status_code, before.json()["code"]) == (503, "not_loaded")
    assert written.written
    assert [one["slug"] for one in client.get("/v1/procedures?family=ablation").json()["items"]] == ["p2"]
