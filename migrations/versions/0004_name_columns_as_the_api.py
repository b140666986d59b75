"""Name columns and the direction of a finding as the API does, and store all that it says of a relief duration.

Stored documents keep the old names until the next load, which replaces them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
RENAMES = (
    *((table, "updated_in", "last_changed_in") for table in ("procedure", "condition", "pain_generator", "risk")),
    ("relief_duration", "chosen_because", "selection_reason"),
)
RELIEF_COLUMNS = (("text", TEXT), ("source_min", sa.Float()), ("source_max", sa.Float()), ("source_unit", TEXT))


def upgrade() -> None:
    for table, old, new in RENAMES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    _replace_direction("favours", "favors")
    for name, column_type in RELIEF_COLUMNS:
        op.add_column("relief_duration", sa.Column(name, column_type, nullable=True))
    op.add_column("relief_duration", sa.Column("ongoing", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in ("ongoing", *(name for name, _ in RELIEF_COLUMNS)):
        op.drop_column("relief_duration", name)
    _replace_direction("favors", "favours")
    for table, old, new in RENAMES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")


def _replace_direction(old: str, new: str) -> None:
    """Build `finding` anew, because SQLite cannot replace a check constraint."""
    columns = "claim_id, subject_type, subject_slug, outcome, at_days"
    op.execute(
        f"CREATE TABLE finding_copy AS SELECT {columns},"
        f" CASE direction WHEN '{old}' THEN '{new}' ELSE direction END AS direction FROM finding"
    )
    op.drop_table("finding")
    op.create_table(
        "finding",
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("subject_type", TEXT, nullable=False),
        sa.Column("subject_slug", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("at_days", sa.Float(), nullable=True),
        sa.CheckConstraint(
            f"direction IN ('{new}', 'no_difference', 'against', 'unclear')", name=op.f("ck_finding_direction_known")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_finding_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_finding")),
    )
    op.execute(f"INSERT INTO finding ({columns}, direction) SELECT {columns}, direction FROM finding_copy")
    op.drop_table("finding_copy")
    op.create_index(op.f("ix_finding_direction"), "finding", ["direction"])
    op.create_index(op.f("ix_finding_subject_slug"), "finding", ["subject_slug"])
