"""Database errors: a clear response, and the next request works."""

import asyncio
from pathlib import Path

import pytest
from conftest import Client, new_database

from app.db.errors import DatabaseError, DatabaseUnavailable, SchemaMissing, first_line
from app.db.read_engine import create_read_engine
from app.main import create_app
from app.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables."""
    if request.param == "postgresql":
        return Settings(database_url=new_database(request.getfixturevalue("postgres_url"))).database_url
    file = tmp_path / "empty.sqlite3"
    file.touch()
    return f"sqlite:///{file}"


def test_a_database_without_schema_gets_503_not_loaded(empty_database_url: str, runner: asyncio.Runner) -> None:
    client = Client(create_app(Settings(database_url=empty_database_url)), runner)

    for path in ("/v1/procedures", "/v1/search?q=knee", "/v1/procedures/x", "/health/ready"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (503, "not_loaded"), path
        assert response.headers["retry-after"]
    assert client.get("/").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    client.close()


def test_an_invalid_statement_is_a_database_error_and_the_next_transaction_works(empty_database_url: str) -> None:
    engine = create_read_engine(empty_database_url)
    with pytest.raises(SchemaMissing, match="nowhere"), engine.transaction() as transaction:
        transaction.fetch("SELECT * FROM nowhere", {})
    with pytest.raises(DatabaseError) as raised, engine.transaction() as transaction:
        transaction.fetch("SELEKT 1", {})
    assert "SELEKT" in first_line(raised.value)
    with pytest.raises(DatabaseError), engine.transaction() as transaction:
        transaction.fetch("CREATE TABLE other (x int)", {})

    with engine.transaction() as transaction:
        assert [tuple(row) for row in transaction.fetch("SELECT :number", {"number": "1"})] == [("1",)]
    engine.dispose()


def test_a_closed_connection_is_unavailable_and_the_next_transaction_works(postgres_url: str) -> None:
    engine = create_read_engine(Settings(database_url=new_database(postgres_url)).database_url)

    with pytest.raises(DatabaseUnavailable), engine.transaction() as transaction:
        transaction.fetch("SELECT pg_terminate_backend(pg_backend_pid())", {})
    with engine.transaction() as transaction:
        assert transaction.fetch("SELECT 1", {})
    engine.dispose()


def test_a_file_that_is_not_a_database_is_unavailable(tmp_path: Path, runner: asyncio.Runner) -> None:
    file = tmp_path / "kb.sqlite3"
    file.write_text("This is a letter. " * 100, encoding="utf-8")
    client = Client(create_app(Settings(database_url=f"sqlite:///{file}")), runner)

    response = client.get("/v1/procedures")

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert client.get("/health/ready").status_code == 503
    client.close()


def test_a_connection_in_use_while_its_engine_is_disposed_is_closed_when_returned(postgres_url: str) -> None:
    engine = create_read_engine(Settings(database_url=new_database(postgres_url)).database_url)
    with engine.transaction() as transaction:
        driver = transaction._connection.connection.driver_connection  # type: ignore[attr-defined]
        engine.dispose()
        assert not driver.closed

    assert driver.closed
