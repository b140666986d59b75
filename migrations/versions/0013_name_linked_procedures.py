"""Name the positions of linked procedures after what they are: a lookup is what codes have."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OLD, NEW = "lookup_procedure_positions", "linked_procedure_positions"


def _copy(old: str, new: str) -> None:
    """Copy a table into one with another name: SQLite cannot rename the constraint of its key."""
    op.create_table(
        new,
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("positions", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", name=op.f(f"pk_{new}")),
    )
    op.execute(f"INSERT INTO {new} (list_id, positions) SELECT list_id, positions FROM {old}")
    op.drop_table(old)


def upgrade() -> None:
    _copy(OLD, NEW)


def downgrade() -> None:
    _copy(NEW, OLD)
