"""Replace the grade of claims, which came from the kind of source, by what sources state of certainty.

The next load fills the new columns; until then no claim has a certainty and none is marked as commercial.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COLUMNS = ("certainty", "certainty_stated_by", "certainty_outcome")
INDEXES = {"target": "pain_generator", "indication": "condition"}


def upgrade() -> None:
    op.drop_column("claim", "grade")
    op.add_column("claim", sa.Column("commercial", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in COLUMNS:
        op.add_column("claim", sa.Column(name, TEXT, nullable=True))
    _rename_indexes("edge", "relation")


def downgrade() -> None:
    _rename_indexes("relation", "edge")
    for name in (*COLUMNS, "commercial"):
        op.drop_column("claim", name)
    op.add_column("claim", sa.Column("grade", TEXT, nullable=False, server_default="very_low"))


def _rename_indexes(old: str, new: str) -> None:
    for table, column in INDEXES.items():
        op.drop_index(f"uq_{table}_{old}", table)
        op.create_index(f"uq_{table}_{new}", table, [column, "procedure", "role", "rank"], unique=True)
