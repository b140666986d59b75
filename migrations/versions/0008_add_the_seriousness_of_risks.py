"""Add how serious a risk usually is, and why. The next load fills in what the catalog says."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # A release that was loaded before stays served until the next load, so each row needs a value.
    op.add_column("risk", sa.Column("seriousness", TEXT, nullable=False, server_default="serious"))
    op.add_column("risk", sa.Column("seriousness_reason", TEXT, nullable=False, server_default="Not judged yet."))


def downgrade() -> None:
    op.drop_column("risk", "seriousness_reason")
    op.drop_column("risk", "seriousness")
