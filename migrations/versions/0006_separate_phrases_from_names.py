"""Move the phrases that only help search from the names, which redirect, to a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "search_phrase",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", "text", name=op.f("pk_search_phrase")),
    )
    op.execute("INSERT INTO search_phrase SELECT type, slug, text FROM name WHERE kind = 'patient_phrase'")
    op.execute("DELETE FROM name WHERE kind = 'patient_phrase'")


def downgrade() -> None:
    # The normalized text is the loader's: it comes back with the next load, as the documents do.
    op.drop_table("search_phrase")
