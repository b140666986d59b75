"""Drop the check constraints that repeat vocabularies: the seed is validated against them, and they grow with the content."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Table -> constraint -> column and the values that it allowed.
CHECKS = {
    "procedure": {
        "family_known": (
            "family",
            "injection nerve_block ablation neuromodulation augmentation decompression drug_delivery diagnostic_test",
        )
    },
    "pain_generator": {"kind_known": ("kind", "joint disc nerve ganglion plexus muscle bone ligament space")},
    "risk": {
        "category_known": (
            "category",
            "infection bleeding nerve headache drug_reaction cardiovascular respiratory device pain structural other",
        )
    },
    "source": {
        "design_known": (
            "design",
            "guideline systematic_review rct cohort review coverage_policy textbook patient_education code_system",
        ),
        "status_known": ("status", "current superseded retracted"),
    },
    "claim": {"grade_known": ("grade", "high moderate low very_low")},
}


def upgrade() -> None:
    for table, checks in CHECKS.items():
        names = [f"ck_{table}_{name}" for name in checks]
        if op.get_bind().dialect.name == "sqlite":
            _rewrite_sqlite(table, lambda sql, names=names: _remove_checks(sql, names))
        else:
            for name in names:
                op.drop_constraint(op.f(name), table, type_="check")


def downgrade() -> None:
    for table, checks in CHECKS.items():
        conditions = {
            f"ck_{table}_{name}": f"{column} IN ({', '.join(map(repr, allowed.split()))})"
            for name, (column, allowed) in checks.items()
        }
        if op.get_bind().dialect.name == "sqlite":
            _rewrite_sqlite(table, lambda sql, conditions=conditions: _add_checks(sql, conditions))
        else:
            for name, condition in conditions.items():
                # As on SQLite, rows with values that came later stay until the next load.
                op.create_check_constraint(op.f(name), table, condition, postgresql_not_valid=True)


def _remove_checks(sql: str, names: list[str]) -> str:
    for name in names:
        sql, count = re.subn(rf",\s*CONSTRAINT {name} CHECK \((?:[^()]|\([^()]*\))*\)", "", sql)
        if count != 1:
            msg = f"constraint {name} is not in the schema of the database"
            raise RuntimeError(msg)
    return sql


def _add_checks(sql: str, conditions: dict[str, str]) -> str:
    end = sql.rindex(")")
    return sql[:end] + "".join(f", CONSTRAINT {name} CHECK ({text})" for name, text in conditions.items()) + sql[end:]


def _rewrite_sqlite(table, rewrite) -> None:  # noqa: ANN001 - a table name and a function of text
    """Replace the definition of a table. SQLite documents this way for constraints, which do not change stored rows."""
    bind = op.get_bind()
    sql = bind.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), {"name": table})
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"),
        {"sql": rewrite(sql), "name": table},
    )
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))
