"""Name columns after the fields of the API."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RENAMES = (
    *((table, "updated_in", "last_changed_in") for table in ("procedure", "condition", "pain_generator", "risk")),
    ("relief_duration", "chosen_because", "selection_reason"),
)


def upgrade() -> None:
    for table, old, new in RENAMES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def downgrade() -> None:
    for table, old, new in RENAMES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
