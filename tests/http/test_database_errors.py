"""Database errors: a clear response, and the next request works."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import Client, new_database

from app.db.errors import DatabaseError, DatabaseUnavailable, EncodingUnsupported, SchemaMissing, first_line
from app.db.migrations import find_revision
from app.db.read_engine import create_read_engine
from app.db.write_engine import create_write_engine
from app.http.release_watcher import read_current_release
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


def test_a_connection_that_the_server_closed_while_it_was_idle_is_replaced_unnoticed(postgres_database: str) -> None:
    engine = create_read_engine(Settings(database_url=postgres_database).database_url)
    with engine.transaction() as transaction:
        process_id = transaction.fetch("SELECT pg_backend_pid()", {})[0][0]
    with psycopg.connect(postgres_database, autocommit=True) as other:
        # Waits until the process has ended.
        assert other.execute("SELECT pg_terminate_backend(%s, 10000)", (process_id,)).fetchone() == (True,)

    with engine.transaction() as transaction:
        assert transaction.fetch("SELECT pg_backend_pid()", {})[0][0] != process_id
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


@pytest.mark.parametrize("create_engine", [create_read_engine, create_write_engine])
def test_a_database_in_another_encoding_is_refused_in_a_sentence(
    postgres_url: str, create_engine: Callable[[str], Any]
) -> None:
    name = f"kb_ascii_{create_engine.__name__}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")  # type: ignore[arg-type]
    server_url, _, query = postgres_url.partition("?")
    url = f"{server_url.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"
    engine = create_engine(Settings(database_url=url).database_url)

    with pytest.raises(EncodingUnsupported, match="the encoding SQL_ASCII; create it anew with ENCODING 'UTF8'"):
        find_revision(engine) if create_engine is create_write_engine else read_current_release(engine)
    engine.dispose()


def test_a_transaction_whose_connection_was_lost_is_a_database_that_is_away(postgres_database: str) -> None:
    engine = create_read_engine(Settings(database_url=postgres_database).database_url)

    with pytest.raises(DatabaseUnavailable), engine.transaction() as transaction:  # noqa: PT012 - raised where the block ends
        process_id = transaction.fetch("SELECT pg_backend_pid()", {})[0][0]
        with psycopg.connect(postgres_database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (process_id,))
        # As a page does that can do without this part: the end of the transaction meets the loss once more.
        with suppress(DatabaseUnavailable):
            transaction.fetch("SELECT 1", {})
    engine.dispose()
