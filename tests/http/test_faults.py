"""A database that is not as it should be: a clear answer, and the next request is answered."""

import asyncio
from pathlib import Path

import pytest
from conftest import Client, new_database

from app.db.errors import DatabaseError, DatabaseUnavailable, SchemaMissing, first_line
from app.db.read_engine import create_read_engine
from app.main import create_app
from app.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a table."""
    if request.param == "postgresql":
        return Settings(database_url=new_database(request.getfixturevalue("postgres_url"))).database_url
    file = tmp_path / "bare.sqlite3"
    file.touch()
    return f"sqlite:///{file}"


def test_a_database_that_nobody_migrated_says_that_nothing_is_loaded(bare_url: str, runner: asyncio.Runner) -> None:
    client = Client(create_app(Settings(database_url=bare_url)), runner)

    for path in ("/v1/procedures", "/v1/search?q=knee", "/v1/procedures/x", "/health/ready"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_loaded"), path
        assert answer.headers["retry-after"]
    assert client.get("/").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    client.close()


def test_a_refused_statement_is_a_fault_of_ours_and_the_next_snapshot_works(bare_url: str) -> None:
    engine = create_read_engine(bare_url)
    with pytest.raises(SchemaMissing, match="nowhere"), engine.transaction() as snapshot:
        snapshot.fetch("SELECT * FROM nowhere", {})
    with pytest.raises(DatabaseError) as raised, engine.transaction() as snapshot:
        snapshot.fetch("SELEKT 1", {})
    assert "SELEKT" in first_line(raised.value)
    with pytest.raises(DatabaseError), engine.transaction() as snapshot:
        snapshot.fetch("CREATE TABLE mine (x int)", {})

    with engine.transaction() as snapshot:
        assert [tuple(row) for row in snapshot.fetch("SELECT :one", {"one": "1"})] == [("1",)]
    engine.dispose()


def test_a_server_that_ends_a_connection_is_away_and_the_next_request_is_answered(postgres_url: str) -> None:
    engine = create_read_engine(Settings(database_url=new_database(postgres_url)).database_url)

    with pytest.raises(DatabaseUnavailable), engine.transaction() as snapshot:
        snapshot.fetch("SELECT pg_terminate_backend(pg_backend_pid())", {})
    with engine.transaction() as snapshot:
        assert snapshot.fetch("SELECT 1", {})
    engine.dispose()


def test_a_file_that_is_no_database_is_away(tmp_path: Path, runner: asyncio.Runner) -> None:
    file = tmp_path / "kb.sqlite3"
    file.write_text("This is a letter. " * 100, encoding="utf-8")
    client = Client(create_app(Settings(database_url=f"sqlite:///{file}")), runner)

    answer = client.get("/v1/procedures")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert client.get("/health/ready").status_code == 503
    client.close()
