"""Rename tables and columns after what they hold.

SQLite cannot rename a constraint. So on both engines the rows are copied into a new table, which has every name new.
"""

from dataclasses import dataclass, field

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER, BIGINT, BYTES = sa.Integer(), sa.BigInteger(), sa.LargeBinary()


@dataclass(frozen=True)
class Rename:
    """A table with its old and new name, and the old and new name, type and nullability of each column."""

    names: tuple[str, str]
    columns: tuple[tuple[str, str, sa.types.TypeEngine[object], bool], ...]
    primary_key: int
    foreign_keys: dict[str, str] = field(default_factory=dict)
    index: tuple[str, ...] = ()
    index_label: str = ""
    sqlite_with_rowid: bool = True

    def run(self, before: int, after: int) -> None:
        """Copy the table with the names at index `before` into one with those at index `after`, and drop the former."""
        old, new = self.names[before], self.names[after]
        names = [column[after] for column in self.columns]
        op.create_table(
            new,
            *(sa.Column(column[after], column[2], nullable=column[3]) for column in self.columns),
            sa.PrimaryKeyConstraint(*names[: self.primary_key], name=op.f(f"pk_{new}")),
            *(
                sa.ForeignKeyConstraint([name], [f"{table}.{key}"], name=op.f(f"fk_{new}_{name}_{table}"))
                for name, (table, key) in ((name, target.split(".")) for name, target in self.foreign_keys.items())
            ),
            sqlite_with_rowid=self.sqlite_with_rowid,
        )
        selected = ", ".join(column[before] for column in self.columns)
        op.execute(f"INSERT INTO {new} ({', '.join(names)}) SELECT {selected} FROM {old}")
        op.drop_table(old)
        if self.index:
            op.create_index(op.f(f"ix_{new}_{self.index_label}"), new, list(self.index))


def _kept(name: str) -> tuple[str, str, sa.types.TypeEngine[object], bool]:
    return name, name, TEXT, False


LIST = ("list", "list_id", BIGINT, False)
POSITIONS = ("places", "positions", BYTES, False)
RENAMES = (
    Rename(
        ("broader", "ancestor"),
        (_kept("type"), _kept("slug"), _kept("ancestor"), ("depth", "depth", INTEGER, False)),
        primary_key=3,
        index=("type", "ancestor", "slug"),
        index_label="ancestor",
    ),
    Rename(
        ("cause", "condition_cause"),
        (_kept("claim_id"), _kept("condition"), _kept("effect")),
        primary_key=3,
        foreign_keys={"claim_id": "claim.id", "condition": "condition.slug", "effect": "condition.slug"},
        index=("effect",),
        index_label="effect",
    ),
    Rename(
        ("origin", "condition_generator"),
        (_kept("claim_id"), _kept("condition"), _kept("pain_generator")),
        primary_key=3,
        foreign_keys={
            "claim_id": "claim.id",
            "condition": "condition.slug",
            "pain_generator": "pain_generator.slug",
        },
        index=("pain_generator",),
        index_label="pain_generator",
    ),
    Rename(
        ("listing", "list_row"),
        (
            LIST,
            ("place", "position", INTEGER, False),
            ("record_type", "record_type", TEXT, True),
            ("record_slug", "record_slug", TEXT, True),
            ("claim_id", "claim_id", TEXT, True),
            ("extra", "extra_json", BYTES, True),
        ),
        primary_key=2,
    ),
    Rename(("listing_home", "lookup_procedure_positions"), (LIST, POSITIONS), primary_key=1),
    Rename(
        ("listing_order", "list_sort"),
        (LIST, _kept("sort"), POSITIONS, ("numbers", "sort_values", BYTES, False)),
        primary_key=2,
    ),
    Rename(
        ("listing_facet", "list_facet"),
        (LIST, _kept("facet"), _kept("value"), POSITIONS),
        primary_key=3,
        sqlite_with_rowid=False,
    ),
)


def upgrade() -> None:
    for rename in RENAMES:
        rename.run(0, 1)
    op.execute("ALTER TABLE former_slug RENAME COLUMN former TO old_slug")
    op.drop_index("ix_name_folded", "name")
    op.execute("ALTER TABLE name RENAME COLUMN folded TO normalized")
    op.create_index("ix_name_normalized", "name", ["type", "normalized", "slug"])


def downgrade() -> None:
    op.drop_index("ix_name_normalized", "name")
    op.execute("ALTER TABLE name RENAME COLUMN normalized TO folded")
    op.create_index("ix_name_folded", "name", ["type", "folded", "slug"])
    op.execute("ALTER TABLE former_slug RENAME COLUMN old_slug TO former")
    for rename in RENAMES:
        rename.run(1, 0)
