"""Keep who reviewed a record, when, and whether that still holds."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "review",
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("type", "slug", "reviewed_by", "credentials", "reviewed_on")
        ),
        sa.Column("lapsed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", name=op.f("pk_review")),
    )


def downgrade() -> None:
    op.drop_table("review")
