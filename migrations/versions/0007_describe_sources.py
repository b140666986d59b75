"""Keep the identifiers, authors, funding and standing of sources.

Stored documents keep the old names until the next load, which replaces them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COLUMNS = ("pmid", "pmcid", "number", "authors", "funding", "year_reason", "standing_date", "replaced_by")


def upgrade() -> None:
    op.execute("ALTER TABLE source RENAME COLUMN status TO standing")
    for name in COLUMNS:
        op.add_column("source", sa.Column(name, TEXT, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("source", name)
    op.execute("ALTER TABLE source RENAME COLUMN standing TO status")
