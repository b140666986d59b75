"""Column types that behave alike on both databases."""

from sqlalchemy import LargeBinary, Text
from sqlmodel import SQLModel

# Text that compares bytewise: the default of SQLite, collation "C" on PostgreSQL.
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
BYTES = LargeBinary()

# Constraints have the same names on both databases and in all migrations.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def set_naming_convention() -> None:
    """Set the naming convention of SQLModel's metadata. Must run before the first table is declared."""
    SQLModel.metadata.naming_convention = NAMING_CONVENTION
