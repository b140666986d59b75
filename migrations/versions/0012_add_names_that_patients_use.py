"""Add the name that patients use. The next load fills it in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES = ("procedure", "condition", "pain_generator")


def upgrade() -> None:
    for table in TABLES:
        # A release that was loaded before stays served until the next load, so each row needs a value.
        op.add_column(table, sa.Column("patient_name", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "patient_name")
