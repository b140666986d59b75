"""What an answer that is not held costs the database: how many statements, and by which index."""

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

Asked = list[tuple[str, Mapping[str, Any]]]

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


class _Counted:
    def __init__(self, snapshot: ReadTransaction, asked: Asked) -> None:
        self._snapshot, self._asked = snapshot, asked

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        self._asked.append((sql, dict(parameters)))
        return self._snapshot.fetch(sql, parameters)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Every statement of the read path."""
    statements: Asked = []

    def count(engine: type[SqliteEngine | PostgresEngine]) -> None:
        real: Any = engine.transaction

        @contextmanager
        def counted(one: SqliteEngine | PostgresEngine) -> Iterator[_Counted]:
            with real(one) as snapshot:
                yield _Counted(snapshot, statements)

        monkeypatch.setattr(engine, "transaction", counted)

    count(SqliteEngine)
    count(PostgresEngine)
    return statements


@pytest.fixture
def filled(client: Client, load: Load) -> Client:
    """Enough rows that an index pays, most of them decoys."""
    treated = [
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
    load(generator("facet-joint"), generator("other-joint"), condition("sciatica"), *treated)
    return client


def test_a_detail_takes_at_most_five_statements_and_a_list_three(filled: Client, asked: Asked) -> None:
    counts = {}
    for path in (*DETAILS, *LISTS):
        # What is the same for every request of a revision (totals, names, the text index) is asked for once.
        filled.get(path)
        for limit in (1, 100) if path in LISTS and "suggest" not in path else (None,):
            asked.clear()
            address = path if limit is None else f"{path}{'&' if '?' in path else '?'}limit={limit}"
            assert filled.get(address).status_code == 200, address
            counts[address] = len(asked)

    assert {
        path: count for path, count in counts.items() if count > (3 if path.partition("?")[0] in LISTS else 5)
    } == {}


WHOLE_LISTS = tuple(path for path in LISTS if "?" not in path and not path.startswith("/v1/procedures/"))


@pytest.mark.parametrize("path", WHOLE_LISTS)
def test_the_first_page_of_a_list_is_read_as_one_row(filled: Client, asked: Asked, path: str) -> None:
    filled.get(f"{path}?limit=1")
    asked.clear()

    assert filled.get(path).status_code == 200
    # The release, and the page.
    assert len(asked) == 2


@pytest.mark.parametrize("path", WHOLE_LISTS)
def test_the_first_page_as_it_is_kept_is_what_its_rows_give(
    filled: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    kept = filled.get(f"{path}?limit=20")
    # What other code loaded has no such pages.
    monkeypatch.setattr("app.http.pagination.find_first_page", lambda *_: None)

    assert filled.get(path).content == kept.content
    first = kept.json()
    if following := first["page"]["next"]:
        second = filled.get(f"{path}?limit=20&cursor={following}").json()
        assert first["items"] + second["items"] == filled.get(f"{path}?limit=40").json()["items"]


def plans_of(asked: Asked, database_url: str) -> dict[str, str]:
    """How the database finds what statements on lists and claims ask for."""
    is_file = database_url.startswith("sqlite")
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        if not is_file:
            # A planner scans what is small: without that, it shows the index that a large table would be read by.
            for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        plans = {}
        for sql, parameters in asked:
            if not any(f"FROM {table}" in sql for table in ("list_", "lookup_", "claim")):
                continue
            words = f"EXPLAIN QUERY PLAN {sql}" if is_file else f"EXPLAIN {to_pyformat(sql)}"
            plans[sql] = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(words, dict(parameters)))
    return plans


@pytest.mark.parametrize("path", [path for path in LISTS if "suggest" not in path and "search" not in path])
def test_rows_of_a_list_come_from_an_index_and_in_its_order(
    filled: Client, asked: Asked, database_url: str, path: str
) -> None:
    filled.get(path)
    asked.clear()
    assert filled.get(f"{path}{'&' if '?' in path else '?'}limit=7").status_code == 200
    plans = plans_of(asked, database_url)

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
def test_values_of_a_facet_are_counted_from_one_row_each(
    filled: Client, asked: Asked, database_url: str, path: str
) -> None:
    assert filled.get(path).status_code == 200

    counted = [(sql, given) for sql, given in asked if sql.startswith("SELECT value, positions FROM list_facet")]
    assert len(counted) == 1
    plan = plans_of(counted, database_url)[counted[0][0]]
    if database_url.startswith("sqlite"):
        assert plan == "SEARCH list_facet USING PRIMARY KEY (list_id=? AND facet=?)"
    else:
        assert "Index Scan using pk_list_facet" in plan
