"""Add the catalog of emergencies, and the signs for which a reader of a record must get help."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "emergency",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sort_name", TEXT, nullable=False),
        sa.Column("lay_name", TEXT, nullable=False),
        sa.Column("tier", TEXT, nullable=False),
        sa.Column("summary", TEXT, nullable=False),
        sa.Column("last_changed_in", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_emergency")),
        sa.UniqueConstraint("name", name=op.f("uq_emergency_name")),
    )
    op.create_index(op.f("ix_emergency_sort_name"), "emergency", ["sort_name"])
    op.create_index(op.f("ix_emergency_tier"), "emergency", ["tier"])
    op.create_table(
        "emergency_sign",
        sa.Column("emergency", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("tier", TEXT, nullable=False),
        sa.Column("claims", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["emergency"], ["emergency.slug"], name=op.f("fk_emergency_sign_emergency_emergency")),
        sa.PrimaryKeyConstraint("emergency", "position", name=op.f("pk_emergency_sign")),
    )
    op.create_table(
        "call_sign",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sign", TEXT, nullable=False),
        sa.Column("tier", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("emergencies", TEXT, nullable=False),
        sa.Column("claims", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("type", "slug", "position", name=op.f("pk_call_sign")),
    )


def downgrade() -> None:
    op.drop_table("call_sign")
    op.drop_table("emergency_sign")
    op.drop_table("emergency")
