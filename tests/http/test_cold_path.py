"""Uncached responses: the number of their SQL statements, and the indexes that these use."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from build import condition, generator, procedure, relief
from conftest import Client, Load
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.db.postgresql import PostgresEngine
from app.db.read_engine import ReadTransaction
from app.db.sqlite import SqliteEngine
from app.db.statements import to_pyformat

Statements = list[tuple[str, Mapping[str, Any]]]

DETAILS = (
    "/v1/procedures/p01",
    "/v1/conditions/sciatica",
    "/v1/pain-generators/facet-joint",
    "/v1/conditions/sciatica/options",
    "/v1/releases/current",
    "/v1/guide",
)
LISTS = (
    "/v1/procedures",
    "/v1/procedures?family=ablation&intent=therapeutic",
    "/v1/procedures?pain_generator=facet-joint&sort=-relief",
    "/v1/procedures?min_relief=P1M&sort=-name",
    "/v1/pain-generators/facet-joint/procedures",
    "/v1/pain-generators/facet-joint/procedures?role=treats",
    "/v1/conditions/sciatica/procedures",
    "/v1/conditions/sciatica/procedures?family=injection&min_relief=P1M&role=treats&sort=-updated",
    "/v1/conditions",
    "/v1/pain-generators?kind=joint",
    "/v1/sources",
    "/v1/risks",
    "/v1/targets?role=treats",
    "/v1/relief-durations?sort=-relief",
    "/v1/response-rates",
    "/v1/findings",
    "/v1/releases",
    "/v1/procedures/p01/targets",
    "/v1/search?q=p01",
    "/v1/suggest?q=p0",
)


class _RecordingTransaction:
    def __init__(self, transaction: ReadTransaction, statements: Statements) -> None:
        self._transaction, self._statements = transaction, statements

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        self._statements.append((sql, dict(parameters)))
        return self._transaction.fetch(sql, parameters)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Records every statement of the read engine with its parameters."""
    statements: Statements = []

    def record_statements(engine: type[SqliteEngine | PostgresEngine]) -> None:
        original: Any = engine.transaction

        @contextmanager
        def transaction(self: SqliteEngine | PostgresEngine) -> Iterator[_RecordingTransaction]:
            with original(self) as read_transaction:
                yield _RecordingTransaction(read_transaction, statements)

        monkeypatch.setattr(engine, "transaction", transaction)

    record_statements(SqliteEngine)
    record_statements(PostgresEngine)
    return statements


@pytest.fixture
def loaded_client(client: Client, load: Load) -> Client:
    """Client of enough rows to make an index worthwhile, most of them unrelated to the requests."""
    procedures = [
        procedure(
            f"p{n:02d}",
            treats=["facet-joint"] if n % 5 == 0 else ["other-joint"],
            indicated=["sciatica"] if n % 7 == 0 else [],
            claims=[
                relief(f"p{n:02d}--relief-duration-01", min=f"P{n % 11 + 1}M", label=f"{n % 11 + 1} months or more")
            ],
        )
        for n in range(60)
    ]
    load(generator("facet-joint"), generator("other-joint"), condition("sciatica"), *procedures)
    return client


def test_a_detail_takes_at_most_five_statements_and_a_list_at_most_three(
    loaded_client: Client, statements: Statements
) -> None:
    counts = {}
    for path in (*DETAILS, *LISTS):
        # The first request caches what all requests of a revision share (totals, names, the text index).
        loaded_client.get(path)
        for limit in (1, 100) if path in LISTS and "suggest" not in path else (None,):
            statements.clear()
            url = path if limit is None else f"{path}{'&' if '?' in path else '?'}limit={limit}"
            assert loaded_client.get(url).status_code == 200, url
            counts[url] = len(statements)

    assert {url: count for url, count in counts.items() if count > (3 if url.partition("?")[0] in LISTS else 5)} == {}


UNFILTERED_LISTS = tuple(path for path in LISTS if "?" not in path and not path.startswith("/v1/procedures/"))


@pytest.mark.parametrize("path", UNFILTERED_LISTS)
def test_the_first_page_of_a_list_is_read_as_one_row(loaded_client: Client, statements: Statements, path: str) -> None:
    loaded_client.get(f"{path}?limit=1")
    statements.clear()

    assert loaded_client.get(path).status_code == 200
    # One statement for the release and one for the page.
    assert len(statements) == 2


@pytest.mark.parametrize("path", UNFILTERED_LISTS)
def test_the_stored_first_page_equals_the_page_built_from_its_rows(
    loaded_client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    stored = loaded_client.get(f"{path}?limit=20")
    # A release loaded by another version of the code has no stored pages.
    monkeypatch.setattr("app.http.pagination.find_first_page", lambda *_: None)

    assert loaded_client.get(path).content == stored.content
    first = stored.json()
    if cursor := first["page"]["next"]:
        second = loaded_client.get(f"{path}?limit=20&cursor={cursor}").json()
        assert first["items"] + second["items"] == loaded_client.get(f"{path}?limit=40").json()["items"]


def explain(statements: Statements, database_url: str) -> dict[str, str]:
    """Query plans of the statements on lists and claims, by SQL text."""
    is_sqlite = database_url.startswith("sqlite")
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        if not is_sqlite:
            # PostgreSQL scans small tables; without scans, the plan names the index that a large table would use.
            for method in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
                connection.exec_driver_sql(f"SET LOCAL enable_{method} = off")
        plans = {}
        for sql, parameters in statements:
            if not any(f"FROM {table}" in sql for table in ("list_", "linked_", "claim")):
                continue
            query = f"EXPLAIN QUERY PLAN {sql}" if is_sqlite else f"EXPLAIN {to_pyformat(sql)}"
            plans[sql] = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(query, dict(parameters)))
    return plans


@pytest.mark.parametrize("path", [path for path in LISTS if "suggest" not in path and "search" not in path])
def test_a_list_reads_its_rows_from_an_index_in_order(
    loaded_client: Client, statements: Statements, database_url: str, path: str
) -> None:
    loaded_client.get(path)
    statements.clear()
    assert loaded_client.get(f"{path}{'&' if '?' in path else '?'}limit=7").status_code == 200
    plans = explain(statements, database_url)

    assert plans
    for sql, plan in plans.items():
        assert "SCAN" not in plan, (sql, plan)
        assert "Seq Scan" not in plan, (sql, plan)
        if "count(*)" not in sql:
            assert "TEMP B-TREE" not in plan, (sql, plan)
            assert "Sort" not in plan, (sql, plan)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/pain-generators/facet-joint/procedures?facet=family",
        "/v1/pain-generators/facet-joint/procedures?facet=family&role=treats",
        "/v1/conditions/sciatica/procedures?facet=setting&family=ablation",
        "/v1/procedures?facet=risk&pain_generator=facet-joint",
        "/v1/procedures?facet=family&body_region=knee&body_region=hip",
    ],
)
def test_a_facet_counts_each_value_from_one_row(
    loaded_client: Client, statements: Statements, database_url: str, path: str
) -> None:
    assert loaded_client.get(path).status_code == 200

    facet_statements = [
        (sql, params) for sql, params in statements if sql.startswith("SELECT value, positions FROM list_facet")
    ]
    assert len(facet_statements) == 1
    plan = explain(facet_statements, database_url)[facet_statements[0][0]]
    if database_url.startswith("sqlite"):
        assert plan == "SEARCH list_facet USING PRIMARY KEY (list_id=? AND facet=?)"
    else:
        assert "Index Scan using pk_list_facet" in plan
