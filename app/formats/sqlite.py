"""SQLite export: the public tables with foreign keys, and views for common questions.

Names of tables and columns are a contract (`docs/exports.md`). The bytes depend on the release and this code alone, so the
header fields in which SQLite records its version and a change counter are overwritten.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from app.db.read_engine import ReadTransaction

_TEXT_KEY: Final = "TEXT NOT NULL PRIMARY KEY"
_CLAIM_KEY: Final = "TEXT NOT NULL PRIMARY KEY REFERENCES claim (id)"


def _foreign_key(table: str, key: str = "slug") -> str:
    return f"TEXT NOT NULL REFERENCES {table} ({key})"


# Table, its columns with their declarations, and its key, which sorts the rows. Referenced tables come first.
TABLES: Final[tuple[tuple[str, dict[str, str], str], ...]] = (
    ("release", {"version": _TEXT_KEY, "date": "TEXT NOT NULL", "revision": "TEXT NOT NULL"}, "version"),
    (
        "source",
        {
            "slug": _TEXT_KEY,
            "title": "TEXT NOT NULL",
            "publisher": "TEXT",
            "year": "INTEGER",
            "url": "TEXT",
            "doi": "TEXT",
            "design": "TEXT NOT NULL",
            "commercial": "INTEGER NOT NULL",
            "status": "TEXT NOT NULL",
            "note": "TEXT",
        },
        "slug",
    ),
    (
        "procedure",
        {
            "slug": _TEXT_KEY,
            "name": "TEXT NOT NULL UNIQUE",
            "family": "TEXT NOT NULL",
            "implant": "INTEGER NOT NULL",
            "summary": "TEXT",
            "last_changed_in": "TEXT NOT NULL",
        },
        "slug",
    ),
    (
        "condition",
        {
            "slug": _TEXT_KEY,
            "name": "TEXT NOT NULL UNIQUE",
            "stub": "INTEGER NOT NULL",
            "summary": "TEXT",
            "last_changed_in": "TEXT NOT NULL",
        },
        "slug",
    ),
    (
        "pain_generator",
        {
            "slug": _TEXT_KEY,
            "name": "TEXT NOT NULL UNIQUE",
            "kind": "TEXT NOT NULL",
            "summary": "TEXT",
            "last_changed_in": "TEXT NOT NULL",
        },
        "slug",
    ),
    (
        "risk",
        {
            "slug": _TEXT_KEY,
            "name": "TEXT NOT NULL UNIQUE",
            "lay_name": "TEXT NOT NULL",
            "category": "TEXT NOT NULL",
            "description": "TEXT NOT NULL",
            "last_changed_in": "TEXT NOT NULL",
        },
        "slug",
    ),
    ("guide_page", {"slug": _TEXT_KEY, "title": "TEXT NOT NULL UNIQUE", "summary": "TEXT NOT NULL"}, "slug"),
    (
        "name",
        {"type": "TEXT NOT NULL", "slug": "TEXT NOT NULL", "kind": "TEXT NOT NULL", "text": "TEXT NOT NULL"},
        "type, slug, kind, text",
    ),
    (
        "tag",
        {"type": "TEXT NOT NULL", "slug": "TEXT NOT NULL", "kind": "TEXT NOT NULL", "value": "TEXT NOT NULL"},
        "type, slug, kind, value",
    ),
    (
        "claim",
        {
            "id": _TEXT_KEY,
            "kind": "TEXT NOT NULL",
            "subject_type": "TEXT NOT NULL",
            "subject_slug": "TEXT NOT NULL",
            "statement": "TEXT NOT NULL",
            "value": "TEXT NOT NULL",
            "qualifiers": "TEXT NOT NULL",
            "grade": "TEXT NOT NULL",
            "support": "TEXT NOT NULL",
            "reason": "TEXT",
        },
        "id",
    ),
    (
        "citation",
        {
            "claim_id": _foreign_key("claim", "id"),
            "position": "INTEGER NOT NULL",
            "source_slug": _foreign_key("source"),
            "locator": "TEXT",
            "note": "TEXT",
        },
        "claim_id, position",
    ),
    (
        "target",
        {
            "claim_id": _CLAIM_KEY,
            "procedure": _foreign_key("procedure"),
            "pain_generator": _foreign_key("pain_generator"),
            "role": "TEXT NOT NULL",
            "rank": "INTEGER NOT NULL",
        },
        "claim_id",
    ),
    (
        "indication",
        {
            "claim_id": _CLAIM_KEY,
            "procedure": _foreign_key("procedure"),
            "condition": _foreign_key("condition"),
            "role": "TEXT NOT NULL",
            "rank": "INTEGER NOT NULL",
        },
        "claim_id",
    ),
    (
        "procedure_risk",
        {
            "claim_id": _CLAIM_KEY,
            "procedure": _foreign_key("procedure"),
            "risk": _foreign_key("risk"),
            "state": "TEXT NOT NULL",
            "observed": "INTEGER",
            "n": "INTEGER",
            "percent_min": "REAL",
            "percent_max": "REAL",
            "per": "TEXT",
            "timeframe": "TEXT",
            "band": "TEXT",
        },
        "claim_id",
    ),
    (
        "relief_duration",
        {
            "claim_id": _CLAIM_KEY,
            "procedure": _foreign_key("procedure"),
            "intent": "TEXT NOT NULL",
            "measure": "TEXT NOT NULL",
            "statistic": "TEXT NOT NULL",
            "min": "TEXT",
            "max": "TEXT",
            "min_days": "REAL",
            "max_days": "REAL",
            "magnitude": "TEXT NOT NULL",
            "label": "TEXT NOT NULL",
            "typical": "INTEGER NOT NULL",
            "selection_reason": "TEXT",
        },
        "claim_id",
    ),
    (
        "response_rate",
        {
            "claim_id": _CLAIM_KEY,
            "procedure": _foreign_key("procedure"),
            "percent_min": "REAL",
            "percent_max": "REAL",
            "responders": "INTEGER",
            "n_at": "INTEGER",
            "at": "TEXT",
            "at_days": "REAL",
            "comparator_percent": "REAL",
        },
        "claim_id",
    ),
    (
        "finding",
        {
            "claim_id": _CLAIM_KEY,
            "subject_type": "TEXT NOT NULL",
            "subject_slug": "TEXT NOT NULL",
            "outcome": "TEXT NOT NULL",
            "direction": "TEXT NOT NULL",
            "at_days": "REAL",
        },
        "claim_id",
    ),
    (
        "recommendation",
        {
            "claim_id": _CLAIM_KEY,
            "subject_type": "TEXT NOT NULL",
            "subject_slug": "TEXT NOT NULL",
            "body": "TEXT NOT NULL",
            "year": "INTEGER",
            "position": "TEXT NOT NULL",
        },
        "claim_id",
    ),
    (
        "condition_generator",
        {
            "claim_id": _foreign_key("claim", "id"),
            "condition": _foreign_key("condition"),
            "pain_generator": _foreign_key("pain_generator"),
        },
        "claim_id, condition, pain_generator",
    ),
    (
        "condition_cause",
        {
            "claim_id": _foreign_key("claim", "id"),
            "condition": _foreign_key("condition"),
            "effect": _foreign_key("condition"),
        },
        "claim_id, condition, effect",
    ),
    (
        "ancestor",
        {"type": "TEXT NOT NULL", "slug": "TEXT NOT NULL", "ancestor": "TEXT NOT NULL", "depth": "INTEGER NOT NULL"},
        "type, slug, ancestor",
    ),
    (
        "procedure_relation",
        {
            "procedure": _foreign_key("procedure"),
            "type": "TEXT NOT NULL",
            "other": _foreign_key("procedure"),
            "reason": "TEXT NOT NULL",
        },
        "procedure, type, other",
    ),
)
VIEWS: Final = {
    "procedures_of_pain_generator": """
        SELECT t.pain_generator, g.name AS pain_generator_name, t.procedure, p.name AS procedure_name, t.role,
               c.grade, c.statement, t.claim_id
        FROM target t JOIN procedure p ON p.slug = t.procedure JOIN pain_generator g ON g.slug = t.pain_generator
        JOIN claim c ON c.id = t.claim_id WHERE t.rank = 0""",
    "procedures_of_condition": """
        SELECT i.condition, d.name AS condition_name, i.procedure, p.name AS procedure_name, i.role,
               c.grade, c.statement, i.claim_id
        FROM indication i JOIN procedure p ON p.slug = i.procedure JOIN condition d ON d.slug = i.condition
        JOIN claim c ON c.id = i.claim_id WHERE i.rank = 0""",
    "typical_relief": """
        SELECT r.procedure, p.name AS procedure_name, r.intent, r.label, r.min, r.max, r.selection_reason, r.claim_id
        FROM relief_duration r JOIN procedure p ON p.slug = r.procedure WHERE r.typical""",
    "risks_of_procedure": """
        SELECT k.procedure, p.name AS procedure_name, k.risk, r.name AS risk_name, k.state, k.observed, k.n, k.per,
               k.percent_min, k.percent_max, k.timeframe, c.statement, k.claim_id
        FROM procedure_risk k JOIN procedure p ON p.slug = k.procedure JOIN risk r ON r.slug = k.risk
        JOIN claim c ON c.id = k.claim_id""",
    "cited_claims": """
        SELECT c.id, c.kind, c.subject_type, c.subject_slug, c.statement, c.grade, c.support, s.title AS source,
               s.design, s.year, s.commercial, s.url, s.doi, x.locator, x.note
        FROM claim c JOIN citation x ON x.claim_id = c.id JOIN source s ON s.slug = x.source_slug""",
}
_BATCH_ROWS: Final = 2_000
# Four bytes each: change counter, version-valid-for, library version.
_VOLATILE_HEADER_OFFSETS: Final = (24, 92, 96)


def write_database(transaction: ReadTransaction, path: Path) -> None:
    """Write the public tables of a release to a new SQLite file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("BEGIN")
        for table, columns, key in TABLES:
            _copy_table(transaction, connection, table, columns, key)
        for view, sql in VIEWS.items():
            connection.execute(f"CREATE VIEW {view} AS {' '.join(sql.split())}")
        connection.execute("COMMIT")
    with path.open("r+b") as file:
        for offset in _VOLATILE_HEADER_OFFSETS:
            file.seek(offset)
            file.write((1).to_bytes(4))


def _copy_table(
    transaction: ReadTransaction, connection: sqlite3.Connection, table: str, columns: dict[str, str], key: str
) -> None:
    """Create a table with its indexes and copy its rows."""
    has_primary_key = any("PRIMARY KEY" in declaration for declaration in columns.values())
    declarations = ", ".join(f'"{name}" {declaration}' for name, declaration in columns.items())
    suffix = ")" if has_primary_key else f", PRIMARY KEY ({key})) WITHOUT ROWID"
    connection.execute(f'CREATE TABLE "{table}" ({declarations}{suffix}')
    for name, declaration in columns.items():
        if "REFERENCES" in declaration and "PRIMARY KEY" not in declaration:
            connection.execute(f'CREATE INDEX "{table}_{name}" ON "{table}" ("{name}")')
    placeholders = ", ".join("?" * len(columns))
    for rows in _iter_batches(transaction, table, list(columns), key.split(", ")):
        connection.executemany(f'INSERT INTO "{table}" VALUES ({placeholders})', rows)


def _iter_batches(
    transaction: ReadTransaction, table: str, columns: list[str], key: list[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a table by its key, in batches."""
    names, key_names = (", ".join(f'"{column}"' for column in part) for part in (columns, key))
    key_indexes = [columns.index(column) for column in key]
    after_names = ", ".join(f":k{index}" for index in range(len(key)))
    after: tuple[Any, ...] = ()
    while True:
        where = f" WHERE ({key_names}) > ({after_names})" if after else ""
        sql = f'SELECT {names} FROM "{table}"{where} ORDER BY {key_names} LIMIT :limit'
        params = {"limit": _BATCH_ROWS} | {f"k{index}": part for index, part in enumerate(after)}
        rows = transaction.fetch(sql, params)
        if not rows:
            return
        yield [tuple(row) for row in rows]
        after = tuple(rows[-1][index] for index in key_indexes)
