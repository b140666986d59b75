"""SQLite export: the public tables with foreign keys, and views for common questions.

Names of tables and columns are a contract (`docs/exports.md`). The bytes depend on the release and this code alone, so the
header fields in which SQLite records its version and a change counter are overwritten.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.db.read_engine import ReadTransaction

# Columns that only this service needs.
_INTERNAL_COLUMNS: Final = frozenset(
    {"sort_name", "normalized", "document", "current", "build", "sequence", "development"}
)
# Public tables, referenced ones first.
TABLES: Final = (
    "release",
    "source",
    "procedure",
    "condition",
    "pain_generator",
    "risk",
    "guide_page",
    "emergency",
    "emergency_sign",
    "call_sign",
    "review",
    "name",
    "tag",
    "claim",
    "citation",
    "target",
    "indication",
    "procedure_risk",
    "relief_duration",
    "response_rate",
    "finding",
    "recommendation",
    "condition_generator",
    "condition_cause",
    "ancestor",
    "procedure_relation",
)
_TYPES: Final = {str: "TEXT", int: "INTEGER", bool: "INTEGER", float: "REAL"}


@dataclass(frozen=True)
class PublicTable:
    """Public part of a table: declarations by column, and the key, which sorts the rows."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]


def list_public_tables() -> list[PublicTable]:
    """Public tables as the models declare them."""
    # Imported here: a server on SQLite runs without SQLAlchemy.
    from sqlmodel import SQLModel  # noqa: PLC0415

    import app.models  # noqa: F401, PLC0415 - declares every table

    tables = []
    for name in TABLES:
        table = SQLModel.metadata.tables[name]
        columns = [column for column in table.columns if column.name not in _INTERNAL_COLUMNS]
        # The position of a claim among those of its record is internal, that of a citation is part of its key.
        if name == "claim":
            columns = [column for column in columns if column.name != "position"]
        key = tuple(column.name for column in columns if column.primary_key) or ("version",)
        unique = {column.name for column in columns if column.unique}
        declarations = {}
        for column in columns:
            declaration = _TYPES[column.type.python_type] + ("" if column.nullable else " NOT NULL")
            declaration += " PRIMARY KEY" if key == (column.name,) else " UNIQUE" if column.name in unique else ""
            for foreign_key in column.foreign_keys:
                declaration += f" REFERENCES {foreign_key.column.table.name} ({foreign_key.column.name})"
            declarations[column.name] = declaration
        tables.append(PublicTable(name, declarations, key))
    return tables


VIEWS: Final = {
    "procedures_of_pain_generator": """
        SELECT t.pain_generator, g.name AS pain_generator_name, t.procedure, p.name AS procedure_name, t.role,
               c.statement, t.claim_id
        FROM target t JOIN procedure p ON p.slug = t.procedure JOIN pain_generator g ON g.slug = t.pain_generator
        JOIN claim c ON c.id = t.claim_id WHERE t.rank = 0""",
    "procedures_of_condition": """
        SELECT i.condition, d.name AS condition_name, i.procedure, p.name AS procedure_name, i.role,
               c.statement, i.claim_id
        FROM indication i JOIN procedure p ON p.slug = i.procedure JOIN condition d ON d.slug = i.condition
        JOIN claim c ON c.id = i.claim_id WHERE i.rank = 0""",
    "typical_relief": """
        SELECT r.procedure, p.name AS procedure_name, r.intent, r.label, r.min, r.max, r.min_days, r.max_days,
               r.magnitude, r.text, r.ongoing, r.selection_reason, r.claim_id
        FROM relief_duration r JOIN procedure p ON p.slug = r.procedure WHERE r.typical""",
    "risks_of_procedure": """
        SELECT k.procedure, p.name AS procedure_name, k.risk, r.name AS risk_name, k.state, k.observed, k.n, k.per,
               k.percent_min, k.percent_max, k.timeframe, c.statement, k.claim_id
        FROM procedure_risk k JOIN procedure p ON p.slug = k.procedure JOIN risk r ON r.slug = k.risk
        JOIN claim c ON c.id = k.claim_id""",
    "cited_claims": """
        SELECT c.id, c.kind, c.subject_type, c.subject_slug, c.statement, c.commercial AS claim_commercial,
               c.certainty, c.certainty_stated_by, c.certainty_outcome, c.support, s.title AS source,
               s.design, s.year, s.commercial, s.standing, s.url, s.doi, s.pmid, s.pmcid, x.locator, x.note
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
        for table in list_public_tables():
            _copy_table(transaction, connection, table)
        for view, sql in VIEWS.items():
            connection.execute(f"CREATE VIEW {view} AS {' '.join(sql.split())}")
        connection.execute("COMMIT")
    with path.open("r+b") as file:
        for offset in _VOLATILE_HEADER_OFFSETS:
            file.seek(offset)
            file.write((1).to_bytes(4))


def _copy_table(transaction: ReadTransaction, connection: sqlite3.Connection, table: PublicTable) -> None:
    """Create a table with its indexes and copy its rows."""
    declarations = ", ".join(f'"{name}" {declaration}' for name, declaration in table.columns.items())
    suffix = ")" if len(table.key) == 1 else f", PRIMARY KEY ({', '.join(table.key)})) WITHOUT ROWID"
    connection.execute(f'CREATE TABLE "{table.name}" ({declarations}{suffix}')
    for name, declaration in table.columns.items():
        if "REFERENCES" in declaration and "PRIMARY KEY" not in declaration:
            connection.execute(f'CREATE INDEX "{table.name}_{name}" ON "{table.name}" ("{name}")')
    placeholders = ", ".join("?" * len(table.columns))
    for rows in _iter_batches(transaction, table):
        connection.executemany(f'INSERT INTO "{table.name}" VALUES ({placeholders})', rows)


def _iter_batches(transaction: ReadTransaction, table: PublicTable) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a table by its key, in batches."""
    names, key_names = (", ".join(f'"{column}"' for column in part) for part in (table.columns, table.key))
    key_indexes = [list(table.columns).index(column) for column in table.key]
    after_names = ", ".join(f":k{index}" for index in range(len(table.key)))
    after: tuple[Any, ...] = ()
    while True:
        where = f" WHERE ({key_names}) > ({after_names})" if after else ""
        sql = f'SELECT {names} FROM "{table.name}"{where} ORDER BY {key_names} LIMIT :limit'
        params = {"limit": _BATCH_ROWS} | {f"k{index}": part for index, part in enumerate(after)}
        rows = transaction.fetch(sql, params)
        if not rows:
            return
        yield [tuple(row) for row in rows]
        after = tuple(rows[-1][index] for index in key_indexes)
