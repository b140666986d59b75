"""Pack list positions: one row per facet value and one per sort order, where each list row had its own.

The next load builds the lists. Until then the database has no release, rather than a release with empty lists.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _drop_lists(*tables: str) -> None:
    op.execute("DELETE FROM release")
    op.execute("DELETE FROM listing")
    for table in tables:
        op.drop_table(table)


def upgrade() -> None:
    _drop_lists("listing_facet", "listing_order")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        for column in ("relief_days", "updated", "home"):
            batch_op.drop_column(column)
    op.create_table(
        "listing_home",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_listing_home")),
    )
    op.create_table(
        "listing_order",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("sort", TEXT, nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.Column("numbers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("list", "sort", name=op.f("pk_listing_order")),
    )
    op.create_table(
        "listing_facet",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("facet", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("list", "facet", "value", name=op.f("pk_listing_facet")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    _drop_lists("listing_home", "listing_facet", "listing_order")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("relief_days", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("updated", sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column("home", sa.Integer(), nullable=True))
    op.create_table(
        "listing_facet",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("facet", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", "facet", "value", "place", name=op.f("pk_listing_facet")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("listing_facet", schema=None) as batch_op:
        batch_op.create_index("ix_listing_facet_place", ["list", "place", "facet", "value"], unique=False)
    op.create_table(
        "listing_order",
        sa.Column("list", sa.BigInteger(), nullable=False),
        sa.Column("sort", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", "sort", "position", name=op.f("pk_listing_order")),
        sqlite_with_rowid=False,
    )
