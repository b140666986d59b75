"""Column types that behave alike on both engines."""

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlmodel import SQLModel

# Text compares bytewise on both engines: SQLite does by default, PostgreSQL with collation "C".
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
BYTES = LargeBinary()
BIG = BigInteger().with_variant(Integer(), "sqlite")

# Constraints get the same names on both engines and in every migration.
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def set_naming_convention() -> None:
    """Give SQLModel's metadata the naming convention. Called before the first table is declared."""
    SQLModel.metadata.naming_convention = NAMING_CONVENTION
